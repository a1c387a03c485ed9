"""Events of notify: what became of mail that goes out. Stream of all: `reply-{reply_id}`."""

from typing import ClassVar
from uuid import UUID

from contracts.event import Event
from contracts.model import Instant, Text


class NotifyEvent(Event):
    service: ClassVar[str] = "notify"


class ReplySent(NotifyEvent):
    """The relay has taken it (or it lies in the Maildir)."""

    ticket_id: UUID
    reply_id: UUID
    internet_message_id: Text
    sent_at: Instant
    relay: Text
    answer: Text
    attempts: int


class ReplyDelayed(NotifyEvent):
    """The relay said 4xx or could not be reached; the same bytes are tried again."""

    ticket_id: UUID
    reply_id: UUID
    answer: Text
    attempts: int
    next_try_at: Instant


class ReplyFailed(NotifyEvent):
    """The relay refused it for good (5xx), or the tries are used up."""

    ticket_id: UUID
    reply_id: UUID
    answer: Text
    attempts: int


class ReplyUncertain(NotifyEvent):
    """The connection was lost after the message was handed over, twice: a person decides (RFC 1047)."""

    ticket_id: UUID
    reply_id: UUID
    answer: Text
    attempts: int


class NoticeEvent(NotifyEvent):
    """What became of a copy or an alert. Stream: `notice-{notice_id}`."""

    notice_id: UUID
    message_id: UUID
    """Of the message that it is about."""
    to: Text
    answer: Text
    """The relay's own words, or why it did not leave."""


class NoticeSent(NoticeEvent):
    """The relay has taken a copy or an alert."""


class NoticeFailed(NoticeEvent):
    """A copy or an alert did not leave, or nobody knows whether it did: it is not sent again."""
