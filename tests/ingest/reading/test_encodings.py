"""Transfer encodings (RFC 2045 §6), and what is left of them."""

from base64 import encodebytes, urlsafe_b64encode

import pytest

from services.ingest.reading.encodings import encoding_of, from_base64, from_quoted_printable, from_uuencode
from services.ingest.reading.repairs import Repairs
from tests.ingest.reading.writing import message

CONTENT = bytes(range(256)) * 3


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        ("BASE64", "base64"),
        ('"base-64"', "base64"),
        ("base64 (a comment)", "base64"),
        ("quoted printable", "quoted-printable"),
        ("Quoted_Printable;", "quoted-printable"),
        ("7-bit", "7bit"),
        ("8bits", "8bit"),
        ("x-uuencode", "uuencode"),
        ("", "7bit"),
    ],
)
def test_encodings_have_many_names(value: str, encoding: str) -> None:
    repairs = Repairs()
    assert encoding_of(value, repairs) == encoding
    assert repairs.codes() == ()


def test_an_unknown_encoding_is_none_and_is_noted() -> None:
    letter = message(b"Hello\n", b"text/plain", b"Content-Transfer-Encoding: x-secret")
    assert letter.text == "Hello\n"
    assert "encoding_unknown" in letter.problems


@pytest.mark.parametrize(
    "broken",
    [
        encodebytes(CONTENT).rstrip(),
        encodebytes(CONTENT).replace(b"\n", b"\r\n\r\n"),
        encodebytes(CONTENT).replace(b"\n", b" \n\t"),
        encodebytes(CONTENT).replace(b"\n", b"!\n#"),
        encodebytes(CONTENT).replace(b"\n", b""),
        encodebytes(CONTENT[:100]) + encodebytes(CONTENT[100:]),
        urlsafe_b64encode(CONTENT),
    ],
    ids=[
        "no line end",
        "empty lines",
        "blanks",
        "foreign characters",
        "one line",
        "two pieces",
        "for addresses",
    ],
)
def test_base64_is_decoded_whatever_was_done_to_it(broken: bytes) -> None:
    assert from_base64(broken, Repairs()) == CONTENT


@pytest.mark.parametrize(
    ("broken", "content"),
    [(b"SGVsbG8", b"Hello"), (b"SGVsbG8=\nx", b"Hello"), (b"SGVsb", b"Hel"), (b"====", b""), (b"", b"")],
)
def test_base64_that_was_cut_gives_what_there_is(broken: bytes, content: bytes) -> None:
    assert from_base64(broken, Repairs()) == content


def test_plain_text_that_says_it_is_base64_is_plain_text() -> None:
    letter = message(b"Hello, where is my lamp?\n", b"text/plain", b"Content-Transfer-Encoding: base64")
    assert letter.text == "Hello, where is my lamp?\n"
    assert "base64_repaired" in letter.problems


def test_the_footer_of_a_list_below_base64_is_read() -> None:
    body = encodebytes(b"Hello, where is it?\n") + b"_______\nThe list of lamps\nhttps://lamps.example\n"
    letter = message(body, b"text/plain", b"Content-Transfer-Encoding: base64")
    assert letter.text == "Hello, where is it?\n_______\nThe list of lamps\nhttps://lamps.example\n"


@pytest.mark.parametrize(
    ("encoded", "content"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=\nb", b"ab"),
        (b"a=\r\nb", b"ab"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=c3=BC", b"a\xc3\xbc"),
        (b"a=", b"a"),
    ],
)
def test_quoted_printable(encoded: bytes, content: bytes) -> None:
    repairs = Repairs()
    assert from_quoted_printable(encoded, repairs) == content
    assert repairs.codes() == ()


@pytest.mark.parametrize(
    ("encoded", "content"),
    [
        (b"a=b", b"a=b"),
        (b"a==b", b"a==b"),
        (b"x=?y=1", b"x=?y=1"),
        (b"50=%\n", b"50=%\n"),
        (b"a==\nb", b"a=b"),
    ],
)
def test_equal_signs_that_are_no_escapes_stay(encoded: bytes, content: bytes) -> None:
    repairs = Repairs()
    assert from_quoted_printable(encoded, repairs) == content
    assert repairs.codes() == ("quoted_printable_repaired",)


def test_a_soft_break_before_a_bare_carriage_return_swallows_no_line() -> None:
    assert from_quoted_printable(b"a=\rb\nc", Repairs()) == b"ab\nc"


def test_a_uuencoded_part_is_decoded_also_without_blanks_at_the_ends_of_lines() -> None:
    assert from_uuencode(b"begin 644 a.txt\n#0V%T\n`\nend\n", Repairs()) == b"Cat"
    assert from_uuencode(b"begin 644 a.txt\n#86(\nend\n", Repairs()) == b"ab\x00"


def test_yenc_is_left_alone() -> None:
    body = b"=ybegin line=128 size=3 name=a\n\x8d\x8b\x9e\n=yend size=3\n"
    letter = message(body, b"application/octet-stream; name=a", b"Content-Transfer-Encoding: x-yenc")
    assert letter.attachments[0].content == body
