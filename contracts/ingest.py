"""Events of ingest: mail that was taken in."""

from typing import ClassVar

from contracts.event import Event
from contracts.mail import Attachment, LetterHead, SmtpEnvelope
from contracts.model import Text

MAX_TEXT = 256 * 1024
"""Bytes of text that travel in an event; a longer text is fetched whole by `text_sha256`."""


class IngestEvent(Event):
    service: ClassVar[str] = "ingest"


class MessageReceived(IngestEvent):
    """A message is stored and accounted for. Stream: `message-{message_id}`."""

    letter: LetterHead
    sha256: str
    """Of the bytes as received; they are fetched by it."""
    size: int
    source: Text
    """Where it came from: `smtp`, `imap:NAME` or `pop3:NAME`."""
    envelope: SmtpEnvelope
    text: Text
    """The best plain text, cut at `MAX_TEXT`."""
    text_sha256: str | None = None
    """Where the whole text is, if `text` was cut."""
    reply: Text | None = None
    """What its author newly wrote; None if that is all of `text`."""
    html_sha256: str | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[Text, Text], ...] = ()
    """Decoded, for rules; bounded in number and length."""
    problems: tuple[Text, ...] = ()
