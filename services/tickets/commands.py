"""`decide`: one function a command. Same ticket, same command, same time: same events."""

from datetime import datetime
from uuid import UUID

from chassis.commands import Forbidden, Invalid, UnknownThing
from contracts.commands import (
    AddNote,
    AnyTicketCommand,
    AssignTicket,
    ChangeTask,
    CloseTicket,
    FinishTask,
    MoveTicket,
    PutOnHold,
    RemoveTask,
    ReopenTicket,
    RestoreTask,
    RetryReply,
    SetPending,
    SolveTicket,
    SubmitReply,
)
from contracts.correspondence import NoteAdded
from contracts.desk import Ticketbox
from contracts.people import Person, Right
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    ChosenBy,
    State,
    TicketAssigned,
    TicketClosed,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets import answering, describing, moving
from services.tickets.desk import Desk
from services.tickets.refusals import AlreadyThere, Merged, Outdated
from services.tickets.ticket import Ticket

STILL_DONE = (RetryReply, FinishTask, ChangeTask, RemoveTask, RestoreTask)
"""Of a merged ticket: an answer is sent again where it was written, and what was to be done still is."""


def decide(command: AnyTicketCommand, ticket: Ticket, desk: Desk, now: datetime) -> list[TicketEvent]:
    """What happens because of a command of a person.

    Raises:
        Refusal: nothing happens, and why.
    """
    actor = permit(command.actor_id, ticket, desk)
    if ticket.merged_into_id is not None and not isinstance(command, STILL_DONE):
        raise Merged(ticket.number, ticket.merged_into_id)
    return act(command, ticket, desk, actor, now)


def act(
    command: AnyTicketCommand, ticket: Ticket, desk: Desk, actor: Person, now: datetime
) -> list[TicketEvent]:
    """What happens because of a command of a person who may give it.

    Raises:
        Refusal: nothing happens, and why.
    """
    match command:
        case SubmitReply():
            return answering.submit_reply(command, ticket, desk, actor, now)
        case RetryReply():
            return answering.retry_reply(command, ticket)
        case AddNote():
            return add_note(command, ticket, desk)
        case AssignTicket():
            return assign(command, ticket, desk)
        case SolveTicket():
            return solve(command, ticket, desk)
        case CloseTicket():
            return close(command, ticket, desk)
        case ReopenTicket():
            return reopen(command, ticket)
        case SetPending():
            return set_pending(command, ticket)
        case PutOnHold():
            return put_on_hold(command, ticket, now)
        case MoveTicket():
            return move(command, ticket, desk)
        case _:
            return describing.describe(command, ticket, desk)


def permit(actor_id: UUID, ticket: Ticket, desk: Desk, right: Right = Right.ANSWER) -> Person:
    """Who acts, if they may in the ticketbox of this ticket.

    Raises:
        Forbidden, UnknownThing.
    """
    actor = desk.get(Person, actor_id)
    if actor is None:
        raise UnknownThing("Nobody with this account works here.", person_id=actor_id)
    if not actor.may(right, ticket.ticketbox_id):
        box = desk.get(Ticketbox, ticket.ticketbox_id)
        raise Forbidden(f"You may not {right} in the ticketbox “{box.name if box else '?'}”.")
    return actor


def add_note(command: AddNote, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Keep what colleagues write among themselves; whoever is mentioned hears of the ticket from now on.

    Raises:
        UnknownThing: someone is mentioned who is not on the desk.
    """
    describing.must_be_there(desk, command.mentions)
    noted = NoteAdded(
        ticket_id=ticket.ticket_id,
        note_id=command.note_id,
        author_id=command.actor_id,
        text=command.text,
        mentions=tuple(dict.fromkeys(command.mentions)),
    )
    return [noted, *describing.watched(ticket, add=command.mentions)]


def assign(command: AssignTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Give the ticket an owner, or give it back; nothing happens if it is so already.

    Raises:
        UnknownThing: there is no such person.
        Invalid: the person may not answer in this ticketbox.
    """
    if ticket.assignee_id == command.agent_id:
        return []
    if command.agent_id is not None:
        agent = desk.get(Person, command.agent_id)
        if agent is None:
            raise UnknownThing("There is no such person.", agent_id=command.agent_id)
        if not agent.may(Right.ANSWER, ticket.ticketbox_id):
            raise Invalid(f"{agent.name} may not answer in this ticketbox, so the ticket cannot go there.")
    assigned = TicketAssigned(
        ticket_id=ticket.ticket_id,
        agent_id=command.agent_id,
        method=ChosenBy.PERSON,
        assigned_by=command.actor_id,
    )
    return [assigned]


def solve(command: SolveTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """The matter is settled.

    Raises:
        Outdated: the customer wrote after the version that the person saw.
        Invalid: a required field is empty.
    """
    see_letters(ticket, command.seen_version)
    if ticket.state.done:
        return []
    describing.require_fields(ticket, desk)
    return [TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id)]


def see_letters(ticket: Ticket, seen_version: int | None) -> None:
    """Let no letter be solved away that nobody has read; None: whatever came.

    Raises:
        Outdated.
    """
    if seen_version is not None and ticket.last_letter_version > seen_version:
        raise Outdated(seen_version, ticket.version)


def close(command: CloseTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """The matter is settled for good.

    Raises:
        Outdated: the customer wrote after the version that the person saw.
        Invalid: a required field is empty.
    """
    see_letters(ticket, command.seen_version)
    if ticket.state is State.CLOSED:
        return []
    describing.require_fields(ticket, desk)
    solved = TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id)
    closed = TicketClosed(ticket_id=ticket.ticket_id, closed_by=command.actor_id)
    return [closed] if ticket.state is State.SOLVED else [solved, closed]


def reopen(command: ReopenTicket, ticket: Ticket) -> list[TicketEvent]:
    """It waits for us after all.

    Raises:
        AlreadyThere: it does.
        Invalid: no letter was taken for thanks.
    """
    if ticket.state is State.OPEN:
        raise AlreadyThere("This ticket is open already.")
    if command.more_than_thanks and ticket.thanks_id not in ticket.letters:
        raise Invalid("The customer's last letter was not taken for thanks.")
    reopened = TicketReopened(
        ticket_id=ticket.ticket_id,
        reopened_by=command.actor_id,
        why="person",
        thanks_id=ticket.thanks_id if command.more_than_thanks else None,
    )
    return [reopened]


def set_pending(command: SetPending, ticket: Ticket) -> list[TicketEvent]:
    """It waits for the customer; nothing happens if it does already."""
    if ticket.state is State.PENDING:
        return []
    return [TicketSetPending(ticket_id=ticket.ticket_id, set_by=command.actor_id)]


def put_on_hold(command: PutOnHold, ticket: Ticket, now: datetime) -> list[TicketEvent]:
    """It waits for a moment, or for something that has none.

    Raises:
        Invalid: the moment has passed.
    """
    if command.until is not None and command.until <= now:
        raise Invalid("The end of the hold has passed already; choose a later moment.")
    so_already = (State.ON_HOLD, command.until, None)
    if (ticket.state, ticket.held_until, ticket.held_for_id) == so_already and not command.reason:
        return []
    held = TicketPutOnHold(
        ticket_id=ticket.ticket_id, until=command.until, reason=command.reason, set_by=command.actor_id
    )
    return [held]


def move(command: MoveTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Give the ticket to another ticketbox; nothing happens if it is there already.

    Raises:
        UnknownThing: there is no such ticketbox.
    """
    box = desk.get(Ticketbox, command.ticketbox_id)
    if box is None:
        raise UnknownThing("There is no such ticketbox.", ticketbox_id=command.ticketbox_id)
    if box.id == ticket.ticketbox_id:
        return []
    return moving.moved(ticket, box, desk, "correction" if command.correction else "person", command.actor_id)
