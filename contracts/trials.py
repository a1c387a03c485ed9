"""Trials: what rules, policies and calendars would have done with the past, asked of router and tickets."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.model import Instant, Model, Text
from contracts.queries import LONGEST_PIECE
from contracts.requests import Query
from contracts.rulesets import Rule
from contracts.service_levels import Calendar, Policy


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


class Change(Model):
    """Something that would be otherwise than it is."""

    number: int
    """Among those of its trial, from 1."""


class DryRunChange(Change):
    """A message that the rules would treat otherwise than it was treated."""

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


class GetWhatIf(TrialQuery):
    """How far a what-if is, and what it found: kinds are `avoided`, `added`, and the targets.

    Answer: `WhatIf`, or `Refused`.
    """

    service: ClassVar[str] = "tickets"
    what_if_id: UUID


class ListWhatIfs(Query):
    """The last ones. Answer: `WhatIfList`."""

    service: ClassVar[str] = "tickets"


class WhatIfChange(Change):
    """A target of a ticket that was missed and would not have been (`avoided`), or the other way round (`added`)."""

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
