"""The rules of distribution: given these people and tickets, then this one gets it, for that reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.commands import Forbidden
from contracts.correspondence import NoteAdded
from contracts.desk import Distribution, DistributionMethod, Ticketbox
from contracts.people import BoxRight, Person, Presence, Right, Role
from contracts.router import Priority
from contracts.service_levels import Calendar, DeadlinesChanged, Span, Weekday
from contracts.tickets import (
    DeadlineItem,
    PriorityChanged,
    TicketAssigned,
    TicketMerged,
    TicketMoved,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from rules.hours import Hours, hours_of
from services.router import pull
from services.router.distribution import Agent, Choice, Plan, Situation, Wanted, choose, known_in, plan
from services.router.notices import supervisors, waiting_notices
from services.router.queue import Queued, contact_key, hear
from tests.desks import ORDERS, SARA, SUPPORT
from tests.events import NOON, letter, opened, recorded, released, replied

MINUTE = timedelta(minutes=1)


def agent(
    name: str = "Anna", presence: Presence = Presence.AVAILABLE, number: int | None = None, **fields: Any
) -> Agent:
    identity = uuid4() if number is None else UUID(int=number)
    person = Person(id=identity, name=name, email=f"{identity}@example.com", role=Role.AGENT)
    absent = {key: fields.pop(key) for key in ("absent_since", "until") if key in fields}
    return Agent(person.model_copy(update=fields), presence, **absent)


def ticket(**fields: Any) -> Queued:
    return Queued(
        **{
            "ticket_id": uuid4(),
            "number": 10008,
            "message_id": uuid4(),
            "contact_key": contact_key("kim@customers.example"),
            "version": 1,
            "placed_version": 1,
            "placed_id": uuid4(),
            "correlation_id": uuid4(),
            "traceparent": None,
            "ticketbox_id": SUPPORT.id,
            "waiting_since": NOON,
            **fields,
        }
    )


def box(**distribution: Any) -> Ticketbox:
    return SUPPORT.model_copy(update={"distribution": Distribution(**distribution)})


def chosen(
    where: Ticketbox,
    *members: Agent,
    loads: dict[Agent, int] | None = None,
    wanted: Wanted | None = None,
    last: Agent | None = None,
) -> Choice | None:
    numbers = {one.id: load for one, load in (loads or {}).items()}
    wanted = wanted or Wanted(ticket())
    asked = known_in(where, members).asked_by(wanted)
    return choose(wanted, asked, where, members, numbers, last.id if last else None)


def passed_over(choice: Choice | None) -> dict[UUID, str]:
    assert choice is not None
    return {one.agent_id: one.why for one in choice.evidence.passed_over}


@pytest.mark.parametrize("method", ["round_robin", "least_loaded", "skills"])
def test_whoever_is_away_or_off_or_full_gets_nothing(method: str) -> None:
    away, off, full = agent("A", Presence.AWAY), agent("B", Presence.OFF), agent("C", capacity=2)
    assert chosen(box(method=method), away, off, full, loads={full: 2}) is None
    there = agent("D")
    choice = chosen(box(method=method), away, off, full, there, loads={full: 2})
    assert choice is not None
    assert choice.agent_id == there.id
    assert passed_over(choice) == {away.id: "away", off.id: "off", full.id: "full: 2 of 2 tickets"}


def test_in_turn_the_next_one_after_the_last_gets_it_and_after_the_end_it_begins_anew() -> None:
    one, two, three = (agent(number=n) for n in (1, 2, 3))
    where = box(method=DistributionMethod.ROUND_ROBIN)
    got = [
        choice.agent_id
        for last in (None, one, two, three)
        if (choice := chosen(where, three, one, two, last=last))
    ]
    assert got == [one.id, two.id, three.id, one.id]


def test_the_least_loaded_is_who_has_the_most_of_their_capacity_free() -> None:
    busy, free = agent("A", capacity=20), agent("B", capacity=4)
    choice = chosen(box(method="least_loaded"), busy, free, loads={busy: 8, free: 1})
    assert choice is not None
    assert (choice.agent_id, choice.evidence.why) == (free.id, "1 of 4 tickets")
    assert [(one.agent_id, one.why) for one in choice.evidence.others] == [(busy.id, "8 of 20 tickets")]


def test_without_a_limit_somebody_counts_like_the_one_with_the_highest() -> None:
    limited, unlimited = agent("A", capacity=10), agent("B")
    choice = chosen(box(method="least_loaded"), limited, unlimited, loads={limited: 3, unlimited: 2})
    assert choice is not None
    assert (choice.agent_id, choice.evidence.why) == (unlimited.id, "2 tickets")


def test_equally_loaded_people_take_turns() -> None:
    one, two = agent(number=1), agent(number=2)
    choice = chosen(box(method="least_loaded"), one, two, last=one)
    assert choice is not None
    assert choice.agent_id == two.id


def test_a_ticket_goes_to_who_has_its_skill_and_its_language_and_the_least_loaded_of_them() -> None:
    both = agent("A", skills=("Invoices",), languages=("fr", "en"), capacity=10)
    also = agent("B", skills=("invoices",), languages=("fr",), capacity=10)
    other = agent("C", languages=("en",), capacity=10)
    wanted = Wanted(ticket(tags=("invoices", "vip")), language="fr")
    choice = chosen(box(method="skills"), both, also, other, loads={both: 3, also: 5}, wanted=wanted)
    assert choice is not None
    assert choice.agent_id == both.id
    assert choice.evidence.why == "3 of 10 tickets, speaks French, has the skill invoices"
    assert choice.evidence.asked == ("invoices", "French")
    assert (choice.evidence.candidates, passed_over(choice)) == (
        2, {other.id: "does not have the skill invoices"}
    )  # fmt: skip


def test_a_ticket_waits_for_who_has_the_skill_even_if_others_are_there() -> None:
    skilled, other = agent("A", Presence.AWAY, skills=("invoices",)), agent("B")
    wanted = Wanted(ticket(tags=("invoices",)))
    assert chosen(box(method="skills"), skilled, other, wanted=wanted) is None


class Counted(list[Agent]):
    """People, and how often all of them were looked through."""

    times = 0

    def __iter__(self) -> Iterator[Agent]:
        self.times += 1
        return super().__iter__()


def test_what_nobody_has_who_is_there_is_looked_for_once_however_many_tickets_ask_for_it() -> None:
    members = Counted([agent("A", Presence.AWAY, skills=("invoices",), languages=("fr",)), agent("B")])
    waiting = [Wanted(ticket(tags=("invoices", str(n)))) for n in range(500)]
    waiting += [Wanted(ticket(), language="fr") for n in range(500)]
    assert plan(Situation(box(method="skills"), members, waiting=waiting), {}, NOON).choices == []
    assert members.times < 20


def test_who_answered_last_gets_what_others_wait_in_vain_with() -> None:
    skilled, there = agent("A", Presence.AWAY, skills=("invoices",)), agent("B")
    asks, last = ticket(tags=("invoices",)), ticket(tags=("invoices",))
    where = box(method="skills", last_agent_first=True)
    waiting = [Wanted(asks), Wanted(last, last_agent_id=there.id)]
    made = plan(Situation(where, [skilled, there], waiting=waiting), {}, NOON)
    assert [(choice.ticket, choice.agent_id) for choice in made.choices] == [(last, there.id)]


def test_what_nobody_in_the_ticketbox_has_is_not_asked_for() -> None:
    there = agent(languages=("de",))
    wanted = Wanted(ticket(tags=("vip",)), language="fi")
    choice = chosen(box(method="skills"), there, wanted=wanted)
    assert choice is not None
    assert choice.evidence.asked == ()


def test_a_language_counts_however_its_code_was_written() -> None:
    german, other = agent(number=2), agent(number=1)
    written = german.person.model_dump() | {"languages": ("DE",)}
    german = replace(german, person=Person.model_validate(written))
    choice = chosen(box(method="skills"), german, other, wanted=Wanted(ticket(), language="de"))
    assert choice is not None
    assert (choice.agent_id, choice.evidence.asked) == (german.id, ("German",))


def test_who_answered_this_customer_last_is_asked_first_if_there_and_not_full() -> None:
    one, two = agent(number=1, capacity=3), agent(number=2)
    where, wanted = box(method="round_robin", last_agent_first=True), Wanted(ticket(), last_agent_id=one.id)
    choice = chosen(where, one, two, last=one, wanted=wanted)
    assert choice is not None
    assert (choice.agent_id, choice.method) == (one.id, "last_agent")
    assert choice.evidence.why == "answered this customer last, 0 of 3 tickets"
    full = chosen(where, one, two, last=one, wanted=wanted, loads={one: 3})
    assert full is not None
    assert (full.agent_id, full.method) == (two.id, "round_robin")


@pytest.mark.parametrize("method", ["round_robin", "least_loaded", "skills"])
@pytest.mark.parametrize("last_agent_first", [False, True])
def test_a_ticket_that_was_given_back_goes_to_others_first(method: str, last_agent_first: bool) -> None:
    anna, bela = agent(number=1, capacity=10), agent(number=2, capacity=10)
    wanted = Wanted(ticket(given_back_by=anna.id), last_agent_id=anna.id)
    where = box(method=method, last_agent_first=last_agent_first)
    choice = chosen(where, anna, bela, loads={anna: 2, bela: 3}, wanted=wanted)
    assert choice is not None
    assert choice.agent_id == bela.id
    assert passed_over(choice) == {anna.id: "had it before"}


def test_a_ticket_that_was_given_back_goes_to_the_same_person_if_no_other_has_time() -> None:
    anna, away = agent("Anna"), agent("Bela", Presence.AWAY)
    choice = chosen(box(method="least_loaded"), anna, away, wanted=Wanted(ticket(given_back_by=anna.id)))
    assert choice is not None
    assert choice.agent_id == anna.id


@given(
    method=st.sampled_from(["round_robin", "least_loaded"]),
    people=st.integers(1, 12),
    tickets=st.integers(1, 150),
)
@settings(deadline=None)
def test_nobody_gets_more_than_one_ticket_more_than_anybody_else(
    method: str, people: int, tickets: int
) -> None:
    members = [agent(number=n + 1) for n in range(people)]
    waiting = [Wanted(ticket()) for _ in range(tickets)]
    made = plan(Situation(box(method=method), members, waiting=waiting), {}, NOON)
    got = Counter(choice.agent_id for choice in made.choices)
    counts = [got[member.id] for member in members]
    assert sum(counts) == tickets
    assert max(counts) - min(counts) <= 1


@given(
    capacities=st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=6),
    tickets=st.integers(0, 40),
    method=st.sampled_from(["round_robin", "least_loaded", "skills"]),
)
@settings(deadline=None)
def test_nobody_is_given_more_than_their_capacity_and_no_ticket_waits_for_who_has_time(
    capacities: list[int | None], tickets: int, method: str
) -> None:
    members = [agent(number=n + 1, capacity=capacity) for n, capacity in enumerate(capacities)]
    waiting = [Wanted(ticket()) for _ in range(tickets)]
    made = plan(Situation(box(method=method), members, waiting=waiting), {}, NOON)
    got = Counter(choice.agent_id for choice in made.choices)
    for member in members:
        assert member.person.capacity is None or got[member.id] <= member.person.capacity
    room = tickets if None in capacities else sum(one or 0 for one in capacities)
    assert len(made.choices) == min(tickets, room)


@pytest.mark.parametrize("method", ["manual", "pull"])
def test_where_people_take_tickets_themselves_none_is_given(method: str) -> None:
    assert plan(Situation(box(method=method), [agent()], waiting=[Wanted(ticket())]), {}, NOON) == Plan()


def waits(minutes: int) -> Queued:
    return ticket(waiting_since=NOON - minutes * MINUTE)


def test_what_waited_too_long_overflows_and_the_next_one_says_when_to_look() -> None:
    where = box(overflow_after_minutes=60, overflow_to=ORDERS.id)
    late, later, fresh = waits(100), waits(60), waits(10)
    made = plan(Situation(where, [], may_overflow=[late, later, fresh]), {}, NOON)
    assert made.overflows == [late, later]
    assert made.look_at == NOON + 50 * MINUTE


def test_what_is_given_at_the_same_moment_does_not_overflow() -> None:
    late = waits(100)
    where = box(overflow_after_minutes=60, overflow_to=ORDERS.id, tell_after_minutes=0)
    made = plan(
        Situation(where, [agent()], waiting=[Wanted(late)], may_overflow=[late], untold=[late]), {}, NOON
    )
    assert (len(made.choices), made.overflows, made.tells) == (1, [], [])


def mornings() -> Hours:
    """Of Mondays and Tuesdays, until half past noon."""
    week = {day: (Span(begin="09:00", end="12:30"),) for day in (Weekday.MONDAY, Weekday.TUESDAY)}
    return hours_of(Calendar(id=uuid4(), name="Office", time_zone="UTC", week=week))


def test_zero_minutes_are_over_at_once_also_when_it_is_closed() -> None:
    hours, night = mornings(), NOON + timedelta(hours=10)
    where = box(tell_after_minutes=0, take_back_after_minutes=0)
    one, gone = ticket(waiting_since=night), agent(presence=Presence.AWAY, absent_since=night)
    owned = ticket(owner_id=gone.id, owned_since=night)
    made = plan(Situation(where, [gone], hours=hours, untold=[one], left=[owned]), {}, night)
    assert made.tells == [one]
    assert made.taken_back == [(owned, "away")]


def test_minutes_are_those_of_the_business_hours_of_the_ticketbox() -> None:
    hours = mornings()
    one = waits(0)  # since Monday at noon: half an hour is left
    where = box(tell_after_minutes=60)
    made = plan(Situation(where, [], hours=hours, untold=[one]), {}, NOON + timedelta(hours=8))
    assert (made.tells, made.look_at) == ([], NOON + timedelta(hours=21, minutes=30))
    made = plan(Situation(where, [], hours=hours, untold=[one]), {}, NOON + timedelta(hours=21, minutes=30))
    assert made.tells == [one]


def test_the_supervisors_of_the_ticketbox_are_told_or_else_who_manages_it() -> None:
    boss = Person(id=uuid4(), name="Boss", email="boss@example.com", role=Role.ADMINISTRATOR)
    elsewhere = SARA.model_copy(
        update={"id": uuid4(), "rights": (BoxRight(ticketbox_id=ORDERS.id, right=Right.MANAGE),)}
    )
    assert supervisors([boss, SARA, elsewhere, agent().person], SUPPORT) == [SARA]
    assert supervisors([boss, elsewhere, agent().person], SUPPORT) == [boss]
    (notice,) = waiting_notices(waits(30), SUPPORT, [SARA], NOON)
    assert (notice.to, notice.subject) == (SARA.email, "Alert: ticket 10008 waits in Support")
    assert "Waiting since: 2026-03-02 11:30 UTC" in notice.text


def left(owner: Agent, owned: int = 500) -> Queued:
    return ticket(owner_id=owner.id, owned_since=NOON - owned * MINUTE, waiting_since=None)


def gone(minutes: int, presence: Presence = Presence.AWAY, **fields: Any) -> Agent:
    return agent("Anna", presence, absent_since=NOON - minutes * MINUTE, **fields)


def taken(members: Sequence[Agent], tickets: Iterable[Queued], **distribution: Any) -> Plan:
    return plan(Situation(box(**distribution), members, left=list(tickets)), {}, NOON)


def test_who_is_away_for_too_long_gives_unanswered_tickets_back() -> None:
    anna = gone(30)
    given_back = left(anna)
    assert taken([anna], [given_back], take_back_after_minutes=30).taken_back == [(given_back, "away")]
    soon = gone(20)
    made = taken([soon], [left(soon)], take_back_after_minutes=30)
    assert (made.taken_back, made.look_at) == ([], NOON + 10 * MINUTE)
    assert taken([anna], [left(anna)]).taken_back == []


def test_who_got_a_ticket_while_away_has_it_as_long() -> None:
    anna = gone(600)
    made = taken([anna], [left(anna, owned=20)], take_back_after_minutes=30)
    assert (made.taken_back, made.look_at) == ([], NOON + 10 * MINUTE)


def test_who_never_said_anything_has_a_ticket_as_long() -> None:
    anna = agent("Anna", Presence.OFF)
    late, new = left(anna, owned=30), left(anna, owned=20)
    made = taken([anna], [late, new], take_back_after_minutes=30)
    assert (made.taken_back, made.look_at) == ([(late, "off")], NOON + 10 * MINUTE)
    assert taken([anna], [late]).taken_back == []


def test_who_may_not_answer_there_any_more_gives_them_back_at_once() -> None:
    one = left(agent())
    assert taken([agent()], [one]).taken_back == [(one, "may not answer here")]


def test_a_presence_that_ends_is_looked_at_when_it_ends() -> None:
    back = agent("A", Presence.AWAY, until=NOON + 7 * MINUTE)
    assert plan(Situation(box(), [back], waiting=[Wanted(ticket())]), {}, NOON).look_at == NOON + 7 * MINUTE


def test_whoever_is_there_and_not_full_may_ask_for_the_next_ticket_where_they_may_answer() -> None:
    anna = agent(rights=(BoxRight(ticketbox_id=SUPPORT.id, right=Right.ANSWER),), capacity=2)
    assert pull.permit(anna, 1, [SUPPORT.id, ORDERS.id], None) == [SUPPORT.id]
    with pytest.raises(Forbidden):
        pull.permit(anna, 1, [SUPPORT.id, ORDERS.id], ORDERS.id)
    with pytest.raises(pull.Full, match="You have 2 open tickets, and 2 is the most"):
        pull.permit(anna, 2, [SUPPORT.id], None)
    with pytest.raises(pull.NotThere, match="You are off"):
        pull.permit(agent(presence=Presence.OFF), 0, [SUPPORT.id], None)
    with pytest.raises(Forbidden):
        pull.permit(None, 0, [SUPPORT.id], None)


def queue(*events: Any) -> Queued:
    found: Queued | None = None
    for item in recorded(*events):
        found = hear(found, item)
    assert found is not None
    return found


HEAD = letter()
TICKET = opened(HEAD).ticket_id
TAKEN = TicketAssigned(ticket_id=TICKET, agent_id=SARA.id, method="person")
GIVEN_BACK = TicketAssigned(ticket_id=TICKET, agent_id=None, method="person")
AWAY_AND_BACK = (TicketSetPending(ticket_id=TICKET), TicketReopened(ticket_id=TICKET))
OVERFLOWED = TicketMoved(
    ticket_id=TICKET, ticketbox_id=ORDERS.id, ticketbox="Orders", from_id=SUPPORT.id, why="overflow"
)


@pytest.mark.parametrize(
    ("events", "since"),
    [
        ((), 0),
        ((TAKEN,), None),
        ((TAKEN, GIVEN_BACK), 2),
        ((TicketSolved(ticket_id=TICKET, solved_by=SARA.id),), None),
        (AWAY_AND_BACK, 2),
        ((replied(TICKET, letter()),), 0),
        ((NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=SARA.id, text="?"),), 0),
        ((OVERFLOWED,), 1),
        ((TicketMerged(ticket_id=TICKET, into_id=uuid4(), into_number=1, merged_by=SARA.id),), None),
    ],
)
def test_a_ticket_waits_while_it_is_open_in_its_ticketbox_and_nobodys(
    events: tuple[Any, ...], since: int | None
) -> None:
    moment = None if since is None else NOON + timedelta(seconds=since)
    assert queue(opened(HEAD), *events).waiting_since == moment


def test_it_is_answered_until_the_customer_writes_again_and_thanks_do_not_count() -> None:
    answer, again = released(TICKET, uuid4()), replied(TICKET, letter())
    assert queue(opened(HEAD)).unanswered
    assert not queue(opened(HEAD), answer).unanswered
    assert queue(opened(HEAD), answer, again).unanswered
    thanks = again.model_copy(update={"thanks": True})
    assert not queue(opened(HEAD), answer, thanks).unanswered
    opens = TicketReopened(ticket_id=TICKET, reopened_by=SARA.id, why="person")
    assert not queue(opened(HEAD), answer, thanks, opens).unanswered
    more = opens.model_copy(update={"thanks_id": thanks.letter.message_id})
    assert queue(opened(HEAD), answer, thanks, more).unanswered, "somebody says that there is more to it"


def test_a_letter_that_was_answered_before_it_was_split_off_is_answered() -> None:
    split_off = opened(HEAD).model_copy(update={"split_from_id": uuid4(), "settled": True})
    assert not queue(split_off).unanswered
    assert queue(split_off, replied(TICKET, letter())).unanswered


def test_an_answer_that_is_sent_once_more_answers_nothing_that_came_meanwhile() -> None:
    reply_id = uuid4()
    answer, retry = released(TICKET, reply_id), released(TICKET, reply_id, attempt=2)
    assert queue(opened(HEAD), answer, replied(TICKET, letter()), retry).unanswered
    assert not queue(opened(HEAD), answer, retry).unanswered


def test_a_note_does_not_make_a_choice_outdated_and_a_letter_does() -> None:
    note = NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=SARA.id, text="?")
    assert queue(opened(HEAD), note).placed_version == 1
    assert queue(opened(HEAD), note, replied(TICKET, letter())).placed_version == 3


def test_it_remembers_where_it_overflowed_from_until_somebody_has_it() -> None:
    assert queue(opened(HEAD), OVERFLOWED).overflowed_from == (SUPPORT.id,)
    assert queue(opened(HEAD), OVERFLOWED, TAKEN).overflowed_from == ()


@pytest.mark.parametrize(
    ("events", "by"),
    [
        ((TAKEN, GIVEN_BACK), SARA.id),
        ((TAKEN, GIVEN_BACK.model_copy(update={"method": "automation"})), SARA.id),
        ((TAKEN, GIVEN_BACK.model_copy(update={"method": "take_back"})), None),
        ((TAKEN, GIVEN_BACK, TAKEN), None),
    ],
)
def test_it_remembers_who_gave_it_back_until_somebody_has_it(
    events: tuple[Any, ...], by: UUID | None
) -> None:
    assert queue(opened(HEAD), *events).given_back_by == by


def test_its_urgency_is_its_priority_and_its_earliest_deadline() -> None:
    due = DeadlineItem(target="first_response", since=NOON, due_at=NOON + MINUTE)
    later = DeadlineItem(target="resolution", since=NOON, due_at=NOON + 2 * MINUTE)
    found = queue(
        opened(HEAD),
        PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT),
        DeadlinesChanged(ticket_id=TICKET, policy_id=None, policy=None, deadlines=(later, due)),
    )
    assert (found.urgency, found.due_at) == (3, NOON + MINUTE)


def test_the_same_customer_has_the_same_key_whatever_the_case_of_the_address() -> None:
    assert contact_key("Kim@Customers.example") == contact_key("kim@customers.example")
