"""A part while it is looked at: a range of bytes, and what its header says about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingest.reading.charsets import NO_HINT, Hint, decode, guess
from services.ingest.reading.content import Encoded
from services.ingest.reading.delimiters import begins_with_a_part
from services.ingest.reading.encodings import encoding_of, without_encoding
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

LONGEST_CONTENT_ID = 250
MOST_TYPES = 3
"""Fields Content-Type of one header that are looked at."""

_MIME_FIELD = re.compile(
    rb"[\r\n]*+(?:Content-(?:Type|Transfer-Encoding|Disposition)|MIME-Version)[ \t]*:", re.IGNORECASE
)
_HTML = re.compile(
    rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


@dataclass(slots=True)
class Draft:
    """A part of which only the place is known at first: from `start` on its header, then its body, up to `end`."""

    buffer: bytes
    start: int
    end: int
    is_message: bool = False
    default_type: str = "text/plain"
    depth: int = 0
    hint: Hint = NO_HINT
    parent: "Draft | None" = None
    fields: Fields = ()
    headers: Fields = ()
    type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    disposition: str | None = None
    name: str | None = None
    content_id: str | None = None
    encoding: str = "7bit"
    preamble: str = ""
    epilogue: str = ""
    closed: bool = False
    """The delimiter behind it is a closing one."""
    children: "list[Draft]" = field(default_factory=list)
    opened: tuple[Part, ...] = ()

    def inside(
        self, start: int, end: int, *, is_message: bool = False, default_type: str = "text/plain"
    ) -> "Draft":
        """A part of this one."""
        return Draft(self.buffer, start, end, is_message, default_type, self.depth + 1, self.hint, self)

    def of(self, content: bytes, *, is_message: bool = False) -> "Draft":
        """A part of this one that lies in bytes of its own, since it was encoded."""
        return Draft(content, 0, len(content), is_message, "text/plain", self.depth + 1, self.hint, self)

    def content(self, repairs: Repairs) -> bytes:
        return without_encoding(self.buffer[self.start : self.end], self.encoding, repairs)

    def read_header(self, repairs: Repairs) -> None:
        """Take the header off: from then on `start` is where the body begins."""
        block = self._block(repairs)
        self.start = block.body
        self.preamble = decode(block.before, None, repairs) if block.before else ""
        declared: list[bytes] = []
        sender = self.hint.sender
        for name, value in block.fields:
            match name.lower():
                case b"content-type":
                    declared.append(value)
                case b"from" if not sender:
                    sender = value
                case _:
                    pass
        if declared:
            self.type, self.parameters = self._declared_type(declared, repairs)
        else:
            self.type = self.default_type
        charset = self.parameters.get("charset") or self.hint.charset or _charset_of_header(block, sender)
        self.hint = Hint(charset, sender)
        self.fields = text_of_fields(block.fields, self.hint, repairs)
        self.headers = for_people(self.fields, repairs)
        self._read_fields(repairs)
        if not declared and self.type == "text/plain" and self.disposition is None:
            self._sniff()

    def _declared_type(self, declared: list[bytes], repairs: Repairs) -> tuple[str, Mapping[str, str]]:
        """The type that the header names; of several the multipart whose parts are there."""
        values = [text_of_value(value, NO_HINT, repairs) for value in declared[:MOST_TYPES]]
        types = [content_type(value, repairs) for value in values]
        for kind, parameters in types[1:]:
            line = b"--" + parameters.get("boundary", "").encode("utf-8", "replace")
            if kind.startswith("multipart/") and self.buffer.find(line, self.start, self.end) >= 0:
                repairs.note(Problem.CONTENT_TYPE_INVALID)
                return kind, parameters
        return types[0]

    def _block(self, repairs: Repairs) -> Block:
        """The header block; one that an empty line has cut in two is put together."""
        block = read_block(self.buffer, self.start, self.end, repairs, of_message=self.is_message)
        if not self.is_message or not _MIME_FIELD.match(self.buffer, block.body, self.end):
            return block
        if any(name.lower() == b"content-type" for name, _ in block.fields):
            return block
        repairs.note(Problem.HEADER_MALFORMED)
        more = read_block(self.buffer, block.body, self.end, repairs, of_message=True)
        return Block(block.fields + more.fields, more.body, block.before)

    def _read_fields(self, repairs: Repairs) -> None:
        filename = None
        for name, value in reversed(self.fields):  # the first of each counts
            if name[:1] not in "Cc":
                continue
            match name.lower():
                case "content-transfer-encoding":
                    self.encoding = encoding_of(value, repairs)
                case "content-disposition":
                    self.disposition, parameters = parse(value, repairs)
                    of_form = self.disposition == "form-data"  # there a name is that of a field (RFC 7578)
                    filename = parameters.get("filename") or (None if of_form else parameters.get("name"))
                case "content-id":
                    self.content_id = value[:LONGEST_CONTENT_ID].strip("<> \t") or None
                case _:
                    pass
        self.name = filename or self.parameters.get("name") or self.parameters.get("filename")

    def _sniff(self) -> None:
        """Say what a body without a Content-Type is, where it shows."""
        if self.looks_like_html():
            self.type = "text/html"
        elif begins_with_a_part(self.buffer, self.start, min(self.end, self.start + 2048)):
            self.type = "multipart/mixed"

    def looks_like_html(self) -> bool:
        return _HTML.match(self.buffer, self.start, min(self.end, self.start + 2048)) is not None

    def finished(self, parts: tuple[Part, ...], repairs: Repairs) -> Part:
        """The part, when those in it are finished."""
        source = None
        if not self.type.startswith("multipart/"):
            charset = self.parameters.get("charset")
            source = Encoded(
                self.buffer, self.start, self.end, self.encoding, self.type, charset, self.hint, repairs
            )
        return Part(
            headers=self.headers,
            fields=self.fields,
            type=self.type,
            parameters=self.parameters,
            disposition=self.disposition,
            name=self.name,
            content_id=self.content_id,
            parts=parts or self.opened,
            source=source,
            preamble=self.preamble,
            epilogue=self.epilogue,
        )


def _charset_of_header(block: Block, sender: bytes) -> str | None:
    """The charset of raw bytes in a header that names none: one guess for all of them, and for the body."""
    raw = [value for _, value in block.fields if not value.isascii()]
    return guess(b"\n".join(raw), sender) if raw else None
