"""The tree of parts (RFC 2046): found from the top down and without recursion, however deep and however broken.

Each part is a range of the message's bytes. A multipart divides its range at its delimiters, so an outer delimiter ends
whatever is still open inside. What is wrapped otherwise (an encoded message, S/MIME, TNEF) is opened into bytes of its
own and goes on in the same way.
"""

import codecs

from services.ingest.reading import cms, tnef
from services.ingest.reading.charsets import decode
from services.ingest.reading.content import with_line_feeds
from services.ingest.reading.delimiters import DEEP, Delimiter, Delimiters, without_line_end
from services.ingest.reading.draft import Draft
from services.ingest.reading.part import MESSAGES, Part
from services.ingest.reading.repairs import Problem, Repairs

MOST_PARTS = 20_000
LONGEST_PREAMBLE = 65_536
ALWAYS_OPENED = 4_000_000
"""Bytes of what is wrapped that are opened, and as many again as the message has: wrapping goes on without end."""

_ENCODED = frozenset({"base64", "quoted-printable", "uuencode"})


def structure(raw: bytes, repairs: Repairs) -> Part:
    """Read a message into the tree of its parts."""
    if not raw.strip(b"\x00 \t\r\n"):
        repairs.note(Problem.MESSAGE_EMPTY)
        return Part()
    root = _Structure(repairs).read(_in_bytes_of_ascii(raw, repairs))
    if not root.headers:
        repairs.note(Problem.HEADER_MISSING)
    return root


def _in_bytes_of_ascii(raw: bytes, repairs: Repairs) -> bytes:
    """The message as a parser can read it: files saved by editors are in UTF-16, begin with a mark, or have bare CR."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    has_mark = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if has_mark or b"\x00\x00\x00\x00" in {raw[0:8:2], raw[1:8:2]}:
        repairs.note(Problem.CHARSET_DETECTED)
        raw = decode(raw, "utf-16", repairs).encode()
    if _mixes_line_ends(raw[:LONGEST_PREAMBLE]):
        repairs.note(Problem.LINE_ENDS_MIXED)
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def _mixes_line_ends(begin: bytes) -> bool:
    """Whether lines end in more than one way, or in a way that is none."""
    if b"\r" not in begin:
        return False
    pairs = begin.count(b"\r\n")
    return begin.count(b"\r", 0, -1) > pairs or begin.count(b"\n") > pairs


class _Structure:
    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._delimiters: dict[int, Delimiters] = {}
        self._drafts: list[Draft] = []
        self._may_be_opened = ALWAYS_OPENED

    def read(self, raw: bytes) -> Part:
        self._may_be_opened += len(raw)
        root = Draft(raw, 0, len(raw), is_message=True)
        self._drafts.append(root)
        for draft in self._drafts:  # grows while it is walked: what lies deeper comes behind
            self._look(draft)
        parts: dict[int, Part] = {}
        for draft in reversed(self._drafts):
            inner = tuple(parts.pop(id(child)) for child in draft.children)
            parts[id(draft)] = draft.finished(inner, self._repairs)
        return parts[id(root)]

    def _look(self, draft: Draft) -> None:
        """Read the header of a part, and open it if there are parts in it."""
        draft.read_header(self._repairs)
        if draft.type.startswith("multipart/"):
            self._divide(draft)
        elif draft.type in MESSAGES or (
            draft.type == "message/partial" and draft.parameters.get("number") == "1"
        ):
            self._enter(draft)
        elif cms.is_envelope(draft.type, draft.name):
            self._open_envelope(draft)
        elif tnef.is_tnef(draft.type, draft.name) and self._opens(draft):
            draft.opened = tnef.parts_of_tnef(draft.content(self._repairs), self._repairs)

    def _divide(self, draft: Draft) -> None:
        """Divide a multipart at its delimiters."""
        if self._is_full(draft):
            draft.type = "text/plain"
            return
        if self._adopt(draft):
            return
        found = self._find(draft)
        if not found and draft.encoding in _ENCODED and self._opens(draft):
            draft.buffer = draft.content(self._repairs)
            draft.start, draft.end, draft.encoding = 0, len(draft.buffer), "8bit"
            found = self._find(draft)
        if found:
            self._take_parts(draft, found)
        elif draft.buffer[draft.start : draft.end].strip():
            self._repairs.note(Problem.BOUNDARY_MISSING)
            draft.type = "text/html" if draft.looks_like_html() else "text/plain"

    def _adopt(self, draft: Draft) -> bool:
        """Take the parts that follow, up to a closing one, into a multipart with the boundary of the one around it."""
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
        following = parent.children[first:]
        count = next((number for number, child in enumerate(following, 1) if child.closed), len(following))
        draft.children = following[:count]
        del parent.children[first : first + count]
        for child in draft.children:
            child.parent, child.depth = draft, draft.depth + 1
        return bool(draft.children)

    def _find(self, draft: Draft) -> list[Delimiter]:
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

    def _take_parts(self, draft: Draft, found: list[Delimiter]) -> None:
        """Make a part of what is between each two delimiters, and of words behind a closing one that others follow."""
        buffer = draft.buffer
        draft.preamble = self._words(
            buffer, draft.start, without_line_end(buffer, found[0].start, draft.start)
        )
        if not found[-1].closes:
            self._repairs.note(Problem.BOUNDARY_NOT_CLOSED)
        default_type = "message/rfc822" if draft.type == "multipart/digest" else "text/plain"
        for number, delimiter in enumerate(found):
            is_last = number + 1 == len(found)
            end = draft.end if is_last else without_line_end(buffer, found[number + 1].start, delimiter.after)
            if delimiter.closes:
                words = self._words(buffer, delimiter.after, end)
                if is_last:
                    draft.epilogue = words
                    continue
                self._repairs.note(Problem.BOUNDARY_REOPENED)
                if not words:
                    continue
            if _is_empty(buffer, delimiter.after, end):
                continue
            is_full = self._is_full(draft)
            child = draft.inside(delimiter.after, draft.end if is_full else end, default_type=default_type)
            child.closed = not is_last and found[number + 1].closes
            self._add(draft, child)
            if is_full:
                break

    def _words(self, buffer: bytes, start: int, end: int) -> str:
        """The text before or behind the parts."""
        content = buffer[start : min(end, start + LONGEST_PREAMBLE)].strip()
        return with_line_feeds(decode(content, None, self._repairs)) if content else ""

    def _enter(self, draft: Draft) -> None:
        """Go into a message that is in the message."""
        if self._is_full(draft):
            return
        if draft.encoding not in _ENCODED:
            self._add(draft, draft.inside(draft.start, draft.end, is_message=True))
        elif self._opens(draft):
            self._add(draft, draft.of(draft.content(self._repairs), is_message=True))

    def _open_envelope(self, draft: Draft) -> None:
        """Go into what S/MIME signed; what it encrypted stays closed."""
        if self._is_full(draft) or not self._opens(draft):
            return
        try:
            _, content = cms.open_envelope(draft.content(self._repairs))
        except cms.DamagedError:
            self._repairs.note(Problem.SMIME_DAMAGED)
            return
        if content is not None:
            self._add(draft, draft.of(content))

    def _opens(self, draft: Draft) -> bool:
        """Whether what is wrapped in a part is taken out: it has to be copied for that."""
        self._may_be_opened -= draft.end - draft.start
        if self._may_be_opened >= 0:
            return True
        self._repairs.note(Problem.TOO_MANY_PARTS)
        return False

    def _add(self, draft: Draft, child: Draft) -> None:
        draft.children.append(child)
        self._drafts.append(child)

    def _is_full(self, draft: Draft) -> bool:
        """Whether there are too many parts: what is left becomes one. The outermost multipart takes half of them."""
        if len(self._drafts) < (MOST_PARTS if draft.parent else MOST_PARTS // 2):
            return False
        self._repairs.note(Problem.TOO_MANY_PARTS)
        return True


def _is_empty(buffer: bytes, start: int, end: int) -> bool:
    """Whether there is nothing between two delimiters, not even a header."""
    return start >= end or (buffer[start : min(end, start + 256)].isspace() and not buffer[start:end].strip())
