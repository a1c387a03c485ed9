"""Letters that come and go between tickets: whom an answer reaches, what comes back, and what an undo gives back."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.commands import RetryReply, SubmitReply
from contracts.correspondence import OutgoingLetter, ReplyReleased
from contracts.mail import Address, Bounce, Kind, LetterHead
from contracts.ticket_events import TicketEvent
from contracts.tickets import State, TicketClosed, TicketSetPending, TicketSolved
from services.tickets import commands
from services.tickets.refusals import Merged, Outdated
from services.tickets.ticket import ReplyState, Ticket
from tests.tickets.desktop import (
    ANNA,
    DESK,
    NOON,
    Desktop,
    hold_for,
    letter,
    link,
    merge,
    move,
    split,
    undo,
    unlink,
)

ROSA, BOB = "rosa@a.example", "bob@b.example"


@pytest.fixture
def desktop() -> Desktop:
    return Desktop.empty()


def at(minutes: int) -> dict[str, object]:
    return {"received_at": NOON + timedelta(minutes=minutes)}


def machine(number: int, sender: str, answers: str, kind: Kind = Kind.AUTO_REPLY) -> LetterHead:
    return letter(number, sender, answers).model_copy(update={"automatic": True, "kind": kind})


def submit(ticket: Ticket) -> SubmitReply:
    return SubmitReply(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        reply_id=uuid4(),
        text="Soon.",
        seen_version=ticket.version,
    )


def answer(desktop: Desktop, ticket: Ticket) -> OutgoingLetter:
    """What leaves when an agent answers now."""
    current = desktop.tickets[ticket.ticket_id]
    released: list[OutgoingLetter] = []
    for event in commands.decide(submit(current), current, DESK, NOON):
        desktop.happen(ticket.ticket_id, event)
        released += [event.letter] if isinstance(event, ReplyReleased) else []
    return released[0]


def recipient(desktop: Desktop, ticket: Ticket) -> str:
    (to,) = answer(desktop, ticket).to
    return to.address


def in_reply(number: int) -> str:
    return f"<{number}@customers.example>"


def test_after_an_undone_merge_each_answer_goes_to_the_customer_of_its_ticket(desktop: Desktop) -> None:
    rosas, bobs = desktop.take(letter(1, ROSA)), desktop.take(letter(2, BOB))
    desktop.do(merge(rosas, bobs))
    desktop.take(letter(3, ROSA, in_reply(1)))
    desktop.do(undo(rosas, bobs))
    assert (recipient(desktop, rosas), recipient(desktop, bobs)) == (ROSA, BOB)
    assert desktop.tickets[bobs.ticket_id].answer_to == in_reply(2)
    assert desktop.tickets[rosas.ticket_id].answer_to == in_reply(3)


@pytest.mark.parametrize("leave", ["moved", "split off"])
def test_after_a_letter_has_left_answers_go_to_who_wrote_the_last_that_is_there(
    desktop: Desktop, leave: str
) -> None:
    to_both = letter(1, ROSA).model_copy(update={"cc": (Address(address=BOB),)})
    rosas, other = desktop.take(to_both), desktop.take(letter(2, ROSA))
    rosas = desktop.take(letter(3, BOB, in_reply(1)))
    assert rosas.reply_address.address == BOB
    desktop.do(move(rosas, other, 3) if leave == "moved" else split(rosas, 3))
    kept = desktop.tickets[rosas.ticket_id]
    assert (kept.reply_address.address, kept.answer_to) == (ROSA, in_reply(1))
    assert in_reply(3) not in answer(desktop, rosas).references


def test_a_letter_that_came_last_is_answered_wherever_it_was_written_to(desktop: Desktop) -> None:
    bobs = desktop.take(letter(1, BOB))
    rosas = desktop.take(letter(2, ROSA).model_copy(update=at(5)))
    desktop.do(merge(rosas, bobs))
    assert recipient(desktop, bobs) == ROSA
    desktop.do(undo(rosas, bobs))
    assert recipient(desktop, bobs) == BOB


def test_an_older_letter_that_is_moved_in_is_not_the_one_that_is_answered(desktop: Desktop) -> None:
    bobs = desktop.take(letter(1, BOB).model_copy(update=at(5)))
    rosas = desktop.take(letter(2, ROSA))
    desktop.take(letter(3, ROSA, in_reply(2)).model_copy(update=at(1)))
    desktop.do(move(rosas, bobs, 3))
    assert recipient(desktop, bobs) == BOB


def test_an_answer_that_was_written_before_its_recipient_changed_is_refused(desktop: Desktop) -> None:
    rosas, bobs = desktop.take(letter(1, ROSA)), desktop.take(letter(2, BOB))
    desktop.do(merge(rosas, bobs))
    desktop.take(letter(3, ROSA, in_reply(1)))
    seen = submit(desktop.tickets[bobs.ticket_id])
    desktop.do(undo(rosas, bobs))
    with pytest.raises(Outdated, match="The recipient of answers changed"):
        commands.decide(seen, desktop.tickets[bobs.ticket_id], DESK, NOON)


def test_who_wrote_to_both_tickets_still_takes_part_in_both_after_the_undo(desktop: Desktop) -> None:
    rosas, bobs = desktop.take(letter(1, ROSA)), desktop.take(letter(2, BOB))
    desktop.do(merge(rosas, bobs))
    desktop.take(letter(3, ROSA, in_reply(2)))
    desktop.take(letter(4, ROSA, in_reply(1)))
    desktop.do(undo(rosas, bobs))
    assert desktop.tickets[bobs.ticket_id].participants == {ROSA, BOB}
    assert desktop.tickets[rosas.ticket_id].participants == {ROSA}


def test_whose_letters_have_all_left_takes_no_part_any_more(desktop: Desktop) -> None:
    rosas, bobs = desktop.take(letter(1, ROSA)), desktop.take(letter(2, BOB))
    desktop.take(letter(3, ROSA, in_reply(1)))
    desktop.do(move(rosas, bobs, 3))
    assert desktop.tickets[bobs.ticket_id].participants == {ROSA, BOB}
    desktop.do(move(bobs, rosas, 3))
    assert desktop.tickets[bobs.ticket_id].participants == {BOB}


def bounce(number: int, of: OutgoingLetter) -> LetterHead:
    head = machine(number, "mailer-daemon@b.example", of.internet_message_id, Kind.BOUNCE)
    return head.model_copy(update={"bounce": Bounce(original_message_id=of.internet_message_id)})


def test_what_comes_back_stays_with_the_answer_of_the_merged_ticket_and_it_is_sent_again_there(
    desktop: Desktop,
) -> None:
    rosas, bobs = desktop.take(letter(1, ROSA)), desktop.take(letter(2, BOB))
    sent = answer(desktop, rosas)
    desktop.do(merge(rosas, bobs))
    desktop.take(bounce(3, sent))
    ((reply_id, reply),) = desktop.tickets[rosas.ticket_id].replies.items()
    assert reply.state is ReplyState.BOUNCED
    assert (desktop.letters(rosas), desktop.letters(bobs)) == ({1, 3}, {1, 2})
    retry = RetryReply(command_id=uuid4(), actor_id=ANNA, ticket_id=rosas.ticket_id, reply_id=reply_id)
    (again,) = commands.decide(retry, desktop.tickets[rosas.ticket_id], DESK, NOON)
    assert isinstance(again, ReplyReleased)
    assert again.letter.to == sent.to
    desktop.do(undo(rosas, bobs))
    assert desktop.tickets[rosas.ticket_id].replies[reply_id].state is ReplyState.BOUNCED


def test_a_ticket_that_others_go_on_in_is_parted_from_them_only_where_it_stands_itself(
    desktop: Desktop,
) -> None:
    first, second, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(first, second))
    desktop.do(merge(second, third))
    desktop.take(letter(4, answers=in_reply(1)))
    with pytest.raises(Merged, match=str(second.number)):
        desktop.do(undo(first, second))
    desktop.do(undo(second, third))
    desktop.do(undo(first, second))
    assert [desktop.letters(one) for one in (first, second, third)] == [{1, 4}, {2}, {3}]


def test_what_machines_wrote_to_a_merged_ticket_comes_back_too_and_opens_nothing(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.solve(one)
    desktop.do(merge(one, other))
    desktop.take(machine(3, "kim@customers.example", in_reply(1)))
    assert desktop.letters(other) == {1, 2, 3}
    desktop.do(undo(one, other))
    assert (desktop.letters(one), desktop.letters(other)) == ({1, 3}, {2})
    assert desktop.state(one) is State.SOLVED


DONE: dict[str, Callable[[UUID], TicketEvent]] = {
    "solved": lambda one: TicketSolved(ticket_id=one, solved_by=ANNA),
    "closed": lambda one: TicketClosed(ticket_id=one, closed_by=ANNA),
}


@pytest.mark.parametrize("state", DONE)
def test_a_ticket_that_a_merge_opened_is_as_before_when_it_is_undone(desktop: Desktop, state: str) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.happen(other.ticket_id, DONE[state](other.ticket_id))
    desktop.do(merge(one, other))
    desktop.take(letter(3, answers=in_reply(1)))
    assert desktop.state(other) is State.OPEN
    desktop.do(undo(one, other))
    assert desktop.state(other) == state


@pytest.fixture
def opened_from_a_hold(desktop: Desktop) -> tuple[Ticket, Ticket, Ticket]:
    """A ticket that was merged into one that waited for a third, which opened that one."""
    one, order, parts = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(link(order, parts))
    desktop.do(hold_for(order, parts, "Parts first"))
    desktop.do(merge(one, order))
    assert desktop.state(order) is State.OPEN
    return one, order, parts


def test_a_ticket_that_waited_for_another_one_when_a_merge_opened_it_waits_for_it_again(
    desktop: Desktop, opened_from_a_hold: tuple[Ticket, Ticket, Ticket]
) -> None:
    one, order, parts = opened_from_a_hold
    desktop.do(undo(one, order))
    hold = desktop.tickets[order.ticket_id].hold
    assert hold is not None
    assert (hold.until_solved_id, hold.until_solved_number) == (parts.ticket_id, parts.number)
    assert hold.reason == "Parts first"
    desktop.solve(parts)
    assert desktop.state(order) is State.OPEN


def solved_meanwhile(desktop: Desktop, _: Ticket, parts: Ticket) -> None:
    desktop.solve(parts)


def unlinked_meanwhile(desktop: Desktop, order: Ticket, parts: Ticket) -> None:
    desktop.do(unlink(order, parts))


def waiting_for_it_meanwhile(desktop: Desktop, order: Ticket, parts: Ticket) -> None:
    desktop.do(hold_for(parts, order))


@pytest.mark.parametrize("meanwhile", [solved_meanwhile, unlinked_meanwhile, waiting_for_it_meanwhile])
def test_it_stays_open_if_it_would_wait_in_vain(
    desktop: Desktop,
    opened_from_a_hold: tuple[Ticket, Ticket, Ticket],
    meanwhile: Callable[[Desktop, Ticket, Ticket], None],
) -> None:
    one, order, parts = opened_from_a_hold
    meanwhile(desktop, order, parts)
    before = desktop.state(parts)
    desktop.do(undo(one, order))
    assert (desktop.state(order), desktop.state(parts)) == (State.OPEN, before)


def test_it_stays_open_if_its_customer_wrote_or_somebody_said_otherwise_meanwhile(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.solve(other)
    desktop.do(merge(one, other))
    desktop.take(letter(3, answers=in_reply(2)))
    desktop.do(undo(one, other))
    assert desktop.state(other) is State.OPEN
    desktop.solve(other)
    desktop.do(merge(one, other))
    desktop.happen(other.ticket_id, TicketSetPending(ticket_id=other.ticket_id, set_by=ANNA))
    desktop.do(undo(one, other))
    assert desktop.state(other) is State.PENDING


def test_a_ticket_that_two_merges_keep_open_is_as_before_when_both_are_undone(desktop: Desktop) -> None:
    one, another, other = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.solve(other)
    desktop.do(merge(one, other))
    desktop.do(merge(another, other))
    desktop.do(undo(one, other))
    assert desktop.state(other) is State.OPEN
    desktop.do(undo(another, other))
    assert desktop.state(other) is State.SOLVED


def test_a_letter_that_came_by_a_merge_and_goes_on_is_followed_by_its_answers(desktop: Desktop) -> None:
    one, other, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(one, other))
    desktop.do(move(other, third, 1))
    assert desktop.take(letter(4, answers=in_reply(1))).ticket_id == third.ticket_id
    desktop.do(undo(one, other))
    assert [desktop.letters(each) for each in (one, other, third)] == [set(), {2}, {1, 3, 4}]


def test_a_letter_that_went_on_and_came_back_stays_when_the_merge_that_brought_it_is_undone(
    desktop: Desktop,
) -> None:
    one, other, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(one, other))
    desktop.do(move(other, third, 1))
    desktop.do(move(third, other, 1))
    desktop.do(undo(one, other))
    assert [desktop.letters(each) for each in (one, other, third)] == [set(), {1, 2}, {3}]


def test_a_letter_that_came_by_two_merges_can_be_split_off(desktop: Desktop) -> None:
    first, second, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(first, second))
    desktop.do(merge(second, third))
    new_id = list(desktop.do(split(third, 1)))[-1]
    assert desktop.take(letter(4, answers=in_reply(1))).ticket_id == new_id
    desktop.do(undo(second, third))
    desktop.do(undo(first, second))
    assert [desktop.letters(each) for each in (first, second, third)] == [set(), {2}, {3}]


def test_letters_that_are_moved_back_take_along_what_answered_them_meanwhile(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(3))
    desktop.take(letter(2, answers=in_reply(1)))
    desktop.do(move(one, other, 2))
    desktop.take(letter(4, answers=in_reply(2)).model_copy(update=at(1)))
    desktop.take(letter(5, answers=in_reply(4)).model_copy(update=at(2)))
    desktop.take(letter(6, answers=in_reply(3)).model_copy(update=at(3)))
    ours = answer(desktop, other).internet_message_id
    to_ours = {"references": (in_reply(3), in_reply(2), in_reply(6), ours)}
    desktop.take(letter(7, answers=ours).model_copy(update={**to_ours, **at(4)}))
    desktop.do(move(other, one, 2).model_copy(update={"with_answers": True}))
    assert (desktop.letters(one), desktop.letters(other)) == ({1, 2, 4, 5}, {3, 6, 7})
    assert desktop.take(letter(8, answers=in_reply(5))).ticket_id == one.ticket_id
