"""The rules of routing and of distribution."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.ingest import MessageReceived
from contracts.mail import (
    Address,
    Authentication,
    AuthenticationResult,
    Kind,
    LetterHead,
    Scan,
    ScanVerdict,
    SmtpEnvelope,
)
from contracts.router import (
    NO_TICKETBOX,
    AlertReleased,
    CopyReleased,
    Disposition,
    MessageRouted,
    Priority,
)
from contracts.rulesets import Rule
from contracts.service_levels import Calendar, Span, Weekday
from rules.hours import Hours
from services.router.facts import Contact
from services.router.hits import count
from services.router.notices import notices
from services.router.ruleset import Ruleset, Ticketbox, is_early, routed
from services.router.ruleset import route as decide

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


def route(of: MessageReceived, rules: Ruleset) -> MessageRouted:
    """The decision as it is told."""
    return routed(of.letter, decide(of, rules))


URGENT = Rule(
    name="Fire", condition="message.subject.contains('fire')", priority=Priority.URGENT, tags=("fire",)
)
EVERYTHING = Rule(name="Everything", condition="true", ticketbox_id=ORDERS.ticketbox_id)


def test_the_first_rule_that_holds_decides() -> None:
    decision = route(message("There is a fire"), ruleset(URGENT, EVERYTHING))
    assert decision.evidence.rule == "Fire"
    assert decision.priority is Priority.URGENT
    assert decision.ticketbox_id == SUPPORT.ticketbox_id


def test_a_decision_names_rule_version_and_the_values_it_looked_at() -> None:
    evidence = route(message("There is a fire"), ruleset(URGENT)).evidence
    assert (evidence.rule, evidence.ruleset_version) == ("Fire", 3)
    assert evidence.acted[0].matched == evidence.matched == (("subject", "There is a fire"),)


@pytest.mark.parametrize(
    ("recipient", "box", "why"),
    [
        ("orders@example.com", ORDERS, "orders@example.com"),
        ("Orders@Example.com", ORDERS, "orders@example.com"),
        ("orders+3f9a@example.com", ORDERS, "orders+3f9a@example.com"),
        ("unknown@example.com", SUPPORT, NO_TICKETBOX),
    ],
)
def test_without_a_rule_the_address_decides_and_then_the_default(
    recipient: str, box: Ticketbox, why: str
) -> None:
    decision = route(message(recipient=recipient), ruleset(URGENT))
    assert decision.ticketbox_id == box.ticketbox_id
    assert decision.evidence.rule is None
    assert decision.evidence.matched == (("recipients", why),)


def test_intake_may_know_an_address_that_is_written_in_another_way() -> None:
    received = message(recipient="bestellung@bücher.example")
    taken_for = received.model_copy(update={"ticketbox_id": ORDERS.ticketbox_id})
    assert route(received, ruleset()).ticketbox_id == SUPPORT.ticketbox_id
    assert route(taken_for, ruleset()).ticketbox_id == ORDERS.ticketbox_id
    assert route(taken_for, ruleset()).evidence.matched == (("recipients", "as intake read them"),)


def test_an_address_that_has_got_a_ticketbox_meanwhile_goes_there() -> None:
    taken_for = message(recipient="orders@example.com").model_copy(
        update={"ticketbox_id": SUPPORT.ticketbox_id}
    )
    assert route(taken_for, ruleset()).ticketbox_id == ORDERS.ticketbox_id


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
    assert route(message(recipient="orders+vip@example.com"), rules).ticketbox_id == vip.ticketbox_id


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
    assert decision.ticketbox_id == ORDERS.ticketbox_id
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


def test_a_rule_that_goes_on_lets_those_behind_it_act_too() -> None:
    tagging = Rule(name="Tag", condition="true", tags=("seen",), stop=False)
    decision = route(message("There is a fire"), ruleset(tagging, URGENT, EVERYTHING))
    assert decision.tags == ("seen", "fire")
    assert [one.rule for one in decision.evidence.acted] == ["Tag", "Fire"]  # Fire stops


def test_where_two_rules_say_the_same_thing_the_first_counts_and_the_evidence_says_what_did() -> None:
    first = Rule(
        name="First",
        condition="true",
        ticketbox_id=ORDERS.ticketbox_id,
        tags=("a",),
        forward_to=("a@x.example",),
        stop=False,
    )
    second = Rule(
        name="Second",
        condition="true",
        ticketbox_id=SUPPORT.ticketbox_id,
        priority=Priority.HIGH,
        tags=("b", "a"),
        forward_to=("b@x.example", "a@x.example"),
    )
    decision = route(message(), ruleset(first, second))
    assert decision.ticketbox_id == ORDERS.ticketbox_id
    assert decision.priority is Priority.HIGH
    assert decision.tags == ("a", "b")
    assert decision.forward_to == ("a@x.example", "b@x.example")
    assert decision.evidence.ticketbox_rule == "First"
    assert [one.did for one in decision.evidence.acted] == [
        ("ticketbox", "tags", "copies"),
        ("priority", "tags", "copies"),
    ]


def test_an_acknowledgement_is_the_first_rules_whole_word() -> None:
    no = Rule(name="No", condition="true", acknowledge=False, stop=False)
    text = Rule(name="Text", condition="true", acknowledgement="We have it.")
    decision = route(message(), ruleset(no, text))
    assert (decision.acknowledge, decision.acknowledgement) == (False, None)
    decision = route(message(), ruleset(text, no))
    assert (decision.acknowledge, decision.acknowledgement) == (True, "We have it.")


def test_a_ticketbox_that_was_removed_is_passed_over() -> None:
    decision = route(
        message(), ruleset(Rule(name="Gone", condition="true", ticketbox_id=uuid4(), tags=("a",)))
    )
    assert (decision.ticketbox_id, decision.tags) == (SUPPORT.ticketbox_id, ("a",))
    assert decision.evidence.ticketbox_rule is None


@pytest.mark.parametrize("condition", ["message.subject ==", "message.nothing == 1", "message.size"])
def test_a_rule_that_has_no_answer_does_not_hold_is_named_and_stops_nothing(condition: str) -> None:
    decision = route(message("There is a fire"), ruleset(Rule(name="Bad", condition=condition), URGENT))
    assert decision.evidence.rule == "Fire"
    assert [failed.rule for failed in decision.evidence.failed] == ["Bad"]


def test_of_a_rule_that_has_no_answer_nothing_is_kept_of_what_the_message_says() -> None:
    rule = Rule(name="Wait", condition="duration(message.subject) > duration('1h')")
    decision = route(message("Dismissal of K."), ruleset(rule))
    hits = count([decision.evidence])[3, "Wait"]
    assert (hits.failed, hits.error) == (1, "“duration” can do nothing with the value that it is given")


def test_a_header_that_is_missing_is_empty() -> None:
    rule = Rule(name="Plain", condition="message.headers['x-spam'] == ''", tags=("plain",))
    decision = route(message(), ruleset(rule))
    assert (decision.tags, decision.evidence.failed) == (("plain",), ())
    assert decision.evidence.acted[0].matched == (("headers.x-spam", ""),)


OFFICE = Hours(
    Calendar(
        id=uuid4(),
        name="Office",
        time_zone="Europe/Berlin",
        week={Weekday.MONDAY: (Span(begin="09:00", end="17:00"),)},
    )
)


@pytest.mark.parametrize(
    ("condition", "at", "answer"),
    [
        ("message.in_business_hours", datetime(2026, 3, 2, 8, 30, tzinfo=UTC), True),
        ("message.in_business_hours", datetime(2026, 3, 2, 16, 30, tzinfo=UTC), False),
        ("message.in_business_hours", datetime(2026, 3, 3, 10, tzinfo=UTC), False),
        (
            "message.local.hour == 9 && message.local.weekday == 'monday'",
            datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
            True,
        ),
        ("message.local.date == '2026-03-03'", datetime(2026, 3, 2, 23, 30, tzinfo=UTC), True),
    ],
)
def test_a_condition_may_ask_for_the_time_where_the_ticketbox_is(
    condition: str, at: datetime, answer: bool
) -> None:
    box = replace(SUPPORT, hours=OFFICE)
    rules = replace(ruleset(Rule(name="Time", condition=condition)), ticketboxes={box.ticketbox_id: box})
    received = message()
    received = received.model_copy(update={"letter": received.letter.model_copy(update={"received_at": at})})
    assert (route(received, rules).evidence.rule == "Time") is answer


def test_a_condition_may_ask_for_the_senders_organisation() -> None:
    rules = replace(
        ruleset(Rule(name="VIP", condition="message.organisation == 'Kornblume'")),
        organisations={"customers.example": "Kornblume"},
    )
    assert route(message(), rules).evidence.rule == "VIP"


def test_what_people_say_of_a_contact_counts_before_the_domain() -> None:
    rules = replace(
        ruleset(Rule(name="VIP", condition="message.contact == 'Kim' && message.organisation == 'Mohn'")),
        organisations={"customers.example": "Kornblume"},
    )
    assert route(message(), rules).evidence.rule is None
    known = replace(rules, contacts={"kim@customers.example": Contact("Kim", "Mohn")})
    assert route(message(), known).evidence.rule == "VIP"


@pytest.mark.parametrize(
    ("sender", "organisation"),
    [
        ("kim@customers.example", "Kornblume"),
        ("kim@shop.customers.example", "Kornblume"),
        ("kim@mohn.customers.example", "Mohn"),
        ("kim@not-customers.example", ""),
        ("kim@gmail.com", ""),
    ],
)
def test_the_closest_domain_counts_and_that_of_a_public_provider_never(
    sender: str, organisation: str
) -> None:
    organisations = {
        "customers.example": "Kornblume",
        "mohn.customers.example": "Mohn",
        "gmail.com": "From before it was refused",
    }
    received = message()
    letter = received.letter.model_copy(update={"from_": Address(address=sender)})
    asked = replace(
        ruleset(Rule(name="One", condition=f"message.organisation == '{organisation}'")),
        organisations=organisations,
    )
    assert route(received.model_copy(update={"letter": letter}), asked).evidence.rule == "One"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Guten Tag, meine Lampe ist leider zerbrochen angekommen.", "de"),
        ("Bonjour, ma commande n'est toujours pas arrivée.", "fr"),
        ("ok", ""),
        ("", ""),
    ],
)
def test_a_condition_may_ask_for_the_language_and_too_little_text_has_none(text: str, language: str) -> None:
    rule = Rule(name="Language", condition=f"message.language == '{language}'")
    assert route(message(text=text), ruleset(rule)).evidence.rule == "Language"


CONDITIONS = st.sampled_from(
    [
        "true",
        "false",
        "message.subject.contains('a')",
        "message.size > 5",
        "int(message.subject) > 3",
        "message.nothing",
    ]
)


@st.composite
def some_rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            name=f"Rule {number}",
            condition=draw(CONDITIONS),
            ticketbox_id=draw(st.sampled_from([None, SUPPORT.ticketbox_id, ORDERS.ticketbox_id])),
            priority=draw(st.sampled_from([None, *Priority])),
            tags=tuple(draw(st.lists(st.sampled_from("abc"), max_size=2))),
            disposition=draw(st.sampled_from(Disposition)),
            acknowledge=draw(st.sampled_from([None, True, False])),
            stop=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 6)))
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_rules(), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_the_same_message_and_ruleset_give_the_same_decision(rules: tuple[Rule, ...], subject: str) -> None:
    received = message(subject)
    assert route(received, ruleset(*rules)) == route(received, ruleset(*rules))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_rules(), some_rules())
def test_rules_behind_the_one_that_stops_change_nothing(
    rules: tuple[Rule, ...], more: tuple[Rule, ...]
) -> None:
    received = message()
    last = Rule(name="Last", condition="true")
    assert route(received, ruleset(*rules, last)) == route(received, ruleset(*rules, last, *more))


ALONE = (
    "false",
    "true",
    "message.subject.contains('7') // a comment",
    "message.headers['x-nothing'] == 'a' || message.size == 10",
    "has(message.headers.nothing)",
    "message.subject == 'a' ? 1 : message.size == 7",
    "message.size == 10 ? 1 : false",
    "int(message.subject) > 3",
    "message.attachments[0] == 'a.pdf'",
    "message.nothing",
    "message.subject == '" + "a" * 9_900 + "'",
)
"""Yes and no, and all ways to have no answer; the last one is too long to be asked together with others."""


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(ALONE), min_size=1, max_size=50), st.sampled_from(["7", "a", "6 lamps"]))
def test_of_many_rules_each_says_what_it_says_alone(conditions: list[str], subject: str) -> None:
    rules = [
        Rule(name=f"Rule {number}", condition=condition, stop=False)
        for number, condition in enumerate(conditions)
    ]
    received = message(subject)
    alone = [route(received, ruleset(rule)).evidence for rule in rules]
    together = route(received, ruleset(*rules)).evidence
    assert together.acted == tuple(one for evidence in alone for one in evidence.acted)
    assert together.failed == tuple(one for evidence in alone for one in evidence.failed)


def test_a_copy_and_an_alert_are_released_with_the_decision() -> None:
    anna = uuid4()
    rule = Rule(name="Tell", condition="true", forward_to=("carrier@x.example",), alert=(anna, uuid4()))
    decision = route(message("There is a fire"), ruleset(rule))
    told = notices(decision, "00", Address(address="support@example.com"), {anna: ("anna@example.com",)})
    assert [(type(one), one.to, one.rule) for one in told] == [
        (CopyReleased, "carrier@x.example", "Tell"),
        (AlertReleased, "anna@example.com", "Tell"),
    ]


def test_what_is_held_back_is_copied_to_nobody_and_mail_of_ours_that_came_back_is_told_to_nobody() -> None:
    anna = uuid4()
    rule = Rule(
        name="Virus",
        condition="true",
        disposition=Disposition.QUARANTINE,
        forward_to=("a@x.example",),
        alert=(anna,),
    )
    decision = route(message(), ruleset(rule))
    people, us = {anna: ("anna@example.com",)}, Address(address="support@example.com")
    assert [type(one) for one in notices(decision, "00", us, people)] == [AlertReleased]
    loop = decision.model_copy(update={"letter": decision.letter.model_copy(update={"kind": Kind.LOOP})})
    assert notices(loop, "00", us, people) == []


@pytest.mark.parametrize("mark", ["example.com", "Example.COM "])
def test_our_own_mail_that_comes_back_is_suppressed_whatever_the_rules_say(mark: str) -> None:
    back = message().model_copy(update={"headers": (("X-Postroom-Loop", mark),)})
    decision = route(back, ruleset(EVERYTHING))
    assert (decision.disposition, decision.reason) == (Disposition.SUPPRESS, "loop")
    assert decision.evidence.matched == (("X-Postroom-Loop", "example.com"),)


def test_mail_of_others_who_have_a_postroom_too_is_mail() -> None:
    theirs = message().model_copy(update={"headers": (("X-Postroom-Loop", "elsewhere.example"),)})
    assert route(theirs, ruleset()).disposition is Disposition.DELIVER
