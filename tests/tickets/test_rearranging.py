"""Links, merges, splits and letters in the wrong thread, and their ways back, against a simple model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.commands import (
    LinkTickets,
    MergeTicket,
    MoveLetters,
    SplitTicket,
    UndoMerge,
    UnlinkTickets,
)
from contracts.desk import BoxRight, Person, Right, Ticketbox
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.router import MessageRouted, RoutingEvidence
from contracts.tickets import LinkKind, Role, State, TicketEvent, TicketOpened, TicketSolved
from services.tickets import intake, rearranging
from services.tickets.desk import Desk
from services.tickets.refusals import Forbidden, Invalid, Merged, UnknownThing
from services.tickets.threading import Known, Tokens, find_place
from services.tickets.ticket import Ticket
from services.tickets.work import Work

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOX, ORDERS, ANNA, BELA = (uuid4() for _ in range(4))
DESK = Desk(
    {
        BOX: Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        ORDERS: Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",)),
        ANNA: Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
        BELA: Person(
            id=BELA,
            name="Bela",
            email="bela@example.com",
            role=Role.AGENT,
            rights=(BoxRight(ticketbox_id=ORDERS, right=Right.ANSWER),),
        ),
    }
)
TOKENS = Tokens(DESK.secret)
META = Meta(correlation_id=ANNA, causation_id=ANNA)


def letter(number: int, sender: str = "kim@customers.example", answers: str | None = None) -> LetterHead:
    return LetterHead(
        message_id=UUID(int=number),
        internet_message_id=f"<{number}@customers.example>",
        in_reply_to=answers,
        subject=f"Letter {number}",
        received_at=NOON,
        from_=Address(address=sender),
    )


@dataclass
class Desktop:
    """Tickets in memory, and the index of their messages."""

    tickets: dict[UUID, Ticket]
    index: dict[str, list[Known]]
    numbers: int = 1000

    @classmethod
    def empty(cls) -> "Desktop":
        return cls({}, {})

    def work(self) -> Work:
        return Work(NOON, DESK, self.tickets, index=self.index)

    def take(self, head: LetterHead, box: UUID = BOX) -> Ticket:
        """What the shell does with a routed message."""
        routed = MessageRouted(
            letter=head,
            ticketbox_id=box,
            ticketbox="",
            evidence=RoutingEvidence(ruleset_version=1, rule=None),
        )
        work, place = self.work(), find_place(head, self.index, TOKENS, self.tickets)
        if place is not None:
            current = self.tickets[place.ticket_id]
            work.add(current, intake.continue_ticket(routed, current, place), uuid4(), META)
            return self.tickets[place.ticket_id]
        self.numbers += 1
        opened = intake.open_ticket(routed, self.numbers, DESK)
        work.open(opened, uuid4(), META)
        return self.tickets[opened.ticket_id]

    def do(self, command: rearranging.TwoTicketsCommand | SplitTicket) -> rearranging.Events:
        ticket = self.tickets[command.ticket_id]
        if isinstance(command, SplitTicket):
            self.numbers += 1
            events = rearranging.split(command, ticket, DESK, self.numbers)
        else:
            events = rearranging.decide(command, ticket, self.tickets[command.other_id], DESK)
        work = self.work()
        for ticket_id, happened in events.items():
            openings = [event for event in happened if isinstance(event, TicketOpened)]
            for event in openings:
                work.open(event, uuid4(), META)
            work.add(self.tickets[ticket_id], happened[len(openings) :], uuid4(), META)
        for identity, known in work.unindexed:
            kept = [one for one in self.index.get(identity, []) if one.ticket_id != known.ticket_id]
            self.index[identity] = kept
        for identity, known in work.indexed:
            if known not in self.index[identity]:
                self.index[identity].append(known)
        return events

    def solve(self, ticket: Ticket) -> None:
        self.work().add(ticket, [TicketSolved(ticket_id=ticket.ticket_id, solved_by=ANNA)], uuid4(), META)

    def letters(self, ticket: Ticket) -> set[int]:
        return {message_id.int for message_id in self.tickets[ticket.ticket_id].letters}

    def state(self, ticket: Ticket) -> State:
        return self.tickets[ticket.ticket_id].state


def merge(ticket: Ticket, other: Ticket, actor: UUID = ANNA) -> MergeTicket:
    return MergeTicket(
        command_id=uuid4(), actor_id=actor, ticket_id=ticket.ticket_id, other_id=other.ticket_id
    )


def undo(ticket: Ticket, other: Ticket) -> UndoMerge:
    return UndoMerge(command_id=uuid4(), actor_id=ANNA, ticket_id=ticket.ticket_id, other_id=other.ticket_id)


def move(ticket: Ticket, other: Ticket, *letters: int) -> MoveLetters:
    return MoveLetters(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        other_id=other.ticket_id,
        message_ids=tuple(UUID(int=number) for number in letters),
    )


def split(ticket: Ticket, *letters: int) -> SplitTicket:
    return SplitTicket(
        command_id=uuid4(),
        actor_id=ANNA,
        ticket_id=ticket.ticket_id,
        message_ids=tuple(UUID(int=number) for number in letters),
    )


@pytest.fixture
def desktop() -> Desktop:
    return Desktop.empty()


def test_what_is_written_to_a_merged_ticket_goes_on_in_the_other_one(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.do(merge(one, other))
    desktop.take(letter(3, answers="<1@customers.example>"))
    assert desktop.letters(other) == {1, 2, 3}
    assert desktop.letters(one) == {1}


def test_an_undone_merge_brings_back_what_arrived_meanwhile_and_leaves_the_rest(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.do(merge(one, other))
    desktop.take(letter(3, answers="<1@customers.example>"))
    desktop.take(letter(4, answers="<2@customers.example>"))
    desktop.do(undo(one, other))
    assert (desktop.letters(one), desktop.letters(other)) == ({1, 3}, {2, 4})
    # And the next letters find their own way again.
    assert desktop.take(letter(5, answers="<3@customers.example>")).ticket_id == one.ticket_id
    assert desktop.take(letter(6, answers="<4@customers.example>")).ticket_id == other.ticket_id


def test_through_two_merges_a_letter_finds_the_last_ticket(desktop: Desktop) -> None:
    first, second, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(first, second))
    desktop.do(merge(second, third))
    assert desktop.take(letter(4, answers="<1@customers.example>")).ticket_id == third.ticket_id


def test_an_open_matter_does_not_disappear_in_a_solved_one(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.solve(other)
    desktop.do(merge(one, desktop.tickets[other.ticket_id]))
    assert desktop.state(other) is State.OPEN


def test_a_merged_ticket_takes_no_part_in_another_merge(desktop: Desktop) -> None:
    one, other, third = (desktop.take(letter(number)) for number in (1, 2, 3))
    desktop.do(merge(one, other))
    with pytest.raises(Merged):
        desktop.do(merge(third, one))
    with pytest.raises(Invalid):
        desktop.do(undo(one, third))
    with pytest.raises(Invalid):
        desktop.do(merge(other, other))


def test_a_split_makes_a_ticket_of_some_letters_and_their_answers_follow(desktop: Desktop) -> None:
    one = desktop.take(letter(1))
    desktop.take(letter(2, answers="<1@customers.example>"))
    new_id = list(desktop.do(split(one, 2)))[-1]
    new = desktop.tickets[new_id]
    assert (desktop.letters(one), desktop.letters(new)) == ({1}, {2})
    assert new.subject == "Letter 2"
    assert desktop.take(letter(3, answers="<2@customers.example>")).ticket_id == new_id
    # The way back.
    desktop.do(merge(new, one))
    assert desktop.letters(one) == {1, 2, 3}


def test_a_letter_in_the_wrong_thread_is_moved_and_can_be_moved_back(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(3))
    desktop.take(letter(2, answers="<1@customers.example>"))
    desktop.do(move(one, other, 2))
    assert (desktop.letters(one), desktop.letters(other)) == ({1}, {2, 3})
    desktop.do(move(other, one, 2))
    assert (desktop.letters(one), desktop.letters(other)) == ({1, 2}, {3})


def test_one_letter_must_stay_and_unknown_ones_are_refused(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    with pytest.raises(Invalid):
        desktop.do(move(one, other, 1))
    with pytest.raises(UnknownThing):
        desktop.do(split(one, 9))


def test_a_link_is_seen_from_both_sides(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    about = {"command_id": uuid4(), "actor_id": ANNA, "ticket_id": one.ticket_id, "other_id": other.ticket_id}
    desktop.do(LinkTickets.model_validate({**about, "link": "parent"}))
    assert desktop.tickets[one.ticket_id].links == {(other.ticket_id, LinkKind.PARENT)}
    assert desktop.tickets[other.ticket_id].links == {(one.ticket_id, LinkKind.CHILD)}
    with pytest.raises(Invalid):
        desktop.do(LinkTickets.model_validate({**about, "link": "child"}))
    desktop.do(UnlinkTickets.model_validate({**about, "link": "parent"}))
    assert not desktop.tickets[other.ticket_id].links


def test_who_may_not_answer_in_both_ticketboxes_changes_neither(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2), ORDERS)
    with pytest.raises(Forbidden):
        desktop.do(merge(one, other, BELA))


class Rearranging(RuleBasedStateMachine):
    """Any merges, splits, moves and undos, beside a model that only knows which letter lies where."""

    @initialize()
    def begin(self) -> None:
        self.desktop = Desktop.empty()
        self.sent = 0
        self.opened: list[UUID] = []
        self.merged: dict[UUID, UUID] = {}
        self.home: dict[int, UUID] = {}
        """Of each letter, the ticket that it belongs to by itself, wherever that goes on."""

    def _write(self, answers: int | None) -> Ticket:
        self.sent += 1
        named = None if answers is None else f"<{answers}@customers.example>"
        ticket = self.desktop.take(letter(self.sent, answers=named))
        self.home[self.sent] = ticket.ticket_id if answers is None else self.home[answers]
        return ticket

    @rule()
    def a_customer_writes(self) -> None:
        self.opened.append(self._write(None).ticket_id)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def a_customer_answers(self, data: st.DataObject) -> None:
        self._write(data.draw(st.integers(1, self.sent)))

    def _standing(self) -> list[UUID]:
        return [one for one in self.opened if one not in self.merged]

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def two_are_merged(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        self.desktop.do(merge(self.desktop.tickets[one], self.desktop.tickets[other]))
        self.merged[one] = other

    @precondition(lambda self: self.merged)
    @rule(data=st.data())
    def a_merge_is_undone(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(sorted(self.merged, key=str)))
        other = self.merged[one]
        if other in self.merged:
            return  # the outer merge is undone first
        self.desktop.do(undo(self.desktop.tickets[one], self.desktop.tickets[other]))
        del self.merged[one]

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def a_letter_is_moved(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        own = [number for number, home in self.home.items() if home == one]
        held = self.desktop.letters(self.desktop.tickets[one])
        if not own or len(held) < 2:
            return
        number = data.draw(st.sampled_from(own))
        self.desktop.do(move(self.desktop.tickets[one], self.desktop.tickets[other], number))
        self.home[number] = other

    def _where(self, home: UUID) -> UUID:
        while home in self.merged:
            home = self.merged[home]
        return home

    @invariant()
    def every_letter_is_shown_in_exactly_one_standing_ticket(self) -> None:
        shown: dict[int, list[UUID]] = {number: [] for number in range(1, self.sent + 1)}
        for ticket_id in self._standing():
            for number in self.desktop.letters(self.desktop.tickets[ticket_id]):
                shown[number].append(ticket_id)
        assert shown == {number: [self._where(self.home[number])] for number in shown}


TestRearranging = Rearranging.TestCase
TestRearranging.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)


def test_events_of_a_rearrangement_are_in_the_streams_of_both_tickets(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    events: dict[UUID, Sequence[TicketEvent]] = dict(desktop.do(merge(one, other)))
    assert set(events) == {one.ticket_id, other.ticket_id}
