"""The signed mark of a form that was opened: whoever sends one has read the page, and took his time."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

QUICKEST = timedelta(seconds=3)
"""Nobody reads the page and writes something in less."""
LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Visit:
    """A form was opened: `number` tells it from all others."""

    opened_at: datetime
    number: UUID


def mark(visit: Visit, ticketbox_id: UUID, key: bytes) -> str:
    """What the page carries of a visit."""
    seconds = int(visit.opened_at.timestamp())
    return f"{seconds}.{visit.number.hex}.{_signature(seconds, visit.number, ticketbox_id, key)}"


def visit_of(text: str, ticketbox_id: UUID, key: bytes) -> Visit | None:
    """The visit behind a mark, however old; None if we made no such mark for this ticketbox."""
    try:
        seconds, number, signature = text.split(".")
        visit = Visit(datetime.fromtimestamp(int(seconds), UTC), UUID(hex=number))
    except (ValueError, OverflowError, OSError):
        return None
    expected = _signature(int(seconds), visit.number, ticketbox_id, key)
    return visit if hmac.compare_digest(signature.encode(), expected.encode()) else None


def _signature(seconds: int, number: UUID, ticketbox_id: UUID, key: bytes) -> str:
    return hmac.digest(key, f"{ticketbox_id} {seconds} {number}".encode(), "sha256").hex()
