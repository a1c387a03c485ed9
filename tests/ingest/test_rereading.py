"""A message is read again: only what the reader makes of the bytes may change."""

from datetime import UTC, datetime
from uuid import uuid4

from contracts.ingest import MessageReceived
from contracts.mail import Authentication, Scan, ScanVerdict, SmtpEnvelope
from services.ingest.examining import Findings
from services.ingest.intake import accept
from services.ingest.reading import read
from services.ingest.rereading import reread
from tests.events import ANNA, NOON

RAW = (
    b"From: Kim <kim@customers.example>\r\nTo: support@example.com\r\nSubject: A lamp\r\n"
    b"Message-ID: <a@customers.example>\r\n\r\nHello\r\n"
)


def received(**changes: object) -> MessageReceived:
    """The message as an earlier reader took it in, which differed in `changes`."""
    envelope = SmtpEnvelope(client_address="192.0.2.1", recipients=("support@example.com",))
    event = accept(RAW, read(RAW), envelope, source="smtp", received_at=NOON, fresh=uuid4(, ticketbox_id=uuid4(), findings=Findings())).event
    evidence = {
        "authentication": Authentication(by="mx.example.com"),
        "scan": Scan(verdict=ScanVerdict.CLEAN, scanner="clamd", scanned_at=datetime(2026, 3, 2, tzinfo=UTC)),
    }
    return event.model_copy(update={**evidence, **changes})


def test_a_message_that_reads_as_before_is_left_as_it_is() -> None:
    assert reread(RAW, read(RAW), received(), ANNA) is None


def test_a_better_reading_replaces_what_was_read_and_keeps_how_the_message_came() -> None:
    before = received(text="H?llo", problems=("charset_guessed",))
    found = reread(RAW, read(RAW), before, ANNA)
    assert found is not None
    event, blobs = found
    assert (event.text.strip(), event.problems, event.reread_by) == ("Hello", (), ANNA)
    assert event.letter.message_id == before.letter.message_id
    for kept in ("envelope", "source", "authentication", "scan", "sha256", "size"):
        assert getattr(event, kept) == getattr(before, kept)
    assert event.letter.received_at == NOON
    assert blobs[event.sha256] == RAW


def test_an_identity_that_was_given_at_intake_stays() -> None:
    other = received().letter.model_copy(update={"message_id": uuid4(), "subject": "?"})
    found = reread(RAW, read(RAW), received(letter=other), ANNA)
    assert found is not None
    assert found[0].letter.message_id == other.message_id
    assert found[0].letter.subject == "A lamp"
