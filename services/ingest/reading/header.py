"""Header blocks (RFC 5322 §2.2): bytes to fields, whatever became of line ends, folding, separator and charset."""

import re
from typing import NamedTuple

from services.ingest.reading.charsets import Hint, decode, sound
from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.repairs import Problem, Repairs

MOST_FIELDS = 2000
LONGEST_FIELD = 2 * 1024 * 1024
MOST_STRAYS = 50
"""Lines in a header that are no fields; with more of them it is none."""
LOOK_AHEAD = 4096

Fields = tuple[tuple[str, str], ...]

_FIELD = re.compile(
    rb"([!-9;-~]+)[ \t]*:"
    rb"([^\r\n]*+(?:(?:\r{0,2}\n|\r(?!\n))[ \t][^\r\n]*+)*+)"
    rb"(?:\r{0,2}\n|\r|\Z)"
)
_LINE_END = re.compile(rb"\r{0,2}\n|\r")
_LINE = re.compile(rb"([^\r\n]*+)(?:\r{0,2}\n|\r|\Z)")
_EMPTY_LINE = re.compile(rb"(?:\r{0,2}\n|\r(?!\r?\n)){2}")
_FIELD_WITH_BLANKS = re.compile(rb"[\w-]+(?: [\w-]+){1,3}[ \t]*:")
_MBOX_LINE = re.compile(rb">*From ")
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
    if of_message and (blanks := _BLANKS.match(buffer, start, end)):
        start = blanks.end()
    block = _Block(buffer, start, end, repairs)
    block.read()
    if of_message or not block.fields or any(map(_is_known, block.fields)):
        return Block(block.fields, block.body, b"\n".join(block.before))
    repairs.note(Problem.SEPARATOR_MISSING)
    return Block([], start)  # words with a colon do not make a header of a part


class _Block:
    """A header block while it is read."""

    def __init__(self, buffer: bytes, start: int, end: int, repairs: Repairs) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.before: list[bytes] = []
        self.body = start
        self._buffer = buffer
        self._end = end
        self._repairs = repairs
        self._starts: list[int] = []
        self._strays = 0

    def read(self) -> None:
        buffer, end = self._buffer, self._end
        while self.body < end:
            if field := _FIELD.match(buffer, self.body, end):
                self._starts.append(self.body)
                self.fields.append((field[1], field[2]))
                self.body = field.end()
                if len(self.fields) >= MOST_FIELDS:
                    self._skip_the_rest()
                    return
            elif line_end := _LINE_END.match(buffer, self.body, end):
                self.body = line_end.end()
                return
            elif not self._passes(self.body):
                self._end_without_separator()
                return

    def _passes(self, begin: int) -> bool:
        """Pass over a line that is no field, if the header goes on behind it."""
        line = _LINE.match(self._buffer, begin, self._end)
        if line is None or self._strays >= MOST_STRAYS or line[1].startswith(b"--"):
            return False
        is_mark_of_mailbox = _MBOX_LINE.match(line[1]) is not None
        if not is_mark_of_mailbox:
            if not self._goes_on(line.end()):
                return False
            self._repairs.note(Problem.HEADER_MALFORMED)
            if _FIELD_WITH_BLANKS.match(line[1]):
                pass  # a field that nobody knows
            elif self.fields:
                name, value = self.fields[-1]
                self.fields[-1] = (name, value + b" " + line[1].strip())
            else:
                self.before.append(line[1].strip())
        self._strays += 1
        self.body = line.end()
        return True

    def _goes_on(self, position: int) -> bool:
        ahead = self._buffer[position : min(self._end, position + LOOK_AHEAD)]
        blank = _EMPTY_LINE.search(b"\n" + ahead)
        return _KNOWN_LINE.search(ahead[: blank.start()] if blank else ahead) is not None

    def _end_without_separator(self) -> None:
        """Begin the body here, or at the words with a colon right before."""
        if self.fields:
            self._repairs.note(Problem.SEPARATOR_MISSING)
        while self.fields and not _is_known(self.fields[-1]):
            self.fields.pop()
            self.body = self._starts.pop()

    def _skip_the_rest(self) -> None:
        self._repairs.note(Problem.HEADERS_TOO_LONG)
        empty = _EMPTY_LINE.search(self._buffer, self.body - 1, self._end)
        self.body = empty.end() if empty else self._end


def _is_known(field: tuple[bytes, bytes]) -> bool:
    return _KNOWN_FIELD.match(field[0] + b":") is not None


def text_of_fields(fields: list[tuple[bytes, bytes]], hint: Hint, repairs: Repairs) -> Fields:
    """Unfolded and as text, before RFC 2047; `hint` speaks of the charset of raw 8-bit bytes."""
    return tuple([(name.decode("ascii"), text_of_value(value, hint, repairs)) for name, value in fields])


def text_of_value(value: bytes, hint: Hint, repairs: Repairs) -> str:
    value = value[:LONGEST_FIELD]
    if not value.isascii() or b"\x1b" in value:
        return unfolded(_foreign(value, hint, repairs))
    text = value.decode("ascii").strip()
    return text if text.isprintable() else unfolded(text)


def _foreign(value: bytes, hint: Hint, repairs: Repairs) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        repairs.note(Problem.HEADER_8BIT)
    else:
        if "\x1b" not in text:
            return sound(text)
    return decode(value, None, repairs, hint)


def unfolded(text: str) -> str:
    """One line: a fold, whatever blanks are around it, is one blank (RFC 5322 §2.2.3)."""
    if "\n" in text or "\r" in text:
        text = " ".join(filter(None, map(str.strip, text.replace("\r", "\n").split("\n"))))
    return text.strip() if text.isprintable() else _CONTROLS.sub("", text).strip()


def for_people(fields: Fields, repairs: Repairs) -> Fields:
    """Fields with their encoded words decoded (RFC 2047)."""
    if any("=?" in value for _, value in fields):
        return tuple((name, one_line(decode_words(value, repairs))) for name, value in fields)
    return fields


def one_line(text: str) -> str:
    """Without line breaks, which an encoded word can hold, and other controls."""
    return _CONTROLS.sub("", text.replace("\r\n", " ").replace("\n", " ").replace("\r", " "))
