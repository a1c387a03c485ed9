"""When two copies are one message."""

from uuid import uuid4

import pytest

from services.ingest.identity import identity_of

BOX = ("support@example.com",)
LETTER = (
    b"From: Kim <kim@customers.example>\r\nDate: Mon, 2 Mar 2026 13:00:00 +0100\r\nSubject: Where is\r\n  my order?\r\n"
    b"Message-ID: <1@customers.example>\r\nContent-Type: text/plain\r\n\r\nHello,\r\n\r\nwhere is it?\r\n"
)


def same(one: bytes, other: bytes, box: tuple[str, ...] = BOX) -> bool:
    return identity_of(one, BOX, uuid4()) == identity_of(other, box, uuid4())


@pytest.mark.parametrize(
    "copy",
    [
        b"Return-Path: <kim@customers.example>\r\nReceived: from a by b; today\r\n" + LETTER,
        b"Delivered-To: support@example.com\r\nX-Spam-Score: 1\r\nAuthentication-Results: b; spf=pass\r\n" + LETTER,
        LETTER.replace(b"\r\n", b"\n"),
        LETTER.replace(b"\r\n", b"\r"),
        LETTER + b"\r\n",
        LETTER.replace(b"Where is\r\n  my", b"Where is my"),
        LETTER.replace(b"Message-ID: <1@customers.example>\r\n", b"")
        .replace(b"From:", b"MESSAGE-id:\r\n <1@customers.example>\r\nFrom:"),
    ],
    ids=["trace", "marks", "bare LF", "bare CR", "empty line at the end", "unfolded", "field moved"],
)  # fmt: skip
def test_copies_that_differ_only_in_what_the_way_added_are_one_message(copy: bytes) -> None:
    assert same(LETTER, copy)


@pytest.mark.parametrize(
    "other",
    [
        LETTER.replace(b"is it?", b"is he?"),
        LETTER.replace(b"<1@", b"<2@"),
        LETTER.replace(b"13:00", b"13:01"),
        LETTER.replace(b"my order", b"our order"),
        LETTER.replace(b"kim@", b"tim@"),
        LETTER.replace(b"Hello,\r\n\r\n", b"Hello,\r\n"),
    ],
    ids=["body", "Message-ID", "Date", "Subject", "From", "an empty line"],
)
def test_messages_that_differ_in_what_the_sender_wrote_are_two_even_with_one_message_id(other: bytes) -> None:
    assert not same(LETTER, other)


def test_the_same_message_to_two_ticketboxes_is_two() -> None:
    assert not same(LETTER, LETTER, ("sales@example.com",))


def test_recipients_count_in_any_order_and_case() -> None:
    one = identity_of(LETTER, ("a@example.com", "b@example.com"), uuid4())
    assert one == identity_of(LETTER, ("B@example.com", "a@example.com"), uuid4())


def test_without_a_message_id_the_same_bytes_are_two_messages() -> None:
    nameless = LETTER.replace(b"Message-ID: <1@customers.example>\r\n", b"")
    fresh = uuid4()
    assert identity_of(nameless, BOX, fresh) == fresh


def test_without_a_message_id_a_source_knows_the_very_copy_again() -> None:
    nameless = b"Received: by imap.example; id 1\r\n" + LETTER.replace(b"Message-ID", b"X-Was")
    other = nameless.replace(b"id 1", b"id 2")
    seen = [identity_of(raw, BOX, uuid4(), again="imap:support") for raw in (nameless, nameless, other)]
    assert seen[0] == seen[1] != seen[2]
    assert identity_of(nameless, BOX, uuid4(), again="imap:sales") != seen[0]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\n\nbody", b"no header at all", b":\n:\n", b"\xff\x00" * 100]
)
def test_any_bytes_have_an_identity(raw: bytes) -> None:
    assert identity_of(raw, BOX, uuid4(), again="imap:support") == identity_of(
        raw, BOX, uuid4(), again="imap:support"
    )
