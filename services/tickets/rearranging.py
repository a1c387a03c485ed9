"""Commands about two tickets: links, merges, splits, letters in the wrong thread; and their ways back."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Literal, assert_never
from uuid import UUID

from chassis.commands import Invalid, UnknownThing
from contracts.commands import (
    AnyTwoTicketsCommand,
    HoldForTicket,
    LinkTickets,
    MergeTicket,
    MoveLetters,
    SplitTicket,
    UndoMerge,
    UnlinkTickets,
)
from contracts.desk import Ticketbox
from contracts.ids import derived
from contracts.mail import LetterHead
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    LettersMoved,
    LettersTaken,
    LinkKind,
    MergeUndone,
    Spell,
    State,
    TicketAbsorbed,
    TicketClosed,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    TicketUnlinked,
)
from services.tickets import threading
from services.tickets.commands import permit
from services.tickets.desk import Desk
from services.tickets.refusals import Merged
from services.tickets.ticket import Asked, Ticket

Events = dict[UUID, list[TicketEvent]]
"""What happens, by ticket."""

_OTHER_SIDE = {
    LinkKind.PARENT: LinkKind.CHILD,
    LinkKind.CHILD: LinkKind.PARENT,
    LinkKind.RELATED: LinkKind.RELATED,
    LinkKind.DUPLICATE: LinkKind.DUPLICATE,
}


def decide(
    command: AnyTwoTicketsCommand,
    ticket: Ticket,
    other: Ticket,
    desk: Desk,
    inside: Sequence[Ticket],
    awaited: Container[UUID],
) -> Events:
    """What happens to two tickets, and to those that go on `inside` the first.

    `awaited` is what the other one waits for, if it does, what that waits for in turn, and so on.

    Raises:
        Refusal: nothing happens, and why.
    """
    permit(command.actor_id, ticket, desk)
    permit(command.actor_id, other, desk)
    if ticket.ticket_id == other.ticket_id:
        raise Invalid("This takes two different tickets.")
    match command:
        case LinkTickets(link=link):
            return _link(ticket, other, link)
        case UnlinkTickets(link=link):
            return _unlink(ticket, other, link)
        case HoldForTicket():
            return _hold_for(command, ticket, other, awaited)
        case MergeTicket(actor_id=actor_id):
            return _merge(ticket, other, actor_id, awaited)
        case UndoMerge(actor_id=actor_id):
            return _undo_merge(ticket, other, actor_id)
        case MoveLetters(message_ids=message_ids, actor_id=actor_id, with_answers=with_answers):
            chosen = _with_answers(ticket, message_ids) if with_answers else message_ids
            return _move_letters(ticket, other, chosen, actor_id, inside)
        case _:
            assert_never(command)


def _link(ticket: Ticket, other: Ticket, link: LinkKind) -> Events:
    if (other.ticket_id, link) in ticket.links:
        return {}
    if link in {LinkKind.PARENT, LinkKind.CHILD} and (other.ticket_id, _OTHER_SIDE[link]) in ticket.links:
        raise Invalid("Of two tickets one is the parent; remove the other link first.")
    return {
        one.ticket_id: [
            TicketLinked(ticket_id=one.ticket_id, other_id=far.ticket_id, other_number=far.number, link=kind)
        ]
        for one, far, kind in ((ticket, other, link), (other, ticket, _OTHER_SIDE[link]))
    }


def _unlink(ticket: Ticket, other: Ticket, link: LinkKind) -> Events:
    if (other.ticket_id, link) not in ticket.links:
        return {}
    for one, far in ((ticket, other), (other, ticket)):
        if _waits_for(one, far) and len(_kinds_of_links(one, far)) == 1:
            raise Invalid(f"Ticket {one.number} waits for ticket {far.number}; open it again first.")
    return {
        one.ticket_id: [TicketUnlinked(ticket_id=one.ticket_id, other_id=far.ticket_id, link=kind)]
        for one, far, kind in ((ticket, other, link), (other, ticket, _OTHER_SIDE[link]))
    }


def _waits_for(ticket: Ticket, other: Ticket) -> bool:
    return ticket.state is State.ON_HOLD and ticket.held_for_id == other.ticket_id


def _kinds_of_links(ticket: Ticket, other: Ticket) -> set[LinkKind]:
    return {kind for far_id, kind in ticket.links if far_id == other.ticket_id}


def _hold_for(command: HoldForTicket, ticket: Ticket, other: Ticket, awaited: Container[UUID]) -> Events:
    """Let a ticket wait until another is solved; see `Work` for the end of it."""
    _not_merged(ticket, other)
    if not _kinds_of_links(ticket, other):
        raise Invalid(f"Link ticket {other.number} first; a ticket waits for one that is linked to it.")
    if other.state.done:
        raise Invalid(f"Ticket {other.number} is solved already, so there is nothing to wait for.")
    if ticket.ticket_id in awaited:
        raise Invalid(f"Ticket {other.number} waits for this one; open it again first.")
    if _waits_for(ticket, other) and not command.reason:
        return {}
    held = TicketPutOnHold(
        ticket_id=ticket.ticket_id,
        until_solved_id=other.ticket_id,
        until_solved_number=other.number,
        reason=command.reason,
        set_by=command.actor_id,
    )
    return {ticket.ticket_id: [held]}


def _merge(ticket: Ticket, other: Ticket, actor_id: UUID, awaited: Container[UUID]) -> Events:
    _not_merged(ticket, other)
    merged = TicketMerged(
        ticket_id=ticket.ticket_id, into_id=other.ticket_id, into_number=other.number, merged_by=actor_id
    )
    absorbed = TicketAbsorbed(
        ticket_id=other.ticket_id,
        from_id=ticket.ticket_id,
        from_number=ticket.number,
        letters=tuple(ticket.letters.values()),
        message_ids=ticket.message_ids,
        participants=tuple(sorted(ticket.participants)),
        # What was solved without an answer wants none in the other one either.
        waited={} if ticket.state.done else _waited(ticket, ticket.letters.values(), other),
        merged_by=actor_id,
    )
    # An open matter does not disappear in a solved one, nor what waits for us in one that waits for the customer.
    # What was split off from it does, if nothing came there. And no ticket waits for itself.
    brings_more = not ticket.state.done and not other.left.keys() >= ticket.letters.keys()
    opens = absorbed.waited or (other.state.done and brings_more) or ticket.ticket_id in awaited
    return {
        ticket.ticket_id: [merged],
        other.ticket_id: [absorbed, *(_reopened(other, actor_id, "merge") if opens else ())],
    }


def _undo_merge(ticket: Ticket, other: Ticket, actor_id: UUID) -> Events:
    if ticket.merged_into_id != other.ticket_id:
        raise Invalid(f"Ticket {ticket.number} is not merged into {other.number}.")
    _not_merged(other)  # what was written to the first one meanwhile is elsewhere by now
    ways = {
        message_id: way[: way.index(ticket.ticket_id)]
        for message_id, way in other.by_way_of.items()
        if ticket.ticket_id in way
    }
    meanwhile = [letter for message_id, letter in other.letters.items() if message_id in ways]
    parted: list[TicketEvent] = [
        MergeUndone(ticket_id=ticket.ticket_id, into_id=other.ticket_id, undone_by=actor_id)
    ]
    left: list[TicketEvent] = [
        AbsorptionUndone(ticket_id=other.ticket_id, from_id=ticket.ticket_id, undone_by=actor_id)
    ]
    if meanwhile:
        moved = _moved(other, ticket, meanwhile, actor_id, ways)
        left += moved[other.ticket_id]
        parted += moved[ticket.ticket_id]
    return {ticket.ticket_id: parted, other.ticket_id: [*left, *_rested(other, {ticket.ticket_id}, actor_id)]}


def _rested(ticket: Ticket, without: Iterable[UUID], actor_id: UUID) -> list[TicketEvent]:
    """How it stood before a merge or moved letters opened it, if nothing keeps it open without these."""
    if ticket.rest is None or not ticket.rest.ended_for or not ticket.rest.ended_for.issubset(without):
        return []
    match ticket.rest.state:
        case State.SOLVED:
            return [TicketSolved(ticket_id=ticket.ticket_id, solved_by=actor_id)]
        case State.CLOSED:
            return [TicketClosed(ticket_id=ticket.ticket_id, closed_by=actor_id)]
        case State.PENDING:
            return [TicketSetPending(ticket_id=ticket.ticket_id, set_by=actor_id)]
        case State.ON_HOLD:
            assert ticket.rest.hold is not None  # noqa: S101 - something put it on hold
            return [ticket.rest.hold.model_copy(update={"set_by": actor_id})]
        case State.OPEN:
            return []
        case _:
            assert_never(ticket.rest.state)


def _move_letters(
    ticket: Ticket, other: Ticket, message_ids: Collection[UUID], actor_id: UUID, inside: Sequence[Ticket]
) -> Events:
    _not_merged(ticket, other)
    letters = _chosen(ticket, message_ids)
    moved = _moved(ticket, other, letters, actor_id)
    rested = _rested(ticket, [letter.message_id for letter in letters], actor_id)
    return {
        **_gone_from(inside, letters, other.ticket_id, other.number, actor_id),
        **moved,
        ticket.ticket_id: [*moved[ticket.ticket_id], *rested],
    }


def _gone_from(
    inside: Sequence[Ticket], letters: Sequence[LetterHead], to_id: UUID, to_number: int, actor_id: UUID
) -> Events:
    """What tickets lose that had brought letters by a merge: undoing that does not bring these back."""
    return {
        ticket.ticket_id: [_left(ticket, brought, to_id, to_number, actor_id)]
        for ticket in inside
        if (brought := [letter for letter in letters if letter.message_id in ticket.letters])
    }


def _left(
    ticket: Ticket, letters: Sequence[LetterHead], to_id: UUID, to_number: int, actor_id: UUID
) -> LettersMoved:
    return LettersMoved(
        ticket_id=ticket.ticket_id,
        to_id=to_id,
        to_number=to_number,
        message_ids=tuple(letter.message_id for letter in letters),
        moved_by=actor_id,
    )


def split(
    command: SplitTicket, ticket: Ticket, desk: Desk, number: int, now: datetime, inside: Sequence[Ticket]
) -> Events:
    """Make a ticket of some letters; its id follows from the command. Others may go on `inside` the old one.

    Raises:
        Refusal: nothing happens, and why.
    """
    permit(command.actor_id, ticket, desk)
    _not_merged(ticket)
    letters = _chosen(ticket, command.message_ids)
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    first, *rest = letters
    opened = TicketOpened(
        ticket_id=derived(command.command_id, "ticket"),
        number=number,
        ticketbox_id=ticket.ticketbox_id,
        ticketbox=box.name if box else "",
        subject=(command.new_subject or first.subject).strip() or ticket.subject,
        contact=first.from_ or ticket.contact,
        priority=ticket.priority,
        tags=ticket.tags,
        letter=first,
        split_from_id=ticket.ticket_id,
        waited=_opened_at(now, ticket, first),
        settled=not first.automatic and first.message_id not in ticket.unanswered,
    )
    left = _left(ticket, letters, opened.ticket_id, number, command.actor_id)
    taken = LettersTaken(
        ticket_id=opened.ticket_id,
        from_id=ticket.ticket_id,
        from_number=ticket.number,
        letters=tuple(rest),
        waited=_waited(ticket, rest),
        moved_by=command.actor_id,
    )
    return {
        **_gone_from(inside, letters, opened.ticket_id, number, command.actor_id),
        ticket.ticket_id: [left, *_rested(ticket, left.message_ids, command.actor_id)],
        opened.ticket_id: [opened, *([taken] if rest else [])],
    }


def _moved(
    ticket: Ticket,
    other: Ticket,
    letters: Sequence[LetterHead],
    actor_id: UUID,
    ways: Mapping[UUID, tuple[UUID, ...]] | None = None,
) -> Events:
    left = _left(ticket, letters, other.ticket_id, other.number, actor_id)
    taken = LettersTaken(
        ticket_id=other.ticket_id,
        from_id=ticket.ticket_id,
        from_number=ticket.number,
        letters=tuple(letters),
        by_way_of={message_id: way for message_id, way in (ways or {}).items() if way},
        waited=_waited(ticket, letters, other),
        moved_by=actor_id,
    )
    brings_more = any(letter.by_person for letter in letters if letter.message_id not in other.left)
    opens = taken.waited or (other.state.done and brings_more)
    # What an undone merge gives back was written to that ticket: it does not leave again.
    opened_by = () if ways else left.message_ids
    return {
        ticket.ticket_id: [left],
        other.ticket_id: [taken, *(_reopened(other, actor_id, opened_by=opened_by) if opens else ())],
    }


def _waited(
    ticket: Ticket, letters: Iterable[LetterHead], other: Ticket | None = None
) -> dict[UUID, tuple[Spell, ...]]:
    """What those of the letters have waited through that nobody has answered: they take it along.

    What comes back to the `other` ticket, where it had wanted no answer any more, wants none again.
    """
    settled = {one for one, left in other.left.items() if left.settled} if other else set()
    unanswered = {one: asked for one, asked in ticket.unanswered.items() if one not in settled}
    return {
        letter.message_id: ticket.waited(unanswered[letter.message_id])
        for letter in letters
        if letter.message_id in unanswered
    }


def _opened_at(now: datetime, ticket: Ticket, letter: LetterHead) -> tuple[Spell, ...]:
    """What a letter has waited through that opens a ticket of its own now, whether it was answered before or not."""
    asked = ticket.asked.get(letter.message_id, Asked(letter.received_at, came_at=letter.received_at))
    waited = ticket.waited(asked)
    return waited if ticket.state is State.OPEN else (*waited, Spell(state=State.OPEN, since=now))


def _with_answers(ticket: Ticket, message_ids: Collection[UUID]) -> set[UUID]:
    """Letters, with those of the ticket that answer them, and what answers these in turn."""
    chosen = set(message_ids)
    named = {letter.internet_message_id: message_id for message_id, letter in ticket.letters.items()}
    for letter in sorted(ticket.letters.values(), key=attrgetter("received_at")):
        answered = next((named[one] for one in threading.mentioned(letter) if one in named), None)
        if answered in chosen:
            chosen.add(letter.message_id)
    return chosen


def _chosen(ticket: Ticket, message_ids: Collection[UUID]) -> list[LetterHead]:
    """Letters of a ticket, in its order; at least one must stay, or else it is a merge that is wanted."""
    if unknown := [one for one in message_ids if one not in ticket.letters]:
        raise UnknownThing("This ticket has no such letter.", message_id=unknown[0])
    chosen = [letter for message_id, letter in ticket.letters.items() if message_id in message_ids]
    if len(chosen) == len(ticket.letters):
        raise Invalid("One letter must stay; to move all of them, merge the ticket into the other one.")
    return chosen


def _not_merged(*tickets: Ticket) -> None:
    for ticket in tickets:
        if ticket.merged_into_id is not None:
            raise Merged(ticket.number, ticket.merged_into_id)


def _reopened(
    ticket: Ticket,
    actor_id: UUID,
    why: Literal["person", "merge"] = "person",
    opened_by: tuple[UUID, ...] = (),
) -> list[TicketEvent]:
    if ticket.state is State.OPEN:
        return []
    return [TicketReopened(ticket_id=ticket.ticket_id, reopened_by=actor_id, why=why, opened_by=opened_by)]
