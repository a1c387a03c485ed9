"""Copies and alerts: what leaves, and what nothing answers."""

import email
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP, default
from uuid import uuid4

import pytest

from contracts.mail import LOOP_HEADER, Address
from contracts.notify import NoticeFailed, NoticeSent
from contracts.router import AlertReleased, CopyReleased
from mail.headers import Uncomposable
from services.notify.delivery import Answered, State, after_try, as_told
from services.notify.notices import MOST_AN_HOUR, compose, refuse_flood, release
from tests.events import NOON, recorded

ORIGINAL = b"From: kim@customers.example\r\nSubject: Lamp\r\n\r\nWhere is my lamp?\r\n"
US = Address(name="Support", address="support@example.com")


def copy(**changes: object) -> CopyReleased:
    return CopyReleased(
        notice_id=uuid4(),
        message_id=uuid4(),
        sha256="00",
        sender=US,
        to="carrier@x.example",
        subject="Copy: Lamp",
        rule="Carrier",
    ).model_copy(update=changes)


def alert() -> AlertReleased:
    return AlertReleased(
        notice_id=uuid4(),
        message_id=uuid4(),
        sender=US,
        to="anna@example.com",
        subject="Alert: Lamp\r\nBcc: eve@x.example",
        text="It is quarantined: virus.\n",
        rule="Virus",
    )


def read(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_copy_has_the_message_attached_as_it_came() -> None:
    message = read(compose(copy(), ORIGINAL, NOON).message)
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_content().as_bytes(policy=SMTP) == ORIGINAL
    assert "“Carrier” sends you a copy" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "original",
    [
        "Subject: Lämpchen\r\n\r\nä\r\n".encode(),
        b"Subject: bare\n\nline ends\n",
        b"\r\n" + b"x" * 2000,
        b"a\0b\r\n",
    ],
)
def test_bytes_that_cannot_travel_as_they_are_go_as_a_file(original: bytes) -> None:
    (attached,) = read(compose(copy(), original, NOON).message).iter_attachments()
    assert attached.get_content_type() == "application/octet-stream"
    assert attached.get_filename() == "message.eml"
    assert attached.get_content() == original


def test_no_text_of_a_stranger_ends_the_attachment() -> None:
    notice = copy()
    hostile = f"Subject: x\r\n\r\n--=_{notice.notice_id.hex}--\r\nafter\r\n".encode()
    (attached,) = read(compose(notice, hostile, NOON).message).iter_attachments()
    assert attached.get_content() == hostile


@pytest.mark.parametrize("notice", [copy(), alert()])
def test_nothing_answers_a_notice_and_it_is_known_when_it_comes_back(
    notice: CopyReleased | AlertReleased,
) -> None:
    composed = compose(notice, ORIGINAL, NOON)
    message = read(composed.message)
    assert composed.sender == ""
    assert message["Auto-Submitted"] == "auto-generated"
    assert message[LOOP_HEADER] == "example.com"
    assert message["To"] == notice.to


def test_a_line_break_in_a_subject_begins_no_header() -> None:
    message = read(compose(alert(), b"", NOON).message)
    assert message["Bcc"] is None
    assert message["Subject"] == "Alert: Lamp Bcc: eve@x.example"
    assert "quarantined" in message.get_content()


def test_an_address_that_is_none_is_told_as_a_failure() -> None:
    with pytest.raises(Uncomposable):
        compose(copy(to="not an address"), ORIGINAL, NOON)


def test_nobody_is_buried_in_notices() -> None:
    refuse_flood(MOST_AN_HOUR)
    with pytest.raises(Uncomposable, match="within an hour"):
        refuse_flood(MOST_AN_HOUR + 1)


def test_of_a_notice_only_its_end_is_told() -> None:
    notice = copy()
    (event,) = recorded(notice)
    released = release(event, compose(notice, ORIGINAL, NOON), NOON)  # type: ignore[arg-type]
    queued = replace(released.delivery, tries=1)
    after, said = after_try(queued, Answered("451 later"), NOON, 0.5, "relay")
    assert as_told(after, said) is None
    after, said = after_try(
        queued, Answered("250 ok", taken=frozenset({"carrier@x.example"})), NOON, 0.5, "relay"
    )
    assert as_told(after, said) == NoticeSent(
        notice_id=notice.notice_id, message_id=notice.message_id, to="carrier@x.example", answer="250 ok"
    )
    refused = Answered("550 no", refused={"carrier@x.example": "550 no such user"})
    assert isinstance(as_told(*after_try(queued, refused, NOON, 0.5, "relay")), NoticeFailed)


def test_a_notice_that_cannot_be_made_has_failed_before_it_began() -> None:
    (event,) = recorded(copy(to="nobody"))
    assert release(event, None, NOON).delivery.state is State.FAILED  # type: ignore[arg-type]
