"""Links, merges, splits and letters in the wrong thread, and their ways back, against a simple model with clocks."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.commands import Forbidden, Invalid, UnknownThing
from contracts.automations import Actions, Automation, AutomationRan, Moment, Timing
from contracts.commands import (
    LinkTickets,
    UnlinkTickets,
)
from contracts.correspondence import OutgoingLetter, ReplyReleased
from contracts.desk import FollowUp, Ticketbox
from contracts.mail import Address
from contracts.service_levels import Policy, SLABreached, Target
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    LinkKind,
    State,
    TicketAbsorbed,
    TicketClosed,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from services.tickets.desk import Desk
from services.tickets.evolve import begin, evolve
from services.tickets.refusals import Merged
from services.tickets.ticket import Ticket
from services.tickets.what_if import CLOCKED, Asked, Happened, examine
from tests.tickets.desktop import (
    ANNA,
    BELA,
    BOX,
    DESK,
    MINUTE,
    NOON,
    ORDERS,
    Desktop,
    hold_for,
    letter,
    link,
    merge,
    move,
    split,
    undo,
)
from tests.tickets.stop_watches import CLOSES_AFTER, TARGETS, Case, Watch

STANDARD = Policy(id=uuid4(), name="Standard", targets=TARGETS)
SUPPORT = Ticketbox(
    id=BOX,
    name="Support",
    addresses=("support@example.com",),
    follow_up=FollowUp(close_after_days=CLOSES_AFTER.days),
)
WAITS = Automation(
    id=uuid4(),
    name="Waits",
    when=Timing(minutes=45, moment=Moment.UNANSWERED, clock="wall"),
    then=Actions(add_tags=("waits",)),
)
TIMED = replace(DESK, things={**DESK.things, BOX: SUPPORT, STANDARD.id: STANDARD, WAITS.id: WAITS})
MOST_OPENED = 3
"""Few tickets, to which much happens."""
KINDS = st.sampled_from(["letter", "letter", "letter", "thanks", "machine"])
STATES: dict[State, Callable[[UUID], tuple[TicketEvent, ...]]] = {
    State.OPEN: lambda one: (TicketReopened(ticket_id=one, reopened_by=ANNA, why="person"),),
    State.PENDING: lambda one: (TicketSetPending(ticket_id=one, set_by=ANNA),),
    State.SOLVED: lambda one: (TicketSolved(ticket_id=one, solved_by=ANNA),),
    State.CLOSED: lambda one: (
        TicketSolved(ticket_id=one, solved_by=ANNA),
        TicketClosed(ticket_id=one, closed_by=ANNA),
    ),
}


def answered(ticket_id: UUID) -> ReplyReleased:
    outgoing = OutgoingLetter(
        internet_message_id=f"<{uuid4()}@example.com>",
        date=NOON,
        from_=Address(address="support@example.com"),
        to=(Address(address="kim@customers.example"),),
        subject="Re: A letter",
        text="Soon.",
    )
    return ReplyReleased(ticket_id=ticket_id, reply_id=uuid4(), author_id=ANNA, letter=outgoing)


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


def test_a_ticket_that_a_moved_letter_opened_is_solved_again_when_it_is_moved_back(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(3))
    desktop.take(letter(2, answers="<1@customers.example>"))
    desktop.happen(one.ticket_id, answered(one.ticket_id))
    desktop.solve(other)
    desktop.do(move(desktop.tickets[one.ticket_id], desktop.tickets[other.ticket_id], 2))
    assert desktop.state(other) is State.OPEN
    desktop.do(move(desktop.tickets[other.ticket_id], desktop.tickets[one.ticket_id], 2))
    assert desktop.state(other) is State.SOLVED


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


def test_nothing_happens_in_a_ticket_before_it_was_split_off(desktop: Desktop) -> None:
    desktop.desk = TIMED
    one = desktop.take(letter(1))
    desktop.take(letter(2, answers="<1@customers.example>"))
    desktop.now = NOON + 50 * MINUTE
    desktop.ring(one.ticket_id)
    new_id = list(desktop.do(split(desktop.tickets[one.ticket_id], 2)))[-1]
    desktop.ring(new_id)
    runs = [at for at, event in desktop.happened(new_id) if isinstance(event, AutomationRan)]
    assert runs == [desktop.now]


class Rearranging(RuleBasedStateMachine):
    """Any merges, splits, moves, undos, answers, states and holds, while time passes.

    The model beside it only knows which letter lies where, by which way it came, and the stop watches.
    """

    @initialize()
    def begin(self) -> None:
        self.desktop = Desktop.empty(TIMED)
        self.sent = 0
        self.opened: list[UUID] = []
        self.merged: dict[UUID, UUID] = {}
        self.home: dict[int, UUID] = {}
        """Of each letter, the ticket that it belongs to by itself, wherever that goes on."""
        self.ways: dict[int, list[UUID]] = {}
        """Of each letter that was written to a merged ticket, those through which it came."""
        self.received: dict[int, datetime] = {}
        self.machines: set[int] = set()
        self.cases: dict[UUID, Case] = {}

    def _pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.desktop.now += MINUTE
            for case in self.cases.values():
                case.pass_minute(self.desktop.now)
                case.look(self.desktop.now)

    def _look(self) -> None:
        """What has come due happens before anything else does, and again at once after it."""
        for ticket_id, case in self.cases.items():
            self.desktop.ring(ticket_id)
            case.look(self.desktop.now)
        for ticket_id, case in self.cases.items():
            if case.held_for is None or case.merged:
                continue
            if self.cases[self._where(case.held_for)].state.done or self._waits_for(ticket_id, ticket_id):
                case.stand(State.OPEN, self.desktop.now)

    def _write(self, answers: int | None, kind: str) -> UUID:
        self._pass_minutes(1)  # no two letters come at the same time
        self._look()
        self.sent += 1
        named = None if answers is None else f"<{answers}@customers.example>"
        excerpt = "Thank you!" if kind == "thanks" else "Where is it?"
        now, machine = self.desktop.now, kind == "machine"
        about = {"automatic": machine, "excerpt": excerpt, "subject": "My lamp"}
        head = letter(self.sent, answers=named, at=now, **about)
        ticket_id = self.desktop.take(head).ticket_id
        self.received[self.sent] = now
        self.machines |= {self.sent} if machine else set()
        home = self.home[self.sent] = ticket_id if answers is None else self.home[answers]
        self.ways[self.sent] = list(self._way(home))
        case = self.cases.setdefault(ticket_id, Case())
        if not machine and not (kind == "thanks" and case.state.done):
            rest = None if case.opened_for.isdisjoint(self.ways[self.sent]) else case.rest
            case.ask({self.sent: Watch(now)})
            case.rest = rest  # what it came by takes it away again
        self._look()
        return ticket_id

    @rule(minutes=st.one_of(st.integers(1, 90), st.just(CLOSES_AFTER // MINUTE)))
    def time_passes(self, minutes: int) -> None:
        self._pass_minutes(minutes)
        self._look()

    @precondition(lambda self: len(self.opened) < MOST_OPENED)
    @rule(kind=KINDS)
    def a_customer_writes(self, kind: str) -> None:
        self.opened.append(self._write(None, kind))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), kind=KINDS)
    def a_customer_answers(self, data: st.DataObject, kind: str) -> None:
        self._write(data.draw(st.integers(1, self.sent)), kind)

    def _standing(self) -> list[UUID]:
        return [one for one in self.opened if one not in self.merged]

    @precondition(lambda self: self._standing())
    @rule(data=st.data())
    def an_agent_answers(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self._standing()))
        self.desktop.happen(one, answered(one))
        self.cases[one].answer()
        self._look()

    @precondition(lambda self: self._standing())
    @rule(data=st.data(), state=st.sampled_from([State.OPEN, State.PENDING, State.SOLVED, State.CLOSED]))
    def the_state_changes(self, data: st.DataObject, state: State) -> None:
        one = data.draw(st.sampled_from(self._standing()))
        self.desktop.happen(one, *STATES[state](one))
        self.cases[one].stand(state, self.desktop.now)
        self._look()

    @precondition(lambda self: self._standing())
    @rule(data=st.data(), minutes=st.one_of(st.none(), st.integers(1, 90)))
    def it_is_put_on_hold(self, data: st.DataObject, minutes: int | None) -> None:
        one = data.draw(st.sampled_from(self._standing()))
        until = None if minutes is None else self.desktop.now + minutes * MINUTE
        self.desktop.happen(one, TicketPutOnHold(ticket_id=one, until=until, set_by=ANNA))
        self.cases[one].stand(State.ON_HOLD, self.desktop.now, until)
        self._look()

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def it_waits_for_another(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        self.desktop.do(link(self.desktop.tickets[one], self.desktop.tickets[other]))
        command = hold_for(self.desktop.tickets[one], self.desktop.tickets[other])
        if self.cases[other].state.done or self._waits_for(other, one):
            with pytest.raises(Invalid):
                self.desktop.do(command)
            return
        self.desktop.do(command)
        self.cases[one].stand(State.ON_HOLD, self.desktop.now, held_for=other)
        self._look()

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def two_are_merged(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        waits = self._waits_for(other, one)
        letters = [number for number, home in self.home.items() if self._where(home) == one]
        self.desktop.do(merge(self.desktop.tickets[one], self.desktop.tickets[other]))
        self.merged[one] = other
        case, far = self.cases[one], self.cases[other]
        brings_more = not case.state.done and not far.left.keys() >= {*letters}
        opens = (far.state.done and brings_more) or waits
        far.absorb(one, case.shown(one), self.desktop.now, opens=opens)
        far.back(letters, one)
        case.merged = True
        self._look()

    @precondition(lambda self: self.merged)
    @rule(data=st.data())
    def a_merge_is_undone(self, data: st.DataObject) -> None:
        # In the order of opening, since ids of split tickets differ from run to run.
        one = data.draw(st.sampled_from([one for one in self.opened if one in self.merged]))
        other = self.merged[one]
        command = undo(self.desktop.tickets[one], self.desktop.tickets[other])
        if other in self.merged:
            with pytest.raises(Merged):
                self.desktop.do(command)
            return
        self.desktop.do(command)
        del self.merged[one]
        case, far = self.cases[one], self.cases[other]
        case.merged = False
        far.lose([number for number, watch in far.watches.items() if watch.brought_by == one])
        came = [number for number, way in self.ways.items() if one in way]
        for number in came:
            self.ways[number] = self.ways[number][: self.ways[number].index(one)]
        self._comes_to(case, far.taken(came), came)
        far.part(one, self.desktop.now)
        self._look()

    def _comes_to(self, case: Case, watches: dict[int, Watch], letters: Collection[int]) -> None:
        """Letters come from another ticket, some with watches; what a person wrote opens what was done."""
        case.ask(case.wanting(watches))
        case.back(letters)
        if case.state.done and not {*self.machines, *case.left}.issuperset(letters):
            case.stand(State.OPEN, self.desktop.now)
        case.rest = None if letters else case.rest

    def _leaves(self, data: st.DataObject, one: UUID) -> int | None:
        """A letter that can leave a ticket, however it had come there."""
        held = [number for number, home in self.home.items() if self._where(home) == one]
        return data.draw(st.sampled_from(held)) if len(held) > 1 else None

    def _lies_in(self, number: int, ticket_id: UUID) -> None:
        """A letter is in another ticket for good; those lose it too that had brought it by merges."""
        for one in self._way(self.home[number]):
            if one not in self.ways[number]:
                self.cases[one].leave([number])
                self.cases[one].opened_for.discard(number)
        self.home[number], self.ways[number] = ticket_id, []

    @precondition(lambda self: len(self._standing()) > 1)
    @rule(data=st.data())
    def a_letter_is_moved(self, data: st.DataObject) -> None:
        one, other = data.draw(st.permutations(self._standing()))[:2]
        if (number := self._leaves(data, one)) is not None:
            self.desktop.do(move(self.desktop.tickets[one], self.desktop.tickets[other], number))
            self._lies_in(number, other)
            far = self.cases[other]
            opens = far.state.done and number not in far.left and number not in self.machines
            far.come(number, self.cases[one].taken([number]), self.desktop.now, opens=opens)
            self.cases[one].part(number, self.desktop.now)
            self._look()

    @precondition(lambda self: self._standing() and len(self.opened) <= MOST_OPENED)
    @rule(data=st.data())
    def a_letter_is_split_off(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self._standing()))
        if (number := self._leaves(data, one)) is not None:
            new_id = list(self.desktop.do(split(self.desktop.tickets[one], number)))[-1]
            self.opened.append(new_id)
            self._lies_in(number, new_id)
            case, since = self.cases[one], self.received[number]
            counted = [minute for minute in case.counted if minute >= since]
            counted = case.watches[number].counted if number in case.watches else counted
            settled = number not in self.machines and number not in case.unanswered()
            watch = Watch(since, counted, answered=settled)
            case.leave([number])
            case.part(number, self.desktop.now)
            self.cases[new_id] = Case(counted=[*watch.counted], first_answered=settled)
            if number not in self.machines:
                self.cases[new_id].ask({number: watch})
            self._look()

    def _waits_for(self, one: UUID, other: UUID) -> bool:
        """Whether one ends its hold only after the other: what it waits for is that one, or waits for it in turn."""
        met: list[UUID] = []
        while (held_for := self.cases[one].held_for) is not None and held_for not in met:
            way = [*self._way(held_for), self._where(held_for)]
            if other in way:
                return True
            met.append(held_for)
            one = way[-1]
        return False

    def _way(self, home: UUID) -> Iterator[UUID]:
        while home in self.merged:
            yield home
            home = self.merged[home]

    def _where(self, home: UUID) -> UUID:
        return self.merged[way[-1]] if (way := list(self._way(home))) else home

    @invariant()
    def every_letter_is_shown_in_exactly_one_standing_ticket(self) -> None:
        shown: dict[int, list[UUID]] = {number: [] for number in range(1, self.sent + 1)}
        for ticket_id in self._standing():
            for number in self.desktop.letters(self.desktop.tickets[ticket_id]):
                shown[number].append(ticket_id)
        assert shown == {number: [self._where(self.home[number])] for number in shown}

    @invariant()
    def every_clock_agrees_with_its_stop_watch(self) -> None:
        for ticket_id, case in self.cases.items():
            ticket = self.desktop.tickets[ticket_id]
            assert (ticket.state, ticket.held_until, ticket.held_for_id) == (
                case.state,
                case.held_until,
                case.held_for,
            )
            running = case.running()
            assert {item.target: item.since for item in ticket.deadlines} == {
                target: watch.since for target, watch in running.items()
            }
            for item in ticket.deadlines:
                watch, minutes = running[Target(item.target)], TARGETS[Target(item.target)]
                left = minutes - len(watch.counted)
                if left <= 0:
                    assert item.due_at == watch.due(minutes)
                elif case.state is not State.OPEN:
                    assert item.left_seconds == left * 60
                else:
                    assert item.due_at == self.desktop.now + left * MINUTE

    @invariant()
    def what_was_missed_is_written_down_once_and_nothing_before_what_was_before(self) -> None:
        for ticket_id, case in self.cases.items():
            assert self._missed(ticket_id) == case.missed
            times = [at for at, _ in self.desktop.happened(ticket_id)]
            assert times == sorted(times)

    def _missed(self, ticket_id: UUID) -> dict[tuple[str, datetime | None], datetime]:
        missed = [event for _, event in self.desktop.happened(ticket_id) if isinstance(event, SLABreached)]
        found = {(event.target, event.since): event.due_at for event in missed}
        assert len(found) == len(missed)
        return found

    def teardown(self) -> None:
        """A ticket that is read from the log is the same, and a what-if that changes nothing finds what was missed."""
        for ticket_id in self.cases:
            happened = [
                (at, type(event).read(event.model_dump_json(), event.schema_version))
                for at, event in self.desktop.happened(ticket_id)
            ]
            assert as_read(happened) == self.desktop.tickets[ticket_id]
            found = examine([past(self.desktop.steps(ticket_id))], Asked(TIMED, Desk({}), self.desktop.now))
            assert self._missed(ticket_id) == {
                (change.kinds[1], change.since): change.due_at for change in found.changes
            }


def as_read(happened: Sequence[tuple[datetime, TicketEvent]]) -> Ticket:
    (opened_at, first), *rest = happened
    assert isinstance(first, TicketOpened)
    ticket = begin(first, opened_at)
    for at, event in rest:
        ticket = evolve(ticket, event, ticket.version + 1, at)
    return ticket


def past(steps: Sequence[tuple[datetime, Sequence[TicketEvent]]]) -> list[Happened]:
    """What a what-if reads of a ticket."""
    return [
        Happened(event.type_name(), event.schema_version, event.model_dump_json(), str(number), at)
        for number, (at, events) in enumerate(steps)
        for event in events
        if isinstance(event, CLOCKED)
    ]


TestRearranging = Rearranging.TestCase
TestRearranging.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_events_of_a_rearrangement_are_in_the_streams_of_both_tickets(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    events: dict[UUID, Sequence[TicketEvent]] = dict(desktop.do(merge(one, other)))
    assert set(events) == {one.ticket_id, other.ticket_id}


def test_letters_of_an_absorbed_ticket_in_an_older_log_wait_for_nothing(desktop: Desktop) -> None:
    one, other = desktop.take(letter(1)), desktop.take(letter(2))
    desktop.happen(one.ticket_id, answered(one.ticket_id))
    absorbed, *_ = desktop.do(merge(other, desktop.tickets[one.ticket_id]))[one.ticket_id]
    assert isinstance(absorbed, TicketAbsorbed)
    for waited, waiting in ((absorbed.waited, letter(2).received_at), ({}, None)):
        before = as_read(desktop.happened(one.ticket_id)[:-1])
        ticket = evolve(before, absorbed.model_copy(update={"waited": waited}), before.version + 1, NOON)
        assert (ticket.waiting.since if ticket.waiting else None) == waiting
