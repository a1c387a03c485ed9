"""The rules of docs/service-levels.md, each as it stands there, and all together against counting by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.desk import (
    Calendar,
    Organisation,
    Person,
    Policy,
    Span,
    Target,
    Ticketbox,
    Weekday,
)
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.router import Priority
from contracts.tickets import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeadlinesChanged,
    MergeUndone,
    NoteAdded,
    OutgoingLetter,
    PriorityChanged,
    ReplyReleased,
    Role,
    SLABreached,
    SLAWarned,
    State,
    ThreadedBy,
    TicketEvent,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from rules.hours import Hours
from services.tickets import alarms, service_level
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket
from services.tickets.work import Work

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKET, OTHER, BOX, ORDERS, ANNA = (uuid4() for _ in range(5))
MINUTE = timedelta(minutes=1)
TARGETS = {Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 480}


def policy(**about: object) -> Policy:
    return Policy.model_validate({"id": uuid4(), "name": "Standard", "targets": TARGETS, **about})


def desk_of(*things: Policy | Calendar | Organisation | Ticketbox) -> Desk:
    standing = (
        Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        Ticketbox(id=ORDERS, name="Orders", addresses=("orders@example.com",)),
        Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
    )
    return Desk({thing.id: thing for thing in (*standing, *things)})


@dataclass
class Story:
    """A ticket to which things happen, as in a transaction each."""

    desk: Desk
    automatic: bool = False
    now: datetime = MONDAY
    appended: list[TicketEvent] = field(default_factory=list)
    ticket: Ticket = field(init=False)

    def __post_init__(self) -> None:
        work = Work(self.now, self.desk)
        head = letter(self.now, automatic=self.automatic)
        work.open(opened(head), uuid4(), META)
        self._take(work)

    def after(self, minutes: float, *events: TicketEvent) -> "Story":
        self.now += timedelta(minutes=minutes)
        work = Work(self.now, self.desk, {TICKET: self.ticket})
        work.add(self.ticket, events, uuid4(), META)
        self._take(work)
        return self

    def writes(self, minutes: float, *, thanks: bool = False) -> "Story":
        head = letter(self.now + timedelta(minutes=minutes))
        said = CustomerReplied(
            ticket_id=TICKET, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO, thanks=thanks
        )
        return self.after(minutes, said)

    def _take(self, work: Work) -> None:
        self.appended += [event for answer in work.answers for event in answer.events]  # type: ignore[misc]
        self.ticket = work.tickets[TICKET]

    def due(self, target: Target) -> float | None:
        """Minutes after the beginning at which a target is due; None if its clock stands still or is not running."""
        item = next((item for item in self.ticket.deadlines if item.target == target), None)
        return None if item is None or item.due_at is None else (item.due_at - MONDAY) / MINUTE

    def running(self) -> set[str]:
        return {item.target for item in self.ticket.deadlines}

    def breaches(self) -> list[tuple[str, float]]:
        return [
            (event.target, (event.due_at - MONDAY) / MINUTE)
            for event in self.appended
            if isinstance(event, SLABreached)
        ]


META = Meta(correlation_id=TICKET, causation_id=TICKET)


def letter(at: datetime, *, automatic: bool = False) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=None,
        received_at=at,
        from_=Address(address="kim@customers.example"),
        automatic=automatic,
    )


def opened(head: LetterHead) -> TicketOpened:
    return TicketOpened(
        ticket_id=TICKET,
        number=10009,
        ticketbox_id=BOX,
        ticketbox="Support",
        subject="Where is my lamp?",
        contact=Address(address="kim@customers.example"),
        letter=head,
    )


def answered() -> ReplyReleased:
    outgoing = OutgoingLetter(
        internet_message_id=f"<{uuid4()}@example.com>",
        date=MONDAY,
        from_=Address(address="support@example.com"),
        to=(Address(address="kim@customers.example"),),
        subject="Re: Where is my lamp?",
        text="Soon.",
    )
    return ReplyReleased(ticket_id=TICKET, reply_id=uuid4(), author_id=ANNA, letter=outgoing)


SOLVED = TicketSolved(ticket_id=TICKET, solved_by=ANNA)
PENDING = TicketSetPending(ticket_id=TICKET, set_by=ANNA)
HELD = TicketPutOnHold(ticket_id=TICKET, set_by=ANNA)
REOPENED = TicketReopened(ticket_id=TICKET)
NOTED = NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=ANNA, text="He called.")
MERGED = TicketMerged(ticket_id=TICKET, into_id=OTHER, into_number=10017, merged_by=ANNA)
UNMERGED = MergeUndone(ticket_id=TICKET, into_id=OTHER, undone_by=ANNA)


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


OFFICE = Calendar(
    id=uuid4(),
    name="Office",
    time_zone="Europe/Berlin",
    week=dict.fromkeys(
        tuple(Weekday)[:5], (Span(begin="09:00", end="12:00"), Span(begin="13:00", end="17:00"))
    ),
)
OFTEN = ["answer", "letter", "letter", "pending", "reopen"] * 2
HAPPENINGS = st.sampled_from([*OFTEN, "hold", "solve", "merge", "unmerge", "note", "urgent", "normal"])


@settings(max_examples=300, deadline=None)
@for_all(
    steps=st.lists(st.tuples(st.integers(0, 700), HAPPENINGS), min_size=2, max_size=12),
    pauses=st.sets(st.sampled_from([State.PENDING, State.ON_HOLD])),
)
def test_running_clocks_agree_with_counting_from_scratch_whatever_happened(
    steps: Sequence[tuple[int, str]], pauses: set[State]
) -> None:
    urgent = policy(
        name="Urgent", order=1, priorities=["urgent"], pause_in=[], targets={Target.RESOLUTION: 90}
    )
    normal = policy(pause_in=list(pauses), calendar_id=str(OFFICE.id))
    story = Story(desk_of(urgent, normal, OFFICE))
    counter = Counter(pauses)
    for minutes, name in steps:
        counter.pass_minutes(minutes)
        counter.happen(name)
        story.now += minutes * MINUTE
        story.after(0, *events_of(name, story))
    counted = counter.left()
    assert story.running() == set(counted)
    for item in story.ticket.deadlines:
        if item.due_at is None:
            assert item.left_seconds == counted[item.target] * 60
        elif counted[item.target] >= 0:
            hours = Hours() if counter.urgent else Hours(OFFICE)
            assert hours.seconds_between(story.now, item.due_at) == counted[item.target] * 60
        else:
            assert item.due_at < story.now


def events_of(name: str, story: Story) -> list[TicketEvent]:
    """What a person would do; what makes no sense as things stand does nothing."""
    ticket = story.ticket
    merged = ticket.merged_into_id is not None
    match name:
        case "unmerge" if merged:
            return [UNMERGED]
        case "merge" if not merged:
            return [MERGED]
        case _ if merged:
            return []
        case "answer":
            return [answered()]
        case "letter":
            said = CustomerReplied(
                ticket_id=TICKET, letter=letter(story.now), threaded_by=ThreadedBy.IN_REPLY_TO
            )
            return [said] if ticket.state is State.OPEN else [said, REOPENED]
        case "pending":
            return [PENDING]
        case "hold":
            return [HELD]
        case "reopen":
            return [REOPENED]
        case "solve":
            return [SOLVED]
        case "urgent" | "normal":
            return [PriorityChanged(ticket_id=TICKET, priority=Priority(name))]
        case _:
            return [NOTED]


class Counter:
    """Counts minute by minute, as someone with a stop watch, a calendar and a list of states would."""

    def __init__(self, pauses: set[State]) -> None:
        self.pauses, self.now, self.urgent = pauses, MONDAY, False
        self.state, self.merged, self.answered = "open", False, False
        self.history: list[tuple[datetime, str, bool]] = []
        self.waiting_since: datetime | None = None

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.history.append((self.now, self.state, self.merged))
            self.now += MINUTE

    def happen(self, name: str) -> None:
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
                self.urgent = name == "urgent"
            case _:
                pass

    def left(self) -> dict[str, int]:
        """Minutes of business time that are left of each running target; below 0 if it was missed."""
        if self.merged or self.state == "solved":
            return {}
        since = {Target.RESOLUTION: MONDAY}
        if not self.answered:
            since[Target.FIRST_RESPONSE] = MONDAY
        elif self.waiting_since is not None:
            since[Target.NEXT_RESPONSE] = self.waiting_since
        targets = {Target.RESOLUTION: 90} if self.urgent else TARGETS
        return {
            target: targets[target]
            - sum(self._counts(*minute) for minute in self.history if minute[0] >= begin)
            for target, begin in since.items()
            if target in targets
        }

    def _counts(self, minute: datetime, state: str, merged: bool) -> bool:
        if merged or state == "solved":
            return False
        if self.urgent:
            return True
        local = minute + timedelta(hours=1)  # Berlin in the winter; no story lasts until summer
        open_ = local.weekday() < 5 and (9 <= local.hour < 12 or 13 <= local.hour < 17)
        return open_ and state not in self.pauses
