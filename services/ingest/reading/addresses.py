"""Lists of mailboxes (RFC 5322 §3.4), read tolerantly and in time linear to their length."""

import re
from collections.abc import Iterable

from services.ingest.reading.encoded_words import decode_words
from services.ingest.reading.header import one_line
from services.ingest.reading.letter import Address
from services.ingest.reading.repairs import Problem, Repairs

MOST_ADDRESSES = 25_000
LONGEST_MAILBOX = 2_000

_TOKEN = re.compile(
    r"(?P<blank>\s+)"
    r"|(?P<word>=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*+\?=)"
    r'|"(?P<quoted>(?:[^"\\]|\\.)*+)"'
    r"|<(?P<angle>[^<>]*+)>"
    r"|(?P<special>[,;:(])"
    r'|(?P<atom>[^\s"(),:;<>]+)'
    r"|(?P<stray>.)",
    re.DOTALL,
)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ADDRESS = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s"]+?)\s*@\s*(\[[^\]\s]*\]|[^\s"\[\]]+)')
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
        found += _Reader(value, repairs).read()
        if len(found) >= MOST_ADDRESSES:
            repairs.note(Problem.HEADERS_TOO_LONG)
            break
    return tuple(found[:MOST_ADDRESSES])


class _Reader:
    def __init__(self, value: str, repairs: Repairs) -> None:
        self._value = value
        self._repairs = repairs
        self._found: list[Address] = []
        self._box = _Mailbox()
        self._held: str | None = None
        """A piece without an address: the first half of a name with a comma, or a mailbox of this machine."""

    def read(self) -> list[Address]:
        value, position, last_semicolon = self._value, 0, self._value.rfind(";")
        while position < len(value) and len(self._found) < MOST_ADDRESSES:
            token = _TOKEN.match(value, position)
            if token is None:
                break
            position = token.end()
            match token.lastgroup:
                case "quoted":
                    self._box.phrase.append(_quoted(token["quoted"]))
                case "angle":
                    if self._box.angle is not None:
                        self._repairs.note(Problem.ADDRESS_REPAIRED)
                        self._finish()
                    self._box.angle = token["angle"]
                case "special":
                    position = self._special(token["special"], position, last_semicolon)
                case "stray":
                    self._repairs.note(Problem.ADDRESS_REPAIRED)
                case _:
                    self._box.phrase.append(token[0])
        self._finish()
        self._release()
        return self._found

    def _special(self, character: str, position: int, last_semicolon: int) -> int:
        if character == "(":
            comment, position = self._comment(position)
            self._box.comments.append(comment)
        elif character == ":":
            if last_semicolon >= position and self._box.angle is None:
                self._box = _Mailbox()  # the name of a group
            elif self._box.text().lower() == "mailto":
                self._box = _Mailbox()
            else:
                self._box.phrase.append(":")
        else:
            self._finish()
            if character == ";":
                self._release()
        return position

    def _comment(self, begin: int) -> tuple[str, int]:
        depth = 1
        for mark in _PARENTHESIS.finditer(self._value, begin):
            if mark[0] == "(":
                depth += 1
            elif mark[0] == ")":
                depth -= 1
                if depth == 0:
                    return _ESCAPED.sub(r"\1", self._value[begin : mark.start()]), mark.end()
        self._repairs.note(Problem.ADDRESS_REPAIRED)
        return self._value[begin:], len(self._value)

    def _finish(self) -> None:
        """A comma, or the end: make a mailbox of what was seen."""
        box, self._box = self._box, _Mailbox()
        text = box.text()[:LONGEST_MAILBOX]
        comment = " ".join(" ".join(box.comments).split())
        if box.angle is not None:
            address = _address(box.angle)
            if not address and not text:
                return
            if "@" not in address and (swapped := _ADDRESS.search(text)):
                self._repairs.note(Problem.ADDRESS_REPAIRED)
                text, address = box.angle, _address(swapped[0])
            if self._held is not None:
                self._repairs.note(Problem.ADDRESS_REPAIRED)
                text = f"{self._held}, {text}" if text else self._held
                self._held = None
            self._add(text or comment, address)
        elif text:
            self._without_brackets(text, comment)

    def _without_brackets(self, text: str, comment: str) -> None:
        found = _ADDRESS.search(text) if "@" in text else None
        if found is None:
            self._release()
            self._held = text if not comment else f"{text} ({comment})"
            return
        self._release()
        rest = f"{text[: found.start()]} {text[found.end() :]}".strip()
        if rest:
            self._repairs.note(Problem.ADDRESS_REPAIRED)
            another = _ADDRESS.search(rest)
            if another:
                self._add("", _address(found[0]))
                self._without_brackets(rest, comment)
                return
        self._add(rest or comment, _address(found[0]))

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is None or _NO_RECIPIENTS.search(held) or held.endswith(":"):
            return
        word, _, comment = held.partition(" (")
        if " " in word or "=?" in word:
            self._repairs.note(Problem.ADDRESS_REPAIRED)
            self._add(held, "")
        else:
            self._add(comment.removesuffix(")"), word)

    def _add(self, name: str, address: str) -> None:
        if "=?" in name:
            name = one_line(decode_words(name, self._repairs))
        name = " ".join(name.split())
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].strip()
        self._found.append(Address(name, address))


def _quoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _address(text: str) -> str:
    """An address without what stands around it: a route, a scheme, blanks, comments, quotation marks."""
    text = "".join(text.partition("(")[0].split()).strip("'")
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if text.startswith("@") and ":" in text:
        text = _ROUTE.sub("", text, count=1)
    return text.rstrip(",;.")
