"""Erases what tickets keep of a person: rows of the log, cards, Message-IDs, and to whom automatic mail went."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import log
from chassis.database import Connection
from chassis.erasing import begin, erase_log, erase_mentions, erase_parked, erase_trials, pattern
from chassis.service import Service
from contracts.erasures import ErasePiece, FoundLetters, PieceErased, Subject
from contracts.event import Meta
from contracts.ids import derived
from contracts.tickets import CustomerErased
from mail.answering import person_behind
from services.tickets import alarm_tables, contact_tables, desk_tables
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work

NAMED_IN = (
    ("bulk_job", "selection", "text"),
    ("bulk_job", "actions", "jsonb"),
    ("bulk_ticket", "detail", "text"),
    ("thing", "thing", "jsonb"),
)
"""Where people may have written an address: the lists that bulk jobs worked on, errors of theirs, and saved lists."""
SCAN_SECONDS = 600
"""The whole log is looked at."""


async def erase(service: Service[TicketsSettings], piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the log; after the last, what is kept beside it."""
    await begin(db, "tickets")
    done = await erase_log(db, "tickets", piece, service.clock())
    if done.following is None:
        person = piece.person
        if (waits_for := await erase_trials(db, person)) is not None:
            return PieceErased(waits_for=waits_for)
        await contact_tables.forget(db, person.contact_ids, person.addresses)
        await alarm_tables.forget_customer(db, person.ticket_ids, person.alias)
        await db.execute(
            "DELETE FROM message_index WHERE internet_message_id = ANY($1::text[])",
            list(person.internet_message_ids),
        )
        await db.execute(
            "DELETE FROM automatic_mail WHERE recipient = ANY($1::text[])",
            [person_behind(address) for address in person.addresses],
        )
        for table, column, kind in NAMED_IN:
            await erase_mentions(db, person, table, column, kind)
        await erase_parked(db, person)
    return done


# Those to the person, and in the person's tickets those to others too: they are about the person's matter.
_ANSWERS = """
SELECT DISTINCT (data ->> 'reply_id')::uuid AS reply_id
FROM event
WHERE type IN ('ReplyReleased', 'AcknowledgementReleased', 'ReminderReleased')
  AND (
    (data ->> 'ticket_id')::uuid = ANY($1::uuid[])
    OR data::text ~* $2 AND EXISTS (
        SELECT
        FROM jsonb_array_elements((data -> 'letter' -> 'to') || (data -> 'letter' -> 'cc')) AS recipient
        WHERE lower(recipient ->> 'address') = ANY($3::text[])
    )
  )
"""

_NOTICES = """
SELECT (data ->> 'notice_id')::uuid AS notice_id
FROM event
WHERE type = 'NoticeReleased'
  AND ((data ->> 'ticket_id')::uuid = ANY($1::uuid[]) OR (data ->> 'message_id')::uuid = ANY($2::uuid[]))
"""

_BOUNCES = """
SELECT DISTINCT (data -> 'letter' ->> 'message_id')::uuid AS message_id
FROM event
WHERE type = 'ReplyBounced'
  AND (data ->> 'reply_id')::uuid = ANY($1::uuid[])
"""

_OPENED = """
SELECT (data ->> 'ticket_id')::uuid AS ticket_id
FROM event
WHERE type = 'TicketOpened'
  AND (data -> 'letter' ->> 'message_id')::uuid = ANY($1::uuid[])
"""


async def find_all(
    db: Connection, erasure_id: UUID, addresses: Sequence[str], letters: FoundLetters
) -> Subject:
    """What belongs to a person who wrote these letters."""
    sought = pattern(addresses)
    opened = await db.fetch(_OPENED, list(letters.message_ids), timeout=SCAN_SECONDS)
    ticket_ids = sorted(row["ticket_id"] for row in opened)
    answers = await db.fetch(_ANSWERS, ticket_ids, sought, list(addresses), timeout=SCAN_SECONDS)
    reply_ids = {row["reply_id"] for row in answers}
    bounces = await db.fetch(_BOUNCES, list(reply_ids), timeout=SCAN_SECONDS)
    message_ids = {*letters.message_ids, *(row["message_id"] for row in bounces)}
    cards = await contact_tables.cards(db, addresses)
    person = Subject(
        erasure_id=erasure_id,
        addresses=tuple(addresses),
        names=tuple(dict.fromkeys((*letters.names, *(card.name for card in cards if card.name)))),
        message_ids=tuple(sorted(message_ids)),
        internet_message_ids=letters.internet_message_ids,
        ticket_ids=tuple(ticket_ids),
        reply_ids=tuple(sorted(reply_ids)),
        contact_ids=tuple(sorted(card.id for card in cards)),
    )
    return await with_notices(db, person)


async def with_notices(db: Connection, person: Subject) -> Subject:
    """A person with all that automations have told of the person's tickets until now."""
    rows = await db.fetch(_NOTICES, list(person.ticket_ids), list(person.message_ids), timeout=SCAN_SECONDS)
    return person.model_copy(update={"notice_ids": tuple(sorted(row["notice_id"] for row in rows))})


async def say_in_tickets(
    service: Service[TicketsSettings], db: Connection, person: Subject, actor_id: UUID, some: Collection[UUID]
) -> None:
    """Let some tickets of the person say that their customer was erased, once."""
    causes = {ticket_id: derived(person.erasure_id, str(ticket_id)) for ticket_id in some}
    told = await log.answered(db, causes.values())
    work = Work(service.clock(), await desk_tables.read_desk(db))
    await work.load(db, some)
    for ticket_id, cause in causes.items():
        if cause in told:
            continue
        meta = Meta(correlation_id=person.erasure_id, causation_id=person.erasure_id, actor=str(actor_id))
        said = CustomerErased(ticket_id=ticket_id, erasure_id=person.erasure_id, erased_by=actor_id)
        work.add(work.tickets[ticket_id], [said], cause, meta)
    await work.save(db)
