"""Answers of machines: vacation notes, acknowledgements, requests to confirm (RFC 3834)."""

from collections.abc import Mapping

from services.ingest.reading.subjects import is_answer
from services.ingest.reading.words import folded, phrases, says

_HEADERS = phrases("automatic", "headers")
_BEGINNINGS = phrases("automatic", "beginnings")
_BEGINNINGS_OF_EXCHANGE = phrases("automatic", "beginnings.exchange")
_AWAY = phrases("automatic", "names.away")
_RECEIVED = phrases("automatic", "names.received")
_NOTES = phrases("automatic", "notes")
_NOTES_OF_RECEIPT = phrases("automatic", "notes.received")
_DECLARED = phrases("automatic", "notes.declared") + phrases("automatic", "challenges")
_MARKS_OF_EXCHANGE = ("x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop")
_ENDS = frozenset({"", ":", "]", ")", "】"})
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
    bulk = bool(precedences & {"bulk", "junk"})
    subject = headers.get("subject", "")[:1000]
    name = folded(subject)
    if not (generated or nobody or bulk):
        marked = any(mark in headers for mark in _MARKS_OF_EXCHANGE)
        by_exchange = _begins(name, _BEGINNINGS_OF_EXCHANGE) and (marked or _says(text, _NOTES))
        return by_exchange or (_begins(name, _BEGINNINGS) and says(name, _RECEIVED))
    answers = is_answer(subject) or bool(headers.get("in-reply-to") or headers.get("references"))
    return (
        _begins(name, _BEGINNINGS)
        or (not is_answer(subject) and says(name, _RECEIVED))
        or (not is_answer(subject) and (nobody or bulk or answers) and says(name, _AWAY))
        or (nobody and answers and _says(text, _NOTES))
        or (generated and answers and _says(text, _NOTES_OF_RECEIPT))
        or _says(text, _DECLARED)
    )


def _begins(name: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a subject begins so, and goes on with a colon or a closing bracket, or not at all."""
    bare = name.lstrip("[(*【 ")
    return any(bare.startswith(one) and bare[len(one) :].lstrip()[:1] in _ENDS for one in beginnings)


def _says(text: str, found: tuple[str, ...]) -> bool:
    return says(folded(text[:_FIRST_LINES]), found)
