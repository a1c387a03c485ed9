"""What sort of mail a message is. In doubt it is a customer's: what a person should read must not be put aside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.mail import LOOP_HEADER, Kind
from services.ingest.reading.automatic import is_auto_reply
from services.ingest.reading.bounces import Failure, Report, find_report
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


def judge(root: Part, text: str) -> Judgement:
    """Say what sort of mail a message is by its structure, its header and, last, its words.

    `text` is what a person reads of it.
    """
    headers = {name.lower(): value for name, value in reversed(root.headers)}
    keyword = _KEYWORD.match(headers.get("auto-submitted", ""))
    return replace(_sort(root, headers, text), auto_submitted=keyword.group(1).lower() if keyword else None)


def _sort(root: Part, headers: Mapping[str, str], text: str) -> Judgement:
    """The order matters: reports come first, since they are automatic too and may come through lists.

    Only the header of the message itself is asked for our mark, so a bounce that returns a message of ours is a bounce.
    """
    if LOOP_HEADER.lower() in headers:
        return Judgement(Kind.LOOP)
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
        ),
    )
