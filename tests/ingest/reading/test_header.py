"""Header blocks, whatever became of line ends, folding, separator and charset."""

from collections.abc import Callable

import pytest

from services.ingest.reading import read
from tests.ingest.reading.writing import HEAD, message


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"], ids=["LF", "CRLF", "CR", "CRCRLF"])
def test_any_line_end_is_one(end: bytes) -> None:
    letter = read((HEAD + b"Cc: a@b.example,\n c@d.example\n\nHello\n\nKim\n").replace(b"\n", end))
    assert letter.subject == "My lamp"
    assert [person.address for person in letter.cc] == ["a@b.example", "c@d.example"]
    assert letter.text == "Hello\n\nKim\n"


def test_bare_carriage_returns_among_other_line_ends_are_line_ends() -> None:
    letter = read(b"From: a@b.example\rSubject: Mixed\r\nTo: c@d.example\n\r\nHello\rKim\n")
    assert (letter.subject, letter.text) == ("Mixed", "Hello\nKim\n")
    assert [person.address for person in letter.to] == ["c@d.example"]


@pytest.mark.parametrize("fold", [b"\n ", b"\n\t", b" \n   ", b"\r\n\t\t", b"\n \n "])
def test_a_fold_is_one_blank(fold: bytes) -> None:
    assert read(b"Subject: Where is" + fold + b"my lamp?\n\nx").subject == "Where is my lamp?"


def test_blanks_that_were_written_stay() -> None:
    assert read(b"Subject: Two  blanks\n\nx").subject == "Two  blanks"


def test_without_an_empty_line_the_body_begins_at_the_first_line_that_is_no_field() -> None:
    letter = read(b"From: a@b.example\nSubject: Lamp\nHello,\nwhere is it?\n\nKim\n")
    assert letter.subject == "Lamp"
    assert letter.text == "Hello,\nwhere is it?\n\nKim\n"
    assert "separator_missing" in letter.problems


def test_a_word_with_a_colon_right_before_such_a_body_belongs_to_it() -> None:
    assert read(b"Subject: Lamp\nHello:\nwhere is it?\n").text == "Hello:\nwhere is it?\n"


def test_a_line_in_the_header_that_is_no_field_goes_on_with_the_field_before() -> None:
    letter = read(b"From: a@b.example\nSubject: A long\nsubject\nTo: c@d.example\nDate: x\n\nHello\n")
    assert letter.subject == "A long subject"
    assert letter.text == "Hello\n"
    assert "header_malformed" in letter.problems


@pytest.mark.parametrize(
    "before", [b"From a@b.example Mon Mar  2 2026\n", b">From a@b.example\n", b"\n\r\n\n", b" \n"]
)
def test_what_mailboxes_put_before_a_header_is_no_text(before: bytes) -> None:
    letter = read(before + HEAD + b"\nHello\n")
    assert (letter.subject, letter.text) == ("My lamp", "Hello\n")


def test_lines_before_the_header_are_kept_where_there_is_no_other_text() -> None:
    letter = read(b"this was scanned for you\n" + HEAD + b"\n")
    assert letter.subject == "My lamp"
    assert letter.text == "this was scanned for you"


def test_a_header_that_an_empty_line_cut_in_two_is_one() -> None:
    letter = read(
        b"From: a@b.example\nSubject: Lamp\n\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>Hello</p>\n"
    )
    assert (letter.subject, letter.text) == ("Lamp", "Hello")


@pytest.mark.parametrize(
    "raw", [b"Hello, where is my lamp?\n\nKim\n", b"\n\nHello, where is my lamp?\n\nKim\n"]
)
def test_without_any_header_everything_is_text(raw: bytes) -> None:
    letter = read(raw)
    assert letter.text == "Hello, where is my lamp?\n\nKim\n"
    assert letter.from_ is None


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b"  \t\n", b"\x00\x00"])
def test_an_empty_message_is_a_letter_without_text(raw: bytes) -> None:
    letter = read(raw)
    assert letter.text.strip() == ""
    assert "message_empty" in letter.problems


def test_a_header_alone_is_enough() -> None:
    letter = read(b"Subject: Only this")
    assert (letter.subject, letter.text) == ("Only this", "")


def test_blanks_before_the_colon_are_allowed() -> None:
    assert read(b"Subject : Lamp\nFROM\t: a@b.example\n\nx").subject == "Lamp"


def test_the_first_of_several_subjects_counts() -> None:
    assert read(b"Subject: one\nSubject: two\n\nx").subject == "one"


def test_raw_utf8_needs_no_repair() -> None:
    letter = read("From: Jürgen <jürgen@müller.example>\nSubject: Größe\n\nx".encode())
    assert letter.subject == "Größe"
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == ("Jürgen", "jürgen@müller.example")
    assert "header_8bit" not in letter.problems


@pytest.mark.parametrize(
    ("text", "charset", "sender"),
    [
        ("Formação: mega campanha", "cp1252", "a@b.example"),
        ("Где мой заказ?", "koi8-r", "a@b.example"),
        ("Где мой заказ?", "cp1251", "a@b.example"),
        ("邮件传输失败", "gb18030", "a@b.example"),
        ("お問い合わせの件", "cp932", "a@b.example"),
        ("お問い合わせの件", "iso2022_jp", "a@b.example"),
        ("Siparişim nerede? Lütfen yardım", "cp1254", "a@b.tr"),
        ("Árvíztűrő tükörfúrógép", "cp1250", "a@b.hu"),
    ],
)
def test_raw_bytes_of_other_charsets_are_recognised_also_by_the_senders_country(
    text: str, charset: str, sender: str
) -> None:
    letter = read(b"From: " + sender.encode() + b"\nSubject: " + text.encode(charset) + b"\n\nx")
    assert letter.subject == text


def test_raw_bytes_are_read_in_the_charset_that_the_body_names() -> None:
    letter = read(
        b"Subject: " + "Où est-elle".encode("cp1252") + b"\nContent-Type: text/plain; charset=iso-8859-1\n\nx"
    )
    assert letter.subject == "Où est-elle"
    assert "header_8bit" in letter.problems


def test_a_body_that_names_no_charset_is_read_like_the_header() -> None:
    letter = read(b"Subject: " + "тест тест".encode("koi8-r") + b"\n\n" + "тест".encode("koi8-r"))
    assert (letter.subject, letter.text) == ("тест тест", "тест")


def test_no_control_character_survives_in_a_header() -> None:
    letter = read(b"Subject: a\x00b\x07c =?utf-8?q?d=0D=0ABcc:_x@y.example?=\n\nx")
    assert letter.subject == "abc d Bcc: x@y.example"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
    ],
    ids=["UTF-16LE", "UTF-16BE", "UTF-16 without a mark", "UTF-8 with a mark"],
)
def test_a_message_that_an_editor_saved_in_unicode_is_read(encode: Callable[[str], bytes]) -> None:
    letter = read(encode("From: a@b.example\nSubject: Größe\n\nHello\n"))
    assert (letter.subject, letter.text) == ("Größe", "Hello\n")


def test_headers_for_rules_are_bounded_in_number_and_length() -> None:
    letter = read(b"X-Long: " + b"x" * 5000 + b"\n" + b"X-Many: 1\n" * 500 + b"\nHello\n")
    assert len(letter.headers) == 100
    assert len(letter.headers[0][1]) == 2000


def test_a_well_made_letter_has_no_problems() -> None:
    assert message(b"Hello\n").problems == ()


def test_a_field_whose_name_has_a_blank_is_passed_over() -> None:
    letter = read(b"Subject: Lamp\nReply To: c@d.example\nFrom: a@b.example\n\nHello\n")
    assert (letter.subject, letter.text) == ("Lamp", "Hello\n")
    assert "header_malformed" in letter.problems
