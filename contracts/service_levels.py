"""Service levels: business hours, the targets that count in them, and what the clocks of tickets say."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.model import Instant, Model, Text
from contracts.router import Priority
from contracts.tags import Tags
from contracts.things import Thing
from contracts.tickets import DeadlineItem, State, TicketsEvent


class Span(Model):
    """Part of a day, `09:00` to `12:30`; `24:00` is its end."""

    begin: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    edges = [edge for span in spans for edge in (span.begin, span.end)]
    if edges != sorted(edges) or any(span.begin == span.end for span in spans):
        raise ValueError("the spans of a day must follow one another, each with an end behind its beginning")
    return spans


Spans = Annotated[tuple[Span, ...], AfterValidator(_in_order)]


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class SpecialDay(Model):
    """A day of one's own; without spans it is closed."""

    date: date
    name: Text = ""
    spans: Spans = ()


class Holidays(Model):
    """Public holidays by the library `holidays`: a country by ISO 3166-1, and its part."""

    country: Text
    subdivision: Text | None = None


class Calendar(Thing):
    """Business hours. A day that is not named is closed."""

    kind: Literal["calendar"] = "calendar"
    time_zone: Text
    """By its name in the IANA database, such as `Europe/Berlin`."""
    week: dict[Weekday, Spans] = Field(default_factory=dict)
    holidays: Holidays | None = None
    days: tuple[SpecialDay, ...] = ()
    """They count before holidays and the week."""


class Target(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class Policy(Thing):
    """A service level: targets in minutes of business time. The first policy, by `order`, that applies counts."""

    kind: Literal["policy"] = "policy"
    order: int = 100
    priorities: tuple[Priority, ...] = ()
    ticketbox_ids: tuple[UUID, ...] = ()
    organisation_ids: tuple[UUID, ...] = ()
    tags: Tags = ()
    """Each empty: any. Of several tags one is enough."""
    targets: dict[Target, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    pause_in: tuple[State, ...] = (State.PENDING, State.ON_HOLD)
    """States in which the clocks of all targets stand still."""
    warn_minutes_before: int | None = Field(default=None, gt=0)
    calendar_id: UUID | None = None
    """None: that of the ticketbox."""


class DeadlinesChanged(TicketsEvent):
    """What the service level asks for from now on, as computed from all that happened."""

    ticket_id: UUID
    policy_id: UUID | None
    policy: Text | None
    deadlines: tuple[DeadlineItem, ...]


class SLAWarned(TicketsEvent):
    """A target will be missed at `due_at` unless something happens."""

    ticket_id: UUID
    target: Text
    due_at: Instant
    since: Instant
    """When its clock began."""


class SLABreached(TicketsEvent):
    """A target was missed at `due_at`, even if it was noticed later."""

    ticket_id: UUID
    target: Text
    """`first_response`, `next_response` or `resolution`."""
    due_at: Instant
    since: Instant | None = None
    """When its clock began; None in events of early releases, which knew the first response only."""
