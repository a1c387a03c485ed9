"""Why a message was refused, told from the words and figures of the server."""

from services.ingest.reading.bounces.failure import Cause
from services.ingest.reading.words import folded, names, phrases, says

_BY_WORDS = {Cause(name): phrases("bounces", f"causes.{name}") for name in names("bounces", "causes")}

_BY_STATUS = {
    "1.0": Cause.ADDRESS_UNKNOWN,
    "1.1": Cause.ADDRESS_UNKNOWN,
    "1.2": Cause.DOMAIN_UNKNOWN,
    "1.3": Cause.ADDRESS_UNKNOWN,
    "1.6": Cause.ADDRESS_UNKNOWN,
    "1.10": Cause.ADDRESS_UNKNOWN,
    "2.1": Cause.DISABLED,
    "2.2": Cause.MAILBOX_FULL,
    "2.3": Cause.TOO_LARGE,
    "3.4": Cause.TOO_LARGE,
    "4.1": Cause.NOT_REACHABLE,
    "4.2": Cause.NOT_REACHABLE,
    "4.4": Cause.DOMAIN_UNKNOWN,
    "4.7": Cause.NOT_REACHABLE,
}
"""RFC 3463 §3, without the class. All of subject 7 is a matter of policy."""


def cause_of(words: str, status: str | None) -> Cause | None:
    """By the words first: servers are more careful with them than with the status."""
    text = f" {folded(words)}"
    told = next((cause for cause, found in _BY_WORDS.items() if says(text, found)), None)
    if told is not None or status is None:
        return told
    subject = status.partition(".")[2]
    return Cause.REFUSED if subject.startswith("7.") else _BY_STATUS.get(subject)
