"""The ticket: what it is, as its events made it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.mail import Address, LetterHead
from contracts.tickets import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    NoteAdded,
    OutgoingLetter,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
    SLABreached,
    TicketAssigned,
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
    | SLABreached
)


class State(StrEnum):
    OPEN = "open"
    SOLVED = "solved"


class ReplyState(StrEnum):
    RELEASED = "released"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of ours: what left, and what became of it."""

    letter: OutgoingLetter
    author_id: UUID
    attempt: int
    state: ReplyState = ReplyState.RELEASED


@dataclass(frozen=True, slots=True)
class Ticket:
    """A conversation as it stands. `version` counts its events."""

    ticket_id: UUID
    number: int
    ticketbox_id: UUID
    subject: str
    contact: Address
    state: State
    version: int
    participants: frozenset[str]
    """Addresses that wrote or were written to in it, in lower case."""
    message_ids: tuple[str, ...]
    """Message-IDs of the conversation, ours too, in order."""
    last_letter_version: int
    """The version at which the customer last wrote."""
    answer_to: str | None
    """The Message-ID of the customer's last letter."""
    reply_address: Address
    trace: str | None
    """Of the customer's last letter; an answer belongs to it."""
    assignee_id: UUID | None = None
    first_response_due_at: datetime | None = None
    replies: dict[UUID, Reply] = field(default_factory=dict)
    breached: frozenset[str] = frozenset()

    @property
    def answered(self) -> bool:
        """Whether a person of ours has answered."""
        return bool(self.replies)


def load(history: Iterable[Recorded[Event]]) -> Ticket | None:
    """The ticket that these events made; None if there are none."""
    ticket: Ticket | None = None
    for recorded in history:
        match recorded.event:
            case TicketOpened() as first:
                ticket = opened(first, recorded.meta.traceparent)
            case event if ticket is not None and isinstance(event, TicketEvent):
                ticket = evolve(ticket, event, recorded.version, recorded.meta.traceparent)
    return ticket


def addresses(letter: LetterHead) -> frozenset[str]:
    """Everyone whom a letter names, in lower case."""
    people = (*((letter.from_,) if letter.from_ else ()), *letter.to, *letter.cc, *letter.reply_to)
    return frozenset(person.address.lower() for person in people)


def opened(event: TicketOpened, trace: str | None) -> Ticket:
    """The ticket at its beginning."""
    letter = event.letter
    return Ticket(
        ticket_id=event.ticket_id,
        number=event.number,
        ticketbox_id=event.ticketbox_id,
        subject=event.subject,
        contact=event.contact,
        state=State.OPEN,
        version=1,
        participants=addresses(letter) | {event.contact.address.lower()},
        message_ids=(letter.internet_message_id,) if letter.internet_message_id else (),
        last_letter_version=1,
        answer_to=letter.internet_message_id,
        reply_address=letter.reply_to[0] if letter.reply_to else event.contact,
        first_response_due_at=event.first_response_due_at,
        trace=trace,
    )


def evolve(ticket: Ticket, event: TicketEvent, version: int, trace: str | None = None) -> Ticket:
    """The ticket after one more event; never refuses."""
    ticket = replace(ticket, version=version)
    match event:
        case TicketOpened():
            return ticket
        case CustomerReplied(letter=letter):
            writer = letter.from_ or ticket.contact
            return replace(
                ticket,
                participants=ticket.participants | addresses(letter),
                message_ids=_with(ticket.message_ids, letter.internet_message_id),
                last_letter_version=version,
                answer_to=letter.internet_message_id,
                reply_address=letter.reply_to[0] if letter.reply_to else writer,
                trace=trace,
            )
        case AutomaticReplyReceived(letter=letter):
            return replace(ticket, message_ids=_with(ticket.message_ids, letter.internet_message_id))
        case ReplyBounced(reply_id=reply_id):
            return _reply_became(ticket, reply_id, ReplyState.BOUNCED)
        case TicketAssigned(agent_id=agent_id):
            return replace(ticket, assignee_id=agent_id)
        case ReplyReleased(reply_id=reply_id, letter=outgoing, author_id=author_id, attempt=attempt):
            return replace(
                ticket,
                message_ids=_with(ticket.message_ids, outgoing.internet_message_id),
                replies={**ticket.replies, reply_id: Reply(outgoing, author_id, attempt)},
            )
        case AcknowledgementReleased(letter=outgoing):
            return replace(ticket, message_ids=_with(ticket.message_ids, outgoing.internet_message_id))
        case DeliveryRecorded(reply_id=reply_id, outcome=outcome):
            return _reply_became(ticket, reply_id, _DELIVERED[outcome])
        case TicketSolved():
            return replace(ticket, state=State.SOLVED)
        case TicketReopened():
            return replace(ticket, state=State.OPEN)
        case SLABreached(target=target):
            return replace(ticket, breached=ticket.breached | {target})
        case NoteAdded() | ReplySubmitted() | AcknowledgementWithheld():
            return ticket
        case _:
            assert_never(event)


_DELIVERED = {
    DeliveryOutcome.SENT: ReplyState.SENT,
    DeliveryOutcome.FAILED: ReplyState.FAILED,
    DeliveryOutcome.UNCERTAIN: ReplyState.UNCERTAIN,
}


def _reply_became(ticket: Ticket, reply_id: UUID, state: ReplyState) -> Ticket:
    reply = ticket.replies.get(reply_id)
    if reply is None:
        return ticket
    return replace(ticket, replies={**ticket.replies, reply_id: replace(reply, state=state)})


def _with(message_ids: tuple[str, ...], another: str | None) -> tuple[str, ...]:
    return (*message_ids, another) if another and another not in message_ids else message_ids
