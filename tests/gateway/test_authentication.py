"""What agents are told about who wrote a letter."""

import pytest

from contracts.mail import Authentication, AuthenticationResult
from services.gateway.messages.custody import evidence
from services.gateway.representations.messages import Sender
from services.gateway.tickets.conversation import Sources, conversation
from tests import events
from tests.events import recorded

FIRST = events.letter()


def examined(*results: tuple[str, str], by: str = "postroom") -> Authentication:
    found = tuple(
        AuthenticationResult(method=method, result=result, domain="shop.example", detail="why")
        for method, result in results
    )
    return Authentication(by=by, results=found)


def shown(authentication: Authentication | None) -> Sender | None:
    received = events.received(FIRST, authentication=authentication)
    (entry,) = conversation(recorded(events.opened(FIRST)), Sources(letters={FIRST.message_id: received}))
    assert entry.letter is not None
    return entry.letter.sender


VERDICTS = [
    ("pass", "verified"),
    ("fail", "failed"),
    ("permerror", "failed"),
    ("none", None),
    ("temperror", None),
]


@pytest.mark.parametrize(("result", "verdict"), VERDICTS)
def test_dmarc_decides_whether_the_sender_is_verified(result: str, verdict: str | None) -> None:
    sender = shown(examined(("spf", "pass"), ("dkim", "pass"), ("dmarc", result)))
    assert sender is not None
    assert (sender.verdict, sender.domain) == (verdict, "shop.example")
    assert [one.method for one in sender.results] == ["spf", "dkim", "dmarc"]


def test_a_seal_does_not_help_a_sender_who_fails() -> None:
    sender = shown(examined(("arc", "pass"), ("dmarc", "fail")))
    assert sender is not None
    assert sender.verdict == "failed"


def test_without_dmarc_nothing_is_said_of_the_sender() -> None:
    sender = shown(examined(("spf", "pass"), by="mx.example.com"))
    assert sender is not None
    assert (sender.verdict, sender.domain, sender.by) == (None, None, "mx.example.com")
    assert shown(None) is None


def test_the_results_are_evidence_in_the_custody() -> None:
    found = examined(("dmarc", "pass"))
    step = evidence("MessageReceived", events.received(FIRST, authentication=found).model_dump(), "postroom")
    assert step["authentication"] == found.model_dump()
