"""The SHA-256 of a body as RFC 6376 §3.4 canonicalizes it, in time that grows with its size and in pieces.

dkimpy's own expressions need a minute for a megabyte of blanks, and hold the interpreter while they work.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from services.ingest.authentication.header import crlf

PIECE = 256 * 1024
_BLANKS = re.compile(rb"\t[ \t]*| [ \t]+")
"""All that relaxed canonicalization makes one blank, but the blanks that are one already."""
_TO_BE_KEPT_TOGETHER = re.compile(rb"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Hashed:
    """`length` is that of the canonical body: what of it lies behind `l=` is not signed."""

    digest: bytes
    length: int


class Body:
    """The body of one message, which begins at `at`; each way to hash it is gone once."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw = raw
        self._at = at
        self._hashed: dict[tuple[str, int | None], Hashed] = {}

    @cached_property
    def content(self) -> bytes:
        """With line ends of CRLF."""
        return crlf(self._raw[self._at :])

    def hashed(self, canonicalization: str, most: int | None = None) -> Hashed:
        """`simple` or `relaxed`, and how many bytes of it `l=` lets count."""
        way = (canonicalization, most)
        if way not in self._hashed:
            hasher, length = sha256(), 0
            for piece in canonical(self.content, canonicalization):
                hasher.update(piece if most is None else piece[: max(0, most - length)])
                length += len(piece)
            self._hashed[way] = Hashed(hasher.digest(), length)
        return self._hashed[way]


def canonical(content: bytes, canonicalization: str) -> Iterator[bytes]:
    """The canonical body in pieces; line ends are CRLF already."""
    pending = b""
    """Empty lines, which do not count if nothing comes after them."""
    empty = True
    for piece in _pieces(content):
        if canonicalization == "relaxed":
            piece = _BLANKS.sub(b" ", piece).replace(b" \r\n", b"\r\n")  # noqa: PLW2901
        kept = len(piece) - _line_ends(piece)
        if kept:
            yield pending + piece[:kept]
            pending, empty = piece[kept:], False
        else:
            pending += piece
    if not empty or canonicalization == "simple":
        yield b"\r\n"


def _pieces(content: bytes) -> Iterator[bytes]:
    """Pieces of about a megabyte; blanks and line ends that belong together stay together."""
    start = 0
    while start < len(content):
        together = _TO_BE_KEPT_TOGETHER.match(content, min(start + PIECE, len(content)))
        end = together.end() if together else len(content)
        yield content[start:end]
        start = end


def _line_ends(piece: bytes) -> int:
    """How many bytes at its end are whole CRLFs; a CR alone is no line end."""
    tail = piece[len(piece.rstrip(b"\r\n")) :]
    return 0 if tail.endswith(b"\r") else len(tail) - (tail.rfind(b"\r\r") + 1)
