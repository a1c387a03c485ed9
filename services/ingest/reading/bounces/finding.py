"""Finds what a message reports about the delivery of another one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.ingest.reading.bounces import fields
from services.ingest.reading.bounces.causes import cause_of
from services.ingest.reading.bounces.failure import Action, Failure
from services.ingest.reading.bounces.notice import Notice, answer_in, notice_in, recipients_in
from services.ingest.reading.bounces.recognition import Sender, is_bounce, sender_of, speaks_of_failure
from services.ingest.reading.bounces.returned import is_returned, message_id_in, message_id_of, outside_of_messages
from services.ingest.reading.bounces.wording import DELAYS, GIVEN_UP, says
from services.ingest.reading.part import Part

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FIELDS_IN_TEXT = re.compile(r"^(?:Final-Recipient|Original-Recipient)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,128}@[^\s<>,;:\"()]{1,255}")
_SEARCHED = 200_000


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message, a failure for each recipient."""

    failures: tuple[Failure, ...]
    original_message_id: str | None

    @property
    def arrived(self) -> Action | None:
        """What it says if it tells of success only."""
        actions = [failure.action for failure in self.failures]
        return actions[0] if actions and all(action and action.arrived for action in actions) else None

    @property
    def worst(self) -> Failure:
        """The recipient that matters most: failed for good, before failed for now, before not known."""
        ranked = [failure for failure in self.failures if not (failure.action and failure.action.arrived)]
        return max(ranked, key=lambda failure: {True: 2, False: 1, None: 0}[failure.hard], default=Failure())


def find_report(root: Part, headers: Mapping[str, str], text: str) -> Report | None:
    """Read a message as a report about a delivery; None if it is none.

    `headers` are those of the message by name in lower case; `text` is what a person reads of it.
    """
    parts = tuple(outside_of_messages(root))
    sender = sender_of(headers)
    declared = root.type == "multipart/report" and "delivery" in (root.parameters or {}).get("report-type", "").lower()
    subject = headers.get("subject", "")
    status = _status_text(root, parts, sender)
    if status is None and not declared and sender is Sender.PERSON:
        return None
    notice = _notice(root, parts, text)
    original = _original_message_id(headers, parts, status or "", notice)
    if status is not None and (failures := fields.failures_in(status)):
        return Report(tuple(_completed(failure, notice) for failure in failures), original)
    returned = any(is_returned(part) for part in parts) or bool(notice.returned)
    written_to = _ADDRESS.findall(headers.get("to", "")[:2000]) + _ADDRESS.findall(headers.get("from", "")[:2000])
    named = tuple(_ADDRESS.findall(headers.get("x-failed-recipients", "")[:10_000]))
    recipients = named or recipients_in(notice, written_to)
    answered = any(answer_in(notice, None)[:2])
    if declared or status is not None or is_bounce(sender, subject, notice, answered=answered, returned=returned):
        return Report(_failures(recipients, notice), original)
    return None


def _status_text(root: Part, parts: tuple[Part, ...], sender: Sender) -> str | None:
    """The delivery status fields. Outside of a report they count only if no person sent them: people forward them too."""
    trusted = root.type in {"multipart/report", *STATUS_TYPES} or sender is not Sender.PERSON
    if not trusted:
        return None
    for part in parts:
        if part.type in STATUS_TYPES:
            return part.text or part.content[:_SEARCHED].decode("utf-8", "replace")
    for part in parts:
        if not part.parts and part.text and not is_returned(part) and _FIELDS_IN_TEXT.search(part.text[:_SEARCHED]):
            return part.text[:_SEARCHED]
    return None


def _notice(root: Part, parts: tuple[Part, ...], text: str) -> Notice:
    plain = [part.text for part in parts if part.type == "text/plain" and part.text.strip()]
    return notice_in(plain[0] if plain else text)


def _original_message_id(
    headers: Mapping[str, str], parts: tuple[Part, ...], status: str, notice: Notice
) -> str | None:
    """From the returned message, from the fields, from a copy in the text, or from what the report answers."""
    for part in parts:
        if is_returned(part) and (found := message_id_of(part)):
            return found
    answers = re.search(r"<[^<>\s]{1,500}>", headers.get("in-reply-to") or headers.get("references") or "")
    return (
        fields.original_message_id(status)
        or message_id_in(notice.returned)
        or message_id_in("\n".join(notice.said))
        or (answers.group() if answers else None)
    )


def _completed(failure: Failure, notice: Notice) -> Failure:
    """What the fields leave out stands in the words above them."""
    if failure.action and failure.action.arrived:
        return failure
    recipient = failure.recipient or next(iter(recipients_in(notice, ())), None)
    status, code, reason = answer_in(notice, recipient)
    return replace(
        failure,
        recipient=recipient,
        status=failure.status or status,
        code=failure.code or code,
        reason=failure.reason or reason,
        cause=failure.cause or cause_of(notice.words),
    )


def _failures(recipients: tuple[str, ...], notice: Notice) -> tuple[Failure, ...]:
    delayed = says(notice.words, DELAYS)
    found = []
    for recipient in recipients or (None,):
        status, code, reason = answer_in(notice, recipient)
        found.append(
            Failure(
                recipient=recipient,
                action=Action.DELAYED if delayed else None,
                status=status,
                code=code,
                reason=reason,
                cause=cause_of(notice.words),
                given_up=says(notice.words, GIVEN_UP),
            )
        )
    return tuple(found)
