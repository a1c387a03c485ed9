"""From a letter to its event."""

from datetime import UTC, datetime
from uuid import uuid4

from chassis.log import LARGEST_EVENT, canonical
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


def test_whatever_a_letter_holds_its_event_is_one_that_the_broker_takes() -> None:
    def folded(words: bytes) -> bytes:
        return b"\r\n ".join([words * 70] * (1_900_000 // 70 // len(words)))

    def many(words: bytes) -> bytes:
        return b",\r\n ".join(b'"%s" <kim%d@b.example>' % (words * 500, number) for number in range(1500))

    wide, quote = "\U0001f600".encode(), b'\\"'
    raw = b"\r\n".join(
        (
            b"From: " + folded(b"f") + b" <a@b.example>",
            *[b"To: " + folded(b"t") + b" <a@b.example>"] * 5,
            b"Cc: " + many(quote),
            b"Reply-To: " + many(wide),
            b"Subject: " + folded(wide),
            b"Message-ID: <" + b"m" * 1_900_000 + b">",
            b"In-Reply-To: <" + b"r" * 1_900_000 + b">",
            b"References: " + b" ".join(b"<%d-%s>" % (number, wide * 700) for number in range(700)),
            *(b"X" * 5000 + b": " + wide * 5000 for _ in range(100)),
            b"Content-Type: multipart/mixed; boundary=b",
            b"",
            b"--b\r\n\r\n" + b"\x01" * 300_000,
            *(
                b"--b\r\nContent-Type: image/%s; name=%s\r\nContent-ID: <%s>\r\n\r\nx"
                % (b"i" * 5000, wide * 500, wide * 500)
                for _ in range(1000)
            ),
        )
    )
    event = taken(raw).event
    assert isinstance(event, ingest.MessageReceived)
    assert len(canonical(event.model_dump(mode="json"))) <= LARGEST_EVENT


def test_a_sender_without_an_address_is_nobody() -> None:
    assert taken(b"From: Kim Lee\n\nHello\n").event.letter.from_ is None


def test_an_attachment_is_found_by_its_digest() -> None:
    accepted = taken(b"Content-Type: application/pdf; name=a.pdf\n\n%PDF")
    (attachment,) = accepted.event.attachments
    assert accepted.blobs[attachment.sha256] == b"%PDF"
