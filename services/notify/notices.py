"""Copies, alerts and notices: from what rules and automations want to what leaves (RFC 3834)."""

from base64 import encodebytes
from datetime import datetime, timedelta
from email.utils import format_datetime

from contracts.correspondence import NoticeReleased
from contracts.event import Recorded
from contracts.mail import LOOP_HEADER
from contracts.router import AlertReleased, CopyReleased
from mail import headers
from services.notify.compose import Composed
from services.notify.delivery import Delivery, Recipient, State
from services.notify.release import Release

Notice = CopyReleased | AlertReleased | NoticeReleased

MOST_AN_HOUR = 500
"""Notices that one address gets; a rule that matches everything must not bury anyone."""
CAP_SPAN = timedelta(hours=1)
MOST_BYTES = 20 * 1024 * 1024
"""Of a message that is copied; few relays take more."""
_LONGEST_SUBJECT = 300


def refuse_flood(number: int) -> None:
    """Let an address have so many within `CAP_SPAN`.

    Raises:
        headers.Uncomposable: it has had enough.
    """
    if number > MOST_AN_HOUR:
        raise headers.Uncomposable(f"{MOST_AN_HOUR} notices went there within an hour")


def compose(notice: Notice, original: bytes, at: datetime) -> Composed:
    """Make the message of a notice, with the message that it copies as an attachment.

    It says that a machine made it and that it is ours, and its return path is empty: nothing answers it, and what
    comes back is known.

    Raises:
        headers.Uncomposable: an address is none.
    """
    sender, to = headers.addr_spec(notice.sender.address), headers.addr_spec(notice.to)
    domain = sender.rpartition("@")[2]
    subject = " ".join(notice.subject.split())[:_LONGEST_SUBJECT]
    head = b"".join(
        (
            headers.field("Date", f" {format_datetime(at)}"),
            headers.addresses("From", (notice.sender,)),
            headers.field("To", f" {to}"),
            headers.unstructured("Subject", subject),
            headers.message_ids("Message-ID", (f"<{notice.notice_id}@{domain}>",)),
            headers.field("Auto-Submitted", " auto-generated"),
            headers.field(LOOP_HEADER, f" {domain}"),
            headers.field("MIME-Version", " 1.0"),
        )
    )
    body = _copy(notice, original) if isinstance(notice, CopyReleased) else _text(notice.text)
    return Composed(message=head + body, sender="", to=(to,), cc=(), smtputf8=not f"{sender}{to}".isascii())


def _text(text: str) -> bytes:
    return b"".join(
        (
            headers.field("Content-Type", " text/plain;", " charset=utf-8"),
            headers.field("Content-Transfer-Encoding", " base64"),
            b"\r\n",
            _base64(text.encode()),
        )
    )


def _copy(notice: CopyReleased, original: bytes) -> bytes:
    boundary = f"=_{notice.notice_id.hex}"  # "=_" is in no base64, and what is not encoded is searched for it
    delimiter = f"--{boundary}".encode()
    words = f"The rule “{notice.rule}” sends you a copy of the attached message.\n"
    return b"".join(
        (
            headers.field("Content-Type", " multipart/mixed;", f' boundary="{boundary}"'),
            b"\r\n",
            delimiter,
            b"\r\n",
            _text(words),
            delimiter,
            b"\r\n",
            _attached(original, delimiter),
            b"\r\n",
            delimiter,
            b"--\r\n",
        )
    )


def _attached(original: bytes, delimiter: bytes) -> bytes:
    """As a message where the bytes can travel as they are, which is all that RFC 2046 §5.2.1 allows; else as a file."""
    as_it_is = (
        original.isascii()
        and b"\0" not in original
        and delimiter not in original
        and original.count(b"\r") == original.count(b"\n") == original.count(b"\r\n")
        and all(len(line) <= headers.LONGEST_LINE for line in original.split(b"\r\n"))
    )
    return b"".join(
        (
            headers.field("Content-Type", " message/rfc822" if as_it_is else " application/octet-stream"),
            headers.field("Content-Disposition", " attachment;", ' filename="message.eml"'),
            b"" if as_it_is else headers.field("Content-Transfer-Encoding", " base64"),
            b"\r\n",
            original if as_it_is else _base64(original),
        )
    )


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n")


def release(event: Recorded[Notice], composed: Composed | None, now: datetime) -> Release:
    """What the senders are given; without a message, a delivery that failed before it began."""
    notice = event.event
    address = composed.to[0] if composed else notice.to
    return Release(
        delivery=Delivery(
            reply_id=notice.notice_id,
            attempt=1,
            ticket_id=notice.message_id,
            internet_message_id=f"<{notice.notice_id}@{notice.sender.address.rpartition('@')[2]}>",
            automatic=True,
            recipients=(Recipient(address=address),),
            queued_at=now,
            due_at=now,
            state=State.QUEUED if composed else State.FAILED,
            notice=True,
        ),
        sender="",
        smtputf8=bool(composed and composed.smtputf8),
        message=composed.message if composed else b"",
        release_id=event.event_id,
        correlation_id=event.meta.correlation_id,
        traceparent=event.meta.traceparent,
    )
