"""The rules of docs/service-levels.md, each as it stands there, and all together against counting by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.desk import Calendar, Holidays, Organisation, Span, SpecialDay, Target, Ticketbox, Weekday
from contracts.router import Priority
from contracts.tickets import (
    AutomaticReplyReceived,
    DeadlinesChanged,
    PriorityChanged,
    ReplyReleased,
    SLABreached,
    SLAWarned,
    State,
    ThreadedBy,
    TicketEvent,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
)
from rules.hours import Hours
from services.tickets import alarms, service_level
from tests.tickets.story import (
    BOX,
    HELD,
    MERGED,
    MINUTE,
    MONDAY,
    NOTED,
    OFFICE,
    ORDERS,
    PENDING,
    REOPENED,
    SOLVED,
    TARGETS,
    TICKET,
    UNMERGED,
    Story,
    answered,
    desk_of,
    events_of,
    letter,
    policy,
)


def standard() -> Story:
    return Story(desk_of(policy()))


def test_a_letter_starts_the_first_response_and_the_resolution() -> None:
    story = standard()
    assert (story.due(Target.FIRST_RESPONSE), story.due(Target.RESOLUTION)) == (60, 480)
    assert Target.NEXT_RESPONSE not in story.running()


def test_an_answer_ends_the_first_response() -> None:
    assert standard().after(10, answered()).running() == {Target.RESOLUTION}


def test_a_letter_after_the_first_answer_starts_the_next_response_and_a_second_one_does_not_start_it_again() -> (
    None
):
    story = standard().after(10, answered()).writes(10).writes(30)
    assert story.due(Target.NEXT_RESPONSE) == 20 + 120


def test_a_letter_before_the_first_answer_changes_nothing() -> None:
    assert standard().writes(10).due(Target.FIRST_RESPONSE) == 60


def test_the_next_answer_ends_the_next_response() -> None:
    assert standard().after(10, answered()).writes(10).after(10, answered()).running() == {Target.RESOLUTION}


def test_notes_and_letters_of_machines_change_nothing() -> None:
    head = letter(MONDAY, automatic=True)
    machine = AutomaticReplyReceived(ticket_id=TICKET, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO)
    before = standard().after(10, answered())
    assert before.after(5, NOTED, machine).running() == {Target.RESOLUTION}


def test_thanks_start_no_clock() -> None:
    assert standard().after(10, answered()).writes(5, thanks=True).running() == {Target.RESOLUTION}


@pytest.mark.parametrize("pause", [PENDING, HELD])
def test_a_pausing_state_stops_the_clocks_and_they_go_on_where_they_stood(pause: TicketEvent) -> None:
    story = standard().after(20, pause)
    assert story.due(Target.RESOLUTION) is None
    assert [item.left_seconds for item in story.ticket.deadlines] == [40 * 60, 460 * 60]
    story.after(100, REOPENED)
    assert (story.due(Target.FIRST_RESPONSE), story.due(Target.RESOLUTION)) == (160, 580)


def test_a_state_that_the_policy_does_not_pause_in_lets_the_clocks_run() -> None:
    story = Story(desk_of(policy(pause_in=["on_hold"])))
    assert story.after(20, PENDING).due(Target.RESOLUTION) == 480


def test_a_solved_ticket_has_no_targets_and_one_opened_again_goes_on_where_it_stood() -> None:
    story = standard().after(20, answered(), SOLVED)
    assert story.running() == set()
    assert story.after(1000, REOPENED).due(Target.RESOLUTION) == 480 + 1000


def test_a_merged_ticket_has_no_targets_until_the_merge_is_undone() -> None:
    story = standard().after(20, MERGED)
    assert story.running() == set()
    assert story.after(100, UNMERGED).due(Target.FIRST_RESPONSE) == 160


def test_a_ticket_that_a_machine_opened_has_no_targets_until_a_person_writes() -> None:
    story = Story(desk_of(policy()), automatic=True)
    assert story.running() == set()
    assert story.writes(30).due(Target.FIRST_RESPONSE) == 90


def test_another_priority_may_bring_another_policy_as_if_it_had_been_there_from_the_beginning() -> None:
    urgent = policy(name="Urgent", order=1, priorities=["urgent"], targets={Target.RESOLUTION: 100})
    story = Story(desk_of(policy(), urgent))
    raised = PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT)
    assert story.after(50, raised).due(Target.RESOLUTION) == 100
    assert story.running() == {Target.RESOLUTION}


def test_another_ticketbox_may_bring_another_policy() -> None:
    story = Story(desk_of(policy(), policy(name="Orders", order=1, ticketbox_ids=[str(ORDERS)])))
    moved = TicketMoved(ticket_id=TICKET, ticketbox_id=ORDERS, ticketbox="Orders", from_id=BOX)
    story.after(5, moved)
    assert next(e.policy for e in [service_level.level_of(story.ticket, story.desk)]) == "Orders"


def test_the_policy_of_an_organisation_applies_to_its_people() -> None:
    kornblume = Organisation(id=uuid4(), name="Kornblume", domains=("customers.example",))
    gold = policy(name="Gold", order=1, organisation_ids=[str(kornblume.id)], targets={Target.RESOLUTION: 7})
    assert Story(desk_of(policy(), gold, kornblume)).due(Target.RESOLUTION) == 7


def test_where_no_policy_applies_the_ticketbox_may_ask_for_a_first_response() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), first_response_seconds=3600)
    assert Story(desk_of(box)).due(Target.FIRST_RESPONSE) == 60
    assert Story(desk_of()).running() == set()


def test_a_missed_target_is_written_down_once_with_its_true_time() -> None:
    story = standard().after(75, NOTED).after(5, NOTED)
    assert story.breaches() == [("first_response", 60)]


def test_a_target_that_was_missed_while_nothing_ran_is_written_down_before_what_ends_it() -> None:
    story = standard().after(75, answered())
    kinds = [type(event) for event in story.appended]
    assert kinds == [TicketOpened, SLABreached, ReplyReleased, DeadlinesChanged]


def test_each_waiting_of_the_customer_can_be_missed() -> None:
    story = standard().after(10, answered()).writes(0).after(130, answered()).writes(10).after(130, NOTED)
    assert story.breaches() == [("next_response", 130), ("next_response", 270)]


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
