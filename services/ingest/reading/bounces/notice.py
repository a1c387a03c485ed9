"""What a server says in words: which lines are its own, and what it answered."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from services.ingest.reading.bounces.address import ADDRESS, whole
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

_ANY_ADDRESS = re.compile(ADDRESS)
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


_SIGNS = (attrgetter("answers"), attrgetter("cause"), attrgetter("fails"))


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

    def answers(self, recipients: Sequence[str | None]) -> list[Answer]:
        """The answer about each recipient; where the lines about it hold none, the first of the notice."""
        about = self._lines_about({recipient.casefold() for recipient in recipients if recipient})
        return [
            self._answer(recipient, about.get((recipient or "").casefold(), [])) for recipient in recipients
        ]

    def _lines_about(self, recipients: AbstractSet[str]) -> Mapping[str, list[Line]]:
        """The lines that name a recipient, each with those below it until another one is named."""
        about: dict[str, list[Line]] = {recipient: [] for recipient in recipients}
        named: AbstractSet[str] = frozenset()
        for line in self.lines:
            if "@" in line.text:
                addresses = (whole(address) or "" for address in _ANY_ADDRESS.findall(line.text))
                named = {address.casefold() for address in addresses} & recipients or named
            for recipient in named:
                about[recipient].append(line)
        return about

    def _answer(self, recipient: str | None, about: list[Line]) -> Answer:
        lines = self.lines if _told(about) is None else about
        return Answer(
            status=next((line.status for line in lines if line.status), None),
            code=next((line.code for line in lines if line.code), None),
            words=_words(lines, recipient),
        )


def _told(lines: Sequence[Line]) -> int | None:
    """Which of the lines has figures, else tells a cause, else says that something failed."""
    return next((at for sign in _SIGNS for at, line in enumerate(lines) if sign(line)), None)


def _words(lines: Sequence[Line], recipient: str | None) -> str | None:
    """The line that tells the most, and two that go on with it."""
    first = _told(lines)
    if first is None:
        return None
    number = lines[first].number
    going_on = (line.text for at, line in enumerate(lines[first : first + 3], number) if line.number == at)
    words = " ".join(" ".join(going_on).split())
    for name in (f"<{recipient}>", str(recipient)):
        words = words.removeprefix(name)
    return words.lstrip(": ")[:LONGEST_WORDS] or None


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
