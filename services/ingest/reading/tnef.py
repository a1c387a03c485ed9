"""TNEF, the `winmail.dat` of Outlook (MS-OXTNEF): its texts and its files, as far as they are whole."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from mimetypes import guess_type

from services.ingest.reading.charsets import decode
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.rtf import LONGEST, decompressed, rtf_to_text

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 20_000
MOST_PROPERTIES = 20_000
MOST_FILES = 1_000
DEEPEST = 3
"""Messages in messages that are opened."""


class Attribute(IntEnum):
    """MS-OXTNEF §2.1.3.2, without the type."""

    FILE_DATA = 0x800F
    BODY = 0x800C
    FILE_TITLE = 0x8010
    FILE_BEGINS = 0x9002
    MESSAGE_PROPERTIES = 0x9003
    FILE_PROPERTIES = 0x9005
    CODE_PAGE = 0x9007


class Property(IntEnum):
    """MS-OXPROPS."""

    SUBJECT = 0x0037
    BODY = 0x1000
    RTF_COMPRESSED = 0x1009
    HTML = 0x1013
    DISPLAY_NAME = 0x3001
    ATTACH_DATA = 0x3701
    ATTACH_FILENAME = 0x3704
    ATTACH_LONG_FILENAME = 0x3707
    ATTACH_MIME_TAG = 0x370E
    ATTACH_CONTENT_ID = 0x3712
    INTERNET_CODE_PAGE = 0x3FDE


# Types of properties (MS-OXCDATA §2.11.1) with the bytes that a value takes, padding included.
_FIXED = {
    0x0001: 0,
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_STRING8, _UNICODE, _OBJECT, _BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_MULTIPLE = 0x1000

# Charsets by the number of their code page, where it is not `cp` and that number.
_CODE_PAGES = {
    20127: "us-ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    28591: "iso-8859-1",
    28592: "iso-8859-2",
    28605: "iso-8859-15",
    50220: "iso-2022-jp",
    51932: "euc-jp",
    65000: "utf-7",
    65001: "utf-8",
}


@dataclass(slots=True)
class File:
    """A file in it, with the best name that was found."""

    name: str | None = None
    long_name: str | None = None
    display_name: str | None = None
    type: str | None = None
    content_id: str | None = None
    content: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What is in it."""

    subject: str = ""
    text: str = ""
    html: str = ""
    rtf: str = ""
    is_cut: bool = False
    """There is more rich text than was read."""
    files: list[File] = field(default_factory=list)


def is_tnef(kind: str, name: str | None) -> bool:
    """Whether a part says by its type, or by its name, that it is TNEF."""
    if name is not None and name.lower() == "winmail.dat":
        return True
    return kind in {"application/ms-tnef", "application/vnd.ms-tnef"}


def parts_of_tnef(data: bytes, repairs: Repairs) -> tuple[Part, ...]:
    """The texts in it as parts without a disposition, and the files as attachments, also those of messages in it."""
    opened = read_tnef(data, repairs)
    if opened is None:
        return ()
    texts = [
        Part(type=kind, text=text)
        for kind, text in (("text/html", opened.html), ("text/plain", opened.text or opened.rtf))
        if text.strip()
    ]
    files: list[Part] = []
    waiting = [(file, 1) for file in reversed(opened.files)]
    while waiting and len(files) < MOST_FILES:
        file, depth = waiting.pop()
        is_message = file.content.startswith(SIGNATURE) and depth <= DEEPEST
        message = read_tnef(file.content, repairs) if is_message else None
        if message is None:
            name = file.long_name or file.name or file.display_name
            files.append(_part(name, file.type, file.content, file.content_id))
            continue
        waiting.extend((inner, depth + 1) for inner in reversed(message.files))
        for kind, extension, text in (
            ("text/html", "html", message.html),
            ("text/plain", "txt", message.text or message.rtf),
        ):
            if text.strip():
                subject = message.subject or file.display_name or "message"
                files.append(_part(f"{subject}.{extension}", kind, text.encode(), None))
                break
    if opened.is_cut:
        repairs.note(Problem.TEXT_CUT)
        files.append(_part("winmail.dat", "application/ms-tnef", data, None))
    return (*texts, *files)


def _part(name: str | None, kind: str | None, content: bytes, content_id: str | None) -> Part:
    kind = kind or (guess_type(name, strict=False)[0] if name else None) or "application/octet-stream"
    parameters = {"charset": "utf-8"} if kind.startswith("text/") else None
    return Part(
        type=kind,
        parameters=parameters,
        disposition="attachment",
        name=name,
        content_id=content_id.strip("<>") or None if content_id else None,
        content=content,
        text=decode(content, None, Repairs()) if kind.startswith("text/") else "",
    )


def read_tnef(data: bytes, repairs: Repairs) -> Tnef | None:
    """Open it, or say None where it is no TNEF. What cannot be read is left out, and noted."""
    if not data.startswith(SIGNATURE):
        repairs.note(Problem.TNEF_DAMAGED)
        return None
    opened = Tnef()
    charset = "cp1252"
    for name, value in _attributes(data, repairs):
        match name:
            case Attribute.CODE_PAGE if len(value) >= 4:
                charset = _charset(int.from_bytes(value[:4], "little"))
            case Attribute.BODY:
                opened.text = opened.text or decode(value, charset, repairs)
            case Attribute.MESSAGE_PROPERTIES:
                _take_message(opened, value, charset, repairs)
            case Attribute.FILE_BEGINS:
                opened.files.append(File())
            case Attribute.FILE_TITLE | Attribute.FILE_DATA | Attribute.FILE_PROPERTIES:
                if not opened.files:
                    opened.files.append(File())
                _take_file(opened.files[-1], name, value, charset, repairs)
            case _:
                pass
    return opened


def _attributes(data: bytes, repairs: Repairs) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(MOST_ATTRIBUTES):
        if position + 9 > len(data):
            if data[position:].strip(b"\x00\r\n"):
                repairs.note(Problem.TNEF_DAMAGED)
            return
        level, name, _, length = struct.unpack_from("<BHHI", data, position)
        position += 9
        if level not in {1, 2} or position + length > len(data):
            repairs.note(Problem.TNEF_DAMAGED)
            if level in {1, 2}:
                yield name, data[position:]
            return
        yield name, data[position : position + length]
        position += length + 2


def _take_message(opened: Tnef, data: bytes, charset: str, repairs: Repairs) -> None:
    properties = dict(_properties(data, charset, repairs))
    page = properties.get(Property.INTERNET_CODE_PAGE)
    if isinstance(subject := properties.get(Property.SUBJECT), str):
        opened.subject = subject
    if isinstance(text := properties.get(Property.BODY), str):
        opened.text = text
    html = properties.get(Property.HTML)
    if isinstance(html, str):
        opened.html = html
    elif isinstance(html, bytes):
        opened.html = decode(html, _charset(page) if isinstance(page, int) else None, repairs)
    if isinstance(compressed := properties.get(Property.RTF_COMPRESSED), bytes):
        rtf = decompressed(compressed, repairs)
        opened.rtf, opened.is_cut = rtf_to_text(rtf, repairs), len(rtf) >= LONGEST


def _take_file(file: File, name: int, value: bytes, charset: str, repairs: Repairs) -> None:
    if name == Attribute.FILE_TITLE:
        file.name = decode(value, charset, repairs)
        return
    if name == Attribute.FILE_DATA:
        file.content = value
        return
    for known, found in _properties(value, charset, repairs):
        match known, found:
            case Property.ATTACH_DATA, bytes():
                if not file.content or found.startswith(SIGNATURE):
                    file.content = found
            case Property.ATTACH_FILENAME, str():
                file.name = file.name or found
            case Property.ATTACH_LONG_FILENAME, str():
                file.long_name = found
            case Property.DISPLAY_NAME, str():
                file.display_name = found
            case Property.ATTACH_MIME_TAG, str():
                file.type = found.lower()
            case Property.ATTACH_CONTENT_ID, str():
                file.content_id = found
            case _:
                pass


def _properties(data: bytes, charset: str, repairs: Repairs) -> Iterator[tuple[int, str | bytes | int]]:
    """Properties with values of the types that matter here; the first of several values."""
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(min(count, MOST_PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                position = _behind_name(data, position)
            several, kind = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
            fixed = _FIXED.get(kind)
            values = 1
            if several or fixed is None:
                (values,) = struct.unpack_from("<I", data, position)
                position += 4
            if fixed is not None:
                if fixed == 4 and values:
                    yield name, struct.unpack_from("<i", data, position)[0]
                position += fixed * values
                continue
            for number in range(min(values, MOST_PROPERTIES)):
                (length,) = struct.unpack_from("<I", data, position)
                position += 4
                value = data[position : position + length]
                position += (length + 3) // 4 * 4
                if number == 0:
                    yield name, _value(kind, value, charset, repairs)
    except struct.error:
        repairs.note(Problem.TNEF_DAMAGED)


def _behind_name(data: bytes, position: int) -> int:
    """Behind the name of a property that has one: a GUID, and a number or a string."""
    by_string, number = struct.unpack_from("<II", data, position + 16)
    position += 24
    return position + (number + 3) // 4 * 4 if by_string else position


def _value(kind: int, value: bytes, charset: str, repairs: Repairs) -> str | bytes:
    if kind == _UNICODE:
        return decode(value, "utf-16-le", repairs).rstrip("\x00")
    if kind == _STRING8:
        return decode(value.rstrip(b"\x00"), charset, repairs)
    return value[16:] if kind == _OBJECT else value


def _charset(page: int) -> str:
    return _CODE_PAGES.get(page, f"cp{page}")
