"""A ticket as distribution sees it, as its events made it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.correspondence import CustomerReplied, ReplyReleased
from contracts.event import Event, Recorded
from contracts.router import Priority
from contracts.service_levels import DeadlinesChanged
from contracts.ticket_events import Placing
from contracts.tickets import (
    ChosenBy,
    DeadlineItem,
    LettersTaken,
    MergeUndone,
    PriorityChanged,
    State,
    TagsChanged,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)

URGENCY = {Priority.LOW: 0, Priority.NORMAL: 1, Priority.HIGH: 2, Priority.URGENT: 3}


@dataclass(frozen=True, slots=True)
class Queued:
    """A ticket in the queue of its ticketbox, or in somebody's hands."""

    ticket_id: UUID
    number: int
    message_id: UUID
    """The letter that opened it."""
    contact_key: UUID
    version: int
    placed_version: int
    """Of the last event that distribution decides by."""
    placed_id: UUID
    """The id of that event, and what is known about it: distribution answers it."""
    correlation_id: UUID
    traceparent: str | None
    ticketbox_id: UUID
    state: str = State.OPEN.value
    merged: bool = False
    owner_id: UUID | None = None
    owned_since: datetime | None = None
    given_back_by: UUID | None = None
    """Who had it until a person or an automation gave it back: it goes to others first."""
    waiting_since: datetime | None = None
    """Since when it is open, in this ticketbox, and nobody's; None: it is not."""
    unanswered: bool = True
    """Whether a letter is here that nobody has answered."""
    urgency: int = URGENCY[Priority.NORMAL]
    due_at: datetime | None = None
    tags: tuple[str, ...] = ()
    overflowed_from: tuple[UUID, ...] = ()
    """The ticketboxes that it overflowed from since somebody last had it: it does not go round in a circle."""

    @property
    def open(self) -> bool:
        return self.state == State.OPEN and not self.merged

    @property
    def loads(self) -> UUID | None:
        """Whose capacity it takes."""
        return self.owner_id if self.open else None


class LastAnswer(NamedTuple):
    """Who answered a customer, and when."""

    at: datetime
    agent_id: UUID


def contact_key(address: str) -> UUID:
    """The same for the same address; the address cannot be read from it."""
    return uuid5(NAMESPACE_URL, f"mailto:{address.lower()}")


def follows(ticket: Queued | None, item: Recorded[Event]) -> bool:
    """Whether an event is the next of its ticket, or one that was heard before; else it came too early."""
    return item.version <= (ticket.version if ticket else 0) + 1


def matters(ticket: Queued, before: Queued | None) -> bool:
    """Whether distribution may have something to do with a ticket after what happened to it."""
    return (
        before is None
        or ticket.placed_version > before.placed_version
        or (ticket.unanswered and not before.unanswered)  # by letters of another ticket
        or (ticket.waiting_since is not None and ticket.tags != before.tags)  # other skills are asked for
    )


def hear(ticket: Queued | None, item: Recorded[Event]) -> Queued:
    """The ticket after its next event. What was heard before changes nothing."""
    event, at = item.event, item.occurred_at
    if ticket is None:
        assert isinstance(event, TicketOpened)  # noqa: S101 - the first event of every ticket
        return _opened(event, item)
    if item.version <= ticket.version:
        return ticket
    after = replace(_changed(ticket, event, at), version=item.version)
    if isinstance(event, Placing):
        after = replace(
            after,
            placed_version=item.version,
            placed_id=item.event_id,
            correlation_id=item.meta.correlation_id,
            traceparent=item.meta.traceparent,
        )
    waits = after.open and after.owner_id is None
    stays = ticket.waiting_since is not None and after.ticketbox_id == ticket.ticketbox_id
    return replace(after, waiting_since=(ticket.waiting_since if stays else at) if waits else None)


def _opened(event: TicketOpened, item: Recorded[Event]) -> Queued:
    owned = event.assignee_id is not None
    return Queued(
        ticket_id=event.ticket_id,
        number=event.number,
        message_id=event.letter.message_id,
        contact_key=contact_key(event.contact.address),
        version=item.version,
        placed_version=item.version,
        placed_id=item.event_id,
        correlation_id=item.meta.correlation_id,
        traceparent=item.meta.traceparent,
        ticketbox_id=event.ticketbox_id,
        owner_id=event.assignee_id,
        owned_since=item.occurred_at if owned else None,
        waiting_since=None if owned else item.occurred_at,
        urgency=URGENCY[event.priority],
        unanswered=not event.settled,
        due_at=_earliest(event.deadlines),
        tags=event.tags,
    )


def _earliest(deadlines: tuple[DeadlineItem, ...]) -> datetime | None:
    return min((item.due_at for item in deadlines if item.due_at is not None), default=None)


def _changed(ticket: Queued, event: Event, at: datetime) -> Queued:
    match event:
        case TicketAssigned(agent_id=None, method=ChosenBy.PERSON | ChosenBy.AUTOMATION):
            return replace(ticket, owner_id=None, owned_since=None, given_back_by=ticket.owner_id)
        case TicketAssigned(agent_id=None):
            return replace(ticket, owner_id=None, owned_since=None)
        case TicketAssigned(agent_id=agent_id):
            return replace(ticket, owner_id=agent_id, owned_since=at, given_back_by=None, overflowed_from=())
        case TicketMoved(ticketbox_id=box, from_id=left, why="overflow"):
            return replace(ticket, ticketbox_id=box, overflowed_from=(*ticket.overflowed_from, left))
        case TicketMoved(ticketbox_id=box):
            return replace(ticket, ticketbox_id=box, overflowed_from=())
        case CustomerReplied(thanks=False):
            return replace(ticket, unanswered=True)
        case TicketAbsorbed(waited=waited) | LettersTaken(waited=waited) if waited:
            return replace(ticket, unanswered=True)
        case ReplyReleased(attempt=1):  # a retry answers nothing that came meanwhile
            return replace(ticket, unanswered=False)
        case TicketMerged():
            return replace(ticket, merged=True)
        case MergeUndone():
            return replace(ticket, merged=False)
        case PriorityChanged(priority=priority):
            return replace(ticket, urgency=URGENCY[priority])
        case TagsChanged(tags=tags):
            return replace(ticket, tags=tags)
        case DeadlinesChanged(deadlines=deadlines):
            return replace(ticket, due_at=_earliest(deadlines))
        case TicketReopened(thanks_id=UUID()):
            return replace(ticket, state=State.OPEN.value, unanswered=True)
        case TicketSolved() | TicketReopened() | TicketSetPending() | TicketPutOnHold() | TicketClosed():
            return replace(ticket, state=_STATES[type(event)].value)
        case _:
            return ticket


_STATES = {
    TicketSolved: State.SOLVED,
    TicketReopened: State.OPEN,
    TicketSetPending: State.PENDING,
    TicketPutOnHold: State.ON_HOLD,
    TicketClosed: State.CLOSED,
}
