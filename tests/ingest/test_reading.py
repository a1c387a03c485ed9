"""Reading mail, and what it becomes."""

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from contracts import ingest
from contracts.mail import Kind, SmtpEnvelope
from services.ingest.examining import Findings
from services.ingest.intake import accept
from services.ingest.reading import read

PLAIN = b"""From: =?utf-8?q?J=C3=BCrgen?= <juergen@customers.example>
To: support@example.com
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Message-ID: <1@customers.example>
Date: Mon, 2 Mar 2026 13:00:00 +0100

Hello,
where is my lamp?

On Monday, Anna wrote:
> It leaves today.
"""
BOX = uuid4()
ENVELOPE = SmtpEnvelope(
    client_address="192.0.2.1", mail_from="a@b.example", recipients=("support@example.com",)
)


def test_a_plain_letter_is_read() -> None:
    letter = read(PLAIN)
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == ("Jürgen", "juergen@customers.example")
    assert letter.subject == "Grüße"
    assert letter.date == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert letter.kind is Kind.CUSTOMER


def test_a_quotation_at_the_end_is_not_new_but_stays_in_the_text() -> None:
    letter = read(PLAIN)
    assert letter.reply == "Hello,\nwhere is my lamp?"
    assert "It leaves today." in letter.text


def test_what_stands_below_a_quotation_is_never_cut() -> None:
    letter = read(b"Subject: x\n\n> When?\nTomorrow at ten.\n> Where?\nAt home.\n")
    assert "At home." in letter.reply


def test_html_alone_is_read_as_text() -> None:
    letter = read(
        b"Content-Type: text/html; charset=utf-8\n\n<p>Dear all,</p><p>one &amp; two</p><style>p{}</style>"
    )
    assert letter.text == "Dear all,\n\none & two"


def test_an_attachment_keeps_its_name_without_what_harms_a_disk() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee file\n--b\n"
        b"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''..%2F%C3%BCbersicht.pdf\n"
        b"Content-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n"
    )
    (attachment,) = read(raw).attachments
    assert attachment.name == "_übersicht.pdf"
    assert attachment.content == b"%PDF"


def test_an_out_of_office_note_is_automatic() -> None:
    letter = read(b"Auto-Submitted: auto-replied\nSubject: Away\n\nBack on Monday.\n")
    assert letter.kind is Kind.AUTO_REPLY
    assert letter.automatic


@given(st.binary(max_size=2000))
def test_nothing_raises_and_nothing_that_postgresql_refuses_comes_out(raw: bytes) -> None:
    letter = read(raw)
    for text in (letter.subject, letter.text, letter.reply, *(value for _, value in letter.headers)):
        assert "\x00" not in text
        text.encode()


@given(st.text(max_size=300))
def test_a_text_in_utf8_comes_out_as_it_went_in(text: str) -> None:
    raw = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text.encode()
    expected = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    assert read(raw).text.strip() == expected.strip()


def test_the_same_bytes_for_the_same_people_are_the_same_message() -> None:
    def accepted(raw: bytes) -> object:
        now = datetime(2026, 3, 2, tzinfo=UTC)
        taken = accept(
            raw,
            read(raw),
            ENVELOPE,
            ticketbox_id=BOX,
            source="smtp",
            received_at=now,
            fresh=uuid4(),
            findings=Findings(),
        )
        return taken.message_id

    assert accepted(PLAIN) == accepted(PLAIN)
    assert accepted(b"Subject: ping\n\nping") != accepted(b"Subject: ping\n\nping")


def test_a_long_text_is_cut_in_the_event_and_kept_whole_beside_it() -> None:
    raw = (
        b"Message-ID: <l@x.example>\nContent-Type: text/plain; charset=utf-8\n\n" + b"line of text\n" * 40_000
    )
    taken = accept(
        raw,
        read(raw),
        ENVELOPE,
        ticketbox_id=BOX,
        source="smtp",
        received_at=datetime(2026, 3, 2, tzinfo=UTC),
        fresh=uuid4(),
        findings=Findings(),
    )
    assert len(taken.event.text.encode()) <= ingest.MAX_TEXT
    assert taken.event.text_sha256 is not None
    assert taken.blobs[taken.event.text_sha256].decode().count("line of text") == 40_000
