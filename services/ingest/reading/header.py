"""Header blocks (RFC 5322 §2.2): bytes to fields, whatever became of line ends, folding, separator and charset."""

import re
from typing import NamedTuple

from services.ingest.reading.charsets import Hint, decode, sound
from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.repairs import Problem, Repairs

MOST_FIELDS = 2000
LONGEST_FIELD = 2 * 1024 * 1024
MOST_STRAY_LINES = 50
MOST_MBOX_LINES = 10
LOOK_AHEAD = 4096

Fields = tuple[tuple[str, str], ...]

_FIELD = re.compile(
    rb"([!-9;-~]+)[ \t]*:"
    rb"([^\r\n]*+(?:(?:\r{0,2}\n|\r(?!\n))[ \t][^\r\n]*+)*+)"
    rb"(?:\r{0,2}\n|\r|\Z)"
)
_LINE_END = re.compile(rb"\r{0,2}\n|\r")
_LINE = re.compile(rb"([^\r\n]*+)(?:\r{0,2}\n|\r|\Z)")
_BLANK_LINE = re.compile(rb"(?:\r{0,2}\n|\r(?!\r?\n)){2}")
_MBOX_LINE = re.compile(rb">*From [^\r\n]*+(?:\r{0,2}\n|\r|\Z)")
_BLANKS = re.compile(rb"[ \t\r\n\x00]*+")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")

_KNOWN = (
    rb"(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|in-reply-to|references|received|return-path"
    rb"|mime-version|content-[a-z-]+|x-[\w-]+|list-[a-z-]+|resent-[a-z-]+|dkim-signature|domainkey-signature"
    rb"|authentication-results|arc-[a-z-]+|delivered-to|envelope-to|auto-submitted|precedence|thread-[a-z]+"
    rb"|importance|priority|sensitivity|user-agent|organization|errors-to|status|lines|newsgroups|feedback-id"
    rb"|disposition-notification-to|return-receipt-to|comments|keywords|mailing-list|apparently-to)[ \t]*:"
)
_KNOWN_FIELD = re.compile(_KNOWN, re.IGNORECASE)
_KNOWN_LINE = re.compile(rb"(?:^|[\r\n])" + _KNOWN, re.IGNORECASE)


class Block(NamedTuple):
    """Fields as bytes, folded, and where the body begins."""

    fields: list[tuple[bytes, bytes]]
    body: int
    before: bytes = b""
    """Lines before the first field that are no header."""


def read_block(buffer: bytes, start: int, end: int, repairs: Repairs, *, of_message: bool) -> Block:
    """Find the fields from `start` on, and the body behind them."""
    fields: list[tuple[bytes, bytes]] = []
    before: list[bytes] = []
    stray = mbox_lines = 0
    position = _BLANKS.match(buffer, start, end).end() if of_message else start  # type: ignore[union-attr]
    while position < end:
        field = _FIELD.match(buffer, position, end)
        if field:
            fields.append((field[1], field[2]))
            position = field.end()
            if len(fields) >= MOST_FIELDS:
                repairs.note(Problem.HEADERS_TOO_LONG)
                blank = _BLANK_LINE.search(buffer, position - 1, end)
                return Block(fields, blank.end() if blank else end)
            continue
        if line_end := _LINE_END.match(buffer, position, end):
            if fields or not of_message:
                position = line_end.end()
            break
        mbox = _MBOX_LINE.match(buffer, position, end)
        if mbox and mbox_lines < MOST_MBOX_LINES:
            mbox_lines += 1
            position = mbox.end()
            continue
        line = _LINE.match(buffer, position, end)
        after = line.end() if line else end
        if (
            stray < MOST_STRAY_LINES
            and not buffer.startswith(b"--", position)
            and _more_fields(buffer, after, end)
        ):
            stray += 1
            repairs.note(Problem.HEADER_MALFORMED)
            stripped = buffer[position:after].strip()
            if fields:
                name, value = fields[-1]
                fields[-1] = (name, value + b" " + stripped)
            else:
                before.append(stripped)
            position = after
            continue
        repairs.note(Problem.SEPARATOR_MISSING)
        while fields and not _KNOWN_FIELD.match(fields[-1][0] + b":"):
            position = buffer.rfind(fields.pop()[0], start, position)
        break
    if not of_message and fields and not any(_KNOWN_FIELD.match(name + b":") for name, _ in fields):
        repairs.note(Problem.SEPARATOR_MISSING)
        return Block([], start)
    return Block(fields, position, b"\n".join(before))


def _more_fields(buffer: bytes, position: int, end: int) -> bool:
    """Whether a header goes on behind a line that is no field."""
    ahead = buffer[position : min(end, position + LOOK_AHEAD)]
    blank = _BLANK_LINE.search(b"\n" + ahead)
    return _KNOWN_LINE.search(ahead[: blank.start()] if blank else ahead) is not None


def text_of_fields(fields: list[tuple[bytes, bytes]], hint: Hint, repairs: Repairs) -> Fields:
    """Unfolded and as text, before RFC 2047; `hint` speaks of the charset of raw 8-bit bytes."""
    return tuple((name.decode("ascii"), text_of_value(value, hint, repairs)) for name, value in fields)


def text_of_value(value: bytes, hint: Hint, repairs: Repairs) -> str:
    value = unfolded(value)
    if value.isascii() and b"\x1b" not in value:
        text = value.decode("ascii")
        return _CONTROLS.sub("", text) if not text.isprintable() else text
    if not value.isascii():
        try:
            return _CONTROLS.sub("", sound(value.decode()))
        except UnicodeDecodeError:
            repairs.note(Problem.HEADER_8BIT)
    return _CONTROLS.sub("", decode(value, "us-ascii", repairs, hint))


def unfolded(value: bytes) -> bytes:
    """One line: a fold, whatever blanks are around it, is one blank (RFC 5322 §2.2.3)."""
    value = value[:LONGEST_FIELD].strip()
    if b"\n" in value or b"\r" in value:
        return b" ".join(filter(None, map(bytes.strip, value.replace(b"\r", b"\n").split(b"\n"))))
    return value


def for_people(fields: Fields, repairs: Repairs) -> Fields:
    """Fields with their encoded words decoded (RFC 2047)."""
    if any("=?" in value for _, value in fields):
        return tuple((name, one_line(decode_words(value, repairs))) for name, value in fields)
    return fields


def one_line(text: str) -> str:
    """Without line breaks, which an encoded word can hold, and other controls."""
    return _CONTROLS.sub("", text.replace("\r\n", " ").replace("\n", " ").replace("\r", " "))
