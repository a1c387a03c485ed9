"""The tree of parts (RFC 2046): found from the top down and without recursion, however deep and however broken.

Each part is a range of the message's bytes. A multipart divides its range at its delimiters, so an outer delimiter ends
whatever is still open inside. What is wrapped otherwise (an encoded message, S/MIME, TNEF) is opened into bytes of its
own and goes on in the same way.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.ingest.reading import cms
from services.ingest.reading.charsets import NO_HINT, Hint, decode, guess
from services.ingest.reading.delimiters import (
    DEEP,
    Delimiter,
    Delimiters,
    begins_with_a_part,
    without_line_end,
)
from services.ingest.reading.encodings import encoding_of, split_base64, without_encoding
from services.ingest.reading.header import (
    Block,
    Fields,
    for_people,
    read_block,
    text_of_fields,
    text_of_value,
)
from services.ingest.reading.parameters import content_type, parse
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Problem, Repairs
from services.ingest.reading.tnef import parts_of_tnef

MOST_PARTS = 20_000
LONGEST_TEXT = 2_000_000
LONGEST_HTML = 12_000_000
"""Bytes of a part that become text: more is no letter. Pages hold pictures, too."""
LONGEST_PREAMBLE = 65_536

MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/global-delivery-status",
        "message/global-disposition-notification",
        "message/global-headers",
        "message/rfc822-headers",
    }
)
_ENCODED = frozenset({"base64", "quoted-printable", "uuencode"})

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


def structure(raw: bytes, repairs: Repairs) -> Part:
    """Read a message into the tree of its parts."""
    if not raw.strip(b"\x00 \t\r\n"):
        repairs.note(Problem.MESSAGE_EMPTY)
    return _Structure(repairs).read(_in_bytes_of_ascii(raw, repairs))


def _in_bytes_of_ascii(raw: bytes, repairs: Repairs) -> bytes:
    """The message as a parser can read it: files saved by editors are in UTF-16, begin with a mark, or have bare CR."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide or raw[1:8:2] == b"\x00\x00\x00\x00" or raw[0:8:2] == b"\x00\x00\x00\x00":
        repairs.note(Problem.CHARSET_DETECTED)
        raw = decode(raw, "utf-16", repairs).encode()
    if b"\r" in raw and b"\n" not in raw:
        repairs.note(Problem.LINE_ENDS_MIXED)
        raw = raw.replace(b"\r", b"\n")
    return raw


@dataclass(slots=True)
class _Draft:
    """A part while its range is being looked at."""

    buffer: bytes
    start: int
    end: int
    is_message: bool = False
    default_type: str = "text/plain"
    depth: int = 0
    hint: Hint = NO_HINT
    fields: Fields = ()
    headers: Fields = ()
    type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str | None = None
    name: str | None = None
    encoding: str = "7bit"
    preamble: str = ""
    epilogue: str = ""
    parent: "_Draft | None" = None
    closed: bool = False
    """The delimiter behind it is a closing one."""
    children: "list[_Draft]" = field(default_factory=list)
    opened: tuple[Part, ...] = ()

    def content(self, repairs: Repairs) -> bytes:
        return without_encoding(self.buffer[self.start : self.end], self.encoding, repairs)

    def inside(
        self, start: int, end: int, *, is_message: bool = False, default_type: str = "text/plain"
    ) -> "_Draft":
        """A part of this one."""
        return _Draft(
            self.buffer, start, end, is_message, default_type, self.depth + 1, self.hint, parent=self
        )


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

    def text(self) -> tuple[str, bool]:
        if not self.type.startswith("text/") and self.type not in REPORTS:
            return "", True
        content, behind = self.buffer[self.start : self.end], b""
        if self.encoding == "base64":
            content, behind = split_base64(content)
        content = without_encoding(content, self.encoding, self.repairs) + behind
        charset, hint = self.charset, self.hint
        if self.type == "text/html" and (declared := _META_CHARSET.search(content, 0, 2048)):
            named = declared[1].decode("ascii")
            charset, hint = charset or named, hint._replace(charset=named)
        longest = LONGEST_HTML if self.type == "text/html" else LONGEST_TEXT
        return with_line_feeds(decode(content[:longest], charset, self.repairs, hint)), len(
            content
        ) <= longest


class _Structure:
    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._delimiters: dict[int, Delimiters] = {}
        self._drafts: list[_Draft] = []

    def read(self, raw: bytes) -> Part:
        root = _Draft(raw, 0, len(raw), is_message=True)
        self._drafts.append(root)
        for draft in self._drafts:  # grows while it is walked: what lies deeper comes behind
            self._look(draft)
        parts: dict[int, Part] = {}
        for draft in reversed(self._drafts):
            parts[id(draft)] = self._part(draft, tuple(parts.pop(id(child)) for child in draft.children))
        return parts[id(root)]

    def _look(self, draft: _Draft) -> None:
        """Read the header of a part, and open it if there are parts in it."""
        self._head(draft)
        name = (draft.name or "").lower()
        if draft.type.startswith("multipart/"):
            self._divide(draft)
        elif draft.type in MESSAGES or (
            draft.type == "message/partial" and draft.parameters.get("number") == "1"
        ):
            self._enter(draft)
        elif draft.type in cms.TYPES or (draft.type == "application/octet-stream" and name.endswith(".p7m")):
            self._open_envelope(draft)
        elif draft.type in TNEF or name == "winmail.dat":
            draft.opened = parts_of_tnef(draft.content(self._repairs), self._repairs)

    def _head(self, draft: _Draft) -> None:
        repairs = self._repairs
        block = self._block(draft)
        draft.start = block.body
        draft.preamble = decode(block.before, None, repairs) if block.before else ""
        declared = next((value for name, value in block.fields if name.lower() == b"content-type"), None)
        if declared is None:
            draft.type = draft.default_type
        else:
            kind, parameters = content_type(text_of_value(declared, NO_HINT, repairs), repairs)
            draft.type, draft.parameters = kind, dict(parameters)
        domain = draft.hint.domain or (_senders_domain(block.fields) if draft.is_message else None)
        charset = draft.parameters.get("charset") or draft.hint.charset or _charset_of_header(block, domain)
        draft.hint = Hint(charset, domain)
        draft.fields = text_of_fields(block.fields, draft.hint, repairs)
        draft.headers = for_people(draft.fields, repairs)
        filename = None
        for name, value in draft.fields:
            match name.lower():
                case "content-transfer-encoding":
                    draft.encoding = encoding_of(value, repairs)
                case "content-disposition":
                    draft.disposition, more = parse(value, repairs)
                    filename = more.get("filename") or more.get("name")
                case _:
                    pass
        draft.name = filename or draft.parameters.get("name") or draft.parameters.get("filename")
        if declared is None and draft.type == "text/plain" and draft.disposition is None:
            self._sniff(draft)

    def _block(self, draft: _Draft) -> Block:
        """The header block; one that an empty line has cut in two is put together."""
        block = read_block(draft.buffer, draft.start, draft.end, self._repairs, of_message=draft.is_message)
        if not draft.is_message or not _MIME_FIELD.match(draft.buffer, block.body, draft.end):
            return block
        if any(name.lower() == b"content-type" for name, _ in block.fields):
            return block
        self._repairs.note(Problem.HEADER_MALFORMED)
        more = read_block(draft.buffer, block.body, draft.end, self._repairs, of_message=True)
        return Block(block.fields + more.fields, more.body, block.before)

    def _sniff(self, draft: _Draft) -> None:
        """Say what a body without a Content-Type is, where it shows."""
        begin, end = draft.start, min(draft.end, draft.start + 2048)
        if _HTML.match(draft.buffer, begin, end):
            draft.type = "text/html"
        elif begins_with_a_part(draft.buffer, begin, end):
            draft.type = "multipart/mixed"

    def _divide(self, draft: _Draft) -> None:
        """Divide a multipart at its delimiters."""
        if self._is_full(draft):
            draft.type = "text/plain"
            return
        if self._adopt(draft):
            return
        found = self._find(draft)
        if not found and draft.encoding in _ENCODED:
            self._decode(draft)
            found = self._find(draft)
        if not found:
            self._not_divided(draft)
            return
        buffer = draft.buffer
        draft.preamble = self._around(
            buffer, draft.start, without_line_end(buffer, found[0].start, draft.start)
        )
        if not found[-1].closes:
            self._repairs.note(Problem.BOUNDARY_NOT_CLOSED)
        default_type = "message/rfc822" if draft.type == "multipart/digest" else "text/plain"
        for number, delimiter in enumerate(found):
            is_last = number + 1 == len(found)
            end = draft.end if is_last else without_line_end(buffer, found[number + 1].start, delimiter.after)
            if delimiter.closes:
                around = self._around(buffer, delimiter.after, end)
                if is_last:
                    draft.epilogue = around
                if is_last:
                    continue
                self._repairs.note(Problem.BOUNDARY_REOPENED)
                if not around:
                    continue
            if _is_empty(buffer, delimiter.after, end):
                continue
            if self._is_full(draft):
                end = draft.end
            child = draft.inside(delimiter.after, end, default_type=default_type)
            child.closed = not is_last and found[number + 1].closes
            self._add(draft, child)
            if end == draft.end:
                break

    def _adopt(self, draft: _Draft) -> bool:
        """Take the parts that follow, up to a closing delimiter, into a multipart with the boundary of the one around it."""
        parent = draft.parent
        boundary = draft.parameters.get("boundary")
        if (
            parent is None
            or not boundary
            or parent.parameters.get("boundary") != boundary
            or draft.depth > DEEP
        ):
            return False
        first = next(number for number, child in enumerate(parent.children) if child is draft) + 1
        last = next(
            (number for number in range(first, len(parent.children)) if parent.children[number].closed), None
        )
        draft.children = parent.children[first : last + 1 if last is not None else None]
        del parent.children[first : first + len(draft.children)]
        for child in draft.children:
            child.parent, child.depth = draft, draft.depth + 1
        return bool(draft.children)

    def _find(self, draft: _Draft) -> list[Delimiter]:
        """The delimiters by the boundary that was declared, else by one that the body shows."""
        finder = self._delimiters.get(id(draft.buffer))
        if finder is None:
            finder = self._delimiters[id(draft.buffer)] = Delimiters(draft.buffer)
        declared = draft.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        for boundary in dict.fromkeys((declared, declared.strip(b"'\" "))):
            if boundary and (found := finder.within(boundary, draft.start, draft.end, depth=draft.depth)):
                return found
        guess = finder.guess(draft.start, draft.end)
        if guess and (found := finder.within(guess, draft.start, draft.end, depth=draft.depth)):
            self._repairs.note(Problem.BOUNDARY_GUESSED)
            return found
        return []

    def _not_divided(self, draft: _Draft) -> None:
        """A multipart without parts is the text that is in it."""
        if not draft.buffer[draft.start : draft.end].strip():
            return
        self._repairs.note(Problem.BOUNDARY_MISSING)
        draft.type = "text/html" if _HTML.match(draft.buffer, draft.start, draft.end) else "text/plain"

    def _enter(self, draft: _Draft) -> None:
        """Go into a message that is in the message."""
        if self._is_full(draft):
            return
        if draft.encoding in _ENCODED:
            inner = _Draft(draft.content(self._repairs), 0, 0, is_message=True, depth=draft.depth + 1)
            inner.end = len(inner.buffer)
        else:
            inner = draft.inside(draft.start, draft.end, is_message=True)
        self._add(draft, inner)

    def _open_envelope(self, draft: _Draft) -> None:
        """Go into what S/MIME signed; what it encrypted stays closed."""
        try:
            sort, content = cms.open_envelope(draft.content(self._repairs))
        except cms.Damaged:
            self._repairs.note(Problem.SMIME_DAMAGED)
            return
        if sort is cms.Sort.ENCRYPTED:
            self._repairs.note(Problem.ENCRYPTED)
        elif content is not None and not self._is_full(draft):
            self._add(draft, _Draft(content, 0, len(content), depth=draft.depth + 1, hint=draft.hint))

    def _decode(self, draft: _Draft) -> None:
        draft.buffer = draft.content(self._repairs)
        draft.start, draft.end, draft.encoding = 0, len(draft.buffer), "8bit"

    def _add(self, draft: _Draft, child: _Draft) -> None:
        draft.children.append(child)
        self._drafts.append(child)

    def _is_full(self, draft: _Draft) -> bool:
        """Whether what is left of a multipart becomes one part: there are too many. The outermost takes half of them."""
        if len(self._drafts) < (MOST_PARTS if draft.parent else MOST_PARTS // 2):
            return False
        self._repairs.note(Problem.TOO_MANY_PARTS)
        return True

    def _around(self, buffer: bytes, start: int, end: int) -> str:
        """The text before or behind the parts."""
        text = buffer[start : min(end, start + LONGEST_PREAMBLE)].strip()
        return with_line_feeds(decode(text, None, self._repairs)) if text else ""

    def _part(self, draft: _Draft, parts: tuple[Part, ...]) -> Part:
        source = None
        if not draft.type.startswith("multipart/"):
            source = _Leaf(
                buffer=draft.buffer,
                start=draft.start,
                end=draft.end,
                encoding=draft.encoding,
                type=draft.type,
                charset=draft.parameters.get("charset"),
                hint=draft.hint,
                repairs=self._repairs,
            )
        content_id = _first(draft.headers, "content-id")
        return Part(
            headers=draft.headers,
            fields=draft.fields,
            type=draft.type,
            parameters=draft.parameters,
            disposition=draft.disposition,
            name=draft.name,
            content_id=content_id.strip().strip("<>").strip() or None if content_id else None,
            parts=parts or draft.opened,
            source=source,
            preamble=draft.preamble,
            epilogue=draft.epilogue,
        )


def with_line_feeds(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def _is_empty(buffer: bytes, start: int, end: int) -> bool:
    """Whether there is nothing between two delimiters, not even a header."""
    return start >= end or (buffer[start : min(end, start + 256)].isspace() and not buffer[start:end].strip())


def _senders_domain(fields: list[tuple[bytes, bytes]]) -> bytes | None:
    """The top-level domain of From: it speaks of a language, and so of a charset."""
    found = next((_DOMAIN.search(value) for name, value in fields if name.lower() == b"from"), None)
    return found[1].lower() if found else None


def _charset_of_header(block: Block, domain: bytes | None) -> str | None:
    """The charset of raw bytes in a header that names none: one guess for all of them, and for the body."""
    raw = b"\n".join(value for _, value in block.fields if not value.isascii())
    return guess(raw, domain) if raw else None


def _first(fields: Iterable[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in fields if name.lower() == wanted), None)
