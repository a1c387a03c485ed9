"""A message is read again: only what the reader makes of the bytes may change."""

from datetime import UTC, datetime
from uuid import uuid4

from contracts.ingest import MessageReceived
from contracts.mail import Authentication, Scan, ScanVerdict, SmtpEnvelope
from services.ingest.intake import receive
from services.ingest.reading import read
from services.ingest.rereading import reread
from tests.events import ANNA, BOX, NOON

RAW = (
    b"From: Kim <kim@customers.example>\r\nTo: support@example.com\r\nSubject: A lamp\r\n"
    b"Date: Mon, 2 Mar 2026 11:59:00 +0000\r\nMessage-ID: <a@customers.example>\r\n\r\nHello\r\n"
)


def received(**changes: object) -> MessageReceived:
    """The message as an earlier reader took it in, which differed in `changes`."""
    envelope = SmtpEnvelope(client_address="192.0.2.1", recipients=("support@example.com",))
    clean = Scan(verdict=ScanVerdict.CLEAN, scanner="clamd", scanned_at=datetime(2026, 3, 2, tzinfo=UTC))
    event, _ = receive(
        uuid4(),
        RAW,
        read(RAW),
        envelope,
        ticketbox_id=BOX,
        source="smtp",
        received_at=NOON,
        authentication=Authentication(by="mx.example.com"),
        scan=clean,
    )
    return event.model_copy(update=changes)


def test_a_message_that_reads_as_before_is_left_as_it_is() -> None:
    assert reread(RAW, read(RAW), received(), ANNA) is None


def test_a_better_reading_replaces_what_was_read_and_keeps_how_the_message_came() -> None:
    before = received(text="H?llo", problems=("charset_guessed",))
    found = reread(RAW, read(RAW), before, ANNA)
    assert found is not None
    event, blobs = found
    assert (event.text.strip(), event.problems, event.reread_by) == ("Hello", (), ANNA)
    assert event.letter.message_id == before.letter.message_id
    for kept in ("envelope", "ticketbox_id", "source", "authentication", "scan", "sha256", "size"):
        assert getattr(event, kept) == getattr(before, kept)
    assert event.letter.received_at == NOON
    assert blobs[event.sha256] == RAW


def test_an_identity_that_was_given_at_intake_stays() -> None:
    other = received().letter.model_copy(update={"message_id": uuid4(), "subject": "?"})
    found = reread(RAW, read(RAW), received(letter=other), ANNA)
    assert found is not None
    assert found[0].letter.message_id == other.message_id
    assert found[0].letter.subject == "A lamp"
