"""A message as one line of the book: what ingest read in it, and where it stands. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.ingest import MessageHeld, Reading

UNREADABLE = "unreadable"
"""The problem of a message that the reader could make nothing of: its text is the bytes as they came."""
LONGEST_REASON = 200
"""Characters of a reason that is chosen in a list; an error is told in full on the message's own page."""


@dataclass(frozen=True, slots=True)
class Received:
    """What ingest said of a message; its newest reading counts."""

    message_id: UUID
    received_at: datetime
    source: str
    from_name: str
    from_address: str
    subject: str
    excerpt: str
    kind: str
    size: int
    attachments: int
    unreadable: bool
    scan: str | None
    """What the virus scanner says; None if there is none."""
    held: str | None
    """Why it waits for the scanner; None if it does not."""


def received(item: Recorded[Event]) -> Received | None:
    """The line that ingest begins or writes anew; None if it says nothing of a message."""
    match item.event:
        case MessageHeld(envelope=envelope) as held:
            return Received(
                message_id=held.message_id,
                received_at=item.occurred_at,
                source=held.source,
                from_name="",
                from_address=envelope.mail_from,
                subject="",
                excerpt="",
                kind="customer",
                size=held.size,
                attachments=0,
                unreadable=False,
                scan=None,
                held=held.reason,
            )
        case Reading(letter=letter) as reading:
            return Received(
                message_id=letter.message_id,
                received_at=letter.received_at,
                source=reading.source,
                from_name=letter.from_.name if letter.from_ else "",
                from_address=letter.from_.address if letter.from_ else "",
                subject=letter.subject,
                excerpt=letter.excerpt,
                kind=letter.kind,
                size=reading.size,
                attachments=letter.attachments,
                unreadable=UNREADABLE in reading.problems,
                scan=reading.scan.verdict if reading.scan else None,
                held=None,
            )
        case _:
            return None
