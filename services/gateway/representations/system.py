"""How the whole of it is, and how far a trial is."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.gateway.representations.basics import Representation


class TrialItem(Representation):
    """What an automation would do if it were saved now: to how many tickets at once, and to how many later."""

    sentence: str
    at_once: int
    later: int
    examples: list[int]
    """Numbers of some of those at once."""


class LedgerView(Representation):
    """The intake ledger: `accepted` is the sum of the states."""

    accepted: int
    ticketed: int
    suppressed: dict[str, int]
    quarantined: int
    failed: int
    in_flight: int
    late: int
    """In flight for more than a minute."""
    oldest_in_flight_at: datetime | None
    balanced: bool


class SourceItem(Representation):
    """The books of an IMAP or POP3 source: `seen` is the sum of the five numbers after it."""

    name: str
    kind: str
    address: str
    state: str
    held: int
    seen: int
    taken: int
    duplicate: int
    refused: int
    vanished: int
    passed: int
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    balanced: bool


class VirusScannerItem(Representation):
    """Whether mail is scanned, and how much of it waits for the scanner."""

    address: str | None
    held: int
    held_since: datetime | None
    reason: str | None


class ConsumerLag(Representation):
    name: str
    stream: str
    waiting: int
    """Events that the stream holds and the consumer has not been given."""
    unacknowledged: int
    missing: bool


class ParkedItem(Representation):
    service: str
    parked_id: UUID
    consumer: str
    projection: str | None = Field(
        description="The projection that went on without it: only postroom rebuild puts it in its place."
    )
    event: str
    stream_id: str
    error: str
    attempts: int
    parked_at: datetime


class Status(Representation):
    """How the whole of it is. What does not answer is in `silent`."""

    ledger: LedgerView | None
    sources: list[SourceItem]
    scanner: VirusScannerItem | None
    consumers: list[ConsumerLag]
    parked: list[ParkedItem]
    outgoing: str | None
    silent: list[str]
