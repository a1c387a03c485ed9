"""Any history at all: router hears late, its wishes arrive late, people take and solve tickets meanwhile.

Both services' own functions are at work, with lists for the streams between them; whoever looks wrong says so.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.desk import Distribution, DistributionMethod, Ticketbox
from contracts.event import Event, Recorded
from contracts.people import Person, Presence, Role
from contracts.router import TicketOverflowed, TicketRouted, TicketTakenBack
from contracts.ticket_events import TicketEvent
from contracts.tickets import State, TicketAssigned, TicketOpened, TicketSolved
from services.router.distribution import Agent, Plan, Situation, Wanted, gone_at, plan
from services.router.queue import Queued, hear
from services.tickets import ticket as tickets
from services.tickets.desk import Desk
from services.tickets.distributed import distribute
from services.tickets.evolve import begin, evolve
from tests.events import NOON, letter, opened, recorded, replied

Wish = TicketRouted | TicketOverflowed | TicketTakenBack
BOXES = [uuid4(), uuid4()]
PEOPLE = [UUID(int=n + 1) for n in range(4)]
METHODS = st.sampled_from(list(DistributionMethod))


class World(RuleBasedStateMachine):
    """Two ticketboxes, four people, and two services that hear of each other late."""

    @initialize(methods=st.tuples(METHODS, METHODS), capacities=st.tuples(*[st.integers(0, 4)] * 4))
    def begin(self, methods: tuple[DistributionMethod, ...], capacities: tuple[int, ...]) -> None:
        rules = (
            Distribution(
                method=methods[0], overflow_after_minutes=30, overflow_to=BOXES[1], take_back_after_minutes=20
            ),
            Distribution(method=methods[1], tell_after_minutes=10, take_back_after_minutes=20),
        )
        self.boxes = [
            Ticketbox(id=box, name=str(n), addresses=(f"box{n}@example.com",), distribution=rules[n])
            for n, box in enumerate(BOXES)
        ]
        self.agents = [
            Agent(
                Person(
                    id=person, name=str(n), email=f"p{n}@example.com", role=Role.AGENT, capacity=capacities[n]
                ),
                Presence.AVAILABLE,
            )
            for n, person in enumerate(PEOPLE)
        ]
        self.desk = Desk({thing.id: thing for thing in (*self.boxes, *(one.person for one in self.agents))})
        self.now = NOON
        self.tickets: dict[UUID, tickets.Ticket] = {}
        self.events: list[Recorded[Event]] = []
        self.heard = 0
        self.queue: dict[UUID, Queued] = {}
        self.wanted: dict[UUID, tuple[int, UUID | None]] = {}
        self.wishes: list[Wish] = []
        self.last: dict[UUID, UUID | None] = {}
        self.given: dict[UUID, UUID] = {}
        """Who was given an open ticket by distribution."""
        for box in BOXES:
            self.customers_write(box, 3)

    def happens(self, *events: TicketEvent) -> None:
        for event in events:
            before = self.tickets.get(event.ticket_id)
            version = before.version + 1 if before else 1
            (item,) = recorded(event, at=self.now, version=version)
            if isinstance(event, TicketOpened):
                self.tickets[event.ticket_id] = begin(event, self.now)
            elif before is not None:
                self.tickets[event.ticket_id] = evolve(before, event, version, self.now)
            self.events.append(item)
            if isinstance(event, TicketAssigned | TicketSolved):
                self.given.pop(event.ticket_id, None)

    def some_ticket(self, data: st.DataObject) -> tickets.Ticket | None:
        found = [one for one in self.tickets.values() if one.state is State.OPEN]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(box=st.sampled_from(BOXES), number=st.integers(1, 4))
    def customers_write(self, box: UUID, number: int) -> None:
        for _ in range(number):
            self.happens(opened(letter(self.now)).model_copy(update={"ticketbox_id": box}))

    @rule(data=st.data())
    def a_customer_writes_again(self, data: st.DataObject) -> None:
        if (one := self.some_ticket(data)) is not None:
            self.happens(replied(one.ticket_id, letter(self.now)))

    @rule(data=st.data(), person=st.sampled_from([*PEOPLE, None]))
    def a_person_takes_it_or_gives_it_back(self, data: st.DataObject, person: UUID | None) -> None:
        if (one := self.some_ticket(data)) is not None and one.assignee_id != person:
            self.happens(TicketAssigned(ticket_id=one.ticket_id, agent_id=person, method="person"))

    @rule(data=st.data())
    def a_person_solves_it(self, data: st.DataObject) -> None:
        if (one := self.some_ticket(data)) is not None:
            self.happens(TicketSolved(ticket_id=one.ticket_id, solved_by=PEOPLE[0]))

    @rule(number=st.integers(0, 3), presence=st.sampled_from(Presence))
    def a_person_comes_or_goes(self, number: int, presence: Presence) -> None:
        before = self.agents[number]
        absent = None if presence is Presence.AVAILABLE else before.absent_since or self.now
        self.agents[number] = replace(before, presence=presence, absent_since=absent)

    @rule(minutes=st.integers(1, 25))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(number=st.integers(1, 10))
    def router_hears_and_looks(self, number: int) -> None:
        self.router_hears(number)
        for box in BOXES:
            self.router_looks(box)

    def router_hears(self, number: int) -> None:
        for item in self.events[self.heard : self.heard + number]:
            ticket_id = item.event.ticket_id  # type: ignore[attr-defined]
            found = hear(self.queue.get(ticket_id), item)
            assert found is not None
            self.queue[ticket_id] = found
            self.heard += 1

    @rule(number=st.integers(1, 10))
    def tickets_hears(self, number: int) -> None:
        for wish in self.wishes[:number]:
            current = self.tickets[wish.ticket_id]
            before = current.assignee_id
            for event in distribute(wish, current, self.desk):
                if isinstance(event, TicketAssigned) and event.agent_id is not None:
                    assert before is None, "no ticket is taken out of anybody's hands"
                    assert current.state is State.OPEN
                self.happens(event)
                if isinstance(event, TicketAssigned) and event.agent_id is not None:
                    self.given[event.ticket_id] = event.agent_id
        del self.wishes[:number]

    def router_looks(self, box: UUID) -> None:
        where = next(one for one in self.boxes if one.id == box)
        here = [one for one in self.queue.values() if one.ticketbox_id == box and not self.is_wanted(one)]
        waiting = sorted(
            (one for one in here if one.waiting_since), key=lambda one: (one.waiting_since, one.number)
        )
        hours = Situation(where, []).hours
        keepers = [
            one.id for one in self.agents if (at := gone_at(one, where, hours)) is None or at > self.now
        ]
        made = plan(
            Situation(
                where,
                self.agents,
                last=self.last.get(box),
                waiting=[Wanted(one) for one in waiting],
                may_overflow=[
                    one
                    for one in waiting
                    if where.distribution.overflow_to not in (None, *one.overflowed_from)
                ],
                left=[
                    one
                    for one in here
                    if one.open and one.unanswered and one.owner_id not in (None, *keepers)
                ],
            ),
            self.loads(),
            self.now,
        )
        self.check(made)
        self.last[box] = made.last
        self.want(made, where)

    def is_wanted(self, one: Queued) -> bool:
        return self.wanted.get(one.ticket_id, (0, None))[0] == one.placed_version

    def loads(self) -> dict[UUID, int]:
        found = Counter(one.loads for one in self.queue.values() if one.loads)
        found.update(
            agent
            for ticket_id, (version, agent) in self.wanted.items()
            if agent and self.queue[ticket_id].placed_version == version
        )
        return dict(found)

    def check(self, made: Plan) -> None:
        there = {one.id for one in self.agents if one.presence is Presence.AVAILABLE}
        assert {choice.agent_id for choice in made.choices} <= there, "nobody who is not there gets a ticket"

    def want(self, made: Plan, where: Ticketbox) -> None:
        for choice in made.choices:
            one = choice.ticket
            self.wanted[one.ticket_id] = (one.placed_version, choice.agent_id)
            self.wishes.append(
                TicketRouted(
                    ticket_id=one.ticket_id,
                    ticketbox_id=where.id,
                    seen_version=one.placed_version,
                    agent_id=choice.agent_id,
                    method=choice.method,
                    candidates=choice.evidence.candidates,
                )
            )
        for one in made.overflows:
            self.wanted[one.ticket_id] = (one.placed_version, None)
            self.wishes.append(
                TicketOverflowed(
                    ticket_id=one.ticket_id,
                    ticketbox_id=where.id,
                    seen_version=one.placed_version,
                    to_id=BOXES[1],
                    waited_since=NOON,
                )
            )
        for one, why in made.taken_back:
            self.wanted[one.ticket_id] = (one.placed_version, None)
            self.wishes.append(
                TicketTakenBack(
                    ticket_id=one.ticket_id,
                    ticketbox_id=where.id,
                    seen_version=one.placed_version,
                    agent_id=one.owner_id or PEOPLE[0],
                    why=why,
                )
            )

    @invariant()
    def nobody_was_given_more_than_their_capacity(self) -> None:
        if hasattr(self, "given"):
            got = Counter(self.given.values())
            assert all(got[one.id] <= (one.person.capacity or 0) for one in self.agents)

    def teardown(self) -> None:
        """Once everything was heard, what waits waits for somebody to come or to have time."""
        if not hasattr(self, "given"):
            return
        for _ in range(20):
            self.router_hears_and_looks(len(self.events))
            if not self.wishes:
                break
            self.tickets_hears(len(self.wishes))
        assert not self.wishes, "distribution comes to rest"
        for ticket_id, one in self.tickets.items():
            assert (self.queue[ticket_id].owner_id, self.queue[ticket_id].state) == (
                one.assignee_id,
                one.state,
            )
        self.nobody_waits_in_vain(list(self.queue.values()))

    def nobody_waits_in_vain(self, queue: Sequence[Queued]) -> None:
        loads = self.loads()
        able = [
            one
            for one in self.agents
            if one.presence is Presence.AVAILABLE and loads.get(one.id, 0) < (one.person.capacity or 0)
        ]
        by_hand = {DistributionMethod.MANUAL, DistributionMethod.PULL}
        for one in queue:
            where = next(box for box in self.boxes if box.id == one.ticketbox_id)
            if one.waiting_since is not None and where.distribution.method not in by_hand:
                assert not able, "somebody has time, and a ticket waits"


class TestWorld(World.TestCase):  # type: ignore[misc,name-defined]
    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
