"""What services ask of each other, most of it gateway, by request and reply: each service reads its own schema only."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.bulk import Actions
from contracts.desk import Automation, Calendar, Policy
from contracts.model import Instant, Model, Text
from contracts.requests import Errand, Query
from contracts.rulesets import Rule

LONGEST_PIECE = 200
"""Of a list that is answered in pieces."""
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


class MayManage(Query):
    """Whether somebody manages a ticketbox, whichever it is. Answer: `Permission`."""

    service: ClassVar[str] = "tickets"
    person_id: UUID


class Permission(Model):
    granted: bool


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


class GetRuleFigures(Query):
    """How often each rule held, by version of the ruleset. Answer: `RuleFiguresList`."""

    service: ClassVar[str] = "router"


class RuleFigures(Model):
    ruleset_version: int
    rule: Text
    hits: int
    failures: int
    """Messages for which it had no answer; it did not hold for them."""
    last_hit_at: Instant | None
    last_error: Text | None


class RuleFiguresList(Model):
    items: tuple[RuleFigures, ...]


class TrialQuery(Query):
    """How far a trial is, what it found, and a piece of what would be otherwise."""

    kind: Text | None = None
    """Only changes of this kind."""
    after: int = 0
    """Changes behind this number."""
    limit: int = Field(default=50, ge=1, le=LONGEST_PIECE)


class GetDryRun(TrialQuery):
    """How far a dry run is, and what it found: kinds are the names of `DryRunSummary.changed`.

    Answer: `DryRun`, or `Refused`.
    """

    service: ClassVar[str] = "router"
    dry_run_id: UUID


class ListDryRuns(Query):
    """The last ones. Answer: `DryRunList`."""

    service: ClassVar[str] = "router"


class RoutingOutcome(Model):
    """What becomes of a message, in words: by the record, or by the rules that are tried."""

    disposition: Text
    reason: Text | None
    ticketbox_id: UUID
    ticketbox: Text
    priority: Text
    tags: tuple[Text, ...] = ()
    rules: tuple[Text, ...] = ()
    """Those that held."""
    category_id: UUID | None = None
    assignee_id: UUID | None = None
    acknowledgement: Text | None = None
    """What the customer is told at once, by a rule or else by the ticketbox as it is now; None: nothing."""
    forward_to: tuple[Text, ...] = ()
    alert: tuple[UUID, ...] = ()


class DryRunChange(Model):
    """A message that the rules would treat otherwise than it was treated."""

    number: int
    message_id: UUID
    received_at: Instant
    kinds: tuple[Text, ...]
    """In what they differ, such as `ticketbox`."""
    before: RoutingOutcome
    after: RoutingOutcome


class DryRunSummary(Model):
    """In sum. `changed` counts messages by what would change, such as `ticketbox` or `disposition`."""

    changed_messages: int = 0
    changed: dict[Text, int] = Field(default_factory=dict)
    moved: dict[Text, int] = Field(default_factory=dict)
    """By `from → to`."""
    dispositions: dict[Text, int] = Field(default_factory=dict)
    """By `before → after`."""
    hits: dict[Text, int] = Field(default_factory=dict)
    """How often each rule held."""
    failures: dict[Text, int] = Field(default_factory=dict)
    """For how many messages a rule had no answer."""
    errors: dict[Text, Text] = Field(default_factory=dict)
    """An example of why, by rule."""
    unread: int = 0
    """Messages that were not routed yet, or that this release cannot read: they are not compared."""


class Trial(Model):
    """Something that is asked about the past and takes a while: how far it is."""

    called: ClassVar[str]
    """What people call one."""
    identity: ClassVar[str]
    """The field of its id."""

    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    asked_by: UUID
    asked_at: Instant
    ended_at: Instant | None
    total: int
    """What there is to examine, as far as it is known."""
    examined: int
    error: Text | None


class DryRun(Trial):
    """Rules that are not in force, asked about the mail of the last days."""

    called: ClassVar[str] = "dry run"
    identity: ClassVar[str] = "dry_run_id"
    dry_run_id: UUID
    days: int
    summary: DryRunSummary
    rules: tuple[Rule, ...] = ()
    default_ticketbox_id: UUID | None = None
    changes: tuple[DryRunChange, ...] = ()


class DryRunList(Model):
    items: tuple[DryRun, ...]


class GetBulkJob(Query):
    """How far a bulk job is, and a piece of what it was refused. Answer: `BulkJob`, or `Refused`."""

    service: ClassVar[str] = "tickets"
    job_id: UUID
    after: int = 0
    """Refusals behind this place."""
    limit: int = Field(default=50, ge=1, le=LONGEST_PIECE)


class ListBulkJobs(Query):
    """The last ones, the newest first. Answer: `BulkJobList`."""

    service: ClassVar[str] = "tickets"
    started_by: UUID | None = None
    """None: whoever did."""


class RefusedTicket(Model):
    """A ticket that a job left as it was, and why. `place` counts the tickets of the job from 1."""

    place: int
    number: int | None
    code: Text
    detail: Text


class BulkJob(Model):
    """`changed`, `unchanged` and `refused` add up to what had its turn so far; `refusals` counts by reason."""

    job_id: UUID
    state: Literal["running", "done", "cancelled"]
    actions: Actions
    selection: Text
    started_by: UUID
    started_at: Instant
    ended_at: Instant | None
    total: int
    changed: int
    unchanged: int
    refused: int
    undoes_id: UUID | None
    undone_by_id: UUID | None
    """The last job that undoes it."""
    refusals: dict[Text, int] = Field(default_factory=dict)
    refused_tickets: tuple[RefusedTicket, ...] = ()


class BulkJobList(Model):
    items: tuple[BulkJob, ...]


class GetWhatIf(TrialQuery):
    """How far a what-if is, and what it found: kinds are `avoided`, `added`, and the targets.

    Answer: `WhatIf`, or `Refused`.
    """

    service: ClassVar[str] = "tickets"
    what_if_id: UUID


class ListWhatIfs(Query):
    """The last ones. Answer: `WhatIfList`."""

    service: ClassVar[str] = "tickets"


class WhatIfChange(Model):
    """A target of a ticket that was missed and would not have been (`avoided`), or the other way round (`added`)."""

    number: int
    ticket_id: UUID
    ticketbox_id: UUID
    """Where the ticket was when it was missed."""
    kinds: tuple[Text, ...]
    """`avoided` or `added`, and the target."""
    since: Instant
    """When its clock began."""
    due_at: Instant
    """When it was missed: by what is in force if it is avoided, by what is tried if it is added."""


class WhatIfRow(Model):
    """Targets missed, before and after, of one kind, in one ticketbox, whose clocks began in one month (UTC)."""

    target: Text
    ticketbox_id: UUID
    month: Text
    before: int
    after: int


class WhatIfSummary(Model):
    before: int = 0
    after: int = 0
    avoided: int = 0
    added: int = 0
    rows: tuple[WhatIfRow, ...] = ()
    unread: int = 0
    """Tickets that this release cannot read, or whose events were erased: they are not compared."""


class WhatIf(Trial):
    """Policies and calendars that are not in force, tried on the tickets of the last months."""

    called: ClassVar[str] = "what-if"
    identity: ClassVar[str] = "what_if_id"
    what_if_id: UUID
    months: int
    things: tuple[Policy | Calendar, ...]
    summary: WhatIfSummary
    changes: tuple[WhatIfChange, ...] = ()


class WhatIfList(Model):
    items: tuple[WhatIf, ...]


class GetWhatComes(Query):
    """What will happen to a ticket by itself if nothing else does. Answer: `WhatComes`."""

    service: ClassVar[str] = "tickets"
    ticket_id: UUID


class Coming(Model):
    """What happens then: an automation runs, the ticket closes after its time, or its hold ends."""

    at: Instant
    what: Literal["automation", "closes", "hold_ends"]
    automation_id: UUID | None = None
    automation: Text | None = None


class WhatComes(Model):
    """The next first."""

    items: tuple[Coming, ...]


class TryAutomation(Query):
    """How many tickets an automation would touch if it were saved now. Answer: `AutomationTrial`."""

    service: ClassVar[str] = "tickets"
    automation: Automation


class AutomationTrial(Model):
    at_once: int
    """Tickets whose time has come already."""
    later: int
    """Tickets whose time will come if nothing else happens to them."""
    examples: tuple[int, ...] = ()
    """Numbers of some of those at once."""


class ListParked(Query):
    """What a service has parked, in all or of one stream. Answer: `ParkedList`. Every consuming service answers."""

    stream_id: Text | None = None


class Parked(Model):
    """A message that a consumer could not handle, kept with its error until a person replays it."""

    parked_id: UUID
    consumer: Text
    projection: Text | None = None
    """The projection that went on without it: only `postroom rebuild` puts it in its place."""
    event: Text
    event_id: UUID | None
    """None: somebody else published it, and it is no event."""
    stream_id: Text
    error: Text
    attempts: int
    parked_at: Instant


class ParkedList(Model):
    items: tuple[Parked, ...]


class ReplayParked(Errand):
    """Handle a parked message again. Answer: `Replayed`."""

    parked_id: UUID


class Replayed(Model):
    done: bool
    error: Text | None = None
