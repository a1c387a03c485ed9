"""What the page of a letter shows, and to whom it offers what."""

from datetime import datetime
from uuid import uuid4

import pytest

from contracts import people
from contracts.people import Presence, Role
from services.gateway.access.accounts import Person
from services.gateway.messages.custody import evidence, sentence
from services.gateway.pages.rendering import _ENVIRONMENT
from services.gateway.representations.messages import Custody, Step
from services.gateway.tickets.conversation import letter_of
from tests import events
from tests.events import NOON


def step(kind: str, service: str, at: datetime = NOON, **data: object) -> Step:
    return Step(
        at=at,
        service=service,
        event=kind,
        sentence=sentence(kind, data, "postroom"),
        evidence=evidence(kind, data, "postroom"),
    )


RECEIVED = events.received(events.letter())
CAME = step("MessageReceived", "ingest", **RECEIVED.model_dump(mode="json"))
STOPPED = step(
    "MessageRouted",
    "router",
    ticketbox="Support",
    disposition="quarantine",
    reason="suspicious",
    evidence={"rule": "Money", "ruleset_version": 2},
)
FAILED = step("RoutingFailed", "router", error="BadCondition: <b>no</b>")


def custody(state: str, *steps: Step, **changes: object) -> Custody:
    facts = {
        "message_id": RECEIVED.letter.message_id,
        "state": state,
        "reason": None,
        "ticket": None,
        "letter": letter_of(RECEIVED.letter, RECEIVED, None),
        "withheld": None,
        "why": steps[-1] if steps else None,
        "steps": [CAME, *steps],
    }
    return Custody.model_validate({**facts, **changes})


def shown(custody: Custody, role: Role = Role.SUPERVISOR) -> str:
    anna = people.Person(id=uuid4(), name="Anna", email="anna@example.com", role=role)
    me = Person(anna, Presence.AVAILABLE)
    return _ENVIRONMENT.get_template("_letter.html").render(
        custody=custody, me=me, decides=me.may_manage, parked=[], done=None, undo=False
    )


def offered(html: str) -> list[str]:
    """The wishes for which there is a button."""
    return [wish for wish in ("release", "discard", "reading", "replay") if f'/{wish}"' in html]


def test_a_supervisor_is_offered_what_can_be_done_in_each_state() -> None:
    assert offered(shown(custody("quarantined", STOPPED))) == ["release", "discard", "reading"]
    assert offered(shown(custody("failed", FAILED))) == ["release", "discard", "reading"]
    assert offered(shown(custody("suppressed", STOPPED))) == ["release", "reading"]
    assert offered(shown(custody("in_flight"))) == ["reading"]
    assert offered(shown(custody("ticketed", ticket=10008))) == ["reading"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST])
def test_others_see_everything_and_are_offered_nothing(role: Role) -> None:
    html = shown(custody("quarantined", STOPPED), role)
    assert offered(html) == []
    assert "Quarantined by the rule “Money”: suspicious" in html
    assert "I ordered a lamp." in html


def test_an_error_is_shown_as_text() -> None:
    assert "BadCondition: &lt;b&gt;no&lt;/b&gt;" in shown(custody("failed", FAILED))


def test_what_was_deleted_can_be_brought_back() -> None:
    html = shown(custody("suppressed", step("MessageDiscarded", "router"), reason="discarded"))
    assert "Bring back" in html
    assert ">deleted</span>" in html


def test_an_answer_of_ours_has_the_words_of_the_relay() -> None:
    sent = step("ReplySent", "notify", relay="relay.example", answer="250 2.0.0 queued as 7", attempts=1)
    html = shown(custody("sent", letter=None, steps=[sent]))
    assert "An answer of ours" in html
    assert "<code>250 2.0.0 queued as 7</code>" in html
    assert offered(html) == []


def test_a_letter_that_waits_for_the_scanner_says_so() -> None:
    held = step("MessageHeld", "ingest", source="smtp", reason="clamd is away", size=7)
    html = shown(custody("in_flight", letter=None, steps=[held], why=held))
    assert "A letter that was not read yet" in html
    assert "clamd is away" in html


def test_a_letter_that_could_not_be_read_shows_its_bytes_with_a_mark() -> None:
    unreadable = RECEIVED.model_copy(update={"problems": ("unreadable",), "text": "=00garbage"})
    html = shown(custody("ticketed", letter=letter_of(unreadable.letter, unreadable, None)))
    assert "could not be read" in html
    assert "=00garbage" in html
