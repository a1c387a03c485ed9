"""Encoded words (RFC 2047) in all the ways in which they are broken, in time linear to the value's length."""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from typing import NamedTuple

from services.ingest.reading.charsets import codec_for, decode
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


def _words(value: str, repairs: Repairs) -> "Iterator[tuple[int, int, _Word]]":
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
    pieces: list[str] = []
    index = 0
    while index < len(run):
        charset, encoding, _ = run[index]
        content = bytearray()
        held = ""
        while index < len(run) and run[index].charset.lower() == charset.lower():
            word = run[index]
            index += 1
            if word.encoding == "b":
                held += word.content
                if len(held.strip("= ")) % 4 and "=" not in held and _continues(run, index, charset):
                    continue
                content += from_base64(held.encode("ascii", "replace"), repairs)
                held = ""
            else:
                content += _from_q(word.content)
        pieces.append(_decoded(bytes(content), charset, repairs))
    return "".join(pieces)


def _continues(run: list[_Word], index: int, charset: str) -> bool:
    return index < len(run) and run[index].encoding == "b" and run[index].charset.lower() == charset.lower()


def _from_q(content: str) -> bytes:
    return a2b_qp(content.encode("utf-8", "surrogatepass"), header=True)


def _decoded(content: bytes, charset: str, repairs: Repairs) -> str:
    text = decode(content, charset, repairs)
    if codec_for(charset) is None:
        repairs.note(Problem.ENCODED_WORD_REPAIRED)
    return text
