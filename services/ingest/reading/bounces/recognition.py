"""Whether a message without delivery status fields is a bounce: who sends it, what it is called, what it says."""

import re
from collections.abc import Mapping
from enum import IntEnum

from services.ingest.reading.bounces.notice import Notice
from services.ingest.reading.bounces.wording import (
    DAEMON_NAMES,
    DAEMONS,
    DELAY_SUBJECTS,
    DELAYS,
    FAILURE_SUBJECTS,
    FAILURES,
    OFFICE_NAMES,
    OFFICES,
    folded,
    says,
)

_LOCAL_PART = re.compile(r"([^\s<>\"(),;:@]{1,128})@")
ANSWERED = re.compile(r"\s*(?:re|aw|sv|antw|vs|odp|wg|fw|fwd|tr|rv|i|r|enc|回复|答复|转发|返信|转寄)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]", re.IGNORECASE)
"""How a person's mail program begins the subject of an answer or of what is forwarded."""


class Sender(IntEnum):
    """How surely a machine that delivers mail sent it."""

    PERSON = 0
    OFFICE = 1
    DAEMON = 2


def sender_of(headers: Mapping[str, str]) -> Sender:
    """By the From field and by what servers add; `headers` are by name in lower case."""
    author = folded(headers.get("from", "")[:1000])
    found = _LOCAL_PART.search(author)
    local = found.group(1) if found else author.strip("<> \"'")
    if local in DAEMONS or says(author, DAEMON_NAMES) or "x-failed-recipients" in headers:
        return Sender.DAEMON
    if "invoked for bounce" in headers.get("received", ""):
        return Sender.DAEMON
    if local in OFFICES or not local or says(author, OFFICE_NAMES) or _null_path(headers):
        return Sender.OFFICE
    return Sender.PERSON


def _null_path(headers: Mapping[str, str]) -> bool:
    path = headers.get("return-path", "-").strip().casefold()
    return path in {"<>", "", "<mailer-daemon>", "mailer-daemon"}


def speaks_of_failure(subject: str) -> bool:
    name = folded(subject[:1000])
    return says(name, FAILURE_SUBJECTS) or says(name, DELAY_SUBJECTS)


def is_bounce(sender: Sender, subject: str, notice: Notice, *, answered: bool, returned: bool) -> bool:
    """Weigh the signs: the less the sender is known as a machine, the more the rest has to say.

    `answered`: the server's answer stands in the notice as a code or a status; `returned`: the message comes back with it.
    """
    named = speaks_of_failure(subject)
    if sender is Sender.PERSON or (ANSWERED.match(subject) and sender is not Sender.DAEMON):
        return False
    said = says(notice.words, FAILURES) or says(notice.words, DELAYS)
    if sender is Sender.DAEMON:
        return said or (named and (answered or returned)) or (answered and returned)
    return (named and (said or answered or returned)) or (said and answered and returned)
