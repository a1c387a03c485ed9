"""Lists of mailboxes (RFC 5322 §3.4)."""

import pytest

from contracts.mail import LONGEST_ADDRESS
from services.ingest.reading.addresses import LONGEST_NAME, MOST_ADDRESSES, addresses
from services.ingest.reading.repairs import Repairs
from tests.ingest.reading.writing import message


def people(value: str) -> list[tuple[str, str]]:
    return [(person.name, person.address) for person in addresses([value], Repairs())]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Kim Lee <a@b.example>", [("Kim Lee", "a@b.example")]),
        ('"Lee, Kim" <a@b.example>', [("Lee, Kim", "a@b.example")]),
        (r'"Kim \"K\" Lee" <a@b.example>', [('Kim "K" Lee', "a@b.example")]),
        ("a@b.example (Kim Lee)", [("Kim Lee", "a@b.example")]),
        ("Kim (from (the) shop) <a@b.example>", [("Kim", "a@b.example")]),
        ("a@b.example, c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        (
            "Shop: a@b.example, Kim <c@d.example>; e@f.example",
            [("", "a@b.example"), ("Kim", "c@d.example"), ("", "e@f.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:a@b.example>", [("", "a@b.example")]),
        ('"john doe"@b.example', [("", '"john doe"@b.example')]),
        ('<"john doe"@b.example>', [("", '"john doe"@b.example')]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("c@(his host)b.example", [("his host", "c@b.example")]),
        ("Pete(A nice \\) chap) <pete(his account)@b.example(his host)>", [("Pete", "pete@b.example")]),
        ("=?utf-8?Q?Lee,_J=C3=B6?= <a@b.example>", [("Lee, Jö", "a@b.example")]),
        ("Jörg <jörg@müller.example>", [("Jörg", "jörg@müller.example")]),
        ("<>", []),
    ],
)
def test_mailboxes_are_read_as_the_standard_says(value: str, expected: list[tuple[str, str]]) -> None:
    repairs = Repairs()
    assert [(person.name, person.address) for person in addresses([value], repairs)] == expected
    assert repairs.codes() == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Lee, Kim <a@b.example>", [("Lee, Kim", "a@b.example")]),
        ("Lamps, Lights & Co., Ltd. <a@b.example>", [("Lamps, Lights & Co., Ltd.", "a@b.example")]),
        ("Kim Lee a@b.example", [("Kim Lee", "a@b.example")]),
        ("Kim <a@b.example", [("Kim", "a@b.example")]),
        ("a@b.example>", [("", "a@b.example")]),
        ("<<a@b.example>>", [("", "a@b.example")]),
        ("[a@b.example]", [("", "a@b.example")]),
        ("<a@b.example> <c@d.example>", [("", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example; c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        (",, a@b.example,,", [("", "a@b.example")]),
        ("<mailto:a@b.example>", [("", "a@b.example")]),
        ("Kim < a @ b.example >", [("Kim", "a@b.example")]),
        ("a @ b . example", [("", "a@b.example")]),
        ("<a@b.example> Kim", [("Kim", "a@b.example")]),
        ("a@b.example <Kim>", [("Kim", "a@b.example")]),
        ("a@b.example <c@d.example>", [("a@b.example", "c@d.example")]),
        ("Shop: Kim <a@b.example>", [("Shop: Kim", "a@b.example")]),
        ('"Kim <a@b.example>', [("Kim", "a@b.example")]),
        ("(Kim a@b.example", [("Kim", "a@b.example")]),
        ("=?utf-8?Q?Lee, Kim?= <a@b.example>", [("Lee, Kim", "a@b.example")]),
        ('"=?utf-8?Q?J=C3=B6?=" <a@b.example>', [("Jö", "a@b.example")]),
        ("=?utf-8?B?IkxlZSwgS2ltIg==?= <a@b.example>", [("Lee, Kim", "a@b.example")]),
        ("=?utf-8?Q?a=40b.example?=", [("", "a@b.example")]),
        ("<=?utf-8?Q?a=40b.example?=>", [("", "a@b.example")]),
        ("MAILER-DAEMON", [("", "MAILER-DAEMON")]),
        ("MAILER-DAEMON (Mail Delivery System)", [("Mail Delivery System", "MAILER-DAEMON")]),
        ("Kim Lee", [("Kim Lee", "")]),
        ("undisclosed recipients", []),
        ("recipient list not shown: ;", []),
        ("a@b@c.example", [("", "a@b@c.example")]),
    ],
)
def test_mailboxes_are_read_as_they_were_meant(value: str, expected: list[tuple[str, str]]) -> None:
    assert people(value) == expected


@pytest.mark.parametrize(
    "value", ["<", ">", "<<<", "((", '"', '"\\', "@", "a@", "@b", ",;:", "<:>", "a.@[", "\\", ":;@<>()"]
)
def test_nothing_in_an_address_raises(value: str) -> None:
    people(value)


def test_mailboxes_of_several_fields_are_one_list() -> None:
    letter = message(b"x", b"text/plain", b"Cc: a@b.example", b"CC: c@d.example")
    assert [person.address for person in letter.cc] == ["a@b.example", "c@d.example"]


def test_twenty_thousand_addresses_are_read() -> None:
    assert len(people('"Lee, Kim" <a@b.example>,\n ' * 20_000)) == 20_000


@pytest.mark.parametrize("written", ["{} <{}@b.example>", '"{}" <{}@b.example>', "{}, Kim <{}@b.example>"])
def test_a_name_and_an_address_have_an_end(written: str) -> None:
    repairs = Repairs()

    (person,) = addresses([written.format("n" * 1_000_000, "a" * 1_000_000)], repairs)

    assert (person.name, person.address) == ("n" * LONGEST_NAME, "a" * LONGEST_ADDRESS)
    assert "headers_too_long" in repairs.codes()


def test_a_list_of_addresses_has_an_end() -> None:
    assert len(people("a@b.example," * (MOST_ADDRESSES * 2))) == MOST_ADDRESSES


def test_without_from_the_sender_counts() -> None:
    from services.ingest.reading import read

    letter = read(b"Sender: Kim <a@b.example>\n\nx")
    assert letter.from_ is not None
    assert letter.from_.address == "a@b.example"
    assert "from_missing" in letter.problems
