"""From a letter to its event."""

from datetime import UTC, datetime
from uuid import uuid4

from contracts import ingest
from contracts.mail import SmtpEnvelope
from services.ingest.examining import Findings
from services.ingest.intake import Accepted, accept
from services.ingest.reading import read

BOX = uuid4()
ENVELOPE = SmtpEnvelope(
    client_address="192.0.2.1", mail_from="a@b.example", recipients=("support@example.com",)
)
PLAIN = b"From: Kim <kim@customers.example>\nSubject: My lamp\nMessage-ID: <1@customers.example>\n\nHello\n"


def taken(raw: bytes) -> Accepted:
    return accept(
        raw,
        read(raw),
        ENVELOPE,
        ticketbox_id=BOX,
        source="smtp",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        fresh=uuid4(),
        findings=Findings(),
    )


def test_the_same_bytes_for_the_same_people_are_the_same_message() -> None:
    assert taken(PLAIN).message_id == taken(PLAIN).message_id
    assert taken(b"Subject: ping\n\nping").message_id != taken(b"Subject: ping\n\nping").message_id


def test_a_long_text_is_cut_in_the_event_and_kept_whole_beside_it() -> None:
    raw = (
        b"Message-ID: <l@x.example>\nContent-Type: text/plain; charset=utf-8\n\n" + b"line of text\n" * 40_000
    )
    accepted = taken(raw)
    assert len(accepted.event.text.encode()) <= ingest.MAX_TEXT
    assert accepted.event.text_sha256 is not None
    assert accepted.blobs[accepted.event.text_sha256].decode().count("line of text") == 40_000


def test_a_reply_is_kept_only_where_it_is_less_than_the_text() -> None:
    assert taken(PLAIN).event.reply is None
    assert taken(PLAIN + b"\n\n\n").event.reply is None
    assert taken(PLAIN + b"\nOn Monday Anna wrote:\n> Which one?\n").event.reply == "Hello"


def test_an_event_holds_a_bounded_number_of_people_references_and_files() -> None:
    raw = (
        b"From: a@b.example\nTo: "
        + b"a@b.example, " * 5000
        + b"\nReferences: "
        + b" ".join(b"<%d@x>" % n for n in range(3000))
        + b"\nSubject: "
        + b"long " * 5000
        + b"\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: image/png; name=a.png\n\nx\n" * 3000
    )
    event = taken(raw).event
    assert len(event.letter.to) == 1000
    assert (len(event.letter.references), event.letter.references[0]) == (500, "<0@x>")
    assert len(event.letter.subject) == 2000
    assert len(event.attachments) == 1000


def test_a_sender_without_an_address_is_nobody() -> None:
    assert taken(b"From: Kim Lee\n\nHello\n").event.letter.from_ is None


def test_an_attachment_is_found_by_its_digest() -> None:
    accepted = taken(b"Content-Type: application/pdf; name=a.pdf\n\n%PDF")
    (attachment,) = accepted.event.attachments
    assert accepted.blobs[attachment.sha256] == b"%PDF"
