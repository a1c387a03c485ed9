"""Whether a message without delivery status fields is a bounce: who sends it, what it is called, what it says."""

import re
from collections.abc import Mapping
from enum import IntEnum

from services.ingest.reading.bounces.notice import Notice
from services.ingest.reading.words import folded, phrases, says

_SUBJECTS = phrases("bounces", "subjects")
_DAEMONS = frozenset(phrases("bounces", "senders.daemons"))
_DAEMON_NAMES = phrases("bounces", "senders.daemon_names")
_OFFICES = frozenset(phrases("bounces", "senders.offices"))
_OFFICE_NAMES = phrases("bounces", "senders.office_names")

_PERSONAL = phrases("bounces", "said.personal")

_LOCAL_PART = re.compile(r"([^\s<>\"(),;:@]{1,128})@")
_BARE_ADDRESS = re.compile(r"\s*<?[^\s<>\"(),;:@]{1,128}@[^\s<>\"(),;:@]{1,255}>?\s*")
_ANSWER = re.compile(
    r"(?:re|aw|sv|antw|vs|odp|wg|fw|fwd|tr|rv|rif|r|i|enc|回复|答复|转发|返信|转寄)\s{0,2}(?:[\[(]\d{1,4}[\])])?\s{0,2}[::]",
    re.IGNORECASE,
)
_PROGRAMS_OF_PEOPLE = ("in-reply-to", "references", "x-mailer", "user-agent", "thread-index", "reply-to")


class Sender(IntEnum):
    """How surely a machine that delivers mail sent it."""

    PERSON = 0
    NAMELESS = 1
    """An address and nothing else, as machines write it and few mail programs of people."""
    OFFICE = 2
    DAEMON = 3


def sender_of(headers: Mapping[str, str]) -> Sender:
    """By the From field and by what servers add; `headers` are by name in lower case."""
    author = folded(headers.get("from", "")[:1000])
    found = _LOCAL_PART.search(author)
    local = found.group(1).strip("\\'") if found else author.strip("<> \"'")
    if local in _DAEMONS or says(author, _DAEMON_NAMES) or "x-failed-recipients" in headers:
        return Sender.DAEMON
    office = not local or local in _OFFICES or says(author, _OFFICE_NAMES)
    if _null_path(headers):
        return Sender.DAEMON if office else Sender.OFFICE
    if office:
        return Sender.OFFICE
    nameless = _BARE_ADDRESS.fullmatch(author) and not any(name in headers for name in _PROGRAMS_OF_PEOPLE)
    return Sender.NAMELESS if nameless else Sender.PERSON


def _null_path(headers: Mapping[str, str]) -> bool:
    path = headers.get("return-path", "-").strip().casefold()
    return path in {"<>", ""} or path.strip("<>").partition("@")[0] in _DAEMONS


def is_answer(subject: str) -> bool:
    """Whether the subject begins as a person's mail program begins an answer, or what is forwarded."""
    return _ANSWER.match(subject.strip()) is not None


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
    match sender:
        case Sender.DAEMON:
            return said or (evidence and (named or answered))
        case Sender.OFFICE if is_answer(subject):
            return False
        case Sender.OFFICE if named:
            return returned or (said and evidence) or (answered and recipients)
        case Sender.OFFICE:
            return said and answered and returned
        case Sender.NAMELESS:
            return named and said and (recipients or returned) and not says(notice.words, _PERSONAL)
        case Sender.PERSON:
            return False
