"""Whom a server could not reach, told from where the addresses stand in what it says."""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum

from services.ingest.reading.bounces.address import ADDRESS, MOST_RECIPIENTS, whole
from services.ingest.reading.bounces.notice import Line, Notice

_ANY_ADDRESS = re.compile(rf"(from\s|contact\s|by\s)?<?({ADDRESS})", re.IGNORECASE)
# An address that begins its line, and what may follow it there: nothing, an explanation, or the time of the try.
_BEGINNING = re.compile(
    r"[\s>*|#\-]{0,80}(?:\d{1,3}[.)]\s)?[\"'(<\[]{0,2}(?:(?:smtp|mailto|rfc822)[:;]\s?)?"
    rf"({ADDRESS})[\"')>\]]{{0,2}}(?:$|[\s:;,(\-=\[<])",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"[\s*|\-]{{0,80}}>?\s{{0,4}}(?P<label>[^:\uff1a<>@]{{1,60}})[:\uff1a]\s{{0,40}}[\"'(<\[]{{0,3}}(?:(?:smtp|mailto|rfc822)[:;]\s?)?"
    rf"(?P<address>{ADDRESS})",
    re.IGNORECASE,
)
_COMMAND = re.compile(rf"\bRCPT\s{{1,4}}TO\s{{0,4}}:?\s{{0,4}}<?({ADDRESS})", re.IGNORECASE)
_ORIGINALLY = re.compile(
    rf"\((?:generated from|expanded from|originally addressed to):?\s{{0,40}}<?({ADDRESS})", re.IGNORECASE
)
_X400 = re.compile(rf"\bSMTP=({ADDRESS})", re.IGNORECASE)
_OTHER_PEOPLE = re.compile(
    r"(?:from|cc|sender|reply-to|return-path|received|message-id|subject|date|sent|delivered-to|references|in-reply-to"
    r"|sender address|von|de|da|van|betreff|absender|expéditeur|remitente|mittente|发件人|发信人|差出人)\s*$",
    re.IGNORECASE,
)
_WRITTEN_TO = frozenset({"to", "an", "à", "para", "a", "aan", "till", "til"})
_ATTENDANTS = frozenset({"postmaster", "mailer-daemon", "abuse", "root", "hostmaster", "helpdesk"})
_LONE_NAME = re.compile(r"\s{1,40}([A-Za-z0-9][\w.+-]{0,63})(?:\s{2,}.*)?$")


class Place(IntEnum):
    """Where an address stands; the higher the place, the more surely the message did not reach it."""

    ELSEWHERE = 1
    WRITTEN_TO = 2
    """In a "To:" of the message that came back."""
    COMMAND = 3
    """In an SMTP command."""
    IN_WORDS = 4
    """On a line that says that something failed, or with the answer of a server."""
    ALONE = 5
    """At the beginning of a line, or after a label such as "Recipient:"."""


def recipients_in(notice: Notice, not_these: Iterable[str] = (), domain: str = "") -> tuple[str, ...]:
    """All addresses in the best place where there are any.

    `not_these` are known to be somebody else's. A server that serves one `domain` may leave it out.
    """
    others = {address.casefold() for address in not_these}
    found: dict[str, tuple[Place, str]] = {}
    for place, address in _addresses(notice.lines):
        bare = whole(address)
        if bare is None or "." not in bare.partition("@")[2]:
            continue
        if bare.casefold() in others or bare.casefold().partition("@")[0] in _ATTENDANTS:
            continue
        if found.get(bare.casefold(), (0,))[0] < place:
            found[bare.casefold()] = (place, bare)
    best = max((place for place, _ in found.values()), default=Place.ELSEWHERE)
    if best is Place.ELSEWHERE and domain and (names := tuple(_names(notice.lines))):
        return tuple(f"{name}@{domain}" for name in names)
    return tuple(address for place, address in found.values() if place == best)[:MOST_RECIPIENTS]


def _addresses(lines: Iterable[Line]) -> Iterator[tuple[Place, str]]:
    for line in lines:
        text = line.text
        if "@" not in text:
            continue
        if command := _COMMAND.search(text):
            yield Place.COMMAND, command.group(1)
        elif named := _X400.search(text) or _ORIGINALLY.search(text):
            yield Place.ALONE, named.group(1)
        elif labelled := _LABELLED.match(text):
            if not _OTHER_PEOPLE.search(labelled["label"]):
                yield _labelled(labelled["label"]), labelled["address"]
        elif beginning := _BEGINNING.match(text):
            yield Place.ALONE, beginning.group(1)
        else:
            place = Place.IN_WORDS if line.answers or line.fails else Place.ELSEWHERE
            yield from ((place, address) for before, address in _ANY_ADDRESS.findall(text) if not before)


def _labelled(label: str) -> Place:
    return Place.WRITTEN_TO if label.strip().casefold() in _WRITTEN_TO else Place.ALONE


def _names(lines: Iterable[Line]) -> Iterator[str]:
    """Names without a domain that stand alone below a line that announces them."""
    announced = False
    for line in lines:
        if announced and (name := _LONE_NAME.match(line.text)):
            yield name.group(1)
        else:
            announced = line.text.rstrip().endswith(":") and line.fails
