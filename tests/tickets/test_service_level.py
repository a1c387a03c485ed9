"""Running clocks against counting by hand; the rules one by one are in docs/service-levels.md, and run from there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.desk import Calendar, Holidays, Span, SpecialDay, Target, Weekday
from contracts.tickets import (
    DeadlinesChanged,
    ReplyReleased,
    SLABreached,
    SLAWarned,
    State,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
)
from rules.hours import Hours
from services.tickets import alarms
from tests.tickets.story import (
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
BEGINNINGS = (
    MONDAY,
    datetime(2026, 3, 28, 20, tzinfo=UTC),  # clocks are put forward in the night
    datetime(2026, 4, 2, 12, tzinfo=UTC),  # Easter is next
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # clocks are put back in the night
)
OFTEN = ["answer", "letter", "letter", "pending", "reopen"] * 2
HAPPENINGS = st.sampled_from(
    [
        *(*OFTEN, "hold", "solve", "merge", "unmerge", "note", "urgent", "normal"),
        *("orders", "support", "nights", "office", "strict", "standard"),
    ]
)


@settings(max_examples=300, deadline=None)
@for_all(
    steps=st.lists(st.tuples(st.integers(0, 700), HAPPENINGS), min_size=2, max_size=12),
    pauses=st.sets(st.sampled_from([State.PENDING, State.ON_HOLD])),
    begins=st.sampled_from(BEGINNINGS),
)
def test_running_clocks_agree_with_counting_from_scratch_whatever_happened(
    steps: Sequence[tuple[int, str]], pauses: set[State], begins: datetime
) -> None:
    urgent = policy(
        name="Urgent", order=1, priorities=["urgent"], pause_in=[], targets={Target.RESOLUTION: 90}
    )
    orders = policy(name="Orders", order=2, ticketbox_ids=[str(ORDERS)], pause_in=[], targets=ORDERED)
    normal = policy(pause_in=list(pauses), calendar_id=str(OFFICE.id))
    strict = normal.model_copy(update={"targets": STRICT, "pause_in": ()})
    changes = {"nights": NIGHTS, "office": OFFICE_2026, "strict": strict, "standard": normal}
    story = Story(desk_of(urgent, orders, normal, OFFICE_2026), now=begins)
    counter = Counter(pauses, begins)
    for minutes, name in steps:
        counter.pass_minutes(minutes)
        counter.happen(name)
        story.now += minutes * MINUTE
        if name in changes:
            story.configure(changes[name])
        else:
            story.after(0, *events_of(name, story))
    counted = counter.left()
    assert story.running() == set(counted)
    for item in story.ticket.deadlines:
        if item.due_at is None:
            assert item.left_seconds == counted[item.target] * 60
        elif counted[item.target] >= 0:
            hours = Hours(story.desk.get(Calendar, OFFICE.id) if counter.has_calendar else None)
            assert hours.seconds_between(story.now, item.due_at) == counted[item.target] * 60
        else:
            assert item.due_at < story.now


ORDERED = {Target.FIRST_RESPONSE: 30, Target.RESOLUTION: 240}
STRICT = {Target.NEXT_RESPONSE: 45, Target.RESOLUTION: 200}


class Counter:
    """Counts minute by minute, as someone with a stop watch, a calendar and a list of states would."""

    def __init__(self, pauses: set[State], begins: datetime) -> None:
        self.standard, self.began, self.now = pauses, begins, begins
        self.said = {"urgent": "normal", "box": "support", "calendar": "office", "policy": "standard"}
        self.state, self.merged, self.answered = "open", False, False
        self.history: list[tuple[datetime, str, bool]] = []
        self.waiting_since: datetime | None = None

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.history.append((self.now, self.state, self.merged))
            self.now += MINUTE

    def happen(self, name: str) -> None:
        if name in {"nights", "office", "strict", "standard"}:
            self.said["calendar" if name in {"nights", "office"} else "policy"] = name
            return
        if self.merged and name != "unmerge":
            return
        match name:
            case "merge" | "unmerge":
                self.merged = name == "merge"
            case "answer":
                self.answered, self.waiting_since = True, None
            case "letter":
                if self.answered and self.waiting_since is None:
                    self.waiting_since = self.now
                self.state = "open"
            case "pending" | "hold" | "reopen" | "solve":
                self.state = {"hold": "on_hold", "reopen": "open", "solve": "solved"}.get(name, name)
                if name == "solve":
                    self.waiting_since = None
            case "urgent" | "normal":
                self.said["urgent"] = name
            case "orders" | "support":
                self.said["box"] = name
            case _:
                pass

    @property
    def has_calendar(self) -> bool:
        """The other two policies, and their ticketbox, have none."""
        return self.said["urgent"] == "normal" and self.said["box"] == "support"

    @property
    def targets(self) -> dict[Target, int]:
        if self.said["urgent"] == "urgent":
            return {Target.RESOLUTION: 90}
        if self.said["box"] == "orders":
            return ORDERED
        return TARGETS if self.said["policy"] == "standard" else STRICT

    @property
    def pauses(self) -> set[State]:
        return self.standard if self.has_calendar and self.said["policy"] == "standard" else set()

    def left(self) -> dict[str, int]:
        """Minutes of business time that are left of each running target; below 0 if it was missed."""
        if self.merged or self.state == "solved":
            return {}
        since = {Target.RESOLUTION: self.began}
        if not self.answered:
            since[Target.FIRST_RESPONSE] = self.began
        elif self.waiting_since is not None:
            since[Target.NEXT_RESPONSE] = self.waiting_since
        return {
            target: self.targets[target]
            - sum(self._counts(*minute) for minute in self.history if minute[0] >= begin)
            for target, begin in since.items()
            if target in self.targets
        }

    def _counts(self, minute: datetime, state: str, merged: bool) -> bool:
        if merged or state == "solved":
            return False
        return state not in self.pauses and (not self.has_calendar or self._is_open(minute))

    def _is_open(self, minute: datetime) -> bool:
        local = minute.astimezone(BERLIN)
        if self.said["calendar"] == "nights":
            return local.hour < 4
        if local.weekday() > 4 or local.date() in CLOSED:
            return False
        return 9 <= local.hour < 12 or 13 <= local.hour < 17
