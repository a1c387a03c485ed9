"""What a list and a ticket's page say of a deadline: that it comes, that people were warned, that it was missed."""

import re
from datetime import timedelta
from uuid import uuid4

from contracts import people
from contracts.event import Event
from contracts.people import Presence, Role
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.tickets import DeadlineItem
from services.gateway.access.accounts import Person
from services.gateway.pages.rendering import _ENVIRONMENT
from services.gateway.read_model.summary import summarise
from services.gateway.representations.tickets import Ticket
from services.gateway.tickets.choices import Choices
from services.gateway.tickets.conversation import Sources
from services.gateway.tickets.list_query import ListQuery
from services.gateway.tickets.tickets import Opened, ticket_of
from tests import events
from tests.events import NOON, recorded

FIRST = events.letter()
TICKET = events.ticket_of(FIRST)
ME = Person(
    people.Person(id=uuid4(), name="Anna", email="anna@example.com", role=Role.SUPERVISOR), Presence.AVAILABLE
)
AN_HOUR = timedelta(hours=1)
DUE_AT = NOON + AN_HOUR
RUNNING = DeadlinesChanged(
    ticket_id=TICKET,
    policy_id=uuid4(),
    policy="Standard",
    deadlines=(DeadlineItem(target="first_response", since=NOON, due_at=DUE_AT, warn_at=NOON),),
)
WARNED = SLAWarned(ticket_id=TICKET, target="first_response", due_at=DUE_AT, since=NOON)
MISSED = SLABreached(ticket_id=TICKET, target="first_response", due_at=DUE_AT, since=NOON)


def ticket(*then: Event) -> Ticket:
    history = recorded(events.opened(FIRST), *then)
    summary = summarise(history)
    assert summary is not None
    return ticket_of(Opened(summary, history, Sources(), {}, Choices(), {}))


def in_a_list(*then: Event) -> str:
    empty = ("boxes", "saved", "people", "teams", "categories", "priorities", "drafts")
    return _ENVIRONMENT.get_template("_tickets.html").render(
        **dict.fromkeys(empty, ()),
        titles={},
        narrowed={},
        tickets={"items": [ticket(*then)], "next": None},
        query=ListQuery(),
        me=ME,
        current=None,
        cursor=None,
        number=None,
        counted=0,
        may_share=False,
        has_organisations=False,
        organisation="",
        address="",
        here="/tickets",
        csrf_token="",
    )


def on_its_page(*then: Event) -> str:
    empty = ("moments", "present", "coming", "categories", "waiting", "earlier", "watching", "priorities")
    return _ENVIRONMENT.get_template("_ticket.html").render(
        **dict.fromkeys(empty, ()),
        ticket=ticket(*then),
        me=ME,
        may_answer=False,
        moment_shown=0,
        contact=None,
        done=None,
        alone=False,
    )


def marks(html: str) -> list[str]:
    """What the marks of deadlines say, with those that stand out in capitals."""
    found = re.findall(r'<span class="mark (due|due warned|bad)"[^>]*>([^<]*)', html)
    return [text.strip().upper() if look == "due warned" else text.strip() for look, text in found]


def test_a_deadline_that_comes_is_in_the_list_and_on_the_page() -> None:
    assert marks(in_a_list(RUNNING)) == ["due"]
    assert marks(on_its_page(RUNNING)) == ["due", "due"]


def test_it_stands_out_and_says_so_once_people_were_warned() -> None:
    assert marks(in_a_list(RUNNING, WARNED)) == ["SOON LATE, DUE"]
    assert marks(on_its_page(RUNNING, WARNED)) == ["SOON LATE, DUE", "SOON LATE, DUE"]


def test_a_target_that_was_missed_is_late_and_no_longer_soon() -> None:
    assert marks(in_a_list(RUNNING, WARNED, MISSED)) == ["first response late"]
    assert marks(on_its_page(RUNNING, WARNED, MISSED)) == ["first response was late", "due"]


def test_it_stands_out_no_longer_when_it_moved_far_away() -> None:
    (item,) = RUNNING.deadlines
    later = item.model_copy(update={"due_at": DUE_AT + AN_HOUR, "warn_at": NOON + AN_HOUR})
    moved = RUNNING.model_copy(update={"deadlines": (later,)})
    assert marks(in_a_list(RUNNING, WARNED, moved)) == ["due"]


def test_it_stands_out_again_when_its_clock_goes_on() -> None:
    (item,) = RUNNING.deadlines
    stands = item.model_copy(update={"due_at": None, "warn_at": None, "left_seconds": 600})
    paused = RUNNING.model_copy(update={"deadlines": (stands,)})
    assert marks(in_a_list(RUNNING, WARNED, paused)) == []
    assert marks(in_a_list(RUNNING, WARNED, paused, RUNNING)) == ["SOON LATE, DUE"]
