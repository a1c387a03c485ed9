"""Everything that passed between a contact and us, in one line of time."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.correspondence import (
    AcknowledgementReleased,
    AutomaticReplyReceived,
    CustomerReplied,
    NoteAdded,
    ReminderReleased,
    ReplyBounced,
    ReplySubmitted,
)
from contracts.event import Event
from contracts.ingest import Reading
from contracts.mail import LetterHead
from contracts.tickets import TicketClosed, TicketOpened, TicketReopened, TicketSolved
from services.gateway.access.sight import Sight
from services.gateway.contacts import contacts
from services.gateway.desk import desk
from services.gateway.lists import Order, Where, page
from services.gateway.read_model import history
from services.gateway.representations.basics import Named, Page
from services.gateway.representations.contacts import TimelineEntry
from services.gateway.tickets.conversation import contact

_SENTENCES: dict[type[Event], str] = {
    TicketOpened: "wrote",
    CustomerReplied: "wrote",
    AutomaticReplyReceived: "answered automatically",
    ReplyBounced: "returned an answer of ours",
    ReplySubmitted: "answered",
    AcknowledgementReleased: "told that the letter has arrived",
    ReminderReleased: "reminded",
    NoteAdded: "noted",
    TicketSolved: "solved it",
    TicketReopened: "it is open again",
    TicketClosed: "closed it",
}
_TYPES = [event.type_name() for event in _SENTENCES]

_ENTRIES = """
SELECT
    history.source, history.position, history.stream_id, history.version, history.event_id, history.type,
    history.schema_version, history.actor, history.occurred_at, history.recorded_at, history.ticket_id,
    history.message_id, history.reply_id, history.data::text AS data, ticket.number, ticket.subject
FROM history
LEFT JOIN message USING (message_id)
JOIN ticket ON ticket.ticket_id = coalesce(message.ticket_id, history.ticket_id)
"""

# A letter is told in the ticket that it is in now; that a split took it out of another one is told by no other letter.
_OF_TICKETS = """
((history.ticket_id = ANY({0}::uuid[]) AND history.message_id IS NULL) OR history.message_id = ANY(ARRAY(
    SELECT message_id
    FROM message
    WHERE ticket_id = ANY({0}::uuid[])
)))
"""
_ONCE = "(history.type <> 'TicketOpened' OR history.data ->> 'split_from_id' IS NULL)"

# A letter of a ticket that was merged is in those that this goes on in, too; what we wrote in it is not.
_IN_SIGHT = """
(ticket.ticketbox_id = ANY({0}) OR (message.message_id IS NOT NULL AND EXISTS (
    WITH RECURSIVE way (ticketbox_id, merged_into) AS (
        SELECT later.ticketbox_id, later.merged_into
        FROM ticket AS later
        WHERE later.number = ticket.merged_into
        UNION ALL
        SELECT later.ticketbox_id, later.merged_into
        FROM way
        JOIN ticket AS later ON later.number = way.merged_into
    )
    SELECT
    FROM way
    WHERE way.ticketbox_id = ANY({0})
)))
"""

_SAYS = """
(history.words @@ websearch_to_tsquery('simple', {0}) OR EXISTS (
    SELECT
    FROM history AS said
    WHERE said.message_id = history.message_id
      AND said.source = 'ingest'
      AND said.words @@ websearch_to_tsquery('simple', {0})
))
"""


async def timeline(
    db: Connection, sight: Sight, contact_id: UUID, q: str | None, cursor: str | None, limit: int
) -> Page[TimelineEntry]:
    """A piece of the history of a contact, the newest first: letters, answers, notes, what became of tickets.

    Raises:
        NotFound: there is no such contact, or it is out of sight.
        BadRequest: the cursor is none of ours.
    """
    row = await contacts.row_of(db, sight, contact_id)
    conditions = Where()
    conditions.add("history.source = 'tickets'")
    conditions.add(_OF_TICKETS, await contacts.ticket_ids(db, row["known_addresses"]))
    conditions.add("history.type = ANY({0}::text[])", _TYPES)
    conditions.add(_ONCE)
    if not sight.everything:
        conditions.add(_IN_SIGHT, sight.in_order)
    if q is not None and q.strip():
        conditions.add(_SAYS, q.strip())
    rows, following = await page(
        db, _ENTRIES, conditions, Order("history.occurred_at"), "history.event_id", cursor, limit
    )
    letters = await history.letters(db, {row["message_id"] for row in rows if row["message_id"]})
    names = await desk.names(db)
    return Page(items=[_entry(row, letters, names) for row in rows], next=following)


def _entry(row: asyncpg.Record, letters: dict[UUID, Reading], names: Mapping[UUID, str]) -> TimelineEntry:
    event = history.recorded(row).event
    entry = TimelineEntry(
        at=row["occurred_at"],
        type=row["type"],
        ticket=row["number"],
        version=row["version"],
        subject=row["subject"],
        sentence=_SENTENCES[type(event)],
        from_=None,
        actor=_named(event, names),
        text=None,
        message_id=row["message_id"],
        reply_id=row["reply_id"],
        attachments=0,
    )
    match event:
        case TicketOpened(letter=letter) | CustomerReplied(letter=letter):
            return entry.model_copy(update=_letter(letter, letters))
        case AutomaticReplyReceived(letter=letter) | ReplyBounced(letter=letter):
            return entry.model_copy(update=_letter(letter, letters))
        case ReplySubmitted(text=text) | NoteAdded(text=text):
            return entry.model_copy(update={"text": text})
        case AcknowledgementReleased(letter=sent) | ReminderReleased(letter=sent):
            return entry.model_copy(update={"text": sent.text})
        case TicketReopened(reopened_by=UUID()):
            return entry.model_copy(update={"sentence": "opened it again"})
        case _:
            return entry


def _letter(head: LetterHead, letters: dict[UUID, Reading]) -> dict[str, object]:
    read = letters.get(head.message_id)
    said = None if read is None else (read.text if read.reply is None else read.reply)
    return {
        "at": head.received_at,
        "from_": contact(head.from_) if head.from_ else None,
        "text": said,
        "attachments": head.attachments,
    }


def _named(event: Event, names: Mapping[UUID, str]) -> Named | None:
    match event:
        case ReplySubmitted(author_id=person_id) | NoteAdded(author_id=person_id):
            pass
        case TicketSolved(solved_by=person_id):
            pass
        case TicketReopened(reopened_by=person_id) | TicketClosed(closed_by=person_id):
            pass
        case _:
            return None
    return Named(id=person_id, name=names.get(person_id, "somebody")) if person_id else None
