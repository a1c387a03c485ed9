"""Running clocks against counting by hand; the rules one by one are in docs/service-levels.md, and run from there."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.correspondence import ReplyReleased
from contracts.desk import FollowUp, Organisation, Ticketbox
from contracts.service_levels import (
    Calendar,
    DeadlinesChanged,
    Holidays,
    SLABreached,
    SLAWarned,
    Span,
    SpecialDay,
    Target,
    Weekday,
)
from contracts.tickets import State, TicketOpened, TicketPutOnHold, TicketReopened
from rules.hours import Hours
from services.tickets import alarms
from services.tickets.desk import Desk
from tests.tickets.story import (
    BOX,
    LATE_BY,
    MINUTE,
    MONDAY,
    OFFICE,
    ORDERS,
    TARGETS,
    TICKET,
    Story,
    answered,
    desk_of,
    events_of,
    policy,
)


def standard() -> Story:
    return Story(desk_of(policy()))


def test_a_target_that_was_missed_while_nothing_ran_is_written_down_before_what_ends_it() -> None:
    story = standard().after(75, answered())
    kinds = [type(event) for event in story.appended]
    assert kinds == [TicketOpened, SLABreached, ReplyReleased, DeadlinesChanged]


def test_a_warning_comes_before_a_target_is_missed_once_and_not_after_it() -> None:
    story = Story(desk_of(policy(warn_minutes_before=15, targets={Target.FIRST_RESPONSE: 60})))

    def rung(minute: float) -> object:
        due = alarms.next_due(story.ticket, story.desk, MONDAY + minute * MINUTE)
        return due.what if due else "nothing"

    assert rung(44) == "nothing"
    warned = rung(45)
    assert isinstance(warned, SLAWarned)
    assert rung(61) is None
    story.after(45, warned)
    assert rung(50) == "nothing"
    assert alarms.next_alarm(story.ticket, story.desk) == MONDAY + 60 * MINUTE


def test_a_hold_ends_at_its_time_however_late_that_is_noticed() -> None:
    until = MONDAY + 30 * MINUTE
    story = standard().after(10, TicketPutOnHold(ticket_id=TICKET, until=until))
    assert alarms.next_alarm(story.ticket, story.desk) == until
    due = alarms.next_due(story.ticket, story.desk, until + timedelta(days=1))
    assert due == alarms.Due(until, TicketReopened(ticket_id=TICKET, why="hold_ended"))


BERLIN = ZoneInfo("Europe/Berlin")
CLOSED = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 3, 31), date(2026, 10, 26)})
"""Good Friday, Easter Monday, and two days of one's own."""
OFFICE_2026 = OFFICE.model_copy(
    update={
        "holidays": Holidays(country="DE"),
        "days": (SpecialDay(date=date(2026, 3, 31)), SpecialDay(date=date(2026, 10, 26))),
    }
)
NIGHTS = OFFICE.model_copy(update={"week": dict.fromkeys(Weekday, (Span(begin="00:00", end="04:00"),))})
EVENINGS = Calendar(
    id=uuid4(),
    name="Evenings",
    time_zone="Europe/Berlin",
    week=dict.fromkeys(Weekday, (Span(begin="18:00", end="22:00"),)),
)
SUPPORT = Ticketbox(
    id=BOX, name="Support", addresses=("support@example.com",), follow_up=FollowUp(close_after_days=1)
)
LATE = Ticketbox(
    id=ORDERS,
    name="Orders",
    addresses=("orders@example.com",),
    calendar_id=EVENINGS.id,
    follow_up=FollowUp(close_after_days=None),
)
KORNBLUME = Organisation(id=uuid4(), name="Kornblume")
BEGINNINGS = (
    MONDAY,
    datetime(2026, 3, 28, 20, tzinfo=UTC),  # clocks are put forward in the night
    datetime(2026, 4, 2, 12, tzinfo=UTC),  # Easter is next
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # clocks are put back in the night
)
OFTEN = ["answer", "letter", "letter", "pending", "reopen"] * 2
CHANGES = {"nights", "office", "strict", "standard", "joins", "leaves"}
"""Of the desk, and of what is known of the customer."""
HAPPENINGS = st.sampled_from(
    [
        *(
            *OFTEN,
            "late letter",
            "hold",
            "hold 40",
            "hold 400",
            "solve",
            "thanks",
            "merge",
            "unmerge",
            "note",
            "machine",
        ),
        *("urgent", "normal", "vip", "plain", "orders", "support", *sorted(CHANGES)),
    ]
)
PASSING = st.one_of(st.integers(0, 120), st.integers(0, 700), st.just(24 * 60))
"""Minutes."""
STEPS = st.tuples(PASSING, HAPPENINGS).map(lambda step: [step])
IN_A_ROW = st.tuples(
    st.lists(st.one_of(st.integers(0, 60), st.just(24 * 60)), min_size=4, max_size=4),
    st.sampled_from(
        [
            ("hold 40", "merge", "unmerge"),
            ("solve", "thanks", "reopen"),
            ("answer", "letter", "solve", "letter"),
            ("solve", "note"),
            ("answer", "pending", "late letter"),
            ("hold 40", "note", "late letter"),
            ("merge", "unmerge", "late letter"),
        ]
    ),
).map(lambda gaps_and_names: [*zip(*gaps_and_names, strict=False)])
"""What seldom comes together by chance."""
WARNED_BEFORE = 15
URGENT = {Target.RESOLUTION: 90}
JOINED = {Target.NEXT_RESPONSE: 40, Target.RESOLUTION: 300}
VIP = {Target.FIRST_RESPONSE: 80, Target.NEXT_RESPONSE: 50}
ORDERED = {Target.FIRST_RESPONSE: 30, Target.RESOLUTION: 240}
STRICT = {Target.NEXT_RESPONSE: 45, Target.RESOLUTION: 200}


@settings(max_examples=300, deadline=None)
@for_all(
    steps=st.lists(st.one_of(STEPS, STEPS, STEPS, IN_A_ROW), min_size=2, max_size=12),
    pauses=st.sets(st.sampled_from([State.PENDING, State.ON_HOLD])),
    begins=st.sampled_from(BEGINNINGS),
    by_machine=st.booleans(),
)
def test_running_clocks_agree_with_counting_from_scratch_whatever_happened(
    steps: Sequence[Sequence[tuple[int, str]]], pauses: set[State], begins: datetime, by_machine: bool
) -> None:
    normal = policy(pause_in=list(pauses), calendar_id=str(OFFICE.id))
    strict = normal.model_copy(update={"targets": STRICT, "pause_in": ()})
    changes = {"nights": NIGHTS, "office": OFFICE_2026, "strict": strict, "standard": normal}
    story = Story(desk_of(*POLICIES, normal, OFFICE_2026), by_machine, now=begins)
    counter = Counter(frozenset(pauses), begins, by_machine)
    for minutes, name in chain.from_iterable(steps):
        counter.pass_minutes(minutes)
        counter.happen(name)
        story.after(minutes)
        match name:
            case "joins" | "leaves":
                story.join(KORNBLUME if name == "joins" else None)
            case _ if name in changes:
                story.configure(changes[name])
            case _:
                story.after(0, *events_of(name, story))
        story.after(0)
    assert story.ticket.state == counter.state
    running = counter.running()
    assert {item.target: item.since for item in story.ticket.deadlines} == {
        target: since for target, (since, _) in running.items()
    }
    for item in story.ticket.deadlines:
        _, left = running[Target(item.target)]
        if item.due_at is None:
            assert item.left_seconds == left * 60
        elif left > 0:
            hours = Hours(counter.hours(story.desk))
            assert hours.seconds_between(story.now, item.due_at) == left * 60
        else:
            assert item.due_at == counter.due(Target(item.target))
    assert written(story, SLABreached) == counter.missed
    assert written(story, SLAWarned) == counter.warned
    times = [at for at, _ in story.steps]
    assert times == sorted(times)


def written(story: Story, kind: type[SLABreached | SLAWarned]) -> list[tuple[str, datetime | None, datetime]]:
    """The target, when its clock began, and when it happened."""
    return [
        (event.target, event.since, at)
        for at, events in story.steps
        for event in events
        if isinstance(event, kind)
    ]


POLICIES = (
    policy(name="Urgent", order=1, priorities=["urgent"], pause_in=[], targets=URGENT),
    policy(name="Joined", order=2, organisation_ids=[str(KORNBLUME.id)], pause_in=[], targets=JOINED),
    policy(name="VIP", order=3, tags=["vip"], pause_in=[], targets=VIP, warn_minutes_before=WARNED_BEFORE),
    policy(name="Orders", order=4, ticketbox_ids=[str(ORDERS)], pause_in=[], targets=ORDERED),
    *(SUPPORT, LATE, EVENINGS, KORNBLUME),
)
"""With what they refer to. None of them pauses."""


class Counter:
    """Counts minute by minute, as someone with a stop watch, calendars and a list of states would."""

    def __init__(self, pauses: frozenset[State], begins: datetime, by_machine: bool) -> None:
        self.standard, self.begins, self.now, self.stepped = pauses, begins, begins, begins
        self.said = {"urgent": "normal", "box": "support", "calendar": "office", "policy": "standard"}
        self.tag, self.joined = "plain", "leaves"
        self.state, self.merged, self.answered = State.OPEN, False, False
        self.held_until: datetime | None = None
        self.done_at: datetime | None = None
        self.began = None if by_machine else begins
        self.waiting = [] if by_machine else [begins]
        """When letters came that nobody has answered."""
        self.counted: dict[tuple[str, frozenset[State]], list[datetime]] = {
            (calendar, pauses): []
            for calendar in ("always", "office", "nights", "evenings")
            for pauses in (frozenset(), self.standard)
        }
        """Which minutes count by each calendar and with each set of pauses: a policy may come into force later."""
        self.gone: set[datetime] = set()
        """The minutes in which it went on in another ticket."""
        self.missed: list[tuple[str, datetime, datetime]] = []
        self.warned: list[tuple[str, datetime, datetime]] = []

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            if self.merged:
                self.gone.add(self.now)
            elif not self.state.done:
                for (calendar, pauses), counted in self.counted.items():
                    if self.state not in pauses and is_open(calendar, self.now):
                        counted.append(self.now)
            self.now += MINUTE
            self.by_itself()

    def by_itself(self) -> None:
        if self.merged:
            return
        if self.held_until is not None and self.held_until <= self.now:
            self.stand(State.OPEN)
        if self.state is State.SOLVED and self.said["box"] == "support" and self.is_old():
            self.stand(State.CLOSED)

    def is_old(self) -> bool:
        return self.done_at is not None and self.done_at + timedelta(days=1) <= self.now

    def happen(self, name: str) -> None:
        self.look()
        self.stepped = self.now
        if name in CHANGES:
            self.change(name)
        elif name == "unmerge" or not self.merged:
            self.do(name)
        self.by_itself()
        self.look()

    def change(self, name: str) -> None:
        match name:
            case "joins" | "leaves":
                self.joined = name
            case _:
                self.said["calendar" if name in {"nights", "office"} else "policy"] = name

    def do(self, name: str) -> None:
        match name:
            case "merge" | "unmerge":
                self.merged = name == "merge"
            case "answer":
                self.answered, self.waiting = True, []
            case "thanks" if self.state.done:
                pass
            case "letter" | "late letter" | "thanks":
                came_at = max(self.begins, self.now - LATE_BY) if name == "late letter" else self.now
                self.count_again(came_at)
                self.began = self.began or came_at
                self.waiting = [came_at] if self.state.done else [*self.waiting, came_at]
                self.stand(State.OPEN)
            case "pending":
                self.stand(State.PENDING)
            case "hold" | "hold 40" | "hold 400":
                minutes = name.removeprefix("hold").strip()
                self.stand(State.ON_HOLD, self.now + int(minutes) * MINUTE if minutes else None)
            case "reopen":
                self.stand(State.OPEN)
            case "solve":
                self.stand(State.SOLVED)
            case "urgent" | "normal":
                self.said["urgent"] = name
            case "vip" | "plain":
                self.tag = name
            case "orders" | "support":
                self.said["box"] = name
            case _:
                pass

    def count_again(self, since: datetime) -> None:
        """A letter came then: whatever the state was, the minutes since then count, but those in another ticket."""
        minutes = [since + number * MINUTE for number in range((self.now - since) // MINUTE)]
        for (calendar, _), counted in self.counted.items():
            here = [minute for minute in minutes if minute not in self.gone and is_open(calendar, minute)]
            counted[bisect_left(counted, since) :] = here

    def stand(self, state: State, held_until: datetime | None = None) -> None:
        self.state, self.held_until = state, held_until
        self.done_at = self.now if state.done else None

    @property
    def is_standard(self) -> bool:
        return (
            self.said["urgent"] == "normal"
            and self.joined == "leaves"
            and self.tag == "plain"
            and self.said["box"] == "support"
        )

    @property
    def calendar(self) -> str:
        if self.is_standard:
            return self.said["calendar"]
        return "evenings" if self.said["box"] == "orders" else "always"

    def hours(self, desk: Desk) -> Calendar | None:
        calendars = {"always": None, "evenings": EVENINGS.id}
        return desk.get(Calendar, calendars.get(self.calendar, OFFICE.id))

    @property
    def targets(self) -> dict[Target, int]:
        if self.said["urgent"] == "urgent":
            return URGENT
        if self.joined == "joins":
            return JOINED
        if self.tag == "vip":
            return VIP
        if self.said["box"] == "orders":
            return ORDERED
        return TARGETS if self.said["policy"] == "standard" else STRICT

    @property
    def pauses(self) -> frozenset[State]:
        return self.standard if self.is_standard and self.said["policy"] == "standard" else frozenset()

    def minutes_since(self, since: datetime) -> list[datetime]:
        counted = self.counted[self.calendar, self.pauses]
        return counted[bisect_left(counted, since) :]

    def running(self) -> dict[Target, tuple[datetime, int]]:
        """When the clock of each target began, and what is left; not above 0 if it was missed."""
        if self.merged or self.state.done:
            return {}
        response = Target.NEXT_RESPONSE if self.answered else Target.FIRST_RESPONSE
        since = {response: min(self.waiting)} if self.waiting else {}
        since |= {Target.RESOLUTION: self.began} if self.began else {}
        return {
            target: (begin, self.targets[target] - len(self.minutes_since(begin)))
            for target, begin in since.items()
            if target in self.targets
        }

    def due(self, target: Target, minutes_before: int = 0) -> datetime:
        """When a target was missed, or when it was so many minutes before."""
        since, _ = self.running()[target]
        return self.minutes_since(since)[self.targets[target] - minutes_before - 1] + MINUTE

    def look(self) -> None:
        """Write down what was missed, and what soon will be, at their times or when they became so."""
        for target, (since, left) in self.running().items():
            warns = self.targets is VIP and self.state not in self.pauses
            if left <= 0:
                self.write(self.missed, target, since, self.due(target))
            elif warns and left <= WARNED_BEFORE:
                self.write(self.warned, target, since, self.due(target, WARNED_BEFORE))

    def write(
        self, found: list[tuple[str, datetime, datetime]], target: Target, since: datetime, at: datetime
    ) -> None:
        if (target, since) not in {(was, began) for was, began, _ in found}:
            found.append((target, since, max(at, self.stepped)))
            found.sort(key=lambda one: one[2])


@cache
def is_open(calendar: str, minute: datetime) -> bool:
    local = minute.astimezone(BERLIN)
    match calendar:
        case "always":
            return True
        case "nights":
            return local.hour < 4
        case "evenings":
            return 18 <= local.hour < 22
        case _:
            works = local.weekday() < 5 and local.date() not in CLOSED
            return works and (9 <= local.hour < 12 or 13 <= local.hour < 17)
