"""What services ask of each other, most of it gateway, by request and reply: each service reads its own schema only."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.automations import Automation
from contracts.bulk import Actions
from contracts.model import Instant, Model, Text
from contracts.requests import Errand, Query

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
