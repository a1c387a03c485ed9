"""TNEF, the `winmail.dat` of Outlook."""

import struct
from base64 import encodebytes

import pytest

from services.ingest.reading import Letter
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.rtf import LONGEST, decompressed, rtf_to_text
from tests.ingest.reading.tnef import (
    BINARY,
    LONG,
    OBJECT,
    UNICODE,
    attached,
    attribute,
    compressed,
    properties,
    tnef,
    unicode,
)
from tests.ingest.reading.writing import file, multipart, part, sent

GUID = bytes(16)


def received(content: bytes, *before: bytes) -> Letter:
    """A letter with a winmail.dat behind some other parts."""
    return sent(multipart(b"mixed", *before, file(b"winmail.dat", content, b"application/ms-tnef")))


def test_its_files_take_the_place_of_winmail_dat() -> None:
    content = tnef(
        attached(b"OFFER~1.PDF", b"%PDF", (UNICODE, 0x3707, unicode("Offer für Kim.pdf"))),
        attached(
            b"logo.png",
            b"\x89PNG",
            (UNICODE, 0x370E, unicode("image/png")),
            (UNICODE, 0x3712, unicode("logo@1")),
        ),
    )
    letter = received(content, part(b"Hello"))
    assert letter.text == "Hello"
    assert [(one.name, one.type, one.content) for one in letter.attachments] == [
        ("Offer für Kim.pdf", "application/pdf", b"%PDF"),
        ("logo.png", "image/png", b"\x89PNG"),
    ]
    assert letter.attachments[1].content_id == "logo@1"


def test_it_is_known_by_its_name_too() -> None:
    content = tnef(attached(b"a.txt", b"Cat"))
    letter = sent(
        multipart(b"mixed", part(b"Hello"), file(b"winmail.dat", content, b"application/octet-stream"))
    )
    assert [one.name for one in letter.attachments] == ["a.txt"]


@pytest.mark.parametrize(
    "body",
    [
        attribute(0x800C, "Grüße\r\n".encode("cp1252"), kind=2),
        attribute(0x9003, properties((UNICODE, 0x1000, unicode("Grüße")))),
        attribute(
            0x9003, properties((BINARY, 0x1009, compressed(rb"{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe\par}")))
        ),
        attribute(
            0x9003,
            properties((LONG, 0x3FDE, struct.pack("<I", 65001)), (BINARY, 0x1013, "<p>Grüße</p>".encode())),
        ),
    ],
    ids=["plain", "a property", "rich text", "HTML"],
)
def test_its_text_is_read_where_the_message_has_no_other(body: bytes) -> None:
    assert received(tnef(body)).text.strip() == "Grüße"
    assert received(tnef(body), part(b"Hello")).text == "Hello"


def test_a_message_in_it_gives_its_text_and_its_files() -> None:
    inner = tnef(
        attribute(
            0x9003,
            properties((UNICODE, 0x0037, unicode("The order")), (UNICODE, 0x1000, unicode("two lamps"))),
        ),
        attached(b"lamp.jpg", b"\xff\xd8"),
    )
    letter = received(tnef(attached(b"x", b"a message", (OBJECT, 0x3701, GUID + inner))), part(b"Hello"))
    assert [(one.name, one.content) for one in letter.attachments] == [
        ("The order.txt", b"two lamps"),
        ("lamp.jpg", b"\xff\xd8"),
    ]


def test_what_is_damaged_is_kept_as_it_came() -> None:
    letter = received(b"no TNEF at all", part(b"Hello"))
    assert [(one.name, one.content) for one in letter.attachments] == [("winmail.dat", b"no TNEF at all")]
    assert "tnef_damaged" in letter.problems


def test_what_is_cut_gives_what_there_is() -> None:
    content = tnef(attached(b"a.txt", b"Cat"), attached(b"b.txt", b"Dog" * 100))
    letter = received(content[:-150], part(b"Hello"))
    assert letter.attachments[0].content == b"Cat"
    assert "tnef_damaged" in letter.problems


def test_any_cut_and_any_wrong_length_is_survived() -> None:
    content = tnef(
        attached(
            b"a.txt", b"Cat", (UNICODE, 0x3707, unicode("a.txt")), (BINARY, 0x1009, compressed(b"{\\rtf1 a}"))
        )
    )
    for position in range(6, len(content)):
        received(content[:position])
        received(content[:position] + b"\xff\xff" + content[position + 2 :])


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi Hello\par Kim}", "Hello\nKim"),
        (rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}{\info{\title y}}Hello}", "Hello"),
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1{\fonttbl{\f1\fcharset204 Arial;}}\f1 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1\uc1 \u1055?\u1088?\u-10179?\u-8704?}", "Пр😀"),
        (rb"{\rtf1\uc2 \u8364 \'3f\'3fx}", "€x"),
        (rb"{\rtf1 a\tab b\line c\emdash d\{\}\\\~e}", "a\tb\nc—d{}\\ e"),
        (rb"{\rtf1 a{\pict 89504e47}b{\bin3 }}}c}", "abc"),
        (rb"{\rtf1 open {\b never closed", "open never closed"),
        (b"{" * 3000 + b"deep" + b"}" * 3000 + b"{\\pict x}end", "deepend"),
        (b"no rich text", "no rich text"),
        (b"", ""),
    ],
)
def test_rich_text_is_plain_text(rtf: bytes, text: str) -> None:
    assert rtf_to_text(rtf, Repairs()) == text


def test_references_of_compressed_text_may_overlap_themselves() -> None:
    # The example of MS-OXRTFCP §3.1.
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompressed(packed, Repairs()) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"x" * 15,
        struct.pack("<II4sI", 0, 9, b"ABCD", 0) + b"x",
        struct.pack("<II4sI", 9, 1 << 31, b"LZFu", 0),
    ],
)
def test_compressed_text_that_is_damaged_is_survived(packed: bytes) -> None:
    decompressed(packed, Repairs())


def test_uncompressed_rich_text_is_taken_as_it_is() -> None:
    assert decompressed(struct.pack("<II4sI", 0, 5, b"MELA", 0) + b"{\\rtf and more", Repairs()) == b"{\\rtf"


def test_rich_text_that_is_longer_than_is_read_is_kept_as_it_came() -> None:
    rtf = struct.pack("<II4sI", 0, 1 << 30, b"MELA", 0) + b"{\\rtf1 Hello\\par " + b"x" * LONGEST
    letter = received(tnef(attribute(0x9003, properties((BINARY, 0x1009, rtf)))))
    assert letter.text.startswith("Hello\nxxx")
    assert [one.name for one in letter.attachments] == ["winmail.dat"]
    assert "text_cut" in letter.problems


def test_a_lone_winmail_dat_is_opened_too() -> None:
    content = tnef(attribute(0x800C, b"Hello"), attached(b"a.txt", b"Cat"))
    letter = sent(
        part(
            encodebytes(content),
            b"application/ms-tnef; name=winmail.dat",
            b"Content-Transfer-Encoding: base64",
        )
    )
    assert (letter.text, letter.attachments[0].name) == ("Hello", "a.txt")
