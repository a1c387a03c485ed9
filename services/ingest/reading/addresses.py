"""Lists of mailboxes (RFC 5322 §3.4), read tolerantly and in time linear to their length."""

import re
from collections.abc import Iterable

from contracts.mail import LONGEST_ADDRESS
from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.header import one_line
from services.ingest.reading.letter import Address
from services.ingest.reading.repairs import Problem, Repairs

MOST_ADDRESSES = 25_000
MOST_TOKENS = 400_000
LONGEST_MAILBOX = 2_000
LONGEST_NAME = 500
MOST_PIECES = 4
"""A name has at most so many commas."""

_WELL_MADE = re.compile(
    r"""\s*+(?:(?:"([^"\\]*+)"|([^"<>@,;:()\\]*+))\s*+<([^\s"'<>@,;:()\\]++@[^\s"'<>@,;:()\\]*[^\s"'<>@,;:()\\.])>"""
    r"""|([^\s"'<>@,;:()\\\[]++@[^\s"'<>@,;:()\\\]]*[^\s"'<>@,;:()\\\].]))\s*+(?:,|\Z)"""
)
_PATTERN = (
    r"(?P<blank>\s+)"
    r"|(?P<word>=\?[^?\s]{0,80}\?[bBqQ]\?[^?]*+\?=)"
    r'|"(?P<quoted>(?:[^"\\]|\\.)*+)"'
    r"|<(?P<angle>[^<>]*+)>"
    r"|(?P<special>[,;:(])"
    r'|(?P<atom>[^\s"(),:;<>]+)'
    r"|(?P<stray>.)"
)
_TOKEN = re.compile(_PATTERN, re.DOTALL)
_TOKEN_WITHOUT_QUOTES = re.compile(_PATTERN.replace('|"(?P<quoted>', '|(?!)"(?P<quoted>'), re.DOTALL)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LOCAL_PART = r'(?:"(?:[^"\\]|\\.)*+"|(?<![^\s"\[])[^\s"@\[]++)'
_DOMAIN = r"(?:\[[^\]\s]*+\]|[^\s\"\[\]]+(?:(?:(?<=\.)\s+|\s+\.\s*)[^\s\"\[\]@]+)*)"
_ADDRESS = re.compile(rf"{_LOCAL_PART}\s*@\s*{_DOMAIN}")
_COMMENT = re.compile(r"\([^()]*+\)")
_ROUTE = re.compile(r"@[^:]*:")
_NO_RECIPIENTS = re.compile(
    r"(?:un|non-?)?(?:disclosed|listed|specified|hidden)[\s_-]*recipients?", re.IGNORECASE
)


class _Mailbox:
    """What was seen of one mailbox so far."""

    __slots__ = ("angle", "comments", "phrase")

    def __init__(self) -> None:
        self.phrase: list[str] = []
        self.angle: str | None = None
        self.comments: list[str] = []

    def text(self) -> str:
        return " ".join("".join(self.phrase).split())


def addresses(values: Iterable[str], repairs: Repairs) -> tuple[Address, ...]:
    """The mailboxes of all fields of one name, before RFC 2047; those of groups as if they stood alone."""
    found: list[Address] = []
    for value in values:
        found += _well_made(value, repairs) or _Reader(value, repairs).read()
        if len(found) >= MOST_ADDRESSES:
            repairs.note(Problem.HEADERS_TOO_LONG)
            break
    return tuple(found[:MOST_ADDRESSES])


def _well_made(value: str, repairs: Repairs) -> list[Address]:
    """The mailboxes of a list that needs no second thought, as most do; none of another."""
    found: list[Address] = []
    position = 0
    while position < len(value) and len(found) < MOST_ADDRESSES:
        mailbox = _WELL_MADE.match(value, position)
        if mailbox is None:
            return []
        quoted, phrase, address, bare = mailbox.groups()
        found.append(_named(quoted or phrase or "", address or bare, repairs))
        position = mailbox.end()
    return found


def _named(name: str, address: str, repairs: Repairs) -> Address:
    name = " ".join(_decoded(name, repairs).split())
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].strip()
    if len(name) > LONGEST_NAME or len(address) > LONGEST_ADDRESS:
        repairs.note(Problem.HEADERS_TOO_LONG)
    return Address(name[:LONGEST_NAME].rstrip(), address[:LONGEST_ADDRESS])


def _decoded(text: str, repairs: Repairs) -> str:
    return one_line(decode_words(text, repairs)) if "=?" in text else text


class _Reader:
    def __init__(self, value: str, repairs: Repairs) -> None:
        self._value = value
        self._repairs = repairs
        self._found: list[Address] = []
        self._box = _Mailbox()
        self._held: list[tuple[str, str]] = []
        """Pieces without an address, with comments: those of a name with commas, or mailboxes of one machine."""
        self._quotes_end = self._comments_end = True  # until one was looked for in vain: that keeps it linear

    def read(self) -> list[Address]:
        value, position, last_semicolon = self._value, 0, self._value.rfind(";")
        for _ in range(MOST_TOKENS):
            token = (_TOKEN if self._quotes_end else _TOKEN_WITHOUT_QUOTES).match(value, position)
            if token is None or len(self._found) >= MOST_ADDRESSES:
                break
            position = token.end()
            match token.lastgroup:
                case "quoted":
                    is_local_part = value.startswith("@", position)
                    self._box.phrase.append(token[0] if is_local_part else _quoted(token["quoted"]))
                case "angle":
                    if self._box.angle is not None:
                        self._repairs.note(Problem.ADDRESS_REPAIRED)
                        self._finish()
                    self._box.angle = token["angle"]
                case "special":
                    position = self._special(token["special"], position, last_semicolon)
                case "stray":
                    self._quotes_end = self._quotes_end and token[0] != '"'
                    self._repairs.note(Problem.ADDRESS_REPAIRED)
                case _:
                    self._box.phrase.append(token[0])
        self._finish()
        self._release()
        return self._found

    def _special(self, character: str, position: int, last_semicolon: int) -> int:
        if character == "(":
            position = self._comment(position)
        elif character == ":":
            names_group = last_semicolon >= position and self._box.angle is None
            if names_group or self._box.text().lower() == "mailto":
                self._box = _Mailbox()
            else:
                self._box.phrase.append(":")
        else:
            self._finish()
            if character == ";":
                self._release()
        return position

    def _comment(self, begin: int) -> int:
        depth = 1
        for mark in _PARENTHESIS.finditer(self._value, begin) if self._comments_end else ():
            if mark[0] == "(":
                depth += 1
            elif mark[0] == ")":
                depth -= 1
                if depth == 0:
                    self._box.comments.append(_ESCAPED.sub(r"\1", self._value[begin : mark.start()]))
                    return mark.end()
        self._comments_end = False
        self._repairs.note(Problem.ADDRESS_REPAIRED)
        return begin

    def _finish(self) -> None:
        """A comma, or the end: make a mailbox of what was seen."""
        box, self._box = self._box, _Mailbox()
        text = box.text()[:LONGEST_MAILBOX]
        comment = " ".join(" ".join(box.comments).split())
        if box.angle is None:
            if text:
                self._without_brackets(text, comment)
            return
        address = _address(_decoded(box.angle, self._repairs))
        if "@" not in address and (swapped := _ADDRESS.search(text)):
            self._repairs.note(Problem.ADDRESS_REPAIRED)
            text, address = box.angle, _address(swapped[0])
        if self._held:
            self._repairs.note(Problem.ADDRESS_REPAIRED)
            text = ", ".join(filter(None, (*(piece for piece, _ in self._held), text)))
            self._held = []
        if address or text:
            self._add(text or comment, address)

    def _without_brackets(self, text: str, comment: str) -> None:
        """A mailbox that is an address alone, or has lost its brackets, or its address."""
        if "@" not in text:
            text = _decoded(text, self._repairs) if "@" in _decoded(text, self._repairs) else text
        found = list(_ADDRESS.finditer(text)) if "@" in text else []
        if not found:
            self._held.append((text, comment))
            if len(self._held) > MOST_PIECES:
                self._release()
            return
        self._release()
        name = "".join(piece.strip("[]") for piece in _ADDRESS.split(text)).strip() if len(found) == 1 else ""
        if name or len(found) > 1:
            self._repairs.note(Problem.ADDRESS_REPAIRED)
        for one in found:
            self._add(name or comment, _address(one[0]))

    def _add(self, name: str, address: str) -> None:
        self._found.append(_named(name, address, self._repairs))

    def _release(self) -> None:
        """Pieces that no address followed stand for themselves."""
        held, self._held = self._held, []
        for text, comment in held:
            if _NO_RECIPIENTS.search(text) or text.endswith(":"):
                continue
            if " " in text or "=?" in text:
                self._repairs.note(Problem.ADDRESS_REPAIRED)
                self._add(text, "")
            else:
                self._add(comment, text)


def _quoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _address(text: str) -> str:
    """An address without what stands around it: a route, a scheme, comments, and blanks outside of quotation marks."""
    pieces = _COMMENT.sub("", text[:LONGEST_MAILBOX]).split('"')
    pieces[::2] = ["".join(piece.split()) for piece in pieces[::2]]
    text = '"'.join(pieces).strip("'")
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"mailto", "smtp"}:
        text = rest
    if text.startswith("@") and ":" in text:
        text = _ROUTE.sub("", text, count=1)
    return text.rstrip(",;.")
