"""Answers of machines: vacation notes, acknowledgements, requests to confirm (RFC 3834)."""

from collections.abc import Mapping

from services.ingest.reading.bounces.recognition import is_answer
from services.ingest.reading.words import folded, phrases, says

ANSWERING_HEADERS = phrases("automatic", "headers")
BEGINNINGS = phrases("automatic", "beginnings")
NAMES = phrases("automatic", "names")
NOTES = phrases("automatic", "notes")
CHALLENGES = phrases("automatic", "challenges")
_MARKS_OF_EXCHANGE = ("x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop")
_FIRST_LINES = 2_000


def is_auto_reply(headers: Mapping[str, str], text: str) -> bool:
    """Whether a machine answers; `headers` are by name in lower case.

    One header that only answering machines set is enough. Others are set on the mail of people too (Exchange marks what
    a rule forwards, contact forms and help desks are "generated"), so they count together with what such answers are
    called or say.
    """
    submitted = headers.get("auto-submitted", "")[:200].strip().lower()
    precedences = {
        folded(headers.get(name, "")[:100]) for name in ("precedence", "x-precedence", "preference")
    }
    if submitted.startswith("auto-replied") or any(name in headers for name in ANSWERING_HEADERS):
        return True
    if precedences & {"auto_reply", "auto-reply", "autoreply"}:
        return True
    return _is_called_or_says_so(headers, submitted, precedences, text)


def _is_called_or_says_so(
    headers: Mapping[str, str], submitted: str, precedences: set[str], text: str
) -> bool:
    subject = headers.get("subject", "")[:1000]
    name = folded(subject)
    machine = submitted.startswith("auto-") or headers.get("return-path", "-").strip() in {"<>", ""}
    mass = machine or bool(precedences & {"bulk", "junk"})
    begins = name.lstrip("[(*【 ").startswith(BEGINNINGS)
    if begins and (mass or any(mark in headers for mark in _MARKS_OF_EXCHANGE)):
        return True
    if not begins and not mass:
        return False
    if mass and not is_answer(subject) and says(name, NAMES):
        return True
    said = folded(text[:_FIRST_LINES])
    answers = is_answer(subject) or bool(headers.get("in-reply-to") or headers.get("references"))
    return ((begins or (machine and answers)) and says(said, NOTES)) or (mass and says(said, CHALLENGES))
