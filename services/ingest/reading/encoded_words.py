"""Encoded words (RFC 2047) in all the ways in which they are broken, in time linear to the value's length."""

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from services.ingest.reading.charsets import decode
from services.ingest.reading.encodings import from_base64
from services.ingest.reading.repairs import Problem, Repairs

_BEGIN = re.compile(r"=\?([^?\s]{0,80})\?([bBqQ])\?")
_SPACES = re.compile(r"\s+")


class _Word(NamedTuple):
    charset: str
    encoding: str
    content: str


def decode_words(value: str, repairs: Repairs) -> str:
    """A value with its encoded words as text; what is no encoded word stays as it is."""
    if "=?" not in value:
        return value
    pieces: list[str] = []
    run: list[_Word] = []
    position = 0
    for start, end, word in _words(value, repairs):
        between = value[position:start]
        if between and not (run and between.isspace()):
            pieces.append(_text(run, repairs))
            run = []
            pieces.append(between)
        run.append(word)
        position = end
    pieces.append(_text(run, repairs))
    pieces.append(value[position:])
    return "".join(pieces)


def _words(value: str, repairs: Repairs) -> Iterator[tuple[int, int, _Word]]:
    """Each encoded word with its place. One that is not closed ends where the next begins, or at a blank."""
    position = closing = 0
    while begin := _BEGIN.search(value, position):
        content = begin.end()
        if 0 <= closing < content:
            closing = value.find("?=", content)
        following = _BEGIN.search(value, content, closing if closing >= 0 else len(value))
        if closing >= 0 and following is None:
            end, position = closing, closing + 2
        else:
            repairs.note(Problem.ENCODED_WORD_REPAIRED)
            limit = following.start() if following else len(value)
            blank = None if following else _SPACES.search(value, content)
            end = position = blank.start() if blank and begin[2] in "qQ" else limit
        yield begin.start(), position, _Word(begin[1], begin[2].lower(), value[content:end])


def _text(run: list[_Word], repairs: Repairs) -> str:
    """Adjacent words as one text: a character, and a group of base64, may be split between two of them."""
    return "".join(
        decode(b"".join(_contents(words, repairs)), charset, repairs)
        for charset, words in groupby(run, key=lambda word: word.charset.lower())
    )


def _contents(words: Iterable[_Word], repairs: Repairs) -> Iterator[bytes]:
    held: list[str] = []  # words in base64 that are no whole groups yet
    for word in words:
        if word.encoding == "q":
            yield from (_from_b(content, repairs) for content in held)
            held = []
            yield a2b_qp(word.content.encode(), header=True)
            continue
        held.append("".join(word.content.split()))
        if sum(map(len, held)) % 4 == 0:
            yield _from_b("".join(held), repairs)
            held = []
    yield from (_from_b(content, repairs) for content in held)


def _from_b(content: str, repairs: Repairs) -> bytes:
    return from_base64(content.encode("ascii", "replace"), repairs)
