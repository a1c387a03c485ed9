"""The rules of routing and of distribution."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ingest import MessageReceived
from contracts.mail import (
    Address,
    Authentication,
    AuthenticationResult,
    LetterHead,
    Scan,
    ScanVerdict,
    SmtpEnvelope,
)
from contracts.router import Disposition, Priority
from contracts.tickets import Rule
from services.router.distribution import next_agent
from services.router.ruleset import BadCondition, Ruleset, Ticketbox, is_early, route

SUPPORT = Ticketbox(uuid4(), "Support", frozenset({"support@example.com"}))
ORDERS = Ticketbox(uuid4(), "Orders", frozenset({"orders@example.com"}))


def ruleset(*rules: Rule) -> Ruleset:
    boxes = {box.ticketbox_id: box for box in (SUPPORT, ORDERS)}
    return Ruleset(version=3, rules=rules, default_ticketbox_id=SUPPORT.ticketbox_id, ticketboxes=boxes)


def message(
    subject: str = "Hello",
    recipient: str = "support@example.com",
    text: str = "Hi",
    scan: Scan | None = None,
) -> MessageReceived:
    return MessageReceived(
        letter=LetterHead(
            message_id=uuid4(),
            internet_message_id="<a@customers.example>",
            subject=subject,
            received_at=datetime(2026, 3, 2, tzinfo=UTC),
            from_=Address(address="Kim@customers.example"),
            recipients=(recipient,),
        ),
        sha256="00",
        size=10,
        source="smtp",
        envelope=SmtpEnvelope(client_address="192.0.2.1", recipients=(recipient,)),
        text=text,
        scan=scan,
    )


URGENT = Rule(
    name="Fire", condition="message.subject.contains('fire')", priority=Priority.URGENT, tags=("fire",)
)
EVERYTHING = Rule(name="Everything", condition="true", ticketbox_id=ORDERS.ticketbox_id)


def test_the_first_rule_that_holds_decides() -> None:
    decision = route(message("There is a fire"), ruleset(URGENT, EVERYTHING))
    assert decision.evidence.rule == "Fire"
    assert decision.priority is Priority.URGENT
    assert decision.ticketbox == SUPPORT


def test_a_decision_names_rule_version_and_the_values_it_looked_at() -> None:
    evidence = route(message("There is a fire"), ruleset(URGENT)).evidence
    assert (evidence.rule, evidence.ruleset_version) == ("Fire", 3)
    assert evidence.matched == (("subject", "There is a fire"),)


@pytest.mark.parametrize(
    ("recipient", "box"),
    [
        ("orders@example.com", ORDERS),
        ("Orders@Example.com", ORDERS),
        ("orders+3f9a@example.com", ORDERS),
        ("unknown@example.com", SUPPORT),
    ],
)
def test_without_a_rule_the_address_decides_and_then_the_default(recipient: str, box: Ticketbox) -> None:
    decision = route(message(recipient=recipient), ruleset(URGENT))
    assert decision.ticketbox == box
    assert decision.evidence.rule is None


def test_intake_may_know_an_address_that_is_written_in_another_way() -> None:
    received = message(recipient="bestellung@bücher.example")
    taken_for = received.model_copy(update={"ticketbox_id": ORDERS.ticketbox_id})
    assert route(received, ruleset()).ticketbox == SUPPORT
    assert route(taken_for, ruleset()).ticketbox == ORDERS


def test_an_address_that_has_got_a_ticketbox_meanwhile_goes_there() -> None:
    taken_for = message(recipient="orders@example.com").model_copy(
        update={"ticketbox_id": SUPPORT.ticketbox_id}
    )
    assert route(taken_for, ruleset()).ticketbox == ORDERS


def test_a_message_waits_for_news_of_its_ticketbox_but_not_for_ever() -> None:
    received = message()
    now = received.letter.received_at + timedelta(seconds=5)
    unknown = received.model_copy(update={"ticketbox_id": uuid4()})
    known = received.model_copy(update={"ticketbox_id": ORDERS.ticketbox_id})
    assert is_early(unknown, ruleset(), now)
    assert not is_early(unknown, ruleset(), now + timedelta(minutes=1))
    assert not is_early(known, ruleset(), now)
    assert not is_early(received, ruleset(), now)


def test_an_address_of_its_own_goes_before_a_detail_of_another() -> None:
    vip = Ticketbox(uuid4(), "VIP", frozenset({"orders+vip@example.com"}))
    boxes = {box.ticketbox_id: box for box in (ORDERS, vip)}
    rules = Ruleset(version=1, rules=(), default_ticketbox_id=ORDERS.ticketbox_id, ticketboxes=boxes)
    assert route(message(recipient="orders+vip@example.com"), rules).ticketbox == vip


def test_a_rule_may_suppress_with_a_reason() -> None:
    rule = Rule(name="Noise", condition="true", disposition=Disposition.SUPPRESS, reason="noise")
    decision = route(message(), ruleset(rule))
    assert (decision.disposition, decision.reason) == (Disposition.SUPPRESS, "noise")


def scan(verdict: ScanVerdict, finding: str | None = None) -> Scan:
    return Scan(
        verdict=verdict, scanner="ClamAV 1.4", finding=finding, scanned_at=datetime(2026, 3, 2, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("verdict", "finding", "reason"),
    [
        (ScanVerdict.INFECTED, "Eicar", "virus: Eicar"),
        (ScanVerdict.UNSCANNABLE, "a.zip is encrypted", "unscannable: a.zip is encrypted"),
    ],
)
def test_what_the_scanner_does_not_call_clean_is_quarantined_whatever_the_rules_say(
    verdict: ScanVerdict, finding: str, reason: str
) -> None:
    rules = ruleset(Rule(name="Bad", condition="message.nothing"), EVERYTHING)
    decision = route(message("fire", "orders@example.com", scan=scan(verdict, finding)), rules)
    assert (decision.disposition, decision.reason) == (Disposition.QUARANTINE, reason)
    assert decision.ticketbox == ORDERS
    assert decision.evidence.rule is None
    assert decision.evidence.matched == (
        ("scan", verdict.value),
        ("finding", finding),
        ("scanner", "ClamAV 1.4"),
    )


@pytest.mark.parametrize(("said", "word"), [(None, "none"), (scan(ScanVerdict.CLEAN), "clean")])
def test_a_rule_may_look_at_what_the_scanner_said(said: Scan | None, word: str) -> None:
    rule = Rule(name="Scanned", condition=f"message.scan == '{word}'", tags=("seen",))
    decision = route(message(scan=said), ruleset(rule))
    assert (decision.disposition, decision.tags) == (Disposition.DELIVER, ("seen",))


def examined(*results: tuple[str, str]) -> MessageReceived:
    found = tuple(AuthenticationResult(method=method, result=result) for method, result in results)
    return message().model_copy(update={"authentication": Authentication(by="postroom", results=found)})


FORGED = Rule(name="Forged", condition="message.authentication.dmarc == 'fail'", tags=("forged",))


def test_a_rule_may_look_at_who_the_sender_is() -> None:
    decision = route(examined(("spf", "fail"), ("dmarc", "fail")), ruleset(FORGED))
    assert decision.tags == ("forged",)
    assert decision.evidence.matched == (("authentication.dmarc", "fail"),)
    assert route(examined(("dmarc", "pass")), ruleset(FORGED)).tags == ()


def test_of_several_signatures_one_good_one_is_enough() -> None:
    signed = Rule(name="Signed", condition="message.authentication.dkim == 'pass'", tags=("signed",))
    assert route(examined(("dkim", "fail"), ("dkim", "pass")), ruleset(signed)).tags == ("signed",)
    assert route(examined(("dkim", "fail"), ("dkim", "permerror")), ruleset(signed)).tags == ()


def test_a_message_that_nobody_examined_has_no_results() -> None:
    unknown = Rule(name="Unknown", condition="message.authentication.arc == 'none'", tags=("unknown",))
    assert route(message(), ruleset(unknown)).tags == ("unknown",)


@pytest.mark.parametrize("condition", ["message.subject ==", "message.nothing == 1", "message.size"])
def test_a_condition_that_cannot_be_answered_says_which(condition: str) -> None:
    with pytest.raises(BadCondition, match="message"):
        route(message(), ruleset(Rule(name="Bad", condition=condition)))


def test_nobody_present_gets_no_ticket() -> None:
    assert next_agent([], None) is None


@given(agents=st.lists(st.uuids(), min_size=1, max_size=20, unique=True), rounds=st.integers(1, 5))
def test_a_round_gives_each_agent_the_same_number_of_tickets(agents: list, rounds: int) -> None:
    last, got = None, Counter()
    for _ in range(rounds * len(agents)):
        last = next_agent(agents, last)
        got[last] += 1
    assert set(got.values()) == {rounds}
    assert set(got) == set(agents)


@pytest.mark.parametrize("mark", ["example.com", "Example.COM "])
def test_our_own_mail_that_comes_back_is_suppressed_whatever_the_rules_say(mark: str) -> None:
    back = message().model_copy(update={"headers": (("X-Postroom-Loop", mark),)})
    decision = route(back, ruleset(EVERYTHING))
    assert (decision.disposition, decision.reason) == (Disposition.SUPPRESS, "loop")
    assert decision.evidence.matched == (("X-Postroom-Loop", "example.com"),)


def test_mail_of_others_who_have_a_postroom_too_is_mail() -> None:
    theirs = message().model_copy(update={"headers": (("X-Postroom-Loop", "elsewhere.example"),)})
    assert route(theirs, ruleset()).disposition is Disposition.DELIVER
