"""What sort of mail a message is."""

import re
from dataclasses import dataclass

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.letter import Bounce, Feedback
from services.ingest.reading.message_ids import message_id
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs

_BOUNCED = {"message/delivery-status", "message/global-delivery-status"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What sort of mail it is, and what it says if a machine wrote it."""

    kind: Kind
    bounce: Bounce | None = None
    feedback: Feedback | None = None
    auto_submitted: str | None = None


def judge(root: Part, text: str) -> Judgement:  # noqa: ARG001  # free-form bounces are known by their text
    auto_submitted = (root.first("auto-submitted") or "").split(";")[0].strip().lower() or None
    bounce = _bounce(root)
    feedback = Feedback(type="abuse") if _report_type(root) == "feedback-report" else None
    return Judgement(_kind(root, auto_submitted, bounce), bounce, feedback, auto_submitted)


def _report_type(root: Part) -> str:
    return (root.parameters or {}).get("report-type", "").lower() if root.type == "multipart/report" else ""


def _bounce(root: Part) -> Bounce | None:
    """What a delivery status notification says (RFC 3464)."""
    if _report_type(root) != "delivery-status":
        return None
    fields: dict[str, str] = {}
    original = None
    for part in root.walk():
        if part.type in _BOUNCED:
            for line in part.text.split("\n"):
                name, colon, value = line.partition(":")
                if colon:
                    fields[name.strip().lower()] = value.strip()
        elif part.type == "message/rfc822" and part.parts:
            original = message_id(part.parts[0].first("message-id"), Repairs())
        elif part.type == "text/rfc822-headers":
            found = re.search(r"^message-id:\s*(<[^>\s]+>)", part.text, re.IGNORECASE | re.MULTILINE)
            original = found[1] if found else None
    if fields.get("action", "failed").lower() in {"delivered", "relayed", "expanded"}:
        return None
    status = fields.get("status", "").split(" ")[0] or None
    diagnostic = fields.get("diagnostic-code", "")
    code = re.search(r"\b([45]\d\d)\b", diagnostic)
    return Bounce(
        recipient=fields.get("final-recipient", "").rpartition(";")[2].strip() or None,
        hard=status.startswith("5") if status else None,
        status=status,
        code=code.group(1) if code else None,
        reason=diagnostic or None,
        original_message_id=original,
    )


def _kind(root: Part, auto_submitted: str | None, bounce: Bounce | None) -> Kind:
    if root.first(LOOP_HEADER.lower()):
        return Kind.LOOP
    if bounce:
        return Kind.BOUNCE
    if _report_type(root) == "feedback-report":
        return Kind.FEEDBACK
    if root.type == "text/calendar":
        return Kind.CALENDAR
    if auto_submitted == "auto-replied" or root.first("x-autoreply"):
        return Kind.AUTO_REPLY
    return Kind.LIST if root.first("list-id") else Kind.CUSTOMER
