"""The lines that divide a multipart (RFC 2046 §5.1.1): found by the boundary that was declared, or guessed."""

import re
from bisect import bisect_left
from typing import NamedTuple

MOST_LINES = 200_000
"""Lines that are looked at in one message: beyond it what is left stays one part."""
DEEP = 32
"""From this depth on an index of all such lines is used instead of a search for each boundary."""

FARTHEST_GUESS = 1_000_000
"""Bytes of a multipart in which its boundary is looked for."""

_DASHES = re.compile(rb"(?<![^\r\n])--([^\r\n]{1,200})")
_DELIMITER = rb"(?<![^\r\n])[ \t]?--(?=-*+[^\s-])([^\r\n]{0,200}\S)[ \t]*+(?:\r{0,2}\n|\r)"
_BEFORE_HEADER = re.compile(_DELIMITER + rb"(?=Content-[A-Za-z-]{1,40}[ \t]*:)", re.IGNORECASE)
_BEFORE_TEXT = re.compile(_DELIMITER + rb"(?=\r{0,2}\n|\r)")
_LINE_END = re.compile(rb"[ \t]*(?:\r{0,2}\n|\r|\Z)")


class Delimiter(NamedTuple):
    """Where a delimiter begins, where what follows its line begins, and whether it is the closing one."""

    start: int
    after: int
    closes: bool


class Delimiters:
    """Finds the delimiters in the bytes of one message."""

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._index: dict[bytes, list[Delimiter]] | None = None
        self._left = MOST_LINES

    def within(self, boundary: bytes, start: int, end: int, *, depth: int) -> list[Delimiter]:
        """Those of a boundary in a range, in order."""
        if depth > DEEP:
            return self._indexed(boundary, start, end)
        found: list[Delimiter] = []
        needle = b"--" + boundary
        buffer = self._buffer
        position = buffer.find(needle, start, end)
        while position >= 0 and self._left > 0:
            self._left -= 1
            after = position + len(needle)
            if position == start or buffer[position - 1] in b"\r\n":
                closes = buffer.startswith(b"--", after, end)
                line_end = _LINE_END.match(buffer, after + 2 if closes else after, end)
                if line_end:
                    after = line_end.end()
                    found.append(Delimiter(position, after, closes))
            position = buffer.find(needle, after, end)
        return found

    def guess(self, start: int, end: int) -> bytes | None:
        """The boundary that a range shows: a line with two dashes that has the header of a part below it.

        Or an empty line, as a part without a header has; then it must come again as a closing one.
        """
        end = min(end, start + FARTHEST_GUESS)
        if found := _BEFORE_HEADER.search(self._buffer, start, end):
            return found[1]
        found = _BEFORE_TEXT.search(self._buffer, start, end)
        if found and self._buffer.find(b"--" + found[1] + b"--", found.end(), end) >= 0:
            return found[1]
        return None

    def _indexed(self, boundary: bytes, start: int, end: int) -> list[Delimiter]:
        """By an index of all lines with two dashes: very deep structures would be searched too often."""
        if self._index is None:
            self._index = {}
            for number, line in enumerate(_DASHES.finditer(self._buffer)):
                if number >= MOST_LINES // 2:
                    break
                line_end = _LINE_END.match(self._buffer, line.end())
                after = line_end.end() if line_end else line.end()
                text = line[1].rstrip()
                begin = line.start(1) - 2
                self._index.setdefault(text, []).append(Delimiter(begin, after, closes=False))
                if text.endswith(b"--"):
                    self._index.setdefault(text[:-2], []).append(Delimiter(begin, after, closes=True))
        known = self._index.get(boundary, [])
        return known[bisect_left(known, (start,)) : bisect_left(known, (end,))]


def begins_with_a_part(buffer: bytes, start: int, end: int) -> bool:
    """Whether a body shows by its first lines that it is a multipart."""
    found = _BEFORE_HEADER.search(buffer, start, end)
    return found is not None and not buffer[start : found.start()].strip()


def without_line_end(buffer: bytes, position: int, start: int) -> int:
    """Where a part ends: the line end before a delimiter belongs to the delimiter."""
    if position > start and buffer[position - 1] == ord("\n"):
        position -= 1
    if position > start and buffer[position - 1] == ord("\r"):
        position -= 1
    return position
