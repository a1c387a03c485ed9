"""Who hears by mail of what happens to a ticket: its watchers, whom a note mentions, and its owner of warnings."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from contracts.correspondence import AutomaticReplyReceived, CustomerReplied, NoteAdded, NoticeReleased
from contracts.desk import Team
from contracts.people import BoxRight, Person, Right, Role
from contracts.service_levels import Policy, Target
from contracts.stream_ids import job_actor
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    TaskAdded,
    TaskChanged,
    ThreadedBy,
    TicketAssigned,
    TicketClosed,
    TicketReopened,
    TicketSetPending,
    WatchersChanged,
)
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket
from services.tickets.work import Work
from tests.tickets.automation_story import (
    ANNA,
    BELA,
    META,
    MONDAY,
    ORDERS,
    PENDING,
    REOPENED,
    SOLVED,
    TICKET,
    Story,
    desk_of,
    kinds,
    letter,
    pending_for,
    wrote,
)

DORA, ELSEWHERE, GONE, SECOND_LEVEL, WARNING = (uuid4() for _ in range(5))
AN_HOUR = timedelta(hours=1)
DESK = desk_of(
    Person(id=DORA, name="Dora", email="dora@example.com", role=Role.AGENT),
    Person(
        id=ELSEWHERE,
        name="Ed",
        email="ed@example.com",
        role=Role.AGENT,
        rights=(BoxRight(ticketbox_id=ORDERS, right=Right.ANSWER),),
    ),
    Person(id=GONE, name="Gil", email="gil@example.com", role=Role.AGENT, active=False),
    Team(id=SECOND_LEVEL, name="Second level", member_ids=(BELA, DORA)),
)


def watched_by(*watchers: UUID, desk: Desk = DESK) -> Ticket:
    """An open ticket of the ticketbox Support."""
    return Story(desk).after(0, WatchersChanged(ticket_id=TICKET, watcher_ids=watchers)).ticket


def told(ticket: Ticket, *events: TicketEvent, by: object = "postroom") -> list[NoticeReleased]:
    """The mails that leave because of what happens an hour after the ticket began."""
    return after(ticket, *events, by=by)[1]


def after(
    ticket: Ticket, *events: TicketEvent, by: object = "postroom", at: timedelta = AN_HOUR
) -> tuple[Ticket, list[NoticeReleased]]:
    work = Work(MONDAY + at, DESK, {TICKET: ticket})
    work.add(ticket, events, uuid4(), META.model_copy(update={"actor": str(by)}))
    happened = [event for answer in work.answers for event in answer.events]
    return work.tickets[TICKET], [event for event in happened if isinstance(event, NoticeReleased)]


def people(notices: list[NoticeReleased]) -> list[str]:
    return [notice.to for notice in notices]


def note(*mentions: UUID) -> NoteAdded:
    text = "Please look at the third page."
    return NoteAdded(ticket_id=TICKET, note_id=uuid4(), author_id=ANNA, text=text, mentions=mentions)


def test_watchers_hear_of_a_letter_of_the_customer() -> None:
    (notice,) = told(watched_by(BELA), wrote(MONDAY + AN_HOUR))
    assert notice.to == "bela@example.com"
    assert notice.subject == "Ticket 10009: Kim wrote"
    assert notice.text.startswith("Kim wrote in a ticket that you watch.\n\nTicket: 10009, Where is my lamp?")
    assert notice.sender.address == "support@example.com"


def test_watchers_hear_that_it_is_solved_and_that_it_is_open_again() -> None:
    solved, (notice,) = after(watched_by(BELA), SOLVED, by=ANNA)
    assert (notice.to, notice.subject) == ("bela@example.com", "Ticket 10009: solved")
    assert notice.text.startswith("Anna solved a ticket that you watch.")
    (notice,) = told(solved, REOPENED, by=ANNA)
    assert (notice.to, notice.subject) == ("bela@example.com", "Ticket 10009: open again")


def test_of_what_happens_at_once_they_hear_once() -> None:
    ticket = watched_by(BELA)
    closed, notices = after(ticket, SOLVED, TicketClosed(ticket_id=TICKET, closed_by=ANNA), by=ANNA)
    assert people(notices) == ["bela@example.com"]
    again = TicketReopened(ticket_id=TICKET, why="letter")
    assert [one.subject for one in told(closed, wrote(MONDAY + AN_HOUR), again)] == [
        "Ticket 10009: Kim wrote"
    ]


def test_nobody_hears_of_what_they_did_themselves() -> None:
    assert people(told(watched_by(ANNA, BELA), SOLVED, by=ANNA)) == ["bela@example.com"]
    assert people(told(watched_by(), note(ANNA, BELA), by=ANNA)) == ["bela@example.com"]


def test_nobody_hears_of_what_they_may_not_see() -> None:
    assert told(watched_by(ELSEWHERE, GONE), wrote(MONDAY + AN_HOUR)) == []
    assert told(watched_by(), note(ELSEWHERE, GONE), by=ANNA) == []


def test_all_of_a_team_hear_each_once() -> None:
    notices = told(watched_by(SECOND_LEVEL, BELA), SOLVED, by=ANNA)
    assert sorted(people(notices)) == ["bela@example.com", "dora@example.com"]


def test_whom_a_note_mentions_gets_it() -> None:
    mentioned = WatchersChanged(ticket_id=TICKET, watcher_ids=(BELA,))
    (notice,) = told(watched_by(DORA), note(BELA), mentioned, by=ANNA)
    assert (notice.to, notice.subject) == ("bela@example.com", "Ticket 10009: Anna mentions you")
    assert notice.text.startswith(
        "Anna mentions you in a note:\n\nPlease look at the third page.\n\nTicket: "
    )


def test_whose_a_task_becomes_hears_of_it() -> None:
    one = uuid4()
    given = TaskAdded(
        ticket_id=TICKET, task_id=one, text="Ask the painter", owner_id=BELA, due_on=date(2026, 5, 1)
    )
    (mail,) = told(watched_by(ANNA), given, by=ANNA)
    assert (mail.person_id, mail.why) == (BELA, "task")
    assert mail.subject == "Ticket 10009: a task for you"
    assert mail.text.startswith("There is a task for you, until 01 May 2026:\n\nAsk the painter\n\n")

    ticket = Story(DESK).after(0, given).ticket
    again = TaskChanged(ticket_id=TICKET, task_id=one, text="Ask both painters", owner_id=BELA)
    assert told(ticket, again, by=ANNA) == []
    passed_on = TaskChanged(ticket_id=TICKET, task_id=one, text="Ask the painter", owner_id=SECOND_LEVEL)
    assert [mail.person_id for mail in told(ticket, passed_on, by=ANNA)] == sorted([BELA, DORA])
    assert told(ticket, TaskChanged(ticket_id=TICKET, task_id=one, text="Ask the painter"), by=ANNA) == []


def test_a_task_that_is_brought_back_is_told_to_nobody() -> None:
    back = TaskAdded(ticket_id=TICKET, task_id=uuid4(), text="Ask the painter", owner_id=BELA, restored=True)
    assert told(watched_by(), back, by=ANNA) == []


def warned_before(minutes: int, first_response: int = 60) -> Policy:
    return Policy(
        id=WARNING,
        name="Warning",
        order=1,
        targets={Target.FIRST_RESPONSE: first_response},
        warn_minutes_before=minutes,
    )


def owned_by(owner: UUID | None) -> Story:
    """A ticket of which a warning comes after 45 minutes, and which Dora watches."""
    story = Story(Desk({**DESK.things, WARNING: warned_before(15)}, DESK.secret))
    owned = TicketAssigned(ticket_id=TICKET, agent_id=owner, method="rule")
    return story.after(0, owned, WatchersChanged(ticket_id=TICKET, watcher_ids=(DORA,)))


def test_the_owner_hears_once_that_a_target_will_soon_be_missed() -> None:
    story = owned_by(BELA)
    assert story.noticed(44).happened(NoticeReleased) == []
    (notice,) = story.noticed(1).noticed(5).noticed(30).happened(NoticeReleased)
    assert isinstance(notice, NoticeReleased)
    assert (notice.person_id, notice.why, notice.subject) == (
        BELA,
        "warned",
        "Ticket 10009: first response soon late",
    )
    assert notice.text.startswith(
        "The first response in a ticket of yours will soon be late.\n\nTicket: 10009"
    )
    assert "First response due: 2026-03-02 13:00 UTC" in notice.text


def test_of_a_warning_nobody_else_hears() -> None:
    assert owned_by(None).noticed(45).happened(NoticeReleased) == []
    assert owned_by(ELSEWHERE).noticed(45).happened(NoticeReleased) == [], "may not see it any more"


def test_a_warning_that_was_noticed_late_is_told_only_while_the_target_is_not_missed() -> None:
    assert len(owned_by(BELA).noticed(59).happened(NoticeReleased)) == 1
    assert owned_by(BELA).noticed(60).happened(NoticeReleased) == []


def test_of_a_target_that_was_missed_while_nothing_ran_nobody_is_warned() -> None:
    story = owned_by(BELA)
    story.now += timedelta(minutes=50)
    story.changes(warned_before(15, first_response=70))
    story.desk = replace(story.desk, service_levels_since=story.now)
    story.noticed(25)
    assert kinds(story.since(-3)) == ["SLAWarned", "DeadlinesChanged", "SLABreached"]
    assert story.happened(NoticeReleased) == []


def test_of_letters_that_follow_within_minutes_the_first_is_told() -> None:
    ticket, first = after(watched_by(BELA), wrote(MONDAY + AN_HOUR))
    ticket, second = after(ticket, wrote(MONDAY + AN_HOUR), at=timedelta(minutes=69))
    ticket, third = after(ticket, wrote(MONDAY + AN_HOUR), at=timedelta(minutes=71))
    assert [len(first), len(second), len(third)] == [1, 0, 1]


def test_what_matters_less_is_told_to_nobody() -> None:
    ticket = watched_by(BELA)
    machine = AutomaticReplyReceived(
        ticket_id=TICKET, letter=letter(MONDAY, automatic=True), threaded_by=ThreadedBy.IN_REPLY_TO
    )
    thanks = CustomerReplied(
        ticket_id=TICKET, letter=letter(MONDAY), threaded_by=ThreadedBy.IN_REPLY_TO, thanks=True
    )
    for event in (machine, thanks, PENDING, note()):
        assert told(ticket, event, by=ANNA) == []
    waits, _ = after(ticket, TicketSetPending(ticket_id=TICKET, set_by=ANNA))
    assert told(waits, REOPENED, by=ANNA) == [], "it was not done"


def test_what_is_done_to_many_tickets_at_once_is_told_to_nobody() -> None:
    assert told(watched_by(BELA), SOLVED, by=job_actor(uuid4())) == []


def test_who_was_told_by_the_automation_hears_nothing_more_of_what_it_did() -> None:
    desk = desk_of(pending_for(10, tell=["watchers"], state="solved"))
    watched = WatchersChanged(ticket_id=TICKET, watcher_ids=(BELA,))
    (notice,) = Story(desk).after(0, watched, PENDING).noticed(10).happened(NoticeReleased)
    assert isinstance(notice, NoticeReleased)
    assert notice.why == "automation"


def test_it_leaves_from_where_the_ticket_is_and_names_its_last_letter() -> None:
    said = wrote(MONDAY + AN_HOUR)
    ticket = replace(watched_by(BELA), ticketbox_id=ORDERS)
    (notice,) = told(ticket, said)
    assert (notice.sender.address, notice.message_id) == ("orders@example.com", said.letter.message_id)
