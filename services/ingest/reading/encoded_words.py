"""Encoded words (RFC 2047) in all the ways in which they are broken, in time linear to the value's length."""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from typing import NamedTuple

from services.ingest.reading.charsets import decode
from services.ingest.reading.encodings import from_base64
from services.ingest.reading.repairs import Problem, Repairs

_BEGIN = re.compile(r"=\?([^?\s]{0,80})\?([bBqQ])\?")
_SPACES = re.compile(r"\s+")


class _Word(NamedTuple):
    """A word, and where it lies in the value."""

    start: int
    end: int
    charset: str
    is_base64: bool
    content: str


def decode_words(value: str, repairs: Repairs) -> str:
    """A value with its encoded words as text; what is no encoded word stays as it is."""
    if "=?" not in value:
        return value
    pieces: list[str] = []
    run = _Run("", repairs)
    position = 0
    for word in _words(value, repairs):
        between = value[position : word.start]
        is_adjacent = position > 0 and (not between or between.isspace())
        if not is_adjacent or word.charset != run.charset:
            pieces += (run.text(), "" if is_adjacent else between)
            run = _Run(word.charset, repairs)
        run.add(word)
        position = word.end
    pieces += (run.text(), value[position:])
    return "".join(pieces)


def _words(value: str, repairs: Repairs) -> Iterator[_Word]:
    """Each encoded word. One that is not closed ends where the next begins, or at a blank."""
    position = closing = 0
    while begin := _BEGIN.search(value, position):
        content = begin.end()
        if 0 <= closing < content:
            closing = value.find("?=", content)
        following = _BEGIN.search(value, content, closing if closing >= 0 else len(value))
        is_base64 = begin[2] in "bB"
        if closing >= 0 and following is None:
            end, position = closing, closing + 2
        else:
            repairs.note(Problem.ENCODED_WORD_REPAIRED)
            limit = following.start() if following else len(value)
            blank = None if following or is_base64 else _SPACES.search(value, content)
            end = position = blank.start() if blank else limit
        yield _Word(begin.start(), position, begin[1].lower(), is_base64, value[content:end])


class _Run:
    """Adjacent words in one charset as one text: a character, or a group of base64, may be split between two."""

    def __init__(self, charset: str, repairs: Repairs) -> None:
        self.charset = charset
        self._repairs = repairs
        self._content = bytearray()
        self._held: list[str] = []  # words in base64 that are no whole groups yet
        self._length = 0

    def add(self, word: _Word) -> None:
        if not word.is_base64:
            self._release()
            self._content += a2b_qp(word.content.encode(), header=True)
            return
        self._held.append("".join(word.content.split()))
        self._length += len(self._held[-1])
        if self._length % 4 == 0:
            self._held = ["".join(self._held)]
            self._release()

    def text(self) -> str:
        self._release()
        return decode(bytes(self._content), self.charset, self._repairs)

    def _release(self) -> None:
        for content in self._held:
            self._content += from_base64(content.encode("ascii", "replace"), self._repairs)
        self._held, self._length = [], 0
