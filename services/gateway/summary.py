"""A ticket as one line of a list: what its events made of it. Pure, so it serves any past moment too."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.stream_ids import acknowledgement_id
from contracts.tickets import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    NoteAdded,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
    SLABreached,
    TicketAssigned,
    TicketMoved,
    TicketOpened,
    TicketReopened,
    TicketSolved,
)

TicketEvent = (
    TicketOpened
    | CustomerReplied
    | AutomaticReplyReceived
    | ReplyBounced
    | TicketAssigned
    | NoteAdded
    | ReplySubmitted
    | ReplyReleased
    | AcknowledgementReleased
    | AcknowledgementWithheld
    | DeliveryRecorded
    | TicketSolved
    | TicketReopened
    | TicketMoved
    | SLABreached
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The line. `letter_version` is the version of the ticket at the customer's last letter."""

    ticket_id: UUID
    number: int
    ticketbox_id: UUID
    subject: str
    contact_name: str
    contact_address: str
    state: str
    priority: str
    tags: tuple[str, ...]
    assignee_id: UUID | None
    version: int
    letter_version: int
    opened_at: datetime
    changed_at: datetime
    waiting_since: datetime | None
    """When the customer began to wait for us; None while nobody waits."""
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    breached: bool
    letters: int
    replies: int
    undelivered: tuple[UUID, ...]
    """Answers that failed, bounced or are uncertain: a person must look."""
    excerpt: str


def summarise(history: Iterable[Recorded[Event]], before: Summary | None = None) -> Summary | None:
    """Take the next events of one ticket into its line. None if it has not begun."""
    summary = before
    for recorded in history:
        event = recorded.event
        if isinstance(event, TicketOpened):
            summary = opened(event, recorded.occurred_at)
        elif summary is not None and isinstance(event, TicketEvent):
            summary = evolve(summary, event, recorded.version, recorded.occurred_at)
    return summary


def opened(event: TicketOpened, at: datetime) -> Summary:
    """The line of a new ticket."""
    return Summary(
        ticket_id=event.ticket_id,
        number=event.number,
        ticketbox_id=event.ticketbox_id,
        subject=event.subject,
        contact_name=event.contact.name,
        contact_address=event.contact.address.lower(),
        state="open",
        priority=event.priority,
        tags=event.tags,
        assignee_id=None,
        version=1,
        letter_version=1,
        opened_at=event.letter.received_at,
        changed_at=at,
        waiting_since=event.letter.received_at,
        first_response_due_at=event.first_response_due_at,
        first_response_at=None,
        breached=False,
        letters=1,
        replies=0,
        undelivered=(),
        excerpt=event.letter.excerpt,
    )


def evolve(summary: Summary, event: TicketEvent, version: int, at: datetime) -> Summary:
    """The line after one more event."""
    line = replace(summary, version=version, changed_at=at)
    match event:
        case TicketOpened() | NoteAdded() | ReplySubmitted():
            return line
        case AcknowledgementReleased() | AcknowledgementWithheld():
            return line  # the customer waits for a person
        case CustomerReplied(letter=letter):
            since = line.waiting_since or letter.received_at
            return replace(_with_letter(line, letter), letter_version=version, waiting_since=since)
        case AutomaticReplyReceived(letter=letter):
            return _with_letter(line, letter)
        case ReplyBounced(reply_id=reply_id, letter=letter):
            return replace(_with_letter(line, letter), undelivered=(*_without(line, reply_id), reply_id))
        case TicketAssigned(agent_id=agent_id):
            return replace(line, assignee_id=agent_id)
        case ReplyReleased(reply_id=reply_id, attempt=attempt):
            return replace(
                line,
                waiting_since=None,
                first_response_at=line.first_response_at or at,
                replies=line.replies + (attempt == 1),
                undelivered=_without(line, reply_id),
            )
        case DeliveryRecorded(reply_id=reply_id) if reply_id == acknowledgement_id(line.ticket_id):
            return line  # nobody sends it again
        case DeliveryRecorded(reply_id=reply_id, outcome=outcome):
            failed = () if outcome is DeliveryOutcome.SENT else (reply_id,)
            return replace(line, undelivered=_without(line, reply_id) + failed)
        case TicketSolved():
            return replace(line, state="solved", waiting_since=None)
        case TicketReopened(reopened_by=None):
            return replace(line, state="open")  # the customer's letter before it says since when he waits
        case TicketReopened():
            return replace(line, state="open", waiting_since=line.waiting_since or at)
        case TicketMoved(ticketbox_id=ticketbox_id):
            return replace(line, ticketbox_id=ticketbox_id)
        case SLABreached():
            return replace(line, breached=True)
        case _:
            assert_never(event)


def _with_letter(line: Summary, letter: LetterHead) -> Summary:
    return replace(line, letters=line.letters + 1, excerpt=letter.excerpt)


def _without(line: Summary, reply_id: UUID) -> tuple[UUID, ...]:
    return tuple(one for one in line.undelivered if one != reply_id)
