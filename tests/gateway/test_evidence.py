"""Custody in words, and evidence as people read it."""

import pytest

from contracts.mail import LOOP_HEADER
from contracts.router import DISTRIBUTION, NO_TICKETBOX
from services.gateway.messages.custody import evidence, sentence, way
from services.gateway.messages.evidence import Fact, facts


def told(kind: str, **data: object) -> str:
    return sentence(kind, data, "Anna <anna@example.com>")


def test_each_step_is_told_in_words() -> None:
    rule = {"rule": "Newsletters", "ruleset_version": 4}
    assert sentence("MessageReceived", {"source": "imap:support"}, "postroom") == "Taken in by IMAP, support"
    assert told("MessageReceived", source="api") == "Taken in by the API; Anna handed it in"
    assert told("MessageReread", source="smtp") == "Read again, as Anna asked"
    no_rule = {"rule": None, "ruleset_version": 4, "matched": [["recipients", "support@example.com"]]}
    routed = {"ticketbox": "Support", "disposition": "deliver", "evidence": no_rule}
    assert told("MessageRouted", **routed) == "Routed to Support by its address; no rule matched"
    suppressed = {"ticketbox": "Support", "disposition": "suppress", "reason": "newsletter", "evidence": rule}
    assert told("MessageRouted", **suppressed) == "Suppressed by the rule “Newsletters”: newsletter"
    released = {**routed, "released_by": "0199"}
    assert told("MessageRouted", **released) == "Let through to Support by Anna"
    assert told("MessageDiscarded") == "Deleted by Anna"
    assert told("TicketOpened", number=10008) == "Ticket 10008 was opened with it"
    assert told("ReplyReleased", attempt=2) == "Allowed to leave again by Anna"
    assert told("SomethingNewer") == "SomethingNewer"


def test_an_alert_that_nobody_took_a_ticket_is_of_no_rule() -> None:
    by_rule = {"to": "sara@example.com", "rule": "Money"}
    assert told("AlertReleased", **by_rule) == "A rule had people told of it"
    assert evidence("AlertReleased", by_rule, "postroom") == by_rule
    waits = {"to": "sara@example.com", "rule": DISTRIBUTION}
    assert told("AlertReleased", **waits) == "Somebody was told by mail that nobody had taken its ticket"
    assert evidence("AlertReleased", waits, "postroom") == {"to": "sara@example.com"}


@pytest.mark.parametrize(
    ("matched", "disposition", "reason", "said"),
    [
        (
            ["recipients", NO_TICKETBOX],
            "deliver",
            None,
            "Routed to Support by default; no rule matched, and no ticketbox had its address",
        ),
        (
            ["scan", "infected"],
            "quarantine",
            "virus: Eicar",
            "Quarantined before any rule was asked: virus: Eicar",
        ),
        ([LOOP_HEADER, "example.com"], "suppress", "loop", "Suppressed before any rule was asked: loop"),
    ],
)
def test_what_decided_in_place_of_a_rule_is_told(
    matched: list[str], disposition: str, reason: str | None, said: str
) -> None:
    found = {"rule": None, "ruleset_version": 4, "matched": [matched]}
    routed = {"ticketbox": "Support", "disposition": disposition, "reason": reason, "evidence": found}
    assert told("MessageRouted", **routed) == said


def test_every_way_in_has_a_name() -> None:
    assert [way(source) for source in ("smtp", "lmtp", "pop3:old", "form:Support", "api", "fax")] == [
        "SMTP",
        "LMTP",
        "POP3, old",
        "a web form, Support",
        "the API",
        "fax",
    ]


RECEIVED = {
    "source": "smtp",
    "envelope": {
        "client_address": "192.0.2.1",
        "helo": "mail.customers.example",
        "tls": "TLSv1.3",
        "mail_from": "",
        "recipients": ["support@example.com", "orders@example.com"],
    },
    "size": 4096,
    "sha256": "00ff",
    "problems": ["charset_guessed", "boundary_missing"],
    "authentication": {
        "by": "mx.example.com",
        "results": [
            {"method": "spf", "result": "pass", "domain": "customers.example", "detail": ""},
            {"method": "dkim", "result": "fail", "domain": "customers.example", "detail": "body hash"},
            {"method": "dmarc", "result": "temperror", "domain": None, "detail": "DNS timed out"},
        ],
    },
    "scan": {"verdict": "infected", "scanner": "ClamAV 1.0.3", "finding": "Eicar", "scanned_at": "…"},
    "text": "is content, not evidence",
}


def test_how_a_message_came_is_evidence_line_by_line() -> None:
    assert facts(evidence("MessageReceived", RECEIVED, "postroom")) == [
        Fact("from server", "192.0.2.1 (mail.customers.example)"),
        Fact("encrypted", "TLSv1.3", "good"),
        Fact("envelope sender", "<> (none, so nothing is answered)"),
        Fact("for", "support@example.com, orders@example.com"),
        Fact("size", 4096, "size"),
        Fact("SHA-256", "00ff", "code"),
        Fact("SPF", "pass customers.example", "good"),
        Fact("DKIM", "fail customers.example (body hash)", "bad"),
        Fact("DMARC", "temperror (DNS timed out)", "due"),
        Fact("authentication", "By the word of mx.example.com"),
        Fact("virus scan", "infected: Eicar", "bad"),
        Fact("scanned by", "ClamAV 1.0.3"),
        Fact("read with repairs", "charset guessed, boundary missing", "due"),
    ]


def test_a_rule_shows_its_condition_and_the_values_that_it_looked_at() -> None:
    data = {
        "ticketbox": "Support",
        "disposition": "quarantine",
        "reason": "suspicious",
        "priority": "normal",
        "evidence": {
            "rule": "Money",
            "ruleset_version": 4,
            "condition": "message.subject.contains('million')",
            "matched": [["subject", "A million"], ["from", ""]],
        },
    }
    assert facts(evidence("MessageRouted", data, "postroom")) == [
        Fact("ticketbox", "Support"),
        Fact("rule", "Money"),
        Fact("ruleset", 4),
        Fact("condition", "message.subject.contains('million')", "code"),
        Fact("message.subject", "A million", "code"),
        Fact("message.from", "(empty)", "code"),
    ]


def test_rules_that_held_or_had_no_answer_are_told_one_a_line_and_the_only_one_is_told_once() -> None:
    money = {
        "rule": "Money",
        "condition": "true",
        "matched": [["subject", "A"]],
        "did": ["disposition", "tags"],
    }
    later = {"rule": "Later", "condition": "true", "matched": [], "did": []}
    broken = {"rule": "Broken", "error": "no such field"}
    assert facts({"acted": [money]}) == []
    assert facts({"acted": [money, later], "failed": [broken]}) == [
        Fact("held", "Money: disposition, tags"),
        Fact("held", "Later: nothing that was not decided before"),
        Fact("no answer", "Broken: no such field", "bad"),
    ]


def test_who_did_it_is_evidence_for_programs_and_in_the_sentence_for_people() -> None:
    found = evidence("MessageDiscarded", {}, "0199")
    assert found == {"actor": "0199"}
    assert facts(found) == []
