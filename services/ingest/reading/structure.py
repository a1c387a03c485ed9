"""The tree of parts (RFC 2046): found from the top down and without recursion, however deep and however broken.

Each part is a range of the message's bytes. A multipart divides its range at the lines that are its delimiters, so an
outer delimiter ends whatever is open inside.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.ingest.reading.charsets import NO_HINT, Hint, decode, sound
from services.ingest.reading.encodings import encoding_of, split_base64, without_encoding
from services.ingest.reading.header import Fields, for_people, read_block, text_of_fields, text_of_value
from services.ingest.reading.parameters import content_type, parse
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs

MOST_PARTS = 10_000
MOST_DELIMITERS = 200_000
"""Lines that are looked at: beyond it what is left stays one part."""
DEEP = 32
"""From this depth on delimiters are found by an index of all of them instead of by a search for each."""

MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global-delivery-status",
        "message/global-disposition-notification",
        "message/global-headers",
    }
)

_DASHES = re.compile(rb"(?:\A|[\r\n])--([^\r\n]{1,200})")
_GUESS = re.compile(
    rb"(?:\A|[\r\n])--([^\s][^\r\n]{0,200}?)[ \t]*(?:\r{0,2}\n|\r)(?:Content-[A-Za-z-]+[ \t]*:|(?:\r{0,2}\n|\r))",
    re.IGNORECASE,
)
_MIME_FIELD = re.compile(
    rb"[\r\n]*(?:Content-(?:Type|Transfer-Encoding|Disposition)|MIME-Version)[ \t]*:", re.IGNORECASE
)
_HTML = re.compile(
    rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_META_CHARSET = re.compile(
    rb"<(?:meta\b[^>]{0,200}?charset|\?xml\b[^>]{0,100}?encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})",
    re.IGNORECASE,
)
_DOMAIN = re.compile(rb"@[A-Za-z0-9.-]{1,250}\.([A-Za-z]{2,20})\b")
_LINE_ENDS = re.compile(r"\r{0,2}\n|\r")


@dataclass(slots=True)
class _Draft:
    """A part while its range is being looked at."""

    buffer: bytes
    start: int
    end: int
    is_message: bool = False
    default_type: str = "text/plain"
    depth: int = 0
    fields: Fields = ()
    headers: Fields = ()
    type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str | None = None
    name: str | None = None
    encoding: str = "7bit"
    hint: Hint = NO_HINT
    preamble: str = ""
    epilogue: str = ""
    children: "list[_Draft]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The bytes of a leaf where they lie in the message."""

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

    def text(self) -> str:
        if not self.type.startswith("text/") and self.type not in REPORTS:
            return ""
        content, behind = self.buffer[self.start : self.end], b""
        if self.encoding == "base64":
            content, behind = split_base64(content)
        content = without_encoding(content, self.encoding, self.repairs) + behind
        charset, hint = self.charset, self.hint
        if self.type == "text/html" and (declared := _META_CHARSET.search(content, 0, 2048)):
            named = declared[1].decode("ascii")
            charset, hint = charset or named, hint._replace(charset=named)
        text = decode(content, charset, self.repairs, hint)
        return _LINE_ENDS.sub("\n", text) if "\r" in text else text


class Delimiters:
    """Finds the lines that divide a multipart."""

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._index: dict[bytes, list[tuple[int, int, bool]]] | None = None
        self._left = MOST_DELIMITERS

    def within(self, boundary: bytes, start: int, end: int, *, deep: bool) -> list[tuple[int, int, bool]]:
        """Where each delimiter begins, where what follows it begins, and whether it closes."""
        if deep:
            known = self._all().get(boundary, [])
            first = bisect_left(known, start, key=lambda one: one[0])
            last = bisect_left(known, end, key=lambda one: one[0])
            return known[first:last]
        found: list[tuple[int, int, bool]] = []
        needle = b"--" + boundary
        buffer = self._buffer
        position = buffer.find(needle, start, end)
        while position >= 0 and self._left > 0:
            self._left -= 1
            after = position + len(needle)
            if position == start or buffer[position - 1] in b"\r\n":
                line = _delimiter(buffer, after, end)
                if line is not None:
                    found.append((position, *line))
                    after = line[0]
            position = buffer.find(needle, after, end)
        return found

    def _all(self) -> dict[bytes, list[tuple[int, int, bool]]]:
        if self._index is None:
            self._index = {}
            for number, line in enumerate(_DASHES.finditer(self._buffer)):
                if number >= MOST_DELIMITERS:
                    break
                text = line[1].rstrip()
                after = _line_end(self._buffer, line.end(1), len(self._buffer))
                self._index.setdefault(text, []).append((line.start(1) - 2, after, False))
                if text.endswith(b"--"):
                    self._index.setdefault(text[:-2], []).append((line.start(1) - 2, after, True))
        return self._index


def _delimiter(buffer: bytes, after: int, end: int) -> tuple[int, bool] | None:
    closes = buffer.startswith(b"--", after, end)
    position = after + 2 if closes else after
    while position < end and buffer[position] in b" \t":
        position += 1
    if position < end and buffer[position] not in b"\r\n":
        return None
    return _line_end(buffer, position, end), closes


def _line_end(buffer: bytes, position: int, end: int) -> int:
    """Behind the end of the line that ends at `position`."""
    for ending in (b"\r\n", b"\n", b"\r\r\n", b"\r"):
        if buffer.startswith(ending, position, end):
            return position + len(ending)
    return position


def _before_line_end(buffer: bytes, position: int, start: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    if position > start and buffer[position - 1] == 10:
        position -= 1
        if position > start and buffer[position - 1] == 13:
            position -= 1
    elif position > start and buffer[position - 1] == 13:
        position -= 1
    return position


def structure(raw: bytes, repairs: Repairs) -> Part:
    """Read a message into the tree of its parts."""
    if b"\r" in raw and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
        repairs.note(Problem.LINE_ENDS_MIXED)
    return _Structure(repairs).read(raw)


class _Structure:
    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._delimiters: dict[int, Delimiters] = {}
        self._parts = 0

    def read(self, raw: bytes) -> Part:
        root = _Draft(raw, 0, len(raw), is_message=True)
        order = [root]
        for draft in order:  # grows while it is walked: what lies deeper comes behind
            self._look(draft)
            order.extend(draft.children)
        parts: dict[int, Part] = {}
        for draft in reversed(order):
            parts[id(draft)] = self._part(draft, tuple(parts.pop(id(child)) for child in draft.children))
        return parts[id(root)]

    def _look(self, draft: _Draft) -> None:
        """Read the header of a part, and divide it if there are parts in it."""
        self._head(draft)
        if draft.type.startswith("multipart/"):
            self._divide(draft)
        elif draft.type in MESSAGES:
            self._enter(draft)

    def _head(self, draft: _Draft) -> None:
        repairs = self._repairs
        block = read_block(draft.buffer, draft.start, draft.end, repairs, of_message=draft.is_message)
        if (
            draft.is_message
            and _MIME_FIELD.match(draft.buffer, block.body, draft.end)
            and not any(name.lower() == b"content-type" for name, _ in block.fields)
        ):
            more = read_block(draft.buffer, block.body, draft.end, repairs, of_message=True)
            repairs.note(Problem.HEADER_MALFORMED)
            block = block._replace(fields=block.fields + more.fields, body=more.body)
        draft.start = block.body
        draft.preamble = decode(block.before, None, repairs) if block.before else ""
        declared = next((value for name, value in block.fields if name.lower() == b"content-type"), None)
        if declared is None:
            draft.type = draft.default_type
        else:
            kind, parameters = content_type(text_of_value(declared, NO_HINT, repairs), repairs)
            draft.type, draft.parameters = kind, dict(parameters)
            draft.hint = draft.hint._replace(charset=draft.parameters.get("charset") or draft.hint.charset)
        if draft.depth == 0:
            draft.hint = draft.hint._replace(domain=_senders_domain(block.fields))
        draft.fields = text_of_fields(block.fields, draft.hint, repairs)
        draft.headers = for_people(draft.fields, repairs)
        encoding = _first(draft.fields, "content-transfer-encoding")
        if encoding is not None:
            draft.encoding = encoding_of(encoding, repairs)
        disposition = _first(draft.fields, "content-disposition")
        filename = None
        if disposition is not None:
            draft.disposition, more_parameters = parse(disposition, repairs)
            filename = more_parameters.get("filename") or more_parameters.get("name")
        draft.name = filename or draft.parameters.get("name") or draft.parameters.get("filename")
        if declared is None and draft.type == "text/plain" and draft.disposition is None:
            self._sniff(draft)

    def _sniff(self, draft: _Draft) -> None:
        """What a body without Content-Type is, where it shows."""
        start = draft.start
        if _HTML.match(draft.buffer, start, min(draft.end, start + 2048)):
            draft.type = "text/html"
        elif (
            (guess := _GUESS.search(draft.buffer, start, min(draft.end, start + 4096)))
            and draft.buffer[start : guess.start()].strip() == b""
            and b"ontent-" in guess[0]
        ):
            draft.type = "multipart/mixed"

    def _enter(self, draft: _Draft) -> None:
        """A message in the message."""
        buffer, start, end = draft.buffer, draft.start, draft.end
        if draft.encoding in {"base64", "quoted-printable", "uuencode"}:
            buffer = without_encoding(buffer[start:end], draft.encoding, self._repairs)
            start, end = 0, len(buffer)
        if self._room():
            draft.children.append(
                _Draft(buffer, start, end, is_message=True, depth=draft.depth + 1, hint=draft.hint)
            )

    def _room(self) -> bool:
        self._parts += 1
        if self._parts > MOST_PARTS:
            self._repairs.note(Problem.TOO_MANY_PARTS)
            return False
        return True

    def _divide(self, draft: _Draft) -> None:
        boundary, found = self._find(draft)
        if not found:
            if draft.buffer[draft.start : draft.end].strip():
                self._repairs.note(Problem.BOUNDARY_MISSING)
                draft.type = (
                    "text/html" if _HTML.match(draft.buffer, draft.start, draft.end) else "text/plain"
                )
            return
        buffer = draft.buffer
        draft.preamble = self._around(buffer, draft.start, _before_line_end(buffer, found[0][0], draft.start))
        if not found[-1][2]:
            self._repairs.note(Problem.BOUNDARY_NOT_CLOSED)
        default = "message/rfc822" if draft.type == "multipart/digest" else "text/plain"
        for number, (_, after, closes) in enumerate(found):
            last = number + 1 == len(found)
            end = draft.end if last else _before_line_end(buffer, found[number + 1][0], after)
            if closes:
                around = self._around(buffer, after, end)
                if last:
                    draft.epilogue = around
                    continue
                self._repairs.note(Problem.BOUNDARY_REOPENED)
                if not around:
                    continue
            if (
                buffer[after : min(end, after + 512)].isspace()
                and not buffer[after:end].strip()
                or after >= end
            ):
                continue
            if not self._room():
                end = draft.end
            draft.children.append(
                _Draft(buffer, after, end, default_type=default, depth=draft.depth + 1, hint=draft.hint)
            )
            if end == draft.end:
                break

    def _find(self, draft: _Draft) -> tuple[bytes, list[tuple[int, int, bool]]]:
        """The delimiters by the boundary that was declared, else by one that the body shows."""
        finder = self._delimiters.setdefault(id(draft.buffer), Delimiters(draft.buffer))
        declared = draft.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        deep = draft.depth > DEEP
        for boundary in dict.fromkeys((declared, declared.strip(b"'\" "))):
            if boundary and (found := finder.within(boundary, draft.start, draft.end, deep=deep)):
                return boundary, found
        guess = _GUESS.search(draft.buffer, draft.start, draft.end)
        if guess and (found := finder.within(guess[1], draft.start, draft.end, deep=deep)):
            self._repairs.note(Problem.BOUNDARY_GUESSED)
            return guess[1], found
        return declared, []

    def _around(self, buffer: bytes, start: int, end: int) -> str:
        """The text before or behind the parts."""
        text = buffer[start : min(end, start + 65536)].strip()
        return decode(text, None, self._repairs) if text else ""

    def _part(self, draft: _Draft, parts: tuple[Part, ...]) -> Part:
        source = None
        if not draft.type.startswith("multipart/"):
            source = _Leaf(
                draft.buffer,
                draft.start,
                draft.end,
                draft.encoding,
                draft.type,
                draft.parameters.get("charset"),
                draft.hint,
                self._repairs,
            )
        content_id = _first(draft.headers, "content-id")
        return Part(
            headers=draft.headers,
            fields=draft.fields,
            type=draft.type,
            parameters=draft.parameters,
            disposition=draft.disposition,
            name=draft.name,
            content_id=sound(content_id.strip().strip("<>").strip()) or None if content_id else None,
            parts=parts,
            source=source,
            preamble=draft.preamble,
            epilogue=draft.epilogue,
        )


def _senders_domain(fields: list[tuple[bytes, bytes]]) -> bytes | None:
    """The top-level domain of From: it speaks of a language, and so of a charset."""
    found = next((_DOMAIN.search(value) for name, value in fields if name.lower() == b"from"), None)
    return found[1].lower() if found else None


def _first(fields: Iterable[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in fields if name.lower() == wanted), None)
