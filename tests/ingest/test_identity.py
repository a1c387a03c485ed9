"""When two copies are one message."""

from uuid import UUID, uuid4

import pytest

from services.ingest.identity import Identity, identity_of

SUPPORT, ORDERS = uuid4(), uuid4()
ADDRESS = ("support@example.com",)
LETTER = (
    b"From: Kim <kim@customers.example>\r\nDate: Mon, 2 Mar 2026 13:00:00 +0100\r\nSubject: Where is\r\n  my order?\r\n"
    b"Message-ID: <1@customers.example>\r\nContent-Type: text/plain\r\n\r\nHello,\r\n\r\nwhere is it?\r\n"
)


def message_id(raw: bytes, box: UUID = SUPPORT, recipients: tuple[str, ...] = ADDRESS) -> UUID:
    return identity_of(raw, box, recipients, uuid4()).message_id


def same(one: bytes, other: bytes) -> bool:
    return message_id(one) == message_id(other)


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
    assert message_id(LETTER, SUPPORT) != message_id(LETTER, ORDERS)


def test_whichever_addresses_of_a_ticketbox_it_was_sent_to_it_is_one() -> None:
    assert message_id(LETTER) == message_id(LETTER, recipients=("help@example.com", "support@example.com"))


def test_it_keeps_the_id_by_which_it_was_taken_before_intake_knew_ticketboxes() -> None:
    """This id is in logs that were written then: it must never change."""
    known = UUID("3364de34-5553-5eb1-88ee-29c38c164622")
    for recipients in (
        ("a@example.com", "b@example.com"),
        ("B@example.com", "a@example.com", "b@example.com"),
    ):
        assert identity_of(LETTER, SUPPORT, recipients, uuid4()).by_address == known


def test_its_id_sorts_by_the_date_that_the_sender_wrote() -> None:
    """This id is in logs: it must never change."""
    assert message_id(LETTER, UUID("3364de34-5553-5eb1-88ee-29c38c164622")) == UUID(
        "019cae6b-6600-8b0c-ac7f-80d680106922"
    )
    dates = (
        b"2 Mar 2026 12:00:00 +0000",
        b"Mon, 02 Mar 2026 12:00:01 +0000 (GMT)",
        b"Mon, 2 Mar 2026 11:00:02 -0100",
    )
    ids = [message_id(LETTER.replace(b"Mon, 2 Mar 2026 13:00:00 +0100", date)) for date in dates]
    assert ids == sorted(ids)
    assert {identity.version for identity in ids} == {8}


@pytest.mark.parametrize(
    "date",
    [
        b"",
        b"yesterday",
        b"Mon, 2 Mar 26 13:00 CET",
        b"31 Feb 2026 13:00:00 +0000",
        b"2 Mar 2026 13:00:00 +9900",
        b"31 Dec 9999 23:59:99 +0000",
        b"1 Jan 0000 00:00:00 +0000",
        b"1 Jan 1969 00:00:00 +0000",
    ],
)
def test_without_a_time_in_its_date_it_has_the_id_that_all_had_once(date: bytes) -> None:
    identity = identity_of(LETTER.replace(b"Mon, 2 Mar 2026 13:00:00 +0100", date), SUPPORT, ADDRESS, uuid4())
    assert identity.message_id == identity.untimed
    assert identity.message_id.version == 5


def test_without_a_message_id_the_same_bytes_are_two_messages() -> None:
    nameless = LETTER.replace(b"Message-ID: <1@customers.example>\r\n", b"")
    fresh = uuid4()
    assert identity_of(nameless, SUPPORT, ADDRESS, fresh) == Identity(fresh)


def test_without_a_message_id_a_source_knows_the_very_copy_again() -> None:
    nameless = b"Received: by imap.example; id 1\r\n" + LETTER.replace(b"Message-ID", b"X-Was")
    other = nameless.replace(b"id 1", b"id 2")
    seen = [
        identity_of(raw, SUPPORT, ADDRESS, uuid4(), again="imap:support")
        for raw in (nameless, nameless, other)
    ]
    assert seen[0] == seen[1] != seen[2]
    assert identity_of(nameless, SUPPORT, ADDRESS, uuid4(), again="imap:sales") != seen[0]


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\n\nbody", b"no header at all", b":\n:\n", b"\xff\x00" * 100]
)
def test_any_bytes_have_an_identity(raw: bytes) -> None:
    ids = {identity_of(raw, SUPPORT, ADDRESS, uuid4(), again="imap:support") for _ in range(2)}
    assert len(ids) == 1
