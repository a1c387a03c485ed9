"""What was in force at a moment, what clocks had left by it, and the moments that a slider stops at."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from contracts.correspondence import DeliveryOutcome, DeliveryRecorded
from contracts.desk import CustomField, Ticketbox
from contracts.mail import LetterHead
from contracts.router import Priority
from contracts.service_levels import Calendar, DeadlinesChanged, Policy, SLABreached, Span, Target, Weekday
from contracts.tickets import DeadlineItem, PriorityChanged, TicketSolved
from services.gateway.read_model.summary import summarise
from services.gateway.tickets.conversation import Sources, conversation
from services.gateway.tickets.past import DeskThen, in_force, moments, written_by
from tests import events
from tests.events import ANNA, BOX, NOON, recorded

MORNINGS = Calendar(
    id=uuid4(),
    name="Mornings",
    time_zone="UTC",
    week=dict.fromkeys(Weekday, (Span(begin="08:00", end="13:00"),)),
)
SUPPORT = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=MORNINGS.id)
STANDARD = Policy(id=uuid4(), name="Standard", targets={Target.RESOLUTION: 120})
THEN = DeskThen({one.id: (one, number) for number, one in enumerate((MORNINGS, SUPPORT, STANDARD), 3)}, 7)
# From noon on an hour is left of Monday, and the other is Tuesday's first.
DUE = DeadlineItem(target="resolution", since=NOON, due_at=NOON + timedelta(hours=21))
FIRST = events.letter()
OPENED = events.opened(FIRST)


def clock(hours: float, item: DeadlineItem = DUE, *then: SLABreached) -> tuple[int, bool]:
    told = in_force(THEN, NOON + timedelta(hours=hours), BOX, STANDARD.id, [item], recorded(*then))
    return told.clocks[0].left_seconds, told.clocks[0].missed


def test_what_is_left_of_a_clock_is_business_time() -> None:
    assert clock(0) == (7200, False)
    assert clock(0.5) == (5400, False)
    assert clock(12) == (3600, False)  # in the night


def test_what_was_due_before_is_overdue_by_business_time() -> None:
    breached = SLABreached(ticket_id=uuid4(), target="resolution", due_at=NOON, since=NOON)
    assert clock(22, DUE, breached) == (-3600, True)
    assert clock(40, DUE) == (-4 * 3600, False)


def test_a_clock_that_stands_still_has_left_what_it_had() -> None:
    paused = DUE.model_copy(update={"due_at": None, "left_seconds": 900})
    assert clock(100, paused) == (900, False)


def test_policy_calendar_and_rules_are_named_in_the_version_that_they_had() -> None:
    told = in_force(THEN, NOON, BOX, STANDARD.id, [], [])
    assert told.policy is not None
    assert told.calendar is not None
    assert (told.policy.name, told.policy.version) == ("Standard", 5)
    assert (told.calendar.name, told.calendar.version) == ("Mornings", 3)
    assert told.ruleset_version == 7
    # A target of the ticketbox alone runs by the wall clock.
    alone = in_force(THEN, NOON, BOX, None, [DUE], [])
    assert (alone.policy, alone.calendar, alone.clocks[0].left_seconds) == (None, None, 21 * 3600)


def test_only_what_was_on_the_desk_then_could_be_chosen() -> None:
    assert DeskThen().choices().fields == ()
    field = CustomField(id=uuid4(), name="Order", key="order")
    assert DeskThen({field.id: (field, 1)}).choices().fields_of(BOX) == [field]


def test_what_was_written_down_at_once_is_one_moment_and_what_has_no_sentence_is_none() -> None:
    ticket_id, reply_id = events.ticket_of(FIRST), uuid4()
    history = recorded(
        OPENED,
        events.submitted(ticket_id, reply_id),
        events.released(ticket_id, reply_id),
        TicketSolved(ticket_id=ticket_id, solved_by=ANNA),
        DeadlinesChanged(ticket_id=ticket_id, policy_id=None, policy=None, deadlines=()),
        DeliveryRecorded(
            ticket_id=ticket_id, reply_id=reply_id, outcome=DeliveryOutcome.SENT, answer="250 ok"
        ),
    )
    together = history[1].recorded_at
    history[1:5] = [replace(item, recorded_at=together) for item in history[1:5]]
    entries = conversation(history, Sources(people={ANNA: "Anna"}))
    found = moments(history, entries)
    assert [(one.at, one.sentence) for one in found] == [
        (NOON, "Kim wrote"),
        (together, "Anna answered; Anna solved the ticket"),
    ]
    assert found[0].text == "2026-03-02T12:00:00Z"


def test_what_bears_an_earlier_time_than_what_it_follows_is_not_seen_without_it() -> None:
    ticket_id, second = events.ticket_of(FIRST), timedelta(seconds=1)
    solved = TicketSolved(ticket_id=ticket_id, solved_by=ANNA)
    urgent = PriorityChanged(ticket_id=ticket_id, priority=Priority.URGENT, changed_by=ANNA)
    opened, solving, pressing = recorded(OPENED, solved, urgent)
    late = replace(solving, recorded_at=NOON + 2 * second)
    early = replace(pressing, recorded_at=NOON + second)
    history = [replace(opened, recorded_at=NOON), late, early]
    assert written_by(history, NOON + second) == history[:1]
    assert written_by(history, NOON + 2 * second) == history
    stops = moments(history, conversation(history, Sources()))
    assert [one.at for one in stops] == [NOON, NOON + 2 * second]


def test_what_was_erased_is_read_without_its_words() -> None:
    nobody = LetterHead(message_id=FIRST.message_id, internet_message_id=None, received_at=NOON, from_=None)
    erased = OPENED.model_copy(
        update={"letter": nobody, "subject": "", "contact": OPENED.contact.model_copy(update={"name": ""})}
    )
    history = recorded(erased)
    (entry,) = conversation(history, Sources())
    assert entry.letter is not None
    assert (entry.letter.from_, entry.letter.text) == (None, None)
    assert [one.sentence for one in moments(history, [entry])] == ["wrote"]
    assert summarise(history) is not None
