"""What a server says in words: which lines are its own, and what it answered."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from services.ingest.reading.bounces.causes import cause_of
from services.ingest.reading.bounces.codes import code_in, status_in
from services.ingest.reading.bounces.failure import LONGEST_WORDS, Cause
from services.ingest.reading.words import folded, phrases, says

MOST_CHARACTERS = 64_000
MOST_LINES = 1_000
LONGEST_LINE = 1_000

_FAILURES = phrases("bounces", "said.failure")
_DELAYS = phrases("bounces", "said.delay")
_RETURNED = phrases("bounces", "returned")

_HEADER = re.compile(
    r">?(?:Received|Return-Path|MIME-Version|DKIM-Signature|X-[A-Za-z-]{2,60}):\s", re.IGNORECASE
)
_FIELD = re.compile(r">?(?:[A-Za-z][A-Za-z-]{1,40}:(?:\s|$)|[ \t])")
_RULER = re.compile(r"[-=*#_]{3}")


@dataclass(frozen=True)
class Line:
    """One line of a server, with the figures in it."""

    number: int
    text: str
    status: str | None
    code: str | None

    @property
    def answers(self) -> bool:
        """Whether it holds what a server answered by SMTP."""
        return self.status is not None or self.code is not None

    @cached_property
    def cause(self) -> Cause | None:
        return cause_of(self.text, None)

    @cached_property
    def fails(self) -> bool:
        """Whether it says that something was not delivered."""
        return says(folded(self.text), _FAILURES)


@dataclass(frozen=True, slots=True)
class Answer:
    """By what a server refused a recipient."""

    status: str | None
    code: str | None
    words: str | None
    """The line with the figures, or the one that says that it failed, and those that go on with it."""


@dataclass(frozen=True)
class Notice:
    """The server's own lines without empty ones, and the message that it returns below them, if it does."""

    lines: tuple[Line, ...]
    returned: str

    @cached_property
    def words(self) -> str:
        """The server's own words, folded to compare them."""
        return folded("\n".join(line.text for line in self.lines))

    @cached_property
    def fails(self) -> bool:
        return says(self.words, _FAILURES)

    @cached_property
    def delays(self) -> bool:
        """Whether the server goes on trying."""
        return says(self.words, _DELAYS)

    @cached_property
    def cause(self) -> Cause | None:
        return cause_of(self.words, None)

    def answer(self, recipient: str | None) -> Answer:
        """The answer about a recipient: the lines from its name on are looked at first, then those before."""
        name = recipient.casefold() if recipient else ""
        named = (number for number, line in enumerate(self.lines) if name and name in line.text.casefold())
        first = next(named, 0)
        lines = self.lines[first:] + self.lines[:first]
        return Answer(
            status=next((line.status for line in lines if line.status), None),
            code=next((line.code for line in lines if line.code), None),
            words=_words(lines, recipient),
        )


def notice_in(text: str) -> Notice:
    """Part a text where the returned message begins: at a line that says so, or where its header begins."""
    lines = text[:MOST_CHARACTERS].splitlines()[:MOST_LINES]
    end = next((number for number in range(len(lines)) if _returns(lines, number)), len(lines))
    own = ((number, line[:LONGEST_LINE]) for number, line in enumerate(lines[:end]) if line.strip())
    return Notice(
        lines=tuple(Line(number, line, status_in(line), code_in(line)) for number, line in own),
        returned="\n".join(lines[end:]),
    )


def _returns(lines: list[str], number: int) -> bool:
    """Whether the returned message begins at this line. What the server says comes before, so it is not the first."""
    line = lines[number]
    if _HEADER.match(line):
        return all(_FIELD.match(below) for below in lines[number : number + 3])
    if number == 0 or len(line) > 200 or not line.strip():
        return False
    bare = folded(line).strip("-=*#_|>. ")
    if _RULER.search(line):
        return says(bare, _RETURNED)
    return bare.startswith(_RETURNED) and not bare.endswith((",", " is", " was"))


def _words(lines: tuple[Line, ...], recipient: str | None) -> str | None:
    signs = ((line.answers for line in lines), (line.cause for line in lines), (line.fails for line in lines))
    first = next((at for sign in signs if (at := _first(sign)) is not None), None)
    if first is None:
        return None
    going_on = (
        line.text
        for at, line in enumerate(lines[first : first + 3])
        if line.number == lines[first].number + at
    )
    words = " ".join(" ".join(going_on).split())
    for name in (f"<{recipient}>", str(recipient)):
        words = words.removeprefix(name)
    return words.lstrip(": ")[:LONGEST_WORDS] or None


def _first(signs: Iterable[object]) -> int | None:
    return next((at for at, sign in enumerate(signs) if sign), None)
