"""Answers of machines: vacation notes, acknowledgements, requests to confirm (RFC 3834)."""

from collections.abc import Mapping

from services.ingest.reading.subjects import is_answer
from services.ingest.reading.words import folded, phrases, says

_HEADERS = phrases("automatic", "headers")
_BEGINNINGS = phrases("automatic", "beginnings")
_NAMES = phrases("automatic", "names")
_NOTES = phrases("automatic", "notes")
_RECEIVED = phrases("automatic", "notes.received")
_DECLARED = phrases("automatic", "notes.declared")
_CHALLENGES = phrases("automatic", "challenges")
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
    if submitted.startswith("auto-replied") or any(name in headers for name in _HEADERS):
        return True
    if precedences & {"auto_reply", "auto-reply", "autoreply"}:
        return True
    generated = submitted.startswith("auto-")
    nobody = headers.get("return-path", "-").strip() in {"<>", ""}
    mass = generated or nobody or bool(precedences & {"bulk", "junk"})
    subject = headers.get("subject", "")[:1000]
    name = folded(subject)
    if name.lstrip("[(*【 ").startswith(_BEGINNINGS):
        return mass or any(mark in headers for mark in _MARKS_OF_EXCHANGE) or _says(text, _NOTES)
    if not mass:
        return False
    answers = is_answer(subject) or bool(headers.get("in-reply-to") or headers.get("references"))
    return (
        (not is_answer(subject) and says(name, _NAMES))
        or (nobody and answers and _says(text, _NOTES))
        or (generated and answers and _says(text, _RECEIVED))
        or _says(text, _DECLARED + _CHALLENGES)
    )


def _says(text: str, found: tuple[str, ...]) -> bool:
    return says(folded(text[:_FIRST_LINES]), found)
