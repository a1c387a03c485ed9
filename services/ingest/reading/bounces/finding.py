"""Finds what a message reports about the delivery of another one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.ingest.reading.bounces import fields
from services.ingest.reading.bounces.address import ADDRESS, MOST_RECIPIENTS
from services.ingest.reading.bounces.causes import cause_of
from services.ingest.reading.bounces.failure import Action, Failure
from services.ingest.reading.bounces.notice import Answer, Notice, notice_in
from services.ingest.reading.bounces.recipients import recipients_in
from services.ingest.reading.bounces.recognition import Sender, is_bounce, is_rejection, sender_of
from services.ingest.reading.message_ids import message_ids
from services.ingest.reading.part import Part
from services.ingest.reading.returned import (
    is_returned,
    message_id_in,
    message_id_of,
    outside_of_messages,
)
from services.ingest.reading.words import folded, phrases, says

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_CHALLENGES = phrases("bounces", "said.challenge")
_FIELDS_IN_TEXT = re.compile(r"^(?:Final-Recipient|Original-Recipient)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ANY_ADDRESS = re.compile(ADDRESS)
_SEARCHED = 100_000


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message, a failure for each recipient."""

    failures: tuple[Failure, ...]
    original_message_id: str | None
    challenge: bool = False
    """It waits at the server until its sender proves to be a person."""

    @property
    def arrived(self) -> Action | None:
        """What it says if it tells of success only."""
        actions = [failure.action for failure in self.failures]
        return actions[0] if actions and all(action and action.arrived for action in actions) else None

    @property
    def missed(self) -> tuple[Failure, ...]:
        """Those that the message did not reach: for good first, then for now, then where nothing tells."""
        missed = [failure for failure in self.failures if not (failure.action and failure.action.arrived)]
        return tuple(sorted(missed, key=lambda failure: (True, False, None).index(failure.hard)))


def find_report(root: Part, headers: Mapping[str, str], text: str) -> Report | None:
    """Read a message as a report about a delivery; None if it is none.

    `headers` are those of the message by name in lower case; `text` is what a person reads of it.
    """
    sender = sender_of(headers)
    declared = "delivery" in root.parameters.get("report-type", "").lower()
    if root.type not in {"multipart/report", *STATUS_TYPES} and sender is Sender.PERSON:
        return None
    parts = _parts(root, declared=declared)
    status = _status(root, parts, headers, sender)
    notice = notice_in("" if root.type in STATUS_TYPES else _words_above(parts, text))
    reported = fields.failures_in(status)
    recipients = () if reported else _recipients(headers, notice)
    known = declared or status
    if not known and not _is_bounce(sender, headers, parts, notice, recipients):
        return None
    return Report(
        failures=_completed(reported, notice) if reported else _told(recipients, notice),
        original_message_id=_original_message_id(headers, parts, status, notice),
        challenge=_challenges(notice, reported),
    )


def _parts(root: Part, *, declared: bool) -> tuple[Part, ...]:
    """The parts of the report; a gateway may have put the whole of it into another one."""
    parts = tuple(outside_of_messages(root))
    if declared and not any(part.type in STATUS_TYPES for part in parts):
        inner = (part.parts[0] for part in parts if is_returned(part) and part.parts)
        wrapped = next((message for message in inner if message.type == "multipart/report"), None)
        return tuple(outside_of_messages(wrapped)) if wrapped else parts
    return parts


def _status(root: Part, parts: tuple[Part, ...], headers: Mapping[str, str], sender: Sender) -> str:
    """The delivery status fields. Outside of a report they count only if no person sent them: people forward them."""
    if root.type not in {"multipart/report", *STATUS_TYPES} and sender is Sender.MACHINE:
        return ""
    types = STATUS_TYPES | _RECEIPT_TYPES if is_rejection(headers) else STATUS_TYPES
    for part in parts:
        if part.type in types:
            return part.text[:_SEARCHED]
    texts = (
        part.text[:_SEARCHED] for part in parts if part.type.startswith("text/") and not is_returned(part)
    )
    return next((text for text in texts if _FIELDS_IN_TEXT.search(text)), "")


def _words_above(parts: tuple[Part, ...], text: str) -> str:
    plain = (part.text for part in parts if part.type == "text/plain" and part.text.strip())
    return next(plain, text)


def _is_bounce(
    sender: Sender,
    headers: Mapping[str, str],
    parts: tuple[Part, ...],
    notice: Notice,
    recipients: tuple[str, ...],
) -> bool:
    return is_bounce(
        sender,
        headers.get("subject", ""),
        notice,
        returned=bool(notice.returned) or any(is_returned(part) for part in parts),
        recipients=bool(recipients),
    )


def _original_message_id(
    headers: Mapping[str, str], parts: tuple[Part, ...], status: str, notice: Notice
) -> str | None:
    """From the returned message, from the fields, from a copy in the text, or from what the report answers."""
    for part in parts:
        if is_returned(part) and (found := message_id_of(part)):
            return found
    answered = message_ids((headers.get("in-reply-to", "")[:2000], headers.get("references", "")[:2000]))
    return (
        fields.original_message_id(status)
        or message_id_in(notice.returned)
        or message_id_in("\n".join(line.text for line in notice.lines))
        or next(iter(answered), None)
    )


def _challenges(notice: Notice, reported: tuple[Failure, ...]) -> bool:
    return says(notice.words, _CHALLENGES) or any(
        says(folded(one.words or ""), _CHALLENGES) for one in reported
    )


def _recipients(headers: Mapping[str, str], notice: Notice) -> tuple[str, ...]:
    if named := _ANY_ADDRESS.findall(headers.get("x-failed-recipients", "")[:10_000]):
        return tuple(named[:MOST_RECIPIENTS])
    author = _ANY_ADDRESS.findall(headers.get("from", "")[:2000])
    receiver = _ANY_ADDRESS.findall(headers.get("to", "")[:2000])
    domain = author[0].rpartition("@")[2] if author else ""
    return recipients_in(notice, [*author, *receiver], domain)


def _completed(reported: tuple[Failure, ...], notice: Notice) -> tuple[Failure, ...]:
    """What the fields leave out stands in the words above them."""
    nameless = any(failure.recipient is None for failure in reported)
    named = next(iter(recipients_in(notice)), None) if nameless else None
    answers = notice.answers([failure.recipient or named for failure in reported])
    return tuple(
        failure if failure.action and failure.action.arrived else _complete(failure, named, answer, notice)
        for failure, answer in zip(reported, answers, strict=True)
    )


def _complete(failure: Failure, named: str | None, answer: Answer, notice: Notice) -> Failure:
    status = failure.status or answer.status
    words = failure.words or answer.words
    return replace(
        failure,
        recipient=failure.recipient or named,
        action=failure.action or Action.FAILED,
        status=status,
        code=failure.code or answer.code,
        words=words,
        cause=cause_of(words or "", status) or notice.cause,
    )


def _told(recipients: tuple[str, ...], notice: Notice) -> tuple[Failure, ...]:
    """What the words alone tell, also where they name nobody."""
    someone: tuple[str | None, ...] = recipients or (None,)
    answers = zip(someone, notice.answers(someone), strict=True)
    return tuple(_tell(recipient, answer, notice) for recipient, answer in answers)


def _tell(recipient: str | None, answer: Answer, notice: Notice) -> Failure:
    permanent = "5" in {(answer.status or "-")[0], (answer.code or "-")[0]}
    failed = Action.FAILED if notice.fails or permanent else None
    return Failure(
        recipient=recipient,
        action=Action.DELAYED if notice.delays and not permanent else failed,
        status=answer.status,
        code=answer.code,
        words=answer.words,
        cause=cause_of(answer.words or "", answer.status) or notice.cause,
    )
