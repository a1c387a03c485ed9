"""Events of ingest: mail that was taken in."""

from typing import Annotated, ClassVar
from uuid import UUID

from contracts.event import Event
from contracts.mail import Attachment, Authentication, LetterHead, Scan, SmtpEnvelope
from contracts.model import Personal, Text, Words

MAX_TEXT = 256 * 1024
"""Bytes of text that travel in an event; a longer text is fetched whole by `text_sha256`."""


class IngestEvent(Event):
    service: ClassVar[str] = "ingest"


class MessageHeld(IngestEvent):
    """A message is stored and accounted for, and waits for the virus scanner. Stream: `message-{message_id}`."""

    message_id: UUID
    sha256: Annotated[str, Personal("")]
    """Of the bytes as received."""
    size: int
    source: Text
    envelope: SmtpEnvelope
    ticketbox_id: UUID | None = None
    authentication: Authentication | None = None
    reason: Text
    """Why the scanner gave no answer."""


class Reading(IngestEvent):
    """What was read in a message. Stream: `message-{message_id}`."""

    letter: LetterHead
    sha256: Annotated[str, Personal("")]
    """Of the bytes as received; they are fetched by it."""
    size: int
    source: Text
    """Where it came from: `smtp`, `lmtp`, `imap:NAME`, `pop3:NAME`, `form:TICKETBOX` or `api`."""
    envelope: SmtpEnvelope
    ticketbox_id: UUID | None = None
    """Whose addresses the recipients are, as intake knew them; None: it did not ask."""
    text: Words
    """The best plain text, cut at `MAX_TEXT`."""
    text_sha256: Annotated[str | None, Personal(None)] = None
    """Where the whole text is, if `text` was cut."""
    reply: Annotated[Text | None, Personal(None)] = None
    """What its author newly wrote; None if that is all of `text`."""
    html_sha256: Annotated[str | None, Personal(None)] = None
    attachments: tuple[Attachment, ...] = ()
    headers: Annotated[tuple[tuple[Text, Text], ...], Personal(())] = ()
    """Decoded, for rules; bounded in number and length."""
    problems: tuple[Text, ...] = ()
    authentication: Authentication | None = None
    """None: nobody looked."""
    scan: Scan | None = None
    """None: no scanner is set up."""


class MessageReceived(Reading):
    """A message is stored, accounted for and read: it may be routed."""


class MessageReread(Reading):
    """A person had a message read again by a newer reader."""

    reread_by: UUID
