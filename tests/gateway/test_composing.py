"""What forms and programs hand in becomes a message that our own reader reads as it was meant."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.mail import Address
from mail.headers import HeaderInjection, Uncomposable
from services.gateway.intake.composing import File, NewLetter, compose, message_id_for
from services.gateway.intake.new_message import EXAMPLE, NewMessage
from services.ingest.reading import read

LETTER = NewLetter(
    message_id="<1@shop.example>",
    date=datetime(2026, 3, 2, 12, tzinfo=UTC),
    from_=Address(name="Kim Customer", address="kim@customers.example"),
    to=Address(address="support@example.com"),
    subject="Where is my order?",
    text="Hello,\n\nwhere is it?\n",
)
LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=("Cs",)), max_size=120)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=400)


def test_a_letter_has_the_headers_that_every_message_needs() -> None:
    head = compose(LETTER).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[:5] == [
        b"Date: Mon, 02 Mar 2026 12:00:00 +0000",
        b"From: Kim Customer <kim@customers.example>",
        b"To: support@example.com",
        b"Subject: Where is my order?",
        b"Message-ID: <1@shop.example>",
    ]
    assert b"MIME-Version: 1.0" in head


@settings(deadline=None, max_examples=300)
@given(name=LINE, subject=LINE, text=TEXT, file_name=LINE, content=st.binary(max_size=200))
def test_whatever_is_written_no_value_begins_a_header_and_no_line_is_too_long(
    name: str, subject: str, text: str, file_name: str, content: bytes
) -> None:
    raw = compose(
        replace(
            LETTER,
            from_=Address(name=name, address="kim@customers.example"),
            subject=subject,
            text=text,
            files=(File(file_name, "text/plain", b"x" + content),),
        )
    )
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [b"Date", b"From", b"To", b"Subject", b"Message-ID", b"MIME-Version", b"Content-Type"]
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    parsed = message_from_bytes(raw, policy=policy.default)
    assert parsed["From"].addresses[0].addr_spec == "kim@customers.example"  # type: ignore[attr-defined]
    (attached,) = (part for part in parsed.walk() if part.get_content_disposition() == "attachment")
    assert attached.get_payload(decode=True) == b"x" + content


def test_names_and_subjects_of_every_script_are_read_as_they_were_written() -> None:
    letter = read(
        compose(
            replace(
                LETTER,
                from_=Address(name='Zoë "Z" Groß, München', address="zoe@münchen.example"),
                subject="Größe 40: どこですか " + "und wo " * 30,
                text="Grüße\n" + "x" * 2000 + "\n.\nFrom here\n",
                files=(File("Prüfung " + "ü" * 100 + ".pdf", "application/pdf", b"%PDF"),),
            )
        )
    )
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == (
        'Zoë "Z" Groß, München',
        "zoe@xn--mnchen-3ya.example",
    )
    assert letter.subject == ("Größe 40: どこですか " + "und wo " * 30).strip()
    assert letter.text.replace("\r\n", "\n") == "Grüße\n" + "x" * 2000 + "\n.\nFrom here\n"
    assert [one.name for one in letter.attachments] == ["Prüfung " + "ü" * 100 + ".pdf"]


@pytest.mark.parametrize("hostile", ["a\r\nBcc: everyone@example.com", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_in_a_value_is_refused_and_never_becomes_a_header(hostile: str) -> None:
    for letter in (
        replace(LETTER, subject=hostile),
        replace(LETTER, from_=Address.model_construct(name=hostile, address="kim@customers.example")),
        replace(LETTER, from_=Address.model_construct(name="", address=f"kim@customers.example{hostile}")),
        replace(LETTER, message_id=f"<{hostile}@x>"),
        replace(LETTER, references=(f"<{hostile}@x>",)),
        replace(LETTER, more=(("X-Order", hostile),)),
    ):
        with pytest.raises(HeaderInjection):
            compose(letter)
    raw = compose(replace(LETTER, files=(File(hostile, "text/plain", b"x"),)))
    assert b"\nBcc:" not in raw
    assert len(read(raw).attachments) == 1


@pytest.mark.parametrize(
    "wrong", ["nobody", "a b@example.com\u0000", "@example.com", "kim@", "kim@exa mple.com"]
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(Uncomposable):
        compose(replace(LETTER, from_=Address.model_construct(name="", address=wrong)))


@pytest.mark.parametrize(
    ("claimed", "travels_as"),
    [
        ("image/PNG", "image/png"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("nonsense\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_travels_as_a_type_that_can_carry_it(claimed: str, travels_as: str) -> None:
    (file,) = read(compose(replace(LETTER, files=(File("a", claimed, b"x"),)))).attachments
    assert (file.type, file.content) == (travels_as, b"x")


@pytest.mark.parametrize("text", [None, "Hello"])
def test_images_of_the_html_lie_beside_it_and_other_files_are_attached(text: str | None) -> None:
    order = File("order.pdf", "application/pdf", b"%PDF")
    logo = File("logo.png", "image/png", b"PNG", content_id="logo@shop.example")
    raw = compose(replace(LETTER, text=text, html='<img src="cid:logo@shop.example">', files=(order, logo)))
    letter = read(raw)
    assert letter.html is not None
    assert "cid:logo@shop.example" in letter.html
    found = {one.name: (one.inline, one.content_id) for one in letter.attachments}
    assert found == {"order.pdf": (False, None), "logo.png": (True, "logo@shop.example")}


def test_a_letter_without_an_id_gets_one_that_is_the_same_at_each_try() -> None:
    identity = UUID(int=7)
    assert message_id_for(identity, "support@example.com") == f"<{identity}@example.com>"


def new_message(**changes: object) -> NewMessage:
    return NewMessage.model_validate({**EXAMPLE, **changes})


def test_the_example_of_the_description_becomes_a_letter() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    letter = read(compose(new_message().letter("support@example.com", "<1@example.com>", now)))
    assert letter.from_ is not None
    assert letter.from_.name == "Kim Customer"
    assert letter.date == now
    assert [(one.name, one.content) for one in letter.attachments] == [("order.txt", b"2 lamps\n")]


def test_base64_may_have_lines_as_mail_has_them() -> None:
    (file,) = new_message(attachments=[{"name": "a", "content": "aGVs\r\nbG8=\n"}]).attachments
    assert file.content == b"hello"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": "a\r\nBcc: b@example.com"}, "subject"),
        ({"from": {"name": "a\nb", "address": "a@example.com"}}, "from.name"),
        ({"cc": [{"address": "a@example.com\rBcc: b@example.com"}]}, "cc.0.address"),
        ({"text": "a\0b"}, "text"),
        ({"in_reply_to": "<a@b>\n"}, "in_reply_to"),
        ({"references": ["<a@b>\r\n"]}, "references.0"),
        ({"headers": {"X-Order": "1\n2"}}, "headers.X-Order"),
        ({"headers": {"Bcc": "b@example.com"}}, "headers.Bcc.[key]"),
        ({"headers": {"X-Postroom-Form": "honeypot"}}, "headers.X-Postroom-Form.[key]"),
        ({"attachments": [{"name": "a\nb", "content": ""}]}, "attachments.0.name"),
        ({"attachments": [{"name": "a", "content": "aGVs!bG8="}]}, "attachments.0.content"),
        ({"attachments": [{"name": "a", "content": "aGVsbG8"}]}, "attachments.0.content"),
        ({"date": "2026-03-02T12:00:00"}, "date"),
        ({"attachements": []}, "attachements"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        new_message(**changes)
    assert [".".join(map(str, one["loc"])) for one in refused.value.errors()] == [field]
