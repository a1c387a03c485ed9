"""Finds what a message reports about the delivery of another one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.ingest.reading.bounces import fields
from services.ingest.reading.bounces.causes import cause_of
from services.ingest.reading.bounces.failure import Action, Failure
from services.ingest.reading.bounces.notice import CHALLENGES, Notice, answer_in, notice_in
from services.ingest.reading.bounces.recipients import ADDRESS, recipients_in
from services.ingest.reading.bounces.recognition import Sender, is_bounce, sender_of
from services.ingest.reading.bounces.returned import (
    is_returned,
    message_id_in,
    message_id_of,
    outside_of_messages,
    receiver_of,
)
from services.ingest.reading.part import Part
from services.ingest.reading.words import folded, says

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_TYPES = frozenset({"message/disposition-notification"})
_FIELDS_IN_TEXT = re.compile(r"^(?:Final-Recipient|Original-Recipient)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ANY_ADDRESS = re.compile(ADDRESS)
_ANY_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
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
    def worst(self) -> Failure:
        """The recipient that matters most: failed for good, then failed for now, then not known."""
        missed = [failure for failure in self.failures if not (failure.action and failure.action.arrived)]
        return max(missed, key=lambda failure: (True, False, None).index(failure.hard) * -1, default=Failure())


def find_report(root: Part, headers: Mapping[str, str], text: str) -> Report | None:
    """Read a message as a report about a delivery; None if it is none.

    `headers` are those of the message by name in lower case; `text` is what a person reads of it.
    """
    sender = sender_of(headers)
    parts = tuple(outside_of_messages(root))
    declared = "delivery" in (root.parameters or {}).get("report-type", "").lower()
    status = _status(root, parts, headers, sender)
    if status is None and not declared and sender is Sender.PERSON:
        return None
    notice = _notice(parts, text)
    reported = fields.failures_in(status or "")
    original = _original_message_id(headers, parts, status or "", notice)
    challenge = says(notice.words, CHALLENGES) or any(says(folded(one.words or ""), CHALLENGES) for one in reported)
    if reported:
        return Report(tuple(_completed(failure, notice) for failure in reported), original, challenge)
    if declared and (wrapped := _wrapped(parts)):
        return wrapped
    returned = [part for part in parts if is_returned(part)]
    recipients = _recipients(headers, notice)
    answer = answer_in(notice)
    if declared or is_bounce(
        sender,
        headers.get("subject", ""),
        notice,
        answered=bool(answer.status or answer.code),
        returned=bool(returned or notice.returned),
        recipients=bool(recipients),
    ):
        sent_to = _ANY_ADDRESS.findall(next((to for part in returned if (to := receiver_of(part))), ""))
        return Report(_failures(recipients, notice), original, challenge)
    return None


def _status(root: Part, parts: tuple[Part, ...], headers: Mapping[str, str], sender: Sender) -> str | None:
    """The delivery status fields. Outside of a report they count only if no person sent them: people forward them."""
    if root.type not in {"multipart/report", *STATUS_TYPES} and sender in {Sender.PERSON, Sender.NAMELESS}:
        return None
    types = STATUS_TYPES | _RECEIPT_TYPES if is_rejection(headers) else STATUS_TYPES
    for part in parts:
        if part.type in types:
            return _text_of(part)
    for part in parts:
        if not part.parts and not is_returned(part) and _FIELDS_IN_TEXT.search(part.text[:_SEARCHED]):
            return _text_of(part)
    return None


def is_rejection(headers: Mapping[str, str]) -> bool:
    """A receipt by which a filter refuses a message (RFC 5429 §2.2.1) is a bounce."""
    return "(rejected)" in headers.get("auto-submitted", "").lower()


def _text_of(part: Part) -> str:
    return (part.text or part.content[:_SEARCHED].decode("utf-8", "replace"))[:_SEARCHED]


def _notice(parts: tuple[Part, ...], text: str) -> Notice:
    plain = (part.text for part in parts if part.type == "text/plain" and part.text.strip())
    return notice_in(next(plain, text))


def _wrapped(parts: tuple[Part, ...]) -> Report | None:
    """A gateway may put a report into another message."""
    inner = next((part.parts[0] for part in parts if part.parts and is_returned(part)), None)
    if inner is None or inner.type != "multipart/report":
        return None
    return find_report(inner, {name.lower(): value for name, value in reversed(inner.headers)}, "")


def _original_message_id(
    headers: Mapping[str, str], parts: tuple[Part, ...], status: str, notice: Notice
) -> str | None:
    """From the returned message, from the fields, from a copy in the text, or from what the report answers."""
    for part in parts:
        if is_returned(part) and (found := message_id_of(part)):
            return found
    answers = _ANY_MESSAGE_ID.search((headers.get("in-reply-to") or headers.get("references") or "")[:2000])
    return (
        fields.original_message_id(status)
        or message_id_in(notice.returned)
        or message_id_in("\n".join(notice.said))
        or (answers.group() if answers else None)
    )


def _recipients(headers: Mapping[str, str], notice: Notice) -> tuple[str, ...]:
    if named := _ANY_ADDRESS.findall(headers.get("x-failed-recipients", "")[:10_000]):
        return tuple(named)
    author = _ANY_ADDRESS.findall(headers.get("from", "")[:2000])
    receiver = _ANY_ADDRESS.findall(headers.get("to", "")[:2000])
    domain = author[0].rpartition("@")[2] if author else ""
    return recipients_in(notice, [*author, *receiver], domain)


def _completed(failure: Failure, notice: Notice) -> Failure:
    """What the fields leave out stands in the words above them."""
    if failure.action and failure.action.arrived:
        return failure
    recipient = failure.recipient or next(iter(recipients_in(notice)), None)
    answer = answer_in(notice, recipient)
    status = failure.status or answer.status
    words = failure.words or answer.words
    return replace(
        failure,
        recipient=recipient,
        action=failure.action or Action.FAILED,
        status=status,
        code=failure.code or answer.code,
        words=words,
        cause=cause_of(words or "", status) or cause_of(notice.words, None),
    )


def _failures(recipients: tuple[str, ...], notice: Notice) -> tuple[Failure, ...]:
    found = []
    for recipient in recipients or (None,):
        answer = answer_in(notice, recipient)
        permanent = "5" in {(answer.status or "-")[0], (answer.code or "-")[0]}
        if notice.delays and not permanent:
            action: Action | None = Action.DELAYED
        else:
            action = Action.FAILED if notice.fails or permanent else None
        found.append(
            Failure(
                recipient=recipient,
                action=action,
                status=answer.status,
                code=answer.code,
                words=answer.words,
                cause=cause_of(answer.words or "", answer.status) or cause_of(notice.words, None),
            )
        )
    return tuple(found)
