"""Multiparts, whole and broken, and what else lies in a message."""

from base64 import encodebytes

import pytest

from services.ingest.reading import read
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.structure import structure
from tests.ingest.reading.writing import HEAD, file, message, multipart, part, sent

TEXT, HTML = part(b"Hello"), part(b"<p>Hello</p>", b"text/html")


def types(raw: bytes) -> list[str]:
    return [one.type for one in structure(raw, Repairs()).walk()]


def mixed(body: bytes, boundary: bytes = b"b") -> bytes:
    return HEAD + b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n" + body


def test_parts_lie_in_their_order_and_depth() -> None:
    inner = multipart(b"alternative", TEXT, HTML, boundary=b"inner")
    assert types(HEAD + multipart(b"mixed", inner, file(b"a.pdf", b"%PDF"))) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_the_line_end_before_a_delimiter_belongs_to_the_delimiter(end: bytes) -> None:
    letter = read((HEAD + multipart(b"mixed", part(b"one\n\n"), part(b"two"))).replace(b"\n", end))
    assert letter.text == "one\n\n\ntwo"


def test_the_bytes_of_a_binary_part_are_not_touched() -> None:
    content = b"\x00\r\n\r\xff\n--bb\r\n-- b--\rx"
    letter = read(
        mixed(
            b"--b\n"
            + part(content, b"application/x; name=a", b"Content-Transfer-Encoding: binary")
            + b"\n--b--"
        )
    )
    assert letter.attachments[0].content == content


def test_without_a_boundary_the_one_that_the_body_shows_is_taken() -> None:
    body = multipart(b"mixed", TEXT, HTML).partition(b"\n\n")[2]
    letter = sent(b"Content-Type: multipart/alternative\n\n" + body)
    assert (letter.text, letter.html) == ("Hello", "<p>Hello</p>")
    assert "boundary_guessed" in letter.problems


def test_a_boundary_that_does_not_occur_is_replaced_by_the_one_that_does() -> None:
    letter = sent(multipart(b"alternative", TEXT, HTML).replace(b'"=_b1"', b'"=_B1"'))
    assert (letter.text, letter.html) == ("Hello", "<p>Hello</p>")
    assert "boundary_guessed" in letter.problems


@pytest.mark.parametrize("declared", [b"'b'", b'"b ', b"b ;", b'"b"; type="text/html"'])
def test_a_boundary_is_read_whatever_quotes_are_around_it(declared: bytes) -> None:
    assert read(mixed(b"--b\n\nHello\n--b--", declared)).text == "Hello"


def test_a_multipart_without_any_delimiter_is_text() -> None:
    letter = read(mixed(b"Hello, where is my lamp?\n"))
    assert letter.text == "Hello, where is my lamp?\n"
    assert "boundary_missing" in letter.problems


def test_a_multipart_without_any_delimiter_is_html_if_it_looks_so() -> None:
    assert read(mixed(b"<html><body><p>Hello</p></body></html>\n")).text == "Hello"


def test_a_multipart_that_is_not_closed_ends_with_the_message() -> None:
    letter = read(mixed(b"--b\n\nHello\n--b\n" + file(b"a.pdf", b"%PDF")))
    assert (letter.text, letter.attachments[0].content) == ("Hello", b"%PDF")
    assert "boundary_not_closed" in letter.problems


def test_an_outer_delimiter_ends_what_is_still_open_inside() -> None:
    inner = multipart(b"alternative", TEXT, HTML, boundary=b"inner").replace(b"--inner--", b"")
    letter = sent(multipart(b"mixed", inner, file(b"a.pdf", b"%PDF")))
    assert (letter.text, letter.html) == ("Hello", "<p>Hello</p>\n\n")
    assert [one.name for one in letter.attachments] == ["a.pdf"]


def test_parts_behind_the_closing_delimiter_are_read() -> None:
    letter = read(mixed(b"--b\n\nHello\n--b--\n--b\n" + file(b"a.pdf", b"%PDF") + b"\n--b--\n"))
    assert letter.text == "Hello"
    assert [one.name for one in letter.attachments] == ["a.pdf"]
    assert "boundary_reopened" in letter.problems


def test_a_multipart_with_the_boundary_of_the_one_around_it_keeps_its_parts() -> None:
    body = (
        b"--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n"
        + TEXT
        + b"\n--b\n"
        + HTML
        + b"\n--b--\n"
    )
    raw = mixed(body + b"--b\n" + file(b"a.pdf", b"%PDF") + b"\n--b--\n")
    assert types(raw) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]


def test_a_boundary_that_begins_like_another_is_another() -> None:
    inner = multipart(b"alternative", TEXT, HTML, boundary=b"=_b1x")
    assert types(HEAD + multipart(b"mixed", inner)) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_blanks_behind_a_delimiter_do_not_count() -> None:
    assert read(mixed(b"--b \t\n\nHello\n--b-- \n")).text == "Hello"


def test_a_part_without_header_and_empty_line_is_text() -> None:
    letter = read(mixed(b"--b\nHello, where\nis it?\n--b--\n"))
    assert letter.text == "Hello, where\nis it?"


def test_words_with_a_colon_do_not_make_a_header_of_a_part() -> None:
    assert read(mixed(b"--b\nHello:\n\nwhere is it?\n--b--\n")).text == "Hello:\n\nwhere is it?"


def test_a_part_whose_header_has_no_end_keeps_its_text() -> None:
    letter = read(mixed(b"--b\nContent-Type: text/plain\nHello\n--b--\n"))
    assert letter.text == "Hello"
    assert "separator_missing" in letter.problems


def test_parts_show_even_where_the_header_says_nothing_of_them() -> None:
    letter = read(HEAD + b"\n" + multipart(b"alternative", TEXT, HTML).partition(b"\n\n")[2])
    assert letter.html == "<p>Hello</p>"
    assert letter.text == "Hello"


def test_html_shows_even_where_the_header_says_nothing_of_it() -> None:
    assert read(HEAD + b"\n<html><body><p>Hello</p></body></html>").text == "Hello"


def test_a_multipart_that_is_encoded_as_a_whole_is_read() -> None:
    head, _, body = multipart(b"mixed", TEXT).partition(b"\n\n")
    assert sent(head + b"\nContent-Transfer-Encoding: base64\n\n" + encodebytes(body)).text == "Hello"


def test_nothing_between_two_delimiters_is_no_part() -> None:
    assert types(mixed(b"--b\n\n--b\n--b\n\nHello\n--b\n\n\n--b--")) == ["multipart/mixed", "text/plain"]


def test_the_parts_of_a_digest_are_messages() -> None:
    assert types(HEAD + multipart(b"digest", b"\nSubject: one\n\nHello")) == [
        "multipart/digest",
        "message/rfc822",
        "text/plain",
    ]


def test_a_message_in_the_message_has_its_own_parts_and_its_bytes() -> None:
    inner = b"Subject: in\n" + multipart(b"alternative", TEXT, HTML, boundary=b"in")
    root = structure(HEAD + multipart(b"mixed", TEXT, part(inner, b"message/rfc822")), Repairs())
    nested = root.parts[1]
    assert nested.content == inner
    assert nested.parts[0].first("subject") == "in"
    assert [one.type for one in nested.parts[0].parts] == ["text/plain", "text/html"]


@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable"])
def test_a_message_in_the_message_is_read_although_it_is_encoded(encoding: bytes) -> None:
    inner = b"Subject: in\n\nHello\n"
    body = encodebytes(inner) if encoding == b"base64" else inner
    root = structure(
        HEAD + part(body, b"message/rfc822", b"Content-Transfer-Encoding: " + encoding), Repairs()
    )
    assert root.parts[0].text == "Hello\n"


def test_a_thousand_multiparts_in_each_other_are_read_to_the_ground() -> None:
    depth = 3000
    raw = HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    letter = read(raw + b"\nat the ground\n" + b"".join(b"--b%d--\n" % n for n in reversed(range(depth))))
    assert letter.text.strip() == "at the ground"
    assert "too_many_parts" not in letter.problems


def test_a_thousand_messages_in_each_other_are_read_to_the_ground() -> None:
    letter = read(HEAD + b"Content-Type: message/rfc822\n\n" * 3000 + b"Subject: deep\n\nat the ground\n")
    assert "at the ground" in letter.text


def test_a_hundred_thousand_empty_parts_are_nothing() -> None:
    letter = read(mixed(b"--b\n\n" * 100_000 + b"--b\n\nHello\n--b--\n"))
    assert (letter.text, letter.attachments) == ("Hello", ())


def test_of_too_many_parts_the_last_are_left_together_as_text() -> None:
    letter = read(mixed(b"--b\n\nx\n" * 30_000 + b"--b\n\nthe last\n--b--\n"))
    assert "the last" in letter.text
    assert "too_many_parts" in letter.problems


def test_parts_can_be_made_for_a_test() -> None:
    one = Part(headers=(("Subject", "a"), ("subject", "b")), text="Hello")
    assert (one.first("subject"), one.every("subject"), one.text, one.content) == (
        "a",
        ("a", "b"),
        "Hello",
        b"",
    )
    assert list(Part(type="multipart/mixed", parts=(one,)).walk())[1] is one


def test_text_of_reports_is_text() -> None:
    status = part(b"Reporting-MTA: dns; mx.example\n\nAction: failed\n", b"message/delivery-status")
    root = structure(HEAD + multipart(b"report; report-type=delivery-status", TEXT, status), Repairs())
    assert root.parameters["report-type"] == "delivery-status"
    assert root.parts[1].text == "Reporting-MTA: dns; mx.example\n\nAction: failed\n"


def test_a_piece_of_a_message_is_kept_and_marked() -> None:
    letter = message(b"the second half\nof a long letter\n", b"message/partial; number=2; total=2; id=x")
    assert letter.text == "the second half\nof a long letter\n"
    assert letter.attachments[0].type == "message/partial"
    assert "message_partial" in letter.problems


def test_the_first_piece_of_a_message_is_read() -> None:
    letter = message(b"Subject: in\n\nthe first half\n", b"message/partial; number=1; total=2; id=x")
    assert letter.text == "Subject: in\n\nthe first half"


def test_of_two_types_the_one_whose_parts_are_there_counts() -> None:
    letter = read(HEAD + b"Content-Type: text/plain\n" + multipart(b"alternative", TEXT, HTML))
    assert (letter.text, letter.html) == ("Hello", "<p>Hello</p>")
    assert "content_type_invalid" in letter.problems
    assert read(HEAD + b"Content-Type: text/plain\nContent-Type: text/html\n\n<p>\n").text == "<p>\n"
