"""Bulk jobs: what is done to many tickets at once, and its events."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.model import Instant, Model, Text
from contracts.router import Priority
from contracts.tickets import State, TicketsEvent

MOST_TICKETS = 100_000
"""Of one job."""
MOST_ACTIONS = 10
PIECE = 5_000
"""Tickets that are handed over in one message: it stays far below the megabyte that NATS takes."""


class Assign(Model):
    """`agent_id` None gives the tickets back."""

    do: Literal["assign"] = "assign"
    agent_id: UUID | None


class Prioritise(Model):
    do: Literal["priority"] = "priority"
    priority: Priority


class Tag(Model):
    do: Literal["tags"] = "tags"
    add: tuple[Text, ...] = ()
    remove: tuple[Text, ...] = ()


class Categorise(Model):
    do: Literal["category"] = "category"
    category_id: UUID | None


class SetState(Model):
    """`until` and `reason` are of a hold."""

    do: Literal["state"] = "state"
    state: State
    until: Instant | None = None
    reason: Text = ""


class Move(Model):
    do: Literal["move"] = "move"
    ticketbox_id: UUID


BulkAction = Annotated[
    Assign | Prioritise | Tag | Categorise | SetState | Move,
    Field(discriminator="do"),
]
Actions = Annotated[tuple[BulkAction, ...], Field(max_length=MOST_ACTIONS)]


class SelectedTicket(Model):
    """A ticket, and its version when it was selected."""

    ticket_id: UUID
    seen_version: int


class JobOutcome(StrEnum):
    DONE = "done"
    CANCELLED = "cancelled"


class BulkJobStarted(TicketsEvent):
    """Somebody wants something done to many tickets; which ones is settled. Stream of both: `job-{job_id}`.

    What it does to tickets is in their streams, by the actor `job:{job_id}`.
    """

    job_id: UUID
    started_by: UUID
    actions: Actions
    """Empty: what another job did is undone."""
    selection: Text
    """The list that the tickets were in, in words."""
    total: int
    undoes_id: UUID | None = None
    """The job that is undone."""


class BulkJobFinished(TicketsEvent):
    """Every ticket had its turn, or somebody cancelled it."""

    job_id: UUID
    outcome: JobOutcome
    changed: int
    unchanged: int
    """It was so already."""
    refused: int
