"""What sort of mail a message is. In doubt it is a customer's: what a person should read must not be put aside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.automatic import is_auto_reply
from services.ingest.reading.bounces import Failure, Report, find_report
from services.ingest.reading.bounces.failure import Action
from services.ingest.reading.feedback import find_feedback
from services.ingest.reading.invitations import is_invitation
from services.ingest.reading.letter import Bounce, Feedback
from services.ingest.reading.lists import is_list_mail
from services.ingest.reading.part import Part

_KEYWORD = re.compile(r"\s*([\w-]{1,40})")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The sort of a message, and what it reports."""

    kind: Kind
    bounce: Bounce | None = None
    feedback: Feedback | None = None
    auto_submitted: str | None = None
    """The keyword of RFC 3834 §5, in lower case."""
    marker: str | None = None
    """The domain in the mark that a Postroom leaves in its mail. Only who knows our domains can say whether it is ours:
    others have a Postroom too, and their people write to us."""


def judge(root: Part, text: str, mail_from: str | None = None) -> Judgement:
    """Say what sort of mail a message is by its structure, its header and, last, its words.

    `text` is what a person reads of it; `mail_from` is the sender of the envelope where that is known, and is empty for
    the null sender.
    """
    headers = {name.lower(): value for name, value in reversed(root.headers)}
    if mail_from is not None:
        headers["return-path"] = f"<{mail_from}>"
    keyword = _KEYWORD.match(headers.get("auto-submitted", ""))
    return replace(
        _sort(root, headers, text),
        auto_submitted=keyword.group(1).lower() if keyword else None,
        marker=headers.get(LOOP_HEADER.lower(), "").strip().lower() or None,
    )


def _sort(root: Part, headers: Mapping[str, str], text: str) -> Judgement:
    """The order matters: reports come first, since they are automatic too and may come through lists."""
    if feedback := find_feedback(root, headers):
        return Judgement(Kind.FEEDBACK, feedback=feedback)
    if report := find_report(root, headers, text):
        return _reported(report)
    if is_invitation(root):
        return Judgement(Kind.CALENDAR)
    if is_auto_reply(headers, text):
        return Judgement(Kind.AUTO_REPLY)
    return Judgement(Kind.LIST if is_list_mail(headers) else Kind.CUSTOMER)


def _reported(report: Report) -> Judgement:
    if report.challenge:
        return Judgement(Kind.AUTO_REPLY)
    if report.arrived:
        return Judgement(Kind.FEEDBACK, feedback=Feedback(report.arrived, report.original_message_id))
    worst = next(iter(report.missed), Failure())
    return Judgement(
        Kind.BOUNCE,
        bounce=Bounce(
            recipient=worst.recipient,
            hard=worst.hard,
            status=worst.status,
            code=worst.code,
            reason=worst.reason,
            original_message_id=report.original_message_id,
            delayed=worst.action is Action.DELAYED,
        ),
    )
