"""Bounces of the mail servers of the world: who was not reached, whether for good, by which figures and words."""

from collections.abc import Mapping

import pytest

from contracts.mail import Kind
from services.ingest.reading.bounces import Action, Failure, find_report
from services.ingest.reading.bounces.codes import code_in, status_in
from services.ingest.reading.letter import Bounce
from tests.ingest.reading.letters import SAMPLES, expected, judged, letter, tree

HARD = {"yes": True, "no": False, None: None}


def bounce(raw: bytes) -> Bounce:
    judgement = judged(raw)
    assert judgement.kind is Kind.BOUNCE
    assert judgement.bounce is not None
    return judgement.bounce


def sample(name: str) -> bytes:
    return (SAMPLES / "bounces" / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("row", expected("bounces"), ids=lambda row: row["file"])
def test_a_bounce_says_who_was_not_reached_and_whether_for_good(row: Mapping[str, str | None]) -> None:
    told = bounce(sample(str(row["file"])))
    assert (told.recipient, told.hard) == (row["recipient"], HARD[row["hard"]])
    assert (told.status, told.code) == (row["status"], row["code"])
    assert told.original_message_id == row["original_message_id"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("postfix-one-of-two", "mailbox full: 552 5.2.2 Mailbox full"),
        ("exim-unrouteable-no-header", 'domain unknown: unrouteable mail domain "gone.example"'),
        ("exim-classic", "address unknown: host mx.customer.example [203.0.113.8]: 550 No such user here"),
        ("barracuda-blocked", "refused: 550 5.7.1 Message content rejected, UBE, id=06577-01-89"),
        (
            "postfix-delayed",
            "server not reachable: connect to mx.slow.example[198.51.100.4]:25: Connection timed out",
        ),
        ("dsn-in-multipart-mixed", "account disabled"),
        ("qq-mail", "address unknown: host mx.qq.com.example said: 550 Mailbox not found."),
    ],
)
def test_the_reason_is_given_in_plain_words_and_in_those_of_the_server(name: str, reason: str) -> None:
    assert bounce(sample(name)).reason == reason


def test_each_recipient_of_a_report_has_a_fate_of_its_own() -> None:
    root = tree(sample("postfix-one-of-two"))
    report = find_report(root, {name.lower(): value for name, value in root.headers}, "")
    assert report is not None
    assert [(failure.recipient, failure.action) for failure in report.failures] == [
        ("first@customer.example", Action.RELAYED),
        ("second@customer.example", Action.FAILED),
    ]
    assert [failure.recipient for failure in report.missed] == ["second@customer.example"]


def test_all_recipients_of_a_notice_in_words_are_found() -> None:
    notice = (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to all of its recipients.\n"
        "The following address(es) failed:\n\n"
        "  one@customer.example\n    mailbox is full\n  two@customer.example\n    550 unknown user\n"
    )
    root = tree(
        letter("Mail delivery failed", notice, {"From": "Mail Delivery System <Mailer-Daemon@x.example>"})
    )
    report = find_report(root, {name.lower(): value for name, value in root.headers}, notice)
    assert report is not None
    assert [(failure.recipient, failure.code, failure.reason) for failure in report.failures] == [
        ("one@customer.example", None, "mailbox full: mailbox is full"),
        ("two@customer.example", "550", "address unknown: 550 unknown user"),
    ]


@pytest.mark.parametrize(
    ("failure", "hard"),
    [
        (Failure(action=Action.DELAYED, status="5.0.0"), False),
        (Failure(action=Action.FAILED, status="4.4.7"), False),
        (Failure(action=Action.FAILED, status="5.2.2"), True),
        (Failure(action=Action.FAILED, code="452"), False),
        (Failure(action=Action.FAILED), True),
        (Failure(), None),
    ],
)
def test_it_is_hard_when_the_server_has_given_up_and_the_class_is_permanent(
    failure: Failure, *, hard: bool | None
) -> None:
    assert failure.hard is hard


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("550 5.1.1 <a@b.example>: User unknown", "550", "5.1.1"),
        ("550-5.1.1 The email account", "550", "5.1.1"),
        ("host mx[192.0.2.5] said: 452 too busy", "452", None),
        ("#< #5.7.1 smtp;554 5.7.1 denied>", "554", "5.7.1"),
        ("no mailbox here by that name. (#5.1.1)", None, "5.1.1"),
        ("[SMTP Error Code 550]", "550", None),
        ("id 5.5.2448.0 by 192.5.1.1 (8.14.4/8.14.4)", None, None),
        ("Order 4711 of 550 lamps", None, None),
        ("queued as 4.5.6.7", None, None),
        ("250 2.0.0 Ok", None, "2.0.0"),
    ],
)
def test_figures_are_told_from_addresses_versions_and_other_numbers(
    text: str, code: str | None, status: str | None
) -> None:
    assert (code_in(text), status_in(text)) == (code, status)


@pytest.mark.parametrize(
    "author", ["Anna Klein <anna@customer.example>", "Paul <postmaster@customer.example>"]
)
@pytest.mark.parametrize("prefix", ["Fwd: ", "RE: ", "WG: ", "Tr: "])
@pytest.mark.parametrize("name", ["exim-classic", "notes-free-form", "t-online-smail", "qq-mail", "kerio"])
def test_a_person_who_forwards_a_bounce_stays_a_person(name: str, prefix: str, author: str) -> None:
    root = tree(sample(name))
    raw = letter(f"{prefix}{root.first('subject')}", f"What is this?\n\n{root.text}", {"From": author})
    assert judged(raw).kind is Kind.CUSTOMER


@pytest.mark.parametrize(
    "name", ["postfix-user-unknown", "dsn-status-in-base64", "dsn-as-text-plain", "amavis-banned"]
)
@pytest.mark.parametrize("author", ["Anna Klein <anna@customer.example>", "anna@customer.example"])
def test_the_files_of_a_bounce_that_a_person_forwards_make_no_bounce(name: str, author: str) -> None:
    _, _, body = sample(name).partition(b"\n\n")
    boundary = body[body.index(b"\n--") + 3 :].split(b"\n")[0].decode()
    mixed = {"Content-Type": f'multipart/mixed; boundary="{boundary}"', "From": author}
    head = letter("Fwd: Undelivered", "", mixed)
    assert judged(head.rstrip(b"\n") + b"\n\n" + body).kind is Kind.CUSTOMER


def test_what_comes_back_inside_a_bounce_is_not_asked_what_it_is() -> None:
    told = bounce(sample("bounce-of-a-marked-message"))
    assert told.original_message_id == "<loop.1@example.com>"


def test_only_the_beginning_of_a_long_notice_is_read() -> None:
    daemon = {"From": "MAILER-DAEMON@x.example"}
    notice = (
        "Your message could not be delivered.\n" + "- \n" * 2_000 + "late@customer.example: 550 unknown\n"
    )
    told = bounce(letter("Undelivered Mail Returned to Sender", notice, daemon))
    assert (told.recipient, told.code) == (None, None)
