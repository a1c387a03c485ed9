"""The rules of docs/automations.md, each as it stands there, and all together over random histories."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.automations import Automation, AutomationHeldBack, AutomationRan, Moment
from contracts.correspondence import (
    AutomaticReplyReceived,
    NoticeReleased,
    ReminderReleased,
    ReminderWithheld,
    ReplyBounced,
)
from contracts.desk import Category, CustomField, Organisation, Ticketbox
from contracts.mail import Bounce, Kind
from contracts.router import Priority
from contracts.service_levels import Calendar, Policy, Span, Target, Weekday
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    CategoryAssigned,
    PriorityChanged,
    State,
    TagsChanged,
    ThreadedBy,
    TicketAssigned,
    TicketClosed,
    TicketMoved,
    TicketPutOnHold,
    TicketSolved,
    WatchersChanged,
)
from services.tickets import alarms, automations
from services.tickets.contact_tables import Belonging, with_contacts
from services.tickets.ticket import MOST_RUNS
from tests.tickets.automation_story import (
    ANNA,
    BELA,
    BOX,
    CARLA,
    KIM,
    MERGED,
    MONDAY,
    ORDERS,
    PENDING,
    REOPENED,
    SOLVED,
    TICKET,
    UNMERGED,
    Story,
    answered,
    automation,
    desk_of,
    kinds,
    letter,
    pending_for,
    wrote,
)

DAY = 24 * 60
ACME = uuid4()


def when(moment: str, minutes: int, **about: object) -> dict[str, object]:
    return {"moment": moment, "minutes": minutes, "clock": "wall", **about}


HIGH = {"raise_to": "high"}


# When


def test_an_automation_runs_once_after_a_time_in_a_state() -> None:
    story = Story(desk_of(pending_for(60, raise_to="high"))).after(10, PENDING).noticed(59)
    assert story.runs() == []
    assert story.noticed(1).noticed(500).runs() == [("Automatic", 70)]
    assert story.ticket.priority is Priority.HIGH


def test_a_ticket_that_leaves_the_state_and_comes_back_waits_anew() -> None:
    story = Story(desk_of(pending_for(60, add_tags=["waits"])))
    story.after(0, PENDING).after(50, REOPENED).after(5, PENDING).noticed(59)
    assert story.runs() == []
    story.noticed(2).after(1, REOPENED).after(1, PENDING).noticed(60)
    assert story.runs() == [("Automatic", 115), ("Automatic", 178)]


def test_a_merge_that_is_undone_ends_no_stay_in_a_state() -> None:
    story = Story(desk_of(pending_for(60, add_tags=["waits"]))).after(0, PENDING).noticed(60)
    story.after(10, MERGED).after(100, UNMERGED).noticed(500)
    assert story.runs() == [("Automatic", 60)]


def test_what_came_due_while_it_was_merged_runs_when_that_is_undone() -> None:
    story = (
        Story(desk_of(pending_for(60, add_tags=["waits"]))).after(0, PENDING).after(10, MERGED).noticed(90)
    )
    assert story.runs() == []
    assert story.after(10, UNMERGED).noticed(500).runs() == [("Automatic", 110)]


def test_unanswered_counts_from_the_first_letter_that_nobody_has_answered() -> None:
    nagging = automation(when=when("unanswered", 30), then=HIGH)
    story = Story(desk_of(nagging)).after(20, answered()).noticed(100)
    assert story.runs() == []
    story.after(0, wrote(story.now)).after(20, wrote(story.now)).noticed(10)
    assert story.runs() == [("Automatic", 150)]


@pytest.mark.parametrize(("moment", "at"), [("before_first_response", 45), ("after_first_response", 75)])
def test_an_automation_runs_before_or_after_a_deadline(moment: str, at: float) -> None:
    story = Story(desk_of(automation(when=when(moment, 15), then=HIGH))).noticed(at - 1)
    assert story.runs() == []
    assert story.noticed(1).runs() == [("Automatic", at)]


def test_a_target_that_is_reached_in_time_starts_nothing() -> None:
    late = automation(when=when("after_first_response", 0), then=HIGH)
    assert Story(desk_of(late)).after(59, answered()).noticed(300).runs() == []


def test_a_deadline_that_stands_still_starts_nothing_until_it_runs_again() -> None:
    early = automation(when=when("before_resolution", 60), then=HIGH)
    story = Story(desk_of(early)).after(10, answered(), PENDING).noticed(5000)
    assert story.runs() == []
    story.after(0, REOPENED).noticed(409)
    assert story.runs() == []
    assert story.noticed(1).runs() == [("Automatic", 10 + 5000 + 410)]


def test_nothing_runs_before_a_deadline_once_it_is_behind() -> None:
    story = Story(desk_of()).noticed(90)
    story.changes(automation(when=when("before_first_response", 15), then=HIGH)).noticed(1)
    assert story.runs() == []


OFFICE = Calendar(
    id=uuid4(),
    name="Office",
    time_zone="Europe/Berlin",
    week=dict.fromkeys(tuple(Weekday)[:5], (Span(begin="09:00", end="17:00"),)),
)


def test_business_time_is_that_of_the_ticketbox() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=OFFICE.id)
    business = automation(when=when("pending", 8 * 60, clock="business"), then=HIGH)
    # Monday, 13:00 in Berlin: four hours are left of that day.
    story = Story(desk_of(OFFICE, box, business)).after(0, PENDING).noticed(2 * DAY)
    assert story.runs() == [("Automatic", DAY)]


def test_business_time_is_counted_back_from_a_deadline_too() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=OFFICE.id)
    early = automation(when=when("before_resolution", 5 * 60, clock="business"), then=HIGH)
    # Eight hours of resolution end on Tuesday at 13:00 in Berlin; five hours before is Monday at 16:00.
    assert Story(desk_of(OFFICE, box, early)).noticed(DAY).runs() == [("Automatic", 3 * 60)]


def test_zero_minutes_after_the_closing_time_are_over_at_the_closing_time() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=OFFICE.id)
    day = Policy(id=uuid4(), name="A", order=1, targets={Target.FIRST_RESPONSE: 480})
    late = automation(when=when("after_first_response", 0, clock="business"), then=HIGH)
    # Saturday; the working day that it has ends on Monday at 17:00 in Berlin.
    story = Story(desk_of(OFFICE, box, day, late), now=MONDAY + timedelta(days=5)).noticed(4 * DAY)
    assert story.runs() == [("Automatic", 7 * DAY + 4 * 60)]


def test_zero_minutes_of_business_time_are_over_at_night() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=OFFICE.id)
    at_once = automation(when=when("pending", 0, clock="business"), then=HIGH)
    story = Story(desk_of(OFFICE, box, at_once)).after(8 * 60, PENDING).noticed(1)
    assert story.runs() == [("Automatic", 8 * 60)]


# For which tickets


@pytest.mark.parametrize(
    ("tickets", "events"),
    [
        ({"priorities": ["urgent"]}, [PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT)]),
        ({"tags": ["vip", "press"]}, [TagsChanged(ticket_id=TICKET, tags=("press",))]),
        ({"owner": "somebody"}, [TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person")]),
        (
            {"ticketbox_ids": [str(ORDERS)]},
            [TicketMoved(ticket_id=TICKET, ticketbox_id=ORDERS, ticketbox="Orders", from_id=BOX)],
        ),
    ],
    ids=["priority", "tag", "owner", "ticketbox"],
)
def test_an_automation_is_for_some_tickets_only(
    tickets: dict[str, object], events: list[TicketEvent]
) -> None:
    some = automation(when=when("pending", 60), tickets=tickets, then={"add_tags": ["seen"]})
    story = Story(desk_of(some)).after(0, PENDING).noticed(90)
    assert story.runs() == []
    # As soon as it is one of them: its time has passed already.
    assert story.after(10, *events).noticed(5).runs() == [("Automatic", 100)]


def test_an_automation_can_be_for_a_category_and_for_an_organisation() -> None:
    lamps = Category(id=uuid4(), name="Lamps")
    customers = Organisation(id=uuid4(), name="Customers", domains=("customers.example",))
    others = Organisation(id=uuid4(), name="Others", domains=("others.example",))
    theirs = automation(
        "Theirs", when=when("open", 5), tickets={"organisation_ids": [customers.id]}, then=HIGH
    )
    not_theirs = automation(
        "Not theirs", when=when("open", 5), tickets={"organisation_ids": [others.id]}, then=HIGH
    )
    about_lamps = automation("Lamps", when=when("open", 5), tickets={"category_ids": [lamps.id]}, then=HIGH)
    story = Story(desk_of(lamps, customers, others, theirs, not_theirs, about_lamps)).noticed(10)
    assert story.runs() == [("Theirs", 5)]
    story.after(0, CategoryAssigned(ticket_id=TICKET, category_id=lamps.id)).noticed(1)
    assert story.runs() == [("Theirs", 5), ("Lamps", 10)]


def test_nobody_s_tickets_can_be_chosen() -> None:
    nobodys = automation(when=when("open", 60), tickets={"owner": "nobody"}, then=HIGH)
    taken = TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person")
    assert Story(desk_of(nobodys)).after(5, taken).noticed(90).runs() == []
    assert Story(desk_of(nobodys)).noticed(90).runs() == [("Automatic", 60)]


def test_one_that_is_switched_off_does_not_run() -> None:
    off = pending_for(1, raise_to="high").model_copy(update={"active": False})
    assert Story(desk_of(off)).after(0, PENDING).noticed(60).runs() == []


def test_a_merged_or_closed_ticket_is_left_alone() -> None:
    for event in (MERGED, TicketClosed(ticket_id=TICKET)):
        story = Story(desk_of(pending_for(10, raise_to="high"))).after(0, PENDING).after(5, event)
        assert alarms.next_alarm(story.ticket, story.desk) is None
        assert story.noticed(100).runs() == []


# What it does


def ran(**then: object) -> Story:
    return Story(desk_of(pending_for(10, **then))).after(0, PENDING).noticed(10)


def test_what_it_does_follows_in_the_same_answer() -> None:
    story = ran(raise_to="urgent", add_tags=["late"], assign_to=str(BELA), state="solved")
    begin = kinds(event for _, event in story.appended).index("AutomationRan")
    assert kinds(story.since(begin)) == [
        "AutomationRan",
        "PriorityChanged",
        "TagsChanged",
        "TicketAssigned",
        "TicketSolved",
        "DeadlinesChanged",
    ]


def test_a_priority_is_raised_and_never_lowered() -> None:
    urgent = PriorityChanged(ticket_id=TICKET, priority=Priority.URGENT)
    story = Story(desk_of(pending_for(10, raise_to="high"))).after(0, PENDING, urgent).noticed(10)
    assert story.ticket.priority is Priority.URGENT


def test_it_can_give_the_ticket_back_to_distribution() -> None:
    taken = TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person")
    story = Story(desk_of(pending_for(10, give_back=True))).after(0, PENDING, taken).noticed(10)
    assert story.ticket.assignee_id is None
    assert story.happened(TicketAssigned)[-1] == TicketAssigned(
        ticket_id=TICKET, agent_id=None, method="automation"
    )


def test_who_may_not_answer_in_the_ticketbox_does_not_get_the_ticket_and_it_says_so() -> None:
    story = ran(assign_to=str(uuid4()))
    (event,) = story.happened(AutomationRan)
    assert isinstance(event, AutomationRan)
    assert event.left_out == (
        "Its new owner may not answer in this ticketbox, so the ticket did not go there.",
    )


def test_a_moved_ticket_comes_without_an_owner_who_may_not_answer_there() -> None:
    story = ran(move_to=str(ORDERS))
    assert story.ticket.ticketbox_id == ORDERS
    assert kinds(story.happened(TicketMoved)) == ["TicketMoved"]


def test_a_ticket_with_an_empty_required_field_is_not_solved_and_it_says_so() -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), required_fields=("order",))
    order = CustomField(id=uuid4(), name="Order", key="order")
    story = Story(desk_of(box, order, pending_for(10, state="closed"))).after(0, PENDING).noticed(10)
    assert story.ticket.state is State.PENDING
    (event,) = story.happened(AutomationRan)
    assert isinstance(event, AutomationRan)
    assert event.left_out == ("It was not closed. Fill in before solving: Order.",)


def test_closing_solves_first() -> None:
    story = ran(state="closed")
    assert kinds([*story.happened(TicketSolved), *story.happened(TicketClosed)]) == [
        "TicketSolved",
        "TicketClosed",
    ]


def told(**then: object) -> list[str]:
    owner = TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person")
    watched = WatchersChanged(ticket_id=TICKET, watcher_ids=(BELA,))
    story = Story(desk_of(pending_for(10, **then))).after(0, PENDING, owner, watched).noticed(10)
    return [event.to for event in story.happened(NoticeReleased) if isinstance(event, NoticeReleased)]


def test_people_are_told_by_mail_each_once() -> None:
    everyone = told(tell=["owner", "watchers", "supervisors"], tell_ids=[str(ANNA)])
    assert everyone == ["anna@example.com", "bela@example.com", "carla@example.com"]
    assert told(tell=["supervisors"]) == ["carla@example.com"]
    assert told(tell_ids=[str(BELA)]) == ["bela@example.com"]


def test_a_notice_names_the_ticket_and_has_the_words_of_the_automation() -> None:
    story = ran(tell_ids=[str(CARLA)], words="Please look.")
    (notice,) = story.happened(NoticeReleased)
    assert isinstance(notice, NoticeReleased)
    assert notice.subject == "Ticket 10009: Automatic"
    assert notice.text.startswith("Please look.\n\nThe automation “Automatic” tells you of this ticket.")
    assert "Where is my lamp?" in notice.text


def test_where_nobody_is_to_be_told_it_says_so() -> None:
    (event,) = ran(tell=["owner"]).happened(AutomationRan)
    assert isinstance(event, AutomationRan)
    assert event.left_out == ("There was nobody to tell.",)


# Reminders

REMIND = {"remind": "We wait for you: {number}, {subject}"}


def test_a_customer_is_reminded_by_a_letter_that_says_that_a_machine_wrote_it() -> None:
    (event,) = ran(**REMIND).happened(ReminderReleased)
    assert isinstance(event, ReminderReleased)
    assert event.letter.automatic
    assert event.letter.text == "We wait for you: 10009, Where is my lamp?"
    assert event.letter.to[0].address == "kim@customers.example"
    assert event.letter.reply_to is not None


def test_a_conversation_gets_one_automatic_letter_a_day() -> None:
    desk = desk_of(pending_for(10, "First", **REMIND), pending_for(20, "Second", **REMIND))
    story = Story(desk).after(0, PENDING).noticed(30)
    assert len(story.happened(ReminderReleased)) == 1
    (withheld,) = story.happened(ReminderWithheld)
    assert isinstance(withheld, ReminderWithheld)
    assert withheld.detail == "an automatic letter went there for this ticket within a day"


def test_what_an_outage_held_up_leaves_once_a_day_too() -> None:
    desk = desk_of(
        *(pending_for(days * DAY, f"After {days}", **REMIND) for days in (1, 3)),
        pending_for(4 * DAY + 60, "After all", **REMIND),
    )
    story = Story(desk).after(0, PENDING).noticed(4 * DAY)
    (reminder,) = story.happened(ReminderReleased)
    assert isinstance(reminder, ReminderReleased)
    assert reminder.automation == "After 1"
    assert reminder.letter.date == story.now, "it leaves now, so that is its date"
    assert len(story.happened(ReminderWithheld)) == 1
    # The first letter arrived only now, so the day begins now.
    story.noticed(60)
    assert len(story.happened(ReminderWithheld)) == 2


def test_letters_of_other_tickets_that_leave_late_count_when_they_leave() -> None:
    story = Story(desk_of(pending_for(10, **REMIND))).after(0, PENDING)
    story.mail["kim@customers.example"] = [MONDAY + timedelta(minutes=one) for one in range(500, 510)]
    story.noticed(510)
    assert kinds(story.happened(ReminderReleased)) == []


def test_reminders_are_under_the_caps_of_acknowledgements() -> None:
    story = Story(desk_of(pending_for(10, **REMIND)))
    story.mail["kim@customers.example"] = [MONDAY + timedelta(minutes=one) for one in range(1, 11)]
    story.after(0, PENDING).noticed(10)
    (withheld,) = story.happened(ReminderWithheld)
    assert isinstance(withheld, ReminderWithheld)
    assert withheld.detail == "10 automatic letters went there within 10 minutes"


@pytest.mark.parametrize(
    "head",
    [
        letter(MONDAY, automatic=True),
        letter(MONDAY, kind=Kind.LIST),
        letter(MONDAY).model_copy(update={"from_": None}),
    ],
    ids=["automatic", "list", "nobody"],
)
def test_no_machine_is_reminded_and_nobody_unknown(head: object) -> None:
    story = Story(desk_of(pending_for(10, **REMIND)), first=head).after(0, PENDING).noticed(10)  # type: ignore[arg-type]
    assert kinds(story.happened(ReminderReleased)) == []
    assert kinds(story.happened(ReminderWithheld)) == ["ReminderWithheld"]


def machines(**about: object) -> AutomaticReplyReceived:
    head = letter(MONDAY, automatic=True).model_copy(update=about)
    return AutomaticReplyReceived(ticket_id=TICKET, letter=head, threaded_by=ThreadedBy.IN_REPLY_TO)


BOUNCED = ReplyBounced(
    ticket_id=TICKET, reply_id=uuid4(), letter=letter(MONDAY, kind=Kind.BOUNCE), bounce=Bounce()
)
AWAY = machines()
DELAYED = machines(kind=Kind.BOUNCE, bounce=Bounce(delayed=True))
RETURNED = machines(kind=Kind.BOUNCE, bounce=Bounce())
ANSWERED = answered()
SENT_AGAIN = ANSWERED.model_copy(update={"attempt": 2})


@pytest.mark.parametrize(
    "events",
    [
        [BOUNCED],
        [RETURNED],
        [ANSWERED, BOUNCED, AWAY],
        [ANSWERED, RETURNED, DELAYED],
        [BOUNCED, SENT_AGAIN, BOUNCED],
    ],
    ids=["bounce", "bounce of an unknown letter", "machine after it", "delay after it", "twice"],
)
def test_where_our_last_letter_came_back_nobody_is_reminded(events: list[TicketEvent]) -> None:
    story = Story(desk_of(pending_for(10, **REMIND))).after(0, *events, PENDING).noticed(10)
    assert kinds(story.happened(ReminderReleased)) == []


@pytest.mark.parametrize(
    "events",
    [
        [ANSWERED, AWAY],
        [ANSWERED, DELAYED],
        [ANSWERED, BOUNCED, SENT_AGAIN],
        [ANSWERED, BOUNCED, wrote(MONDAY)],
    ],
    ids=["out of office", "delayed", "sent again", "written since"],
)
def test_where_a_letter_may_still_arrive_a_person_is_reminded(events: list[TicketEvent]) -> None:
    story = Story(desk_of(pending_for(10, **REMIND))).after(0, *events, PENDING).noticed(10)
    assert len(story.happened(ReminderReleased)) == 1


# Loops, and changes


def test_its_own_effects_do_not_start_it_again() -> None:
    to_orders = automation("There", when=when("open", 0), tickets={"ticketbox_ids": [str(BOX)]},
                           then={"move_to": str(ORDERS)})  # fmt: skip
    back = automation("Back", when=when("open", 0), tickets={"ticketbox_ids": [str(ORDERS)]},
                      then={"move_to": str(BOX)})  # fmt: skip
    story = Story(desk_of(to_orders, back)).noticed(5).noticed(DAY)
    assert Counter(name for name, _ in story.runs()) == {"There": 1, "Back": 1}


def test_a_ticket_gets_so_many_runs_a_day_and_the_ticket_says_so() -> None:
    story = Story(desk_of(pending_for(0, state="solved")))
    for _ in range(MOST_RUNS + 5):
        story.after(1, PENDING).noticed().after(1, REOPENED)
    assert len(story.runs()) == MOST_RUNS
    held_back = story.happened(AutomationHeldBack)
    assert len(held_back) == 5
    assert story.ticket.state is State.OPEN
    story.after(DAY, PENDING).noticed()
    assert len(story.runs()) == MOST_RUNS + 1


def test_a_new_automation_takes_running_tickets_up_from_now_on() -> None:
    story = Story(desk_of()).after(0, PENDING).noticed(500)
    story.changes(pending_for(60, state="solved")).noticed(1)
    assert story.runs() == [("Automatic", 500)]
    assert story.ticket.done_at == MONDAY + timedelta(minutes=500)


def for_acme(**about: object) -> Automation:
    """Solves what is pending for three days, of customers of Acme."""
    when_ = when("pending", 3 * DAY)
    return automation(when=when_, tickets={"organisation_ids": [ACME]}, then={"state": "solved"}, **about)


def test_an_organisation_that_gets_the_domain_of_a_customer_changes_nothing_before_that() -> None:
    acme = Organisation(id=ACME, name="Acme")
    story = Story(desk_of(acme, for_acme())).after(0, PENDING).noticed(10 * DAY)
    story.changes(acme.model_copy(update={"domains": ("customers.example",)})).noticed(1)
    assert story.runs() == [("Automatic", 10 * DAY)]


def test_an_organisation_that_is_chosen_for_a_customer_changes_nothing_before_that() -> None:
    story = Story(desk_of(Organisation(id=ACME, name="Acme"), for_acme())).after(0, PENDING).noticed(10 * DAY)
    said = {KIM.address: Belonging(frozenset({KIM.address}), ACME, story.now)}
    story.desk = with_contacts(story.desk, said)
    assert story.noticed(1).runs() == [("Automatic", 10 * DAY)]


def test_an_organisation_that_a_customer_falls_to_changes_nothing_before_that() -> None:
    acme = Organisation(id=ACME, name="Acme", domains=("example",))
    closer = Organisation(id=uuid4(), name="Closer", domains=("customers.example",))
    story = Story(desk_of(acme, closer, for_acme())).after(0, PENDING).noticed(10 * DAY)
    things = {ACME: acme, for_acme().id: for_acme()}
    story.desk = replace(story.desk, things=things, removed_at=story.now)
    assert story.noticed(1).runs() == [("Automatic", 10 * DAY)]


@pytest.mark.parametrize("changed", ["calendar", "ticketbox"])
def test_a_calendar_that_has_more_open_hours_now_changes_nothing_before_that(changed: str) -> None:
    box = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), calendar_id=OFFICE.id)
    business = automation(when=when("pending", 8 * 60, clock="business"), then=HIGH)
    story = Story(desk_of(OFFICE, box, business)).after(0, PENDING).noticed(12 * 60)
    assert story.runs() == []
    always = OFFICE.model_copy(update={"week": dict.fromkeys(Weekday, (Span(begin="00:00", end="24:00"),))})
    story.changes(always if changed == "calendar" else box.model_copy(update={"calendar_id": None}))
    assert story.noticed(1).runs() == [("Automatic", 12 * 60)]


def test_a_changed_automation_does_not_run_again_for_an_occasion_that_it_had() -> None:
    story = Story(desk_of(pending_for(60, raise_to="high"))).after(0, PENDING).noticed(60)
    story.changes(pending_for(30, raise_to="urgent")).noticed(60)
    assert story.runs() == [("Automatic", 60)]


def test_of_two_at_once_the_lower_order_runs_first() -> None:
    first = pending_for(10, "Zebra", state="solved").model_copy(update={"order": 1})
    second = pending_for(10, "Ant", raise_to="high")
    story = Story(desk_of(first, second)).after(0, PENDING).noticed(10)
    # The first solved it: for the second, it is not pending any more.
    assert story.runs() == [("Zebra", 10)]


# After an outage


def test_what_came_due_while_nothing_ran_happens_at_its_true_time_and_before_what_ends_it() -> None:
    story = Story(desk_of(pending_for(60, state="solved"))).after(0, PENDING)
    story.after(500, wrote(MONDAY + timedelta(minutes=500)), REOPENED)
    assert story.runs() == [("Automatic", 60)]
    assert story.ticket.state is State.OPEN


MOMENTS = st.sampled_from([one.value for one in Moment])
THEN = st.sampled_from(
    [
        {"raise_to": "urgent"},
        {"state": "solved"},
        {"state": "closed"},
        {"move_to": str(ORDERS)},
        {"add_tags": ["vip"]},
        {"remind": "Hello?"},
        {"give_back": True, "tell": ["supervisors"]},
        {"assign_to": str(BELA)},
    ]
)
TICKETS = st.sampled_from(
    [
        {},
        {},
        {"tags": ["vip"]},
        {"owner": "nobody"},
        {"ticketbox_ids": [str(BOX)]},
        {"priorities": ["urgent"]},
    ]
)
HAPPENINGS = st.sampled_from(["answer", "letter", "pending", "reopen", "hold", "solve", "take", "nothing"])
AUTOMATIONS = st.lists(st.tuples(MOMENTS, st.integers(0, 400), TICKETS, THEN), min_size=1, max_size=5)
STEPS = st.lists(st.tuples(st.integers(1, 600), HAPPENINGS), min_size=1, max_size=8)


def event_of(name: str, story: Story) -> list[TicketEvent]:
    match name:
        case "answer":
            return [answered()]
        case "letter":
            said = wrote(story.now)
            return [said] if story.ticket.state is State.OPEN else [said, REOPENED]
        case "pending" if story.ticket.state is not State.PENDING:
            return [PENDING]
        case "reopen" if story.ticket.state is not State.OPEN:
            return [REOPENED]
        case "hold":
            return [TicketPutOnHold(ticket_id=TICKET, until=story.now + timedelta(minutes=90))]
        case "solve" if not story.ticket.state.done:
            return [SOLVED]
        case "take":
            return [TicketAssigned(ticket_id=TICKET, agent_id=ANNA, method="person")]
        case _:
            return []


def lived(
    made: list[tuple[str, int, dict[str, object], dict[str, object]]],
    steps: list[tuple[int, str]],
    looks: int,
) -> Story:
    """The same life of a ticket, its clocks looked at so often between two happenings."""
    chosen = [
        automation(f"A{number}", when=when(moment, minutes), tickets=tickets, then=then)
        for number, (moment, minutes, tickets, then) in enumerate(made)
    ]
    story = Story(desk_of(*chosen))
    for minutes, name in steps:
        for _ in range(looks):
            story.noticed(minutes / looks)
        if not looks:
            story.now += timedelta(minutes=minutes)
        work_of(story, name)
    return story.noticed()


def work_of(story: Story, name: str) -> None:
    story.noticed()  # what came due is there before anybody decides
    story.after(0, *event_of(name, story))


@settings(max_examples=200, deadline=None)
@for_all(made=AUTOMATIONS, steps=STEPS)
def test_each_occasion_comes_at_most_once_and_an_outage_changes_no_more_than_reminders(
    made: list[tuple[str, int, dict[str, object], dict[str, object]]], steps: list[tuple[int, str]]
) -> None:
    always, never = lived(made, steps, 20), lived(made, steps, 0)
    for story in (always, never):
        occasions = [
            (event.automation_id, event.moment, event.since)
            for event in story.happened(AutomationRan)
            if isinstance(event, AutomationRan)
        ]
        assert len(occasions) == len(set(occasions))
        times = [at for at, _ in story.appended]
        assert times == sorted(times)
    told_of = (AutomationRan, TicketSolved, TicketClosed, TicketMoved, PriorityChanged)
    assert outline(always, told_of) == outline(never, told_of)
    # Letters leave when the outage is over, so that the caps may withhold more of them, and never fewer.
    reminders = (ReminderReleased, ReminderWithheld)
    assert len(outline(always, reminders)) == len(outline(never, reminders))
    assert len(outline(always, (ReminderReleased,))) >= len(outline(never, (ReminderReleased,)))
    assert (always.ticket.state, always.ticket.priority, always.ticket.tags, always.ticket.assignee_id) == (
        never.ticket.state, never.ticket.priority, never.ticket.tags, never.ticket.assignee_id
    )  # fmt: skip


def outline(story: Story, told_of: tuple[type[TicketEvent], ...]) -> list[tuple[float, str, object]]:
    return [
        ((at - MONDAY).total_seconds(), type(event).__name__, getattr(event, "automation", None))
        for at, event in story.appended
        if isinstance(event, told_of)
    ]


def test_a_standing_is_kept_beside_the_alarm_and_says_the_same() -> None:
    story = Story(desk_of(pending_for(60, raise_to="high"))).after(10, PENDING).noticed(5)
    standing = automations.standing_of(story.ticket)
    assert standing is not None
    again = automations.Standing.model_validate_json(standing.model_dump_json())
    assert list(automations.occasions(again, story.desk)) == list(automations.occasions(standing, story.desk))
