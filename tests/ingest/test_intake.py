"""From a letter to its event."""

from datetime import UTC, datetime
from uuid import UUID

from contracts import ingest
from contracts.ingest import MessageReceived
from contracts.mail import SmtpEnvelope
from services.ingest.intake import receive
from services.ingest.reading import read

ENVELOPE = SmtpEnvelope(
    client_address="192.0.2.1", mail_from="a@b.example", recipients=("support@example.com",)
)


def received(raw: bytes) -> tuple[MessageReceived, dict[str, bytes]]:
    return receive(
        UUID(int=1),
        raw,
        read(raw),
        ENVELOPE,
        ticketbox_id=None,
        source="smtp",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        authentication=None,
        scan=None,
    )


def test_a_long_text_is_cut_in_the_event_and_kept_whole_beside_it() -> None:
    raw = (
        b"Message-ID: <l@x.example>\nContent-Type: text/plain; charset=utf-8\n\n" + b"line of text\n" * 40_000
    )
    event, blobs = received(raw)
    assert len(event.text.encode()) <= ingest.MAX_TEXT
    assert event.text_sha256 is not None
    assert blobs[event.text_sha256].decode().count("line of text") == 40_000


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
    event, _ = received(raw)
    assert len(event.letter.to) == 1000
    assert (len(event.letter.references), event.letter.references[0]) == (500, "<0@x>")
    assert len(event.letter.subject) == 2000
    assert len(event.attachments) == 1000


def test_a_sender_without_an_address_is_nobody() -> None:
    event, _ = received(b"From: Kim Lee\n\nHello\n")
    assert event.letter.from_ is None


def test_an_attachment_is_found_by_its_digest() -> None:
    event, blobs = received(b"Content-Type: application/pdf; name=a.pdf\n\n%PDF")
    (attachment,) = event.attachments
    assert blobs[attachment.sha256] == b"%PDF"
