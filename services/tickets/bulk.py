"""What a bulk job does to one ticket: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.bulk import Assign, BulkAction, Categorise, Move, Prioritise, SetState, Tag
from contracts.commands import (
    AnyTicketCommand,
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
from contracts.people import Person
from contracts.ticket_events import TicketEvent
from contracts.tickets import State
from services.tickets import commands
from services.tickets.desk import Desk
from services.tickets.evolve import evolve
from services.tickets.refusals import Merged
from services.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Turn:
    """A ticket has its turn: by which command, whose rights count, and what of the ticket was seen."""

    command_id: UUID
    person_id: UUID
    seen_version: int
    now: datetime


def decide(actions: Sequence[BulkAction], ticket: Ticket, desk: Desk, turn: Turn) -> list[TicketEvent]:
    """Do all of it, or nothing.

    Raises:
        Refusal: nothing happens, and why.
    """
    actor = permit(ticket, desk, turn)
    happened: list[TicketEvent] = []
    seen = 0
    for action in actions:
        ticket, seen = after(ticket, happened[seen:], turn.now), len(happened)
        if (command := _command(action, ticket, turn)) is not None:
            happened += commands.act(command, ticket, desk, actor, turn.now)
    return happened


def permit(ticket: Ticket, desk: Desk, turn: Turn) -> Person:
    """Who has the ticket in hand, if they may change it.

    Raises:
        Refusal.
    """
    actor = commands.permit(turn.person_id, ticket, desk)
    if ticket.merged_into_id is not None:
        raise Merged(ticket.number, ticket.merged_into_id)
    return actor


def after(ticket: Ticket, events: Sequence[TicketEvent], now: datetime) -> Ticket:
    """The ticket after what is about to happen to it."""
    for event in events:
        ticket = evolve(ticket, event, ticket.version + 1, now)
    return ticket


def _command(action: BulkAction, ticket: Ticket, turn: Turn) -> AnyTicketCommand | None:
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
) -> AnyTicketCommand | None:
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
