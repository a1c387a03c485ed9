"""Reports on our mail that no person needs to read: complaints, receipts, statistics."""

import re
from collections.abc import Mapping

from services.ingest.reading.bounces import is_rejection
from services.ingest.reading.letter import Feedback
from services.ingest.reading.message_ids import message_id
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs
from services.ingest.reading.returned import is_returned, message_id_of, outside_of_messages

COMPLAINT = "message/feedback-report"
RECEIPTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
TLS_REPORTS = frozenset({"application/tlsrpt+gzip", "application/tlsrpt+json"})

_DMARC_SUBJECT = re.compile(r"\breport\s+domain:.{1,300}\bsubmitter:.{1,300}", re.IGNORECASE)
_DMARC_FILE = re.compile(
    r"[^!]{1,253}![^!]{1,253}!\d{9,11}!\d{9,11}(?:![^!]{1,100})?\.(?:xml|zip|gz|xml\.gz)", re.IGNORECASE
)
_TYPE = re.compile(r"^Feedback-Type[ \t]*:[ \t]*([\w-]{1,60})", re.IGNORECASE | re.MULTILINE)
_ORIGINAL = re.compile(
    r"^(?:X-)?Original-Message-ID[ \t]*:[ \t\n]{0,4}(\S{1,500})", re.IGNORECASE | re.MULTILINE
)
_SEARCHED = 100_000


def find_feedback(root: Part, headers: Mapping[str, str]) -> Feedback | None:
    """The report that a message is; None if it is none. A report in a message that was forwarded does not count.

    `type` is that of RFC 5965 ("abuse"), `disposition` for receipts (RFC 8098), `tls` (RFC 8460) or `dmarc` (RFC 7489).
    """
    parts = tuple(outside_of_messages(root))
    if root.type == "multipart/report" or root.type in {COMPLAINT, *RECEIPTS}:
        for part in parts:
            if part.type == COMPLAINT:
                found = _TYPE.search(part.text[:_SEARCHED])
                return Feedback(found.group(1).lower() if found else None, _original(part, parts))
            if part.type in RECEIPTS and not is_rejection(headers):
                return Feedback("disposition", _original(part, parts))
            if part.type in TLS_REPORTS:
                return Feedback("tls", None)
        kind = root.parameters.get("report-type", "").lower()
        named = {"feedback-report": "abuse", "disposition-notification": "disposition", "tlsrpt": "tls"}
        if kind in named and not is_rejection(headers):
            return Feedback(named[kind], _original(root, parts))
    return Feedback("dmarc", None) if _is_dmarc(headers, parts) else None


def _is_dmarc(headers: Mapping[str, str], parts: tuple[Part, ...]) -> bool:
    """By the name of its file, and the subject or the lack of anything else (RFC 7489 §7.2.1.1)."""
    files = [part.name for part in parts if part.name and _DMARC_FILE.fullmatch(part.name[:600])]
    return bool(files) and (bool(_DMARC_SUBJECT.search(headers.get("subject", "")[:2000])) or len(parts) == 1)


def _original(report: Part, parts: tuple[Part, ...]) -> str | None:
    if named := _ORIGINAL.search(report.text[:_SEARCHED]):
        return message_id(named.group(1), Repairs())
    return next((found for part in parts if is_returned(part) and (found := message_id_of(part))), None)
