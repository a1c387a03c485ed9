"""What a bulk job does to one ticket, and how it is undone: pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import assert_never
from uuid import UUID

from contracts.bulk import Assign, BulkAction, Categorise, Move, Prioritise, SetState, Tag
from contracts.commands import (
    AssignTicket,
    ChangeTags,
    CloseTicket,
    MoveTicket,
    PutOnHold,
    ReopenTicket,
    SetCategory,
    SetPending,
    SetPriority,
    SolveTicket,
)
from contracts.desk import Person, Ticketbox
from contracts.event import Event, Recorded
from contracts.tickets import (
    CategoryAssigned,
    PriorityChanged,
    State,
    TagsChanged,
    TicketClosed,
    TicketEvent,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets import commands
from services.tickets.desk import Desk
from services.tickets.refusals import ChangedSince, Merged, UnknownThing
from services.tickets.ticket import Ticket, evolve, stages


@dataclass(frozen=True, slots=True)
class Turn:
    """A ticket has its turn in a job: whose rights count, and what of the ticket was seen when it was selected."""

    command_id: UUID
    person_id: UUID
    seen_version: int
    now: datetime


def decide(actions: Sequence[BulkAction], ticket: Ticket, desk: Desk, turn: Turn) -> list[TicketEvent]:
    """Do all of it, or nothing.

    Raises:
        Refusal: nothing happens, and why.
    """
    actor = _permit(ticket, desk, turn)
    happened: list[TicketEvent] = []
    seen = 0
    for action in actions:
        ticket, seen = _after(ticket, happened[seen:], turn.now), len(happened)
        if (command := _command(action, ticket, turn)) is not None:
            happened += commands.act(command, ticket, desk, actor, turn.now)
    return happened


def _permit(ticket: Ticket, desk: Desk, turn: Turn) -> Person:
    actor = commands.permit(turn.person_id, ticket, desk)
    if ticket.merged_into_id is not None:
        raise Merged(ticket.number, ticket.merged_into_id)
    return actor


def _after(ticket: Ticket, events: Sequence[TicketEvent], now: datetime) -> Ticket:
    for event in events:
        ticket = evolve(ticket, event, ticket.version + 1, now)
    return ticket


def _command(action: BulkAction, ticket: Ticket, turn: Turn) -> commands.TicketCommand | None:
    """What a person would ask of this one ticket; None: it is so already."""
    about = {"command_id": turn.command_id, "actor_id": turn.person_id, "ticket_id": ticket.ticket_id}
    match action:
        case Assign(agent_id=agent_id):
            return AssignTicket(**about, agent_id=agent_id)
        case Prioritise(priority=priority):
            return SetPriority(**about, priority=priority)
        case Tag(add=add, remove=remove):
            return ChangeTags(**about, add=add, remove=remove)
        case Categorise(category_id=category_id):
            return SetCategory(**about, category_id=category_id)
        case Move(ticketbox_id=ticketbox_id):
            return MoveTicket(**about, ticketbox_id=ticketbox_id)
        case SetState():
            return _state_command(action, ticket, about, turn)
        case _:
            assert_never(action)


def _state_command(
    action: SetState, ticket: Ticket, about: Mapping[str, UUID], turn: Turn
) -> commands.TicketCommand | None:
    match action.state:
        case State.OPEN:
            return None if ticket.state is State.OPEN else ReopenTicket(**about)
        case State.PENDING:
            return SetPending(**about)
        case State.ON_HOLD:
            return PutOnHold(**about, until=action.until, reason=action.reason)
        case State.SOLVED:
            return SolveTicket(**about, seen_version=turn.seen_version)
        case State.CLOSED:
            return CloseTicket(**about, seen_version=turn.seen_version)
        case _:
            assert_never(action.state)


_ASPECTS: dict[str, Callable[[Ticket], object]] = {
    "ticketbox": attrgetter("ticketbox_id"),
    "owner": attrgetter("assignee_id"),
    "priority": attrgetter("priority"),
    "category": attrgetter("category_id"),
    "state": attrgetter("state", "held_until"),
}
"""What a job changes and its undoing gives back, but for tags: of those each stands for itself."""


def undo(
    actor: str, history: Sequence[Recorded[Event]], ticket: Ticket, desk: Desk, turn: Turn
) -> list[TicketEvent]:
    """Give a ticket back what an actor, a job, changed; what is so again by itself is left alone.

    `ticket` is how it stands now: what came due may have changed it after its `history`.

    Raises:
        Refusal: something of it changed again since; nothing happens.
    """
    found = [*stages(history), ticket]
    by_job = [place for place, item in enumerate(history) if item.meta.actor == actor]
    _permit(ticket, desk, turn)
    if not by_job:
        return []
    before, since = found[by_job[0] - 1], found[by_job[-1] :]
    changed = {name for name, of in _ASPECTS.items() if of(before) != of(since[0])}
    wanted = {name for name in changed if _ASPECTS[name](before) != _ASPECTS[name](ticket)}
    again = [
        name
        for name, of in _ASPECTS.items()
        if name in wanted and any(of(one) != of(since[0]) for one in since)
    ]
    if again:
        raise ChangedSince(again)
    events: list[TicketEvent] = []
    for name in _ASPECTS:
        if name in wanted:
            events += _given_back(name, before, _after(ticket, events, turn.now), history, desk, turn)
    return events + _tags_back(before, since[0], ticket, turn)


def _given_back(
    name: str, before: Ticket, ticket: Ticket, history: Sequence[Recorded[Event]], desk: Desk, turn: Turn
) -> list[TicketEvent]:
    ticket_id, person_id = ticket.ticket_id, turn.person_id
    match name:
        case "ticketbox":
            return [_moved_back(before, ticket, desk, person_id)]
        case "owner":
            command = AssignTicket(
                command_id=turn.command_id,
                actor_id=person_id,
                ticket_id=ticket_id,
                agent_id=before.assignee_id,
            )
            return commands.assign(command, ticket, desk)
        case "priority":
            return [PriorityChanged(ticket_id=ticket_id, priority=before.priority, changed_by=person_id)]
        case "category":
            category_id = before.category_id
            return [CategoryAssigned(ticket_id=ticket_id, category_id=category_id, changed_by=person_id)]
        case _:
            return _stood(before, ticket, history, turn)


def _moved_back(before: Ticket, ticket: Ticket, desk: Desk, person_id: UUID) -> TicketMoved:
    box = desk.get(Ticketbox, before.ticketbox_id)
    if box is None:
        raise UnknownThing("The ticketbox that it was in was removed.", ticketbox_id=before.ticketbox_id)
    return TicketMoved(
        ticket_id=ticket.ticket_id,
        ticketbox_id=box.id,
        ticketbox=box.name,
        from_id=ticket.ticketbox_id,
        why="undo",
        moved_by=person_id,
    )


def _stood(
    before: Ticket, ticket: Ticket, history: Sequence[Recorded[Event]], turn: Turn
) -> list[TicketEvent]:
    ticket_id, person_id = ticket.ticket_id, turn.person_id
    reopened = TicketReopened(ticket_id=ticket_id, reopened_by=person_id, why="person")
    match before.state:
        case State.OPEN:
            return [reopened]
        case State.PENDING:
            return [TicketSetPending(ticket_id=ticket_id, set_by=person_id)]
        case State.ON_HOLD if before.held_until is not None and before.held_until <= turn.now:
            return [] if ticket.state is State.OPEN else [reopened]  # its hold would have ended
        case State.ON_HOLD:
            held = [
                item.event
                for item in history
                if isinstance(item.event, TicketPutOnHold) and item.version <= before.version
            ]
            return [held[-1].model_copy(update={"set_by": person_id})]
        case State.SOLVED:
            return [TicketSolved(ticket_id=ticket_id, solved_by=person_id)]
        case State.CLOSED:
            solved = [] if ticket.state.done else [TicketSolved(ticket_id=ticket_id, solved_by=person_id)]
            return [*solved, TicketClosed(ticket_id=ticket_id, closed_by=person_id)]
        case _:
            assert_never(before.state)


def _tags_back(before: Ticket, after: Ticket, ticket: Ticket, turn: Turn) -> list[TicketEvent]:
    added = [tag for tag in after.tags if tag not in before.tags]
    kept = tuple(tag for tag in ticket.tags if tag not in added)
    removed = (tag for tag in before.tags if tag not in after.tags and tag not in kept)
    tags = (*kept, *removed)
    if tags == ticket.tags:
        return []
    return [TagsChanged(ticket_id=ticket.ticket_id, tags=tags, changed_by=turn.person_id)]
