"""A message: its line in a list, its custody, its files and who stands behind it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.gateway.representations.basics import Contact, Representation


class AttachmentItem(Representation):
    name: str
    type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    url: str


class AuthenticationResultItem(Representation):
    """One result of one method (RFC 8601)."""

    method: str
    result: str
    domain: str | None
    detail: str


class Sender(Representation):
    """Whether a letter is from whom it says; `verdict` is null where that cannot be told either way."""

    verdict: Literal["verified", "failed"] | None
    domain: str | None
    by: str
    """Who found that out: `postroom`, or the upstream that is trusted."""
    results: list[AuthenticationResultItem]


class Letter(Representation):
    """A message that came in. `text` is all of it, `reply` what its author newly wrote."""

    message_id: UUID
    from_: Contact | None = Field(serialization_alias="from")
    to: list[Contact]
    cc: list[Contact]
    subject: str
    received_at: datetime
    sent_at: datetime | None
    kind: str
    text: str | None
    """None for a moment, until the letter itself has come to the read model."""
    reply: str | None
    text_sha256: str | None
    html: bool
    attachments: list[AttachmentItem]
    scan: str | None
    """What the virus scanner said of it and its files; null: there was none."""
    problems: list[str]
    sender: Sender | None
    """Null: nobody looked."""
    withheld: str | None
    """Why its attachments are not given out; null if they are."""
    threaded_by: str | None


class Step(Representation):
    """One step of a message's custody."""

    at: datetime
    service: str
    event: str
    sentence: str
    evidence: dict[str, object]


class Custody(Representation):
    """Everything that happened to one message."""

    message_id: UUID
    state: str
    reason: str | None
    ticket: int | None
    letter: Letter | None
    """As it was read last; null for an answer of ours, and for what waits for the virus scanner."""
    withheld: str | None
    """Why its bytes are given to administrators only, and its attachments to nobody; null if they are given out."""
    why: Step | None
    """The step that brought it into its state."""
    steps: list[Step]


class MessageItem(Representation):
    """A message as a line of a list."""

    message_id: UUID
    received_at: datetime
    source: str
    from_: Contact | None = Field(serialization_alias="from")
    subject: str
    excerpt: str
    kind: str
    size: int
    attachments: int
    unreadable: bool
    """The reader could make nothing of it: its text is the bytes as they came."""
    scan: str | None
    """What the virus scanner said: `clean`, `infected` or `unscannable`; null: there was none."""
    held: str | None
    """Why it waits for the virus scanner."""
    state: str
    reason: str | None
    ticket: int | None


class ReadAgainResult(Representation):
    """`changed` is false if this release reads the message as it was read before."""

    changed: bool
    message: MessageItem


class TakenIn(Representation):
    """A letter that a program handed in is stored, and accounted for in the ledger."""

    message_id: UUID
    duplicate: bool
    """It had come before, by this way or another."""
    custody: str
    """Where everything is that happens to it."""
