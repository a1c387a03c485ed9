"""Whether a message without delivery status fields is a bounce: who sends it, what it is called, what it says."""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import assert_never

from services.ingest.reading.bounces.notice import Notice
from services.ingest.reading.subjects import is_answer
from services.ingest.reading.words import folded, phrases, says

_SUBJECTS = phrases("bounces", "subjects")
_DAEMONS = frozenset(phrases("bounces", "senders.daemons"))
_DAEMON_NAMES = phrases("bounces", "senders.daemon_names")
_OFFICES = frozenset(phrases("bounces", "senders.offices"))
_OFFICE_NAMES = phrases("bounces", "senders.office_names")
_MACHINES = frozenset(phrases("bounces", "senders.machines"))
_PERSONAL = phrases("bounces", "said.personal")
_GREETINGS = phrases("bounces", "said.greetings")
_MAIL = phrases("bounces", "said.mail")

_LOCAL_PART = re.compile(r"([^\s<>\"(),;:@]{1,128})@")
_NAME = re.compile(r"\(([^()]{1,200})\)|^([^<(@]{1,200})(?:<|$)")
_PROGRAMS_OF_PEOPLE = ("in-reply-to", "references", "user-agent", "thread-index", "reply-to")


class Sender(IntEnum):
    """How surely a machine that delivers mail sent it."""

    PERSON = 0
    MACHINE = 1
    """Some machine, or an address and nothing else, as machines write it and few mail programs of people."""
    OFFICE = 2
    """A mail server, or the person who looks after it."""
    DAEMON = 3


def sender_of(headers: Mapping[str, str]) -> Sender:
    """By the From field and by what servers add; `headers` are by name in lower case."""
    author = folded(headers.get("from", "")[:1000])
    found = _LOCAL_PART.search(author)
    local = found.group(1).strip("\\'") if found else author.strip("<> \"'")
    name = _name_in(author)
    if local in _DAEMONS or name.startswith(_DAEMON_NAMES) or "x-failed-recipients" in headers:
        return Sender.DAEMON
    if local in _OFFICES or not local or says(name, _OFFICE_NAMES):
        return Sender.DAEMON if _null_path(headers) else Sender.OFFICE
    machine = not name or local in _MACHINES or _null_path(headers)
    written = any(field in headers for field in _PROGRAMS_OF_PEOPLE)
    return Sender.MACHINE if machine and not written else Sender.PERSON


def _name_in(author: str) -> str:
    """The name beside the address, in front of it or in brackets behind it."""
    found = _NAME.search(author)
    return (found.group(1) or found.group(2) or "").strip("\"' ") if found else ""


def _null_path(headers: Mapping[str, str]) -> bool:
    path = headers.get("return-path", "-").strip().casefold()
    return path in {"<>", ""} or path.strip("<>").partition("@")[0] in _DAEMONS


def is_rejection(headers: Mapping[str, str]) -> bool:
    """Whether a filter refuses the message; it may do so in the form of a receipt (RFC 5429 §2.2.1)."""
    return "(rejected)" in headers.get("auto-submitted", "").lower()


def is_bounce(sender: Sender, subject: str, notice: Notice, *, returned: bool, recipients: bool) -> bool:
    """Weigh the signs: the less surely the sender is a machine, the more the rest has to say.

    `returned`: the message comes back with the notice; `recipients`: it names addresses.
    """
    named = says(folded(subject[:1000]), _SUBJECTS)
    said = notice.fails or notice.delays
    answered = any(line.answers for line in notice.lines)
    evidence = answered or returned or recipients
    answers = is_answer(subject)
    greets = notice.words.startswith(_GREETINGS)
    match sender:
        case Sender.DAEMON:
            return said or (evidence and (named or answered))
        case Sender.OFFICE if named and not answers:
            return returned or ((said or answered) and evidence and not greets)
        case Sender.OFFICE:
            return said and answered and returned and not answers
        case Sender.MACHINE:
            written = answers or greets or says(notice.words, _PERSONAL)
            return named and said and evidence and says(notice.words, _MAIL) and not written
        case Sender.PERSON:
            return False
        case _:
            assert_never(sender)
