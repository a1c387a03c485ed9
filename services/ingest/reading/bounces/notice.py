"""What a server says in words: which lines are its own, and whom they are about."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from services.ingest.reading.bounces.codes import code_in, status_in
from services.ingest.reading.bounces.wording import FAILURES, RETURNED, folded, says

MOST_CHARACTERS = 64_000
MOST_LINES = 1_000
LONGEST_LINE = 1_000

_ADDRESS = r"[^\s<>,;:\"'()\[\]|=]{1,128}@[^\s<>,;:\"'()\[\]|=/\\]{1,253}"
_ANY_ADDRESS = re.compile(_ADDRESS)
# An address that begins its line, and what may follow it there: nothing, an explanation, or the time of the try.
_BEGINS = re.compile(
    rf"[\s>*|\-]{{0,80}}(?:\d{{1,3}}[.)]\s)?(?:[\"'(]?(?:smtp|mailto|rfc822)[:;]\s?)?[\"'(<]{{0,2}}({_ADDRESS})[\"')>]{{0,2}}"
    rf"\s*(?:$|[:;,(\-–—=\[]|\.\.\.|<|\s\S)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^[\s*|\-]{0,80}(?:-->|->)?\s{0,4}(?P<label>[^:<>@]{2,60})[:：]\s*[\"'(<\[]{0,3}(?:smtp:|mailto:|rfc822[:;]\s?)?"
    rf"(?P<address>{_ADDRESS})",
    re.IGNORECASE,
)
_COMMAND = re.compile(rf"\bRCPT\s{{1,4}}TO\s{{0,4}}:?\s{{0,4}}<?({_ADDRESS})", re.IGNORECASE)
_HEADER = re.compile(r"(?:Received|Return-Path|MIME-Version|DKIM-Signature|X-[A-Za-z-]{2,60}):\s", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z][A-Za-z-]{1,40}:(?:\s|$)")
_OTHER_FIELDS = re.compile(
    r"(?:from|cc|sender|reply-to|return-path|received|message-id|subject|date|sent|delivered-to|references|in-reply-to"
    r"|resent-[a-z-]+|sender address|von|de|da|van|betreff|absender|expéditeur|remitente|mittente|发件人|发信人|差出人)\s*$",
    re.IGNORECASE,
)
_NOT_RECIPIENTS = frozenset({"postmaster", "mailer-daemon", "abuse", "root", "hostmaster", "helpdesk", "mailto"})


class Place(IntEnum):
    """Where an address stands; the better place tells more surely that the message did not reach it."""

    ELSEWHERE = 1
    WRITTEN_TO = 2
    """In a "To:" of the message that came back."""
    IN_WORDS = 3
    COMMAND = 4
    """In an SMTP command that the server refused."""
    WITH_ANSWER = 5
    """On a line with the answer of a server."""
    ALONE = 6
    """At the beginning of a line, or after a label such as "Recipient:"."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The server's own lines, and the message that it returns below them, if it does."""

    said: tuple[str, ...]
    returned: str

    @property
    def words(self) -> str:
        """The server's own words, folded to compare them."""
        return folded("\n".join(self.said))


def notice_in(text: str) -> Notice:
    """Part a text where the returned message begins: at a line that says so, or where its header begins."""
    lines = text[:MOST_CHARACTERS].splitlines()[:MOST_LINES]
    end = next((number for number in range(len(lines)) if _begins_returned(lines, number)), len(lines))
    return Notice(
        said=tuple(line[:LONGEST_LINE] for line in lines[:end]),
        returned="\n".join(lines[end:]),
    )


def _begins_returned(lines: list[str], number: int) -> bool:
    line = lines[number]
    if _HEADER.match(line):
        return sum(1 for below in lines[number : number + 6] if _FIELD.match(below) or below[:1] in {" ", "\t"}) >= 2
    return len(line) < 200 and says(folded(line), RETURNED) and not _says_more(lines, number)


def _says_more(lines: list[str], number: int) -> bool:
    """Whether a sentence only mentions the returned message ("The original message was received at …", "It is attached below")."""
    line = folded(lines[number]).strip("-=*_ |.:")
    return line.endswith((",", " is", " the")) or number == 0


def recipients_in(notice: Notice, others: Iterable[str]) -> tuple[str, ...]:
    """Whom the server could not reach, by its words; `others` are addresses that are known to be somebody else's."""
    known = {address.casefold() for address in others}
    found: dict[str, tuple[Place, str]] = {}
    for place, address in _addresses(notice.said):
        bare = address.strip(".,'*_-").removeprefix("mailto:")
        local, _, domain = bare.rpartition("@")
        if not local or not domain or bare.casefold() in known or local.casefold() in _NOT_RECIPIENTS:
            continue
        before = found.get(bare.casefold())
        if before is None or before[0] < place:
            found[bare.casefold()] = (place, bare)
    best = max((place for place, _ in found.values()), default=None)
    return tuple(address for place, address in found.values() if place == best)


def _addresses(lines: Iterable[str]) -> Iterator[tuple[Place, str]]:
    for line in lines:
        if "@" not in line:
            continue
        if command := _COMMAND.search(line):
            yield Place.COMMAND, command.group(1)
            continue
        labelled = _LABELLED.match(line)
        if labelled and _OTHER_FIELDS.search(labelled["label"]):
            continue
        if labelled:
            yield _labelled(labelled["label"]), labelled["address"]
        elif begins := _BEGINS.match(line):
            yield Place.ALONE, begins.group(1)
        else:
            place = _place_in_words(line)
            yield from ((place, address) for address in _ANY_ADDRESS.findall(line))


def _labelled(label: str) -> Place:
    return Place.WRITTEN_TO if label.strip().casefold() in {"to", "an", "à", "para", "a", "aan", "till"} else Place.ALONE


def _place_in_words(line: str) -> Place:
    if code_in(line) or status_in(line):
        return Place.WITH_ANSWER
    return Place.IN_WORDS if says(folded(line), FAILURES) else Place.ELSEWHERE


def answer_in(notice: Notice, recipient: str | None) -> tuple[str | None, str | None, str | None]:
    """The status, the code and the words by which a server refused a recipient.

    The lines from the recipient on are looked at first, then the others.
    """
    lines = [line for line in notice.said if line.strip()]
    at = next((n for n, line in enumerate(lines) if recipient and recipient.casefold() in line.casefold()), 0)
    ordered = lines[at:] + lines[:at]
    status = next((found for line in ordered if (found := status_in(line))), None)
    code = next((found for line in ordered if (found := code_in(line))), None)
    return status, code, _reason(ordered, recipient)


def _reason(lines: list[str], recipient: str | None) -> str | None:
    """The first line with a server's answer, else the first that says that something failed; with the lines that go on with it."""
    best = next((n for n, line in enumerate(lines) if code_in(line) or status_in(line)), None)
    if best is None:
        best = next((n for n, line in enumerate(lines) if says(folded(line), FAILURES)), None)
    if best is None:
        return None
    words = " ".join(" ".join(lines[best : best + 3]).split())
    if recipient:
        words = words.removeprefix(f"<{recipient}>").removeprefix(recipient).lstrip(": ")
    return words[:500] or None
