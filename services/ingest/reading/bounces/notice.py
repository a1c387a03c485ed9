"""What a server says in words: which lines are its own, and what it answered."""

import re
from dataclasses import dataclass
from functools import cached_property

from services.ingest.reading.bounces.codes import code_in, status_in
from services.ingest.reading.words import folded, phrases, says

MOST_CHARACTERS = 64_000
MOST_LINES = 1_000
LONGEST_LINE = 1_000
LONGEST_WORDS = 500

FAILURES = phrases("bounces", "said.failure")
DELAYS = phrases("bounces", "said.delay")
CHALLENGES = phrases("bounces", "said.challenge")
_RETURNED = phrases("bounces", "returned")

_HEADER = re.compile(r">?(?:Received|Return-Path|MIME-Version|DKIM-Signature|X-[A-Za-z-]{2,60}):\s", re.IGNORECASE)
_FIELD = re.compile(r">?(?:[A-Za-z][A-Za-z-]{1,40}:(?:\s|$)|[ \t])")
_RULER = re.compile(r"[-=*#_]{3}")


@dataclass(frozen=True)
class Notice:
    """The server's own lines, and the message that it returns below them, if it does."""

    said: tuple[str, ...]
    returned: str

    @cached_property
    def words(self) -> str:
        """The server's own words, folded to compare them."""
        return folded("\n".join(self.said))

    @property
    def fails(self) -> bool:
        return says(self.words, FAILURES)

    @property
    def delays(self) -> bool:
        return says(self.words, DELAYS)


def notice_in(text: str) -> Notice:
    """Part a text where the returned message begins: at a line that says so, or where its header begins."""
    lines = text[:MOST_CHARACTERS].splitlines()[:MOST_LINES]
    end = next((number for number in range(len(lines)) if _returns(lines, number)), len(lines))
    return Notice(tuple(line[:LONGEST_LINE] for line in lines[:end]), "\n".join(lines[end:]))


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


@dataclass(frozen=True, slots=True)
class Answer:
    """By what a server refused a recipient. `words` are the line with the figures, or the one that says that it failed."""

    status: str | None
    code: str | None
    words: str | None


def answer_in(notice: Notice, recipient: str | None = None) -> Answer:
    """The answer about a recipient: the lines from its name on are looked at first, then those before."""
    lines = [line for line in notice.said if line.strip()]
    named = recipient.casefold() if recipient else ""
    first = next((number for number, line in enumerate(lines) if named and named in line.casefold()), 0)
    ordered = lines[first:] + lines[:first]
    return Answer(
        status=next((found for line in ordered if (found := status_in(line))), None),
        code=next((found for line in ordered if (found := code_in(line))), None),
        words=_words(ordered, recipient),
    )


def _words(lines: list[str], recipient: str | None) -> str | None:
    best = next((number for number, line in enumerate(lines) if code_in(line) or status_in(line)), None)
    if best is None:
        best = next((number for number, line in enumerate(lines) if says(folded(line), FAILURES)), None)
    if best is None:
        return None
    words = " ".join(" ".join(lines[best : best + 3]).split())
    for name in (f"<{recipient}>", str(recipient)):
        words = words.removeprefix(name)
    return words.lstrip(": ")[:LONGEST_WORDS] or None
