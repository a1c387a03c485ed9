"""Text that flows (RFC 3676)."""

import pytest

from tests.ingest.reading.writing import message

FLOWED = b'text/plain; charset="utf-8"; Format="Flowed"'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"one \ntwo\nthree", "one two\nthree"),
        (b"> one \n> two\n>> three", "> one two\n>> three"),
        (b"> one \ntwo", "> one \ntwo"),
        (b" From me\n >no quotation\n", "From me\n>no quotation\n"),
        (b"one \n-- \nKim", "one \n-- \nKim"),
        (b"one\n\ntwo", "one\n\ntwo"),
        (b">one \n>two", "> one two"),
    ],
    ids=[
        "a paragraph",
        "quotations",
        "another depth",
        "stuffed blanks",
        "a signature",
        "an empty line",
        "no blank",
    ],
)
def test_paragraphs_are_single_lines(body: bytes, text: str) -> None:
    assert message(body, FLOWED).text == text


def test_with_delsp_the_blank_at_the_end_is_no_text() -> None:
    assert message("日本 \n語".encode(), FLOWED + b"; DelSp=yes").text == "日本語"


def test_with_delsp_words_that_would_grow_together_stay_apart() -> None:
    kind = FLOWED + b"; delsp=yes"
    assert message(b"at the bottom of the \nrecord", kind).text == "at the bottom of the record"
    assert message(b"at the bottom of the  \nrecord", kind).text == "at the bottom of the record"
    assert (
        message(b"https://customers.example/a-long \naddress", kind).text
        == "https://customers.example/a-longaddress"
    )


def test_text_that_does_not_say_that_it_flows_stays() -> None:
    assert message(b"one \ntwo").text == "one \ntwo"
