"""A letter, from its bytes to what everybody else asks for."""

from datetime import UTC, datetime

from contracts.mail import Kind
from services.ingest.reading import read

LETTER = b"""From: =?utf-8?q?J=C3=BCrgen?= <juergen@customers.example>
To: support@example.com, "Lee, Kim" <kim@example.com>
Cc: Lamps: a@lamps.example, b@lamps.example;
Reply-To: juergen@home.example
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Message-ID: <2@customers.example>
In-Reply-To: <1@example.com>
References: <0@example.com> <1@example.com>
Date: Mon, 2 Mar 2026 13:00:00 +0100
List-Id: Lamps <lamps.example>
Precedence: Bulk
Return-Path: <juergen@customers.example>

Hello,
where is my lamp?

On Monday, Anna wrote:
> It leaves today.
"""


def test_a_letter_is_read() -> None:
    letter = read(LETTER)
    assert letter.from_ is not None
    assert (letter.from_.name, letter.from_.address) == ("Jürgen", "juergen@customers.example")
    assert [person.name for person in letter.to] == ["", "Lee, Kim"]
    assert [person.address for person in letter.cc] == ["a@lamps.example", "b@lamps.example"]
    assert [person.address for person in letter.reply_to] == ["juergen@home.example"]
    assert letter.subject == "Grüße"
    assert (letter.message_id, letter.in_reply_to) == ("<2@customers.example>", "<1@example.com>")
    assert letter.references == ("<0@example.com>", "<1@example.com>")
    assert letter.date == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert letter.precedence == "bulk"
    assert letter.return_path == "<juergen@customers.example>"
    assert letter.problems == ()
    assert letter.automatic


def test_a_quotation_at_the_end_is_not_new_but_stays_in_the_text() -> None:
    letter = read(LETTER)
    assert letter.reply == "Hello,\nwhere is my lamp?"
    assert "It leaves today." in letter.text


def test_a_text_that_nobody_wrote_in_one_go_is_new_as_a_whole() -> None:
    letter = read(b"Subject: x\n\n" + b"a line of a log\n" * 100_000)
    assert letter.reply is letter.text


def test_an_out_of_office_note_is_automatic() -> None:
    letter = read(b"Auto-Submitted: auto-replied\nSubject: Away\n\nBack on Monday.\n")
    assert letter.kind is Kind.AUTO_REPLY
    assert letter.automatic
