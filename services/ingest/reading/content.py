"""What is in a leaf: its bytes, without transfer encoding, and their text."""

import re
from dataclasses import dataclass

from services.ingest.reading.charsets import Hint, decode
from services.ingest.reading.encodings import split_base64, without_encoding
from services.ingest.reading.part import REPORTS
from services.ingest.reading.repairs import Repairs

LONGEST_TEXT = 2_000_000
LONGEST_HTML = 12_000_000
"""Bytes of a part that become text: more is no letter. A longer page loses the pictures that are within it first."""
MOST_GROWTH = 4
"""An encoded byte takes at most so many."""

_PICTURE = re.compile(rb"data:[^\"'\s<>]{1000,}")
_META_CHARSET = re.compile(
    rb"<(?:meta\b[^>]{0,200}?charset|\?xml\b[^>]{0,100}?encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of a leaf where they lie in the message; they are decoded when somebody asks."""

    buffer: bytes
    start: int
    end: int
    encoding: str
    type: str
    charset: str | None
    hint: Hint
    repairs: Repairs

    def content(self) -> bytes:
        return without_encoding(self.buffer[self.start : self.end], self.encoding, self.repairs)

    def text(self) -> tuple[str, bool]:
        """The text, and whether it is all of it."""
        if not self.type.startswith("text/") and self.type not in REPORTS:
            return "", True
        is_html = self.type == "text/html"
        longest = LONGEST_HTML if is_html else LONGEST_TEXT
        end = self.end if is_html else min(self.end, self.start + MOST_GROWTH * longest)
        content, behind = self.buffer[self.start : end], b""
        if self.encoding == "base64":
            content, behind = split_base64(content)
        content = without_encoding(content, self.encoding, self.repairs) + behind
        is_whole = end == self.end and len(content) <= longest
        if is_html and not is_whole:
            content = _PICTURE.sub(b"", content)
        charset, hint = self.charset, self.hint
        if is_html and (declared := _META_CHARSET.search(content, 0, 2048)):
            hint = hint._replace(charset=declared[1].decode("ascii"))
            charset = charset or hint.charset
        return with_line_feeds(decode(content[:longest], charset, self.repairs, hint)), is_whole


def with_line_feeds(text: str) -> str:
    """Text whose lines end with a bare line feed, however they ended."""
    if "\r" not in text:
        return text
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
