"""How what was done to a ticket is undone, by a bulk job or by one person: pure."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import assert_never
from uuid import UUID

from chassis.commands import UnknownThing
from contracts.commands import AssignTicket
from contracts.correspondence import ReplyReleased
from contracts.desk import Ticketbox
from contracts.event import Event, Recorded
from contracts.stream_ids import job_actor
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    FieldsChanged,
    FieldValue,
    LettersMoved,
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
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets import commands, moving
from services.tickets.bulk import Turn, after, permit
from services.tickets.desk import Desk
from services.tickets.evolve import stages
from services.tickets.refusals import ChangedSince
from services.tickets.ticket import Ticket

_ASPECTS: dict[str, Callable[[Ticket], object]] = {
    "ticketbox": attrgetter("ticketbox_id"),
    "owner": attrgetter("assignee_id"),
    "priority": attrgetter("priority"),
    "category": attrgetter("category_id"),
    "state": attrgetter("state", "held_until", "held_for_id"),
}
"""What is given back, but for tags and custom fields: of those each stands for itself."""
_Change = (
    CategoryAssigned
    | FieldsChanged
    | PriorityChanged
    | TagsChanged
    | TicketAssigned
    | TicketClosed
    | TicketMoved
    | TicketPutOnHold
    | TicketReopened
    | TicketSetPending
    | TicketSolved
)
_Rearranged = LettersMoved | LettersTaken | TicketMerged | MergeUndone | TicketAbsorbed | AbsorptionUndone


def is_change(events: Iterable[Event]) -> bool:
    """Whether it is a change of one ticket. Merges and moved letters are no such: of them two tickets go back."""
    happened = list(events)
    return any(isinstance(event, _Change) for event in happened) and not any(
        isinstance(event, _Rearranged) for event in happened
    )


def undo(
    undone: Callable[[Recorded[Event]], bool],
    history: Sequence[Recorded[Event]],
    ticket: Ticket,
    desk: Desk,
    turn: Turn,
) -> list[TicketEvent]:
    """Give a ticket back what some events of its history changed; what is so again by itself is left alone.

    `ticket` is how it stands now: what came due may have changed it after its `history`.

    Raises:
        Refusal: something of it changed again since, or the customer wrote; nothing happens.
    """
    permit(ticket, desk, turn)
    places = [place for place, item in enumerate(history) if undone(item)]
    if not places:
        return []
    first, last = places[0], places[-1]
    written = list(stages(history))
    happened = [history[place].event for place in places]
    by_people = _by_people(history, last, written) if _moved(happened) else written
    before, left, since = by_people[first - 1], by_people[last], by_people[last + 1 :]
    changed = _changed(before, left, happened)
    wanted = [name for name in changed if _ASPECTS[name](before) != _ASPECTS[name](ticket)]
    fields = [key for key in _changed_fields(before, left) if _field(key)(before) != _field(key)(ticket)]
    aspects = {name: _ASPECTS[name] for name in wanted} | {f"field “{key}”": _field(key) for key in fields}
    again = [
        name
        for name, of in aspects.items()
        if any(of(one) != of(left) for one in since) or of(ticket) != of(written[-1])
    ]
    if again:
        raise ChangedSince(again)
    if "state" in wanted and before.state is not State.OPEN:
        commands.see_letters(ticket, left.version)  # whoever wrote since waits for us
    events: list[TicketEvent] = []
    for name in wanted:
        events += _given_back(name, before, after(ticket, events, turn.now), desk, turn)
    return events + _fields_back(fields, before, ticket, turn) + _tags_back(before, left, ticket, turn)


def _moved(undone: Iterable[Event]) -> bool:
    return any(isinstance(event, TicketMoved) for event in undone)


def _changed(before: Ticket, left: Ticket, undone: Sequence[Event]) -> list[str]:
    """What is to be given back, in the order in which it can be."""
    changed = {name for name, of in _ASPECTS.items() if of(before) != of(left)}
    if "ticketbox" in changed:
        changed.add("owner")  # whom distribution gave it to since may have no business where it was
    if any(isinstance(event, ReplyReleased) for event in undone):
        changed.discard("owner")  # the answer has left, and who wrote it has the ticket
    return [name for name in _ASPECTS if name in changed]


def _changed_fields(before: Ticket, left: Ticket) -> list[str]:
    """The keys of the custom fields that are to be given back."""
    return [key for key in {**before.fields, **left.fields} if _field(key)(before) != _field(key)(left)]


def _field(key: str) -> Callable[[Ticket], FieldValue | None]:
    return lambda ticket: ticket.fields.get(key)


def by_job(job_id: UUID) -> Callable[[Recorded[Event]], bool]:
    """What a bulk job did."""
    return lambda item: item.meta.actor == job_actor(job_id)


def by_command(command_id: UUID) -> Callable[[Recorded[Event]], bool]:
    """What a command did."""
    return lambda item: item.meta.causation_id == command_id


def _by_people(history: Sequence[Recorded[Event]], last: int, written: Sequence[Ticket]) -> Sequence[Ticket]:
    """How a ticket that was moved went on, without the owners whom distribution chose after the last undone event.

    It chooses anew whenever a ticket comes somewhere: that is no change that anybody made. `written` is how it went
    on with them.
    """
    by_people = [
        item
        for place, item in enumerate(history)
        if place <= last or not (isinstance(item.event, TicketAssigned) and item.event.evidence is not None)
    ]
    return written if len(by_people) == len(history) else list(stages(by_people))


def _given_back(name: str, before: Ticket, ticket: Ticket, desk: Desk, turn: Turn) -> list[TicketEvent]:
    ticket_id, person_id = ticket.ticket_id, turn.person_id
    match name:
        case "ticketbox":
            return _moved_back(before, ticket, desk, person_id)
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
            return _stood(before, ticket, turn)


def _moved_back(before: Ticket, ticket: Ticket, desk: Desk, person_id: UUID) -> list[TicketEvent]:
    box = desk.get(Ticketbox, before.ticketbox_id)
    if box is None:
        raise UnknownThing("The ticketbox that it was in was removed.", ticketbox_id=before.ticketbox_id)
    return moving.moved(ticket, box, desk, "undo", person_id)


def _stood(before: Ticket, ticket: Ticket, turn: Turn) -> list[TicketEvent]:
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
            assert before.hold is not None  # noqa: S101 - something put it on hold
            return [before.hold.model_copy(update={"set_by": person_id})]
        case State.SOLVED:
            return [TicketSolved(ticket_id=ticket_id, solved_by=person_id)]
        case State.CLOSED:
            solved = [] if ticket.state.done else [TicketSolved(ticket_id=ticket_id, solved_by=person_id)]
            return [*solved, TicketClosed(ticket_id=ticket_id, closed_by=person_id)]
        case _:
            assert_never(before.state)


def _fields_back(keys: Sequence[str], before: Ticket, ticket: Ticket, turn: Turn) -> list[TicketEvent]:
    if not keys:
        return []
    values = {key: before.fields.get(key) for key in keys}
    return [FieldsChanged(ticket_id=ticket.ticket_id, fields=values, changed_by=turn.person_id)]


def _tags_back(before: Ticket, after: Ticket, ticket: Ticket, turn: Turn) -> list[TicketEvent]:
    added = [tag for tag in after.tags if tag not in before.tags]
    kept = tuple(tag for tag in ticket.tags if tag not in added)
    removed = (tag for tag in before.tags if tag not in after.tags and tag not in kept)
    tags = (*kept, *removed)
    if tags == ticket.tags:
        return []
    return [TagsChanged(ticket_id=ticket.ticket_id, tags=tags, changed_by=turn.person_id)]
