"""What gateway asks of other services, by request and reply: each service reads its own schema only."""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.event import snake_case
from contracts.model import Instant, Model, Text


class Query(Model):
    """A question; it changes nothing, so it may be asked again."""

    service: ClassVar[str]

    @classmethod
    def subject(cls) -> str:
        return f"postroom.{cls.service}.query.{snake_case(cls.__name__)}"


class GetLedger(Query):
    """How many messages were accepted, and what became of them. Answer: `Ledger`."""

    service: ClassVar[str] = "ingest"


class Ledger(Model):
    """From one consistent read: `accepted` is the number of rows, the others count them by state."""

    accepted: int
    ticketed: int
    suppressed: dict[Text, int]
    quarantined: int
    failed: int
    in_flight: int
    oldest_in_flight_at: Instant | None = None

    @property
    def balanced(self) -> bool:
        """Every accepted message is in exactly one state."""
        settled = self.ticketed + sum(self.suppressed.values()) + self.quarantined + self.failed
        return self.accepted == settled + self.in_flight


class GetBlob(Query):
    """Bytes of a message, attachment, HTML or long text, a piece at a time.

    The answer's body is the piece itself; its header `Postroom-Size` is the whole size, and is absent if
    there is no such blob.
    """

    service: ClassVar[str] = "ingest"
    sha256: str
    offset: int = 0


class GetTransport(Query):
    """Where mail leaves. Answer: `Transport`."""

    service: ClassVar[str] = "notify"


class Transport(Model):
    kind: Literal["smtp", "maildir"]
    target: Text
    """`host:port` without credentials, or the folder."""


class GetReport(Query):
    """Run a report over `[since, until)`. Answer: `Report`, or `Refused`."""

    service: ClassVar[str] = "analytics"
    name: Text
    since: Instant | None = None
    until: Instant | None = None
    by: Text | None = None
    as_of: Instant | None = None


class ListReports(Query):
    """Answer: `ReportList`."""

    service: ClassVar[str] = "analytics"


class Column(Model):
    name: Text
    title: Text
    unit: Literal["text", "count", "seconds", "date", "percent"]


class ReportDescription(Model):
    name: Text
    title: Text
    description: Text
    by: tuple[Text, ...]
    """The ways it can be divided; the first is the default."""


class ReportList(Model):
    items: tuple[ReportDescription, ...]


class Report(Model):
    """A report's table; the figure in `rows[i][j]` belongs to `columns[j]`."""

    description: ReportDescription
    since: Instant
    until: Instant
    by: Text
    as_of: Instant
    time_zone: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text | int | float | None, ...], ...]
    totals: tuple[Text | int | float | None, ...] | None = None


class ListParked(Query):
    """What a service has parked. Answer: `ParkedList`. Every consuming service answers."""

    @classmethod
    def subject_of(cls, service: str) -> str:
        return f"postroom.{service}.query.list_parked"


class Parked(Model):
    """A message that a consumer could not handle, kept with its error until a person replays it."""

    parked_id: UUID
    consumer: Text
    event: Text
    event_id: UUID
    stream_id: Text
    error: Text
    attempts: int
    parked_at: Instant


class ParkedList(Model):
    items: tuple[Parked, ...]


class ReplayParked(Query):
    """Handle a parked message again. Answer: `Replayed`."""

    parked_id: UUID

    @classmethod
    def subject_of(cls, service: str) -> str:
        return f"postroom.{service}.command.replay_parked"


class Replayed(Model):
    done: bool
    error: Text | None = None
