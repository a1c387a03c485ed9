"""The header block, and who wrote the message."""

import pytest

from services.ingest.authentication.header import Author, author_of, domain_of, header_of, words


def test_fields_are_kept_with_their_folding_and_the_body_begins_behind_them() -> None:
    raw = b"From: Kim\r\n <kim@a.example>\r\nSUBJECT:x\r\n\r\nHello"
    header = header_of(raw)
    assert header.fields == ((b"From", b" Kim\r\n <kim@a.example>\r\n"), (b"SUBJECT", b"x\r\n"))
    assert raw[header.body_at :] == b"Hello"


def test_bare_line_feeds_are_made_line_ends_and_what_is_no_field_is_passed_over() -> None:
    header = header_of(b"From kim Mon Mar 2\n folded\nFrom: kim@a.example\nno field\nX-Y: 1\n\n\xff")
    assert header.fields == ((b"From", b" kim@a.example\r\n"), (b"X-Y", b" 1\r\n"))


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\nHello", b"Hello", b"a:b", b"\x00\xff: \n\n"])
def test_any_bytes_have_a_header(raw: bytes) -> None:
    assert header_of(raw).body_at <= len(raw)


def test_a_header_of_megabytes_is_not_examined() -> None:
    header = header_of(b"From: kim@a.example\r\n" + b"X: y\r\n" * 100_000 + b"\r\nHello")
    assert (header.fields, header.size) == ((), 600_019)


AUTHORS = [
    ([b"kim@a.example"], "kim@a.example", Author("a.example")),
    ([b"Kim <kim@A.Example>"], "kim@A.Example", Author("a.example")),
    ([b'"kim@b.example" <kim@a.example>'], "kim@a.example", Author("a.example")),
    ([b"kim@a.example, lee@a.example"], "kim@a.example", Author("a.example")),
    (["Kim <kim@bücher.example>".encode()], "kim@bücher.example", Author("xn--bcher-kva.example")),
    ([b"kim@a.example, lee@b.example"], "kim@a.example", Author(None)),
    ([b"kim@a.example", b"lee@b.example"], "kim@a.example", Author(None)),
    ([b"kim@a.example", b"kim@a.example"], "kim@a.example", Author(None)),
    ([b"kim@a.example <lee@b.example>"], "kim@a.example", Author(None)),
    ([b"x" * 9000 + b" <kim@a.example>"], "kim@a.example", Author(None)),
    ([b"(" * 5000 + b" kim@a.example"], "kim@a.example", Author("a.example")),
    ([b"Kim"], None, Author(None, missing=True)),
    ([b"kim@localhost"], "kim@localhost", Author(None, missing=True)),
    ([b"<"], None, Author(None, missing=True)),
    ([], None, Author(None, missing=True)),
]


@pytest.mark.parametrize(("values", "shown", "author"), AUTHORS)
def test_the_author_is_the_one_domain_that_from_names(
    values: list[bytes], shown: str | None, author: Author
) -> None:
    raw = b"".join(b"From: " + value + b"\r\n" for value in values) + b"\r\nHello"
    assert author_of(header_of(raw), shown) == author


def test_who_is_shown_is_who_is_examined() -> None:
    """A reader that finds another address than this one must not lend it somebody's good name."""
    assert author_of(header_of(b"From: kim@a.example\r\n\r\n"), "lee@b.example") == Author(None)


@pytest.mark.parametrize(
    "address", ["", "kim", "kim@", "kim@a", "kim@a..b", "kim@-a.example", "kim@\x00.example", "kim@[::1]"]
)
def test_what_is_no_host_name_is_no_domain(address: str) -> None:
    assert domain_of(address) is None


def test_what_is_kept_of_a_sender_is_one_line_of_a_bounded_length_that_a_database_takes() -> None:
    assert words("a\r\nb\x00\ud800") == "a b\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert len(words("x" * 1000)) == 300
