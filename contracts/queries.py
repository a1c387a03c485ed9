"""What gateway asks of other services, by request and reply: each service reads its own schema only."""

from datetime import date
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


LATE_SECONDS = 60
"""A message that is in flight for longer is an alert."""


class GetLedger(Query):
    """How many messages were accepted, and what became of them. Answer: `Ledger`."""

    service: ClassVar[str] = "ingest"


class Ledger(Model):
    """From one consistent read: `accepted` counts what came in, the others what became of it."""

    accepted: int
    ticketed: int
    suppressed: dict[Text, int]
    quarantined: int
    failed: int
    in_flight: int
    late: int = 0
    """Of those in flight, how many have been so for more than `LATE_SECONDS`."""
    oldest_in_flight_at: Instant | None = None
    """Since when the oldest of them is in flight: since it came in, or was released."""

    @property
    def balanced(self) -> bool:
        """Every accepted message is in exactly one state."""
        settled = self.ticketed + sum(self.suppressed.values()) + self.quarantined + self.failed
        return self.accepted == settled + self.in_flight


class GetSources(Query):
    """What each IMAP and POP3 source holds and what was taken of it. Answer: `Sources`."""

    service: ClassVar[str] = "ingest"


class SourceBooks(Model):
    """The books of one source: `seen` is the sum of the five numbers after it."""

    name: Text
    kind: Literal["imap", "pop3"]
    address: Text
    """Of the ticketbox that its mail is for."""
    state: Literal["connecting", "fetching", "watching", "sign_in_refused", "failing"]
    held: int
    """Messages in the mailbox when it was last looked at."""
    seen: int
    taken: int
    duplicate: int
    """Had been taken before, by this way or another."""
    refused: int
    """Left in the mailbox: too large, or the server does not give them."""
    vanished: int
    """Were listed, and gone before they could be fetched."""
    passed: int
    """Were there before the source was set up to begin with what is new."""
    last_success_at: Instant | None = None
    last_error: Text | None = None
    last_error_at: Instant | None = None

    @property
    def balanced(self) -> bool:
        return self.seen == self.taken + self.duplicate + self.refused + self.vanished + self.passed


class Sources(Model):
    items: tuple[SourceBooks, ...]


class GetVirusScanner(Query):
    """Whether mail is scanned for viruses, and how much waits for it. Answer: `VirusScanner`."""

    service: ClassVar[str] = "ingest"


class VirusScanner(Model):
    address: Text | None
    """Where clamd listens; None: mail is not scanned."""
    held: int
    """Accepted messages that wait for it."""
    held_since: Instant | None
    reason: Text | None
    """Why they wait."""


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
    """Run a report over `[since, until)`. Answer: `Report`, or `Refused`.

    A date is the beginning of that day in the installation's time zone. Without them: the 30 days up to and with
    the day of `as_of`.
    """

    service: ClassVar[str] = "analytics"
    name: Text
    since: Instant | date | None = None
    until: Instant | date | None = None
    by: Text | None = None
    """One of the description's `by`; None: the first."""
    as_of: Instant | None = None
    """Only what was recorded up to this moment counts; None: now."""
    ticketbox_ids: tuple[UUID, ...] | None = None
    """Only what is in these ticketboxes counts; None: everything, also what is in none yet."""


class ListReports(Query):
    """Answer: `ReportList`."""

    service: ClassVar[str] = "analytics"


Unit = Literal["text", "count", "decimal", "percent", "seconds", "date", "month", "hour"]
"""How a column's values are to be read.

Texts: `text`, and in the report's time zone `date` (2026-03-02), `month` (2026-03) and `hour`
(2026-03-02T08:00:00+01:00). Numbers: `count` (whole), `decimal`, `percent` (0 to 100) and `seconds`.
"""


class Column(Model):
    name: Text
    title: Text
    unit: Unit


class Chart(Model):
    """What of a report is drawn, by the names of its columns."""

    shape: Literal["bars", "horizontal_bars"]
    """`bars` stand side by side in the order of time, `horizontal_bars` have names beside them."""
    label: Text
    value: Text


class ReportDescription(Model):
    name: Text
    title: Text
    description: Text
    by: tuple[Text, ...]
    """The ways it can be divided; the first is the default."""


class ReportList(Model):
    items: tuple[ReportDescription, ...]


Cell = Text | int | float | None


class Report(Model):
    """A report's table; the figure in `rows[i][j]` belongs to `columns[j]`, and so does `totals[j]`."""

    description: ReportDescription
    since: Instant
    until: Instant
    by: Text
    as_of: Instant
    time_zone: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...]
    chart: Chart


class ListParked(Query):
    """What a service has parked, in all or of one stream. Answer: `ParkedList`. Every consuming service answers."""

    stream_id: Text | None = None

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
