"""Which parts of a message are its text, and which are its files."""

import pytest

from services.ingest.reading import Letter, read
from tests.ingest.reading.writing import HEAD, file, message, multipart, part, sent

TEXT, HTML = part(b"Hello, where is my lamp?"), part(b"<p>Hello, <b>where</b> is my lamp?</p>", b"text/html")
PDF = file(b"a.pdf", b"%PDF")


def names(letter: Letter) -> list[str]:
    return [one.name for one in letter.attachments]


def test_of_alternatives_the_plain_text_is_the_text() -> None:
    letter = sent(multipart(b"alternative", TEXT, HTML))
    assert letter.text == "Hello, where is my lamp?"
    assert letter.html == "<p>Hello, <b>where</b> is my lamp?</p>"
    assert letter.attachments == ()


@pytest.mark.parametrize("empty", [b"", b"\n \n", "\u00a0\n\u200b".encode()])
def test_where_the_plain_text_is_empty_the_html_is_the_text(empty: bytes) -> None:
    letter = sent(multipart(b"alternative", part(empty), HTML))
    assert letter.text == "Hello, where is my lamp?"
    assert "alternative_text_empty" in letter.problems


def test_a_plain_text_that_only_asks_for_html_is_followed_by_what_the_html_says() -> None:
    page = part(b"<p>" + b"The lamp that you ordered leaves today. " * 20 + b"</p>", b"text/html")
    letter = sent(multipart(b"alternative", part(b"Your mail program cannot show HTML."), page))
    assert letter.text.startswith("Your mail program cannot show HTML.\nThe lamp that you ordered")
    assert "alternative_text_stub" in letter.problems


def test_several_texts_are_one_in_their_order() -> None:
    letter = sent(
        multipart(b"mixed", part(b"one\n"), PDF, part(b"two\n"), part(b"<p>three</p>", b"text/html"))
    )
    assert letter.text == "one\n\ntwo\n\nthree"
    assert letter.html == "<p>three</p>"
    assert names(letter) == ["a.pdf"]


def test_text_and_html_that_say_the_same_are_alternatives_though_nobody_says_so() -> None:
    assert sent(multipart(b"mixed", TEXT, HTML)).text == "Hello, where is my lamp?"


def test_a_footer_below_alternatives_is_read() -> None:
    letter = sent(
        multipart(b"mixed", multipart(b"alternative", TEXT, HTML, boundary=b"in"), part(b"-- \nThe list"))
    )
    assert letter.text == "Hello, where is my lamp?\n-- \nThe list"


def test_html_around_a_file_in_an_alternative_is_one_page() -> None:
    """As Apple Mail sends it."""
    page = multipart(
        b"mixed", part(b"<p>one</p>", b"text/html"), PDF, part(b"<p>two</p>", b"text/html"), boundary=b"in"
    )
    letter = sent(multipart(b"alternative", part(b"one two"), page))
    assert letter.text == "one two"
    assert letter.html == "<p>one</p>\n<p>two</p>"
    assert names(letter) == ["a.pdf"]


def test_images_of_a_page_are_files_that_it_shows() -> None:
    page = part(b'<p>Hello <img src="cid:logo@1"></p>', b"text/html")
    logo = part(
        b"x", b"image/png; name=logo.png", b"Content-ID: <logo@1>", b"Content-Disposition: attachment"
    )
    other = part(
        b"y", b"image/png; name=other.png", b"Content-ID: <other@1>", b"Content-Disposition: attachment"
    )
    letter = sent(multipart(b"related", page, logo, other))
    assert letter.text == "Hello"
    assert [(one.name, one.content_id, one.inline) for one in letter.attachments] == [
        ("logo.png", "logo@1", True),
        ("other.png", "other@1", False),
    ]


@pytest.mark.parametrize(
    ("fields", "inline"),
    [
        ((b"Content-Disposition: inline",), True),
        ((b"Content-ID: <a@1>",), True),
        ((b"Content-Disposition: attachment", b"Content-ID: <a@1>"), False),
        ((), False),
    ],
)
def test_a_file_is_inline_where_its_sender_wants_it_shown(fields: tuple[bytes, ...], inline: bool) -> None:
    letter = sent(multipart(b"mixed", TEXT, part(b"x", b"image/png; name=a.png", *fields)))
    assert letter.attachments[0].inline is inline


def test_the_root_of_related_parts_is_the_one_that_is_named() -> None:
    page = part(b"<p>Hello</p>", b"text/html; name=page.html", b"Content-ID: <root@1>")
    image = part(b"x", b"image/png", b"Content-ID: <a@1>")
    letter = sent(multipart(b'related; start="<root@1>"', image, page))
    assert letter.text == "Hello"
    assert names(letter) == ["attachment.png"]


def test_a_text_with_a_name_is_a_file() -> None:
    letter = sent(multipart(b"mixed", TEXT, file(b"notes.txt", b"notes", b"text/plain", b"inline")))
    assert letter.text == "Hello, where is my lamp?"
    assert names(letter) == ["notes.txt"]


@pytest.mark.parametrize("disposition", [b"attachment", b"inline"])
def test_a_text_with_a_name_is_read_where_there_is_no_other_and_stays_a_file(disposition: bytes) -> None:
    letter = sent(multipart(b"mixed", PDF, file(b"notes.txt", b"the notes", b"text/plain", disposition)))
    assert letter.text == "the notes"
    assert names(letter) == ["a.pdf", "notes.txt"]


def test_a_letter_that_is_one_text_with_a_name_is_no_file() -> None:
    letter = message(b"Hello\n", b"text/plain; name=message.txt")
    assert (letter.text, letter.attachments) == ("Hello\n", ())


def test_a_letter_that_is_one_file_is_a_file() -> None:
    letter = sent(PDF)
    assert (letter.text, names(letter)) == ("", ["a.pdf"])


def test_calendars_and_cards_are_files_even_as_alternatives() -> None:
    invitation = part(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"text/calendar; method=REQUEST")
    letter = sent(multipart(b"alternative", TEXT, HTML, invitation))
    assert letter.text == "Hello, where is my lamp?"
    assert [(one.name, one.type) for one in letter.attachments] == [("invitation.ics", "text/calendar")]


def test_another_view_of_the_same_letter_is_no_file() -> None:
    letter = sent(multipart(b"alternative", TEXT, part(b"<html amp4email>", b"text/x-amp-html"), HTML))
    assert letter.attachments == ()


def test_a_message_in_the_message_is_a_file_named_by_its_subject() -> None:
    inner = b"From: b@b.example\nSubject: Re: The lamp\nMessage-ID: <2@b>\n\nquoted words\n"
    letter = sent(multipart(b"mixed", TEXT, part(inner, b"message/rfc822"), part(b"\nx", b"message/rfc822")))
    assert letter.text == "Hello, where is my lamp?"
    assert names(letter) == ["Re: The lamp.eml", "message.eml"]
    assert letter.attachments[0].content == inner
    assert letter.message_id == "<1@customers.example>"


def test_a_message_that_only_forwards_another_is_read_from_it() -> None:
    inner = b"From: Bo <b@b.example>\nTo: x@x.example\nSubject: Lamp\n" + multipart(
        b"alternative", TEXT, HTML, boundary=b"in"
    )
    letter = sent(multipart(b"mixed", part(b"\n"), part(inner, b"message/rfc822")))
    assert letter.text == "From: Bo <b@b.example>\nSubject: Lamp\n\nHello, where is my lamp?"
    assert letter.subject == "My lamp"


def test_of_messages_in_messages_the_first_words_are_read() -> None:
    inner = b"Subject: outer\nContent-Type: message/rfc822\n\nSubject: inner\n\nthe words\n"
    assert sent(part(inner, b"message/rfc822")).text == "Subject: inner\n\nthe words"


def test_a_report_without_words_is_read_from_its_status() -> None:
    status = part(b"Action: failed\nStatus: 5.1.1\n", b"message/delivery-status")
    letter = sent(multipart(b"report", status, part(b"Subject: x\n\nx", b"message/rfc822")))
    assert letter.text.strip() == "Action: failed\nStatus: 5.1.1"
    assert names(letter) == ["delivery-status.txt", "x.eml"]


def test_words_before_the_first_part_are_kept_where_there_are_no_others() -> None:
    body = multipart(b"mixed", PDF).replace(b"\n\n--", b"\n\nHello, where is my lamp?\n--", 1)
    letter = sent(body)
    assert letter.text == "Hello, where is my lamp?"
    assert "preamble_kept" in letter.problems


def test_a_notice_to_old_programs_is_no_text() -> None:
    notice = b"\n\nThis is a multi-part message in MIME format.\n--"
    assert sent(multipart(b"mixed", TEXT).replace(b"\n\n--", notice, 1)).text == "Hello, where is my lamp?"
    letter = sent(multipart(b"mixed", file(b"a.txt", b"notes", b"text/plain")).replace(b"\n\n--", notice, 1))
    assert letter.text == "notes"


def test_words_behind_the_last_part_are_kept_where_there_are_no_others() -> None:
    assert sent(multipart(b"mixed", PDF) + b"\nHello, where is my lamp?\n").text == "Hello, where is my lamp?"


def test_enriched_text_is_read_without_its_commands() -> None:
    body = b"<bold>Hello</bold>, 1 << 2\n\n<color><param>red</param>where</color>\nis it?\n"
    assert message(body, b"text/enriched").text == "Hello, 1 < 2\nwhere is it? "


def test_a_text_that_is_longer_than_anybody_reads_is_cut_and_kept_whole_as_a_file() -> None:
    body = b"The quick brown fox jumps over the lazy dog.\n" * 200_000
    letter = message(body)
    assert body.startswith(letter.text.encode())
    assert letter.attachments[0].content == body
    assert "text_cut" in letter.problems


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\r\r\n"])
def test_text_has_bare_line_feeds(end: bytes) -> None:
    raw = HEAD.replace(b"\n", b"\r\n") + b"\r\none" + end + b"two\n"
    assert read(raw).text == "one\ntwo\n"


def test_an_invitation_alone_is_read_as_words() -> None:
    calendar = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
        b"SUMMARY:Look at the\r\n  lamp\\, please\r\nDTSTART;TZID=Europe/Berlin:20260302T130000\r\n"
        b"DTEND:20260302T123000Z\r\nLOCATION:Shop\r\nDESCRIPTION:Bring it\\nalong\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    letter = message(calendar, b"text/calendar; method=REQUEST; charset=utf-8")
    assert letter.text == (
        "Look at the lamp, please\n2026-03-02 13:00 - 2026-03-02 12:30 UTC\nShop\nBring it\nalong"
    )
    assert names(letter) == ["invitation.ics"]


def test_the_fields_of_a_form_are_text() -> None:
    field = part(b"my lamp", b"text/plain", b'Content-Disposition: form-data; name="subject"')
    letter = sent(multipart(b"form-data", field))
    assert (letter.text, letter.attachments) == ("my lamp", ())


def test_html_that_has_a_name_is_the_page_where_there_is_no_other() -> None:
    letter = sent(multipart(b"mixed", file(b"page.html", b"<p>Hello</p>", b"text/html", b"inline"), PDF))
    assert (letter.text, letter.html) == ("Hello", "<p>Hello</p>")
    assert names(letter) == ["page.html", "a.pdf"]


def test_a_page_that_is_long_by_its_pictures_is_read_to_the_end() -> None:
    page = b"<p>Hello</p><img src='data:image/png;base64," + b"A" * 13_000_000 + b"'><p>Kim</p>"
    letter = message(page, b"text/html")
    assert letter.text == "Hello\n\nKim"
    assert letter.attachments[0].content == page
