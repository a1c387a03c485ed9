"""What policies and calendars would have asked for in the past, against those of now. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from contracts.correspondence import CustomerReplied, ReplyReleased
from contracts.desk import Organisation, Ticketbox
from contracts.event import Event, UnknownVersion
from contracts.service_levels import Calendar, Policy
from contracts.streams import EVENTS
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    DeadlineItem,
    LettersMoved,
    LettersTaken,
    MergeUndone,
    PriorityChanged,
    TagsChanged,
    TicketAbsorbed,
    TicketClosed,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
)
from contracts.trials import WhatIfChange, WhatIfRow, WhatIfSummary
from services.tickets import service_level
from services.tickets.desk import Desk
from services.tickets.evolve import begin, evolve
from services.tickets.service_level import Levels
from services.tickets.ticket import Ticket

CLOCKED: tuple[type[Event], ...] = (
    TicketOpened,
    CustomerReplied,
    ReplyReleased,
    TicketSolved,
    TicketClosed,
    TicketReopened,
    TicketSetPending,
    TicketPutOnHold,
    PriorityChanged,
    TagsChanged,
    TicketMoved,
    TicketMerged,
    MergeUndone,
    TicketAbsorbed,
    AbsorptionUndone,
    LettersMoved,
    LettersTaken,
)
"""What may start, stop or change a clock; nothing else of a ticket need be read again."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as the log has it. Events of one ticket with the same cause and time happened in one step."""

    type: str
    schema_version: int
    data: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """The desk as it is, the desk as it might be, and the end of the time that is looked at."""

    before: Desk
    after: Desk
    until: datetime


def concerning_clocks(desk: Desk) -> Desk:
    """Of a desk what deadlines depend on: it goes to other processes, and is asked about every step."""
    kinds = (Ticketbox, Policy, Calendar, Organisation)
    return Desk({identity: thing for identity, thing in desk.things.items() if isinstance(thing, kinds)})


@dataclass(slots=True)
class Tally:
    """What was found so far. Rows are (target, ticketbox, month)."""

    examined: int = 0
    unread: int = 0
    before: Counter[tuple[str, UUID, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, UUID, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    changes: list[WhatIfChange] = field(default_factory=list)

    def add(self, more: "Tally") -> None:
        """Add the sums of another batch."""
        self.examined += more.examined
        self.unread += more.unread
        self.before.update(more.before)
        self.after.update(more.after)
        self.kinds.update(more.kinds)

    def summary(self) -> WhatIfSummary:
        rows = [
            WhatIfRow(
                target=target,
                ticketbox_id=ticketbox_id,
                month=month,
                before=self.before[target, ticketbox_id, month],
                after=self.after[target, ticketbox_id, month],
            )
            for target, ticketbox_id, month in sorted(
                self.before.keys() | self.after.keys(), key=lambda row: (row[2], row[0], str(row[1]))
            )
        ]
        return WhatIfSummary(
            before=self.before.total(),
            after=self.after.total(),
            avoided=self.kinds["avoided"],
            added=self.kinds["added"],
            rows=tuple(rows),
            unread=self.unread,
        )


@dataclass(frozen=True, slots=True)
class Past:
    """A ticket's way: how it began, and what happened then, step by step."""

    opened: TicketOpened
    opened_at: datetime
    steps: tuple[tuple[datetime, tuple[TicketEvent, ...]], ...]


def past_of(history: Sequence[Happened]) -> Past:
    """Read what happened to a ticket.

    Raises:
        ValueError: its events are not all there, or were written by a newer release, or erased.
    """
    if unknown := [one.type for one in history if one.type not in EVENTS]:
        raise ValueError(f"the event {unknown[0]} is not known")
    first, *rest = history
    begun = EVENTS[first.type].read(first.data, first.schema_version)
    if not isinstance(begun, TicketOpened):
        raise ValueError("a ticket begins with its opening")  # noqa: TRY004 - it is what the log holds
    steps = groupby(rest, key=lambda one: (one.at, one.cause))
    return Past(
        begun,
        first.at,
        tuple(
            (at, tuple(EVENTS[one.type].read(one.data, one.schema_version) for one in step))  # type: ignore[misc]
            for (at, _), step in steps
        ),
    )


def examine(tickets: Iterable[Sequence[Happened]], asked: Asked) -> Tally:
    """Let tickets happen again, by the policies of now and by those that might be."""
    tally = Tally()
    levels = Levels(asked.before), Levels(asked.after)
    for history in tickets:
        try:
            past = past_of(history)
        except (ValueError, UnknownVersion):
            tally.unread += 1
            continue
        tally.examined += 1
        was, would_be = happen_again(past, levels, asked.until)
        _compare(tally, past.opened.ticket_id, was.missed, would_be.missed)
    tally.changes.sort(key=lambda change: (change.since, change.ticket_id, change.kinds))
    return tally


Missed = tuple[str, datetime]
"""A target and when its clock began: it is one and the same whatever a policy asks for."""


@dataclass(slots=True)
class Side:
    """A ticket by the service levels of one desk: what runs, and what was missed: when, and in which ticketbox."""

    levels: Levels
    deadlines: tuple[DeadlineItem, ...] = ()
    missed: dict[Missed, tuple[datetime, UUID]] = field(default_factory=dict)

    def look(self, ticket: Ticket, now: datetime) -> None:
        """Write down what was missed until now, once."""
        for item in self.deadlines:
            if item.due_at is not None and item.due_at <= now:
                self.missed.setdefault((item.target, item.since), (item.due_at, ticket.ticketbox_id))

    def ask(self, ticket: Ticket) -> None:
        """What runs from now on."""
        self.deadlines = service_level.deadlines(ticket, self.levels.of(ticket))


def happen_again(past: Past, levels: Iterable[Levels], until: datetime) -> list[Side]:
    """A ticket's way once more, by the service levels of several desks."""
    sides = [Side(one) for one in levels]
    ticket = begin(past.opened, past.opened_at)
    for side in sides:
        side.ask(ticket)
    for at, events in past.steps:
        for side in sides:
            side.look(ticket, at)
        for event in events:
            ticket = evolve(ticket, event, ticket.version + 1, at)
        for side in sides:
            side.ask(ticket)
    for side in sides:
        side.look(ticket, until)
    return sides


def _compare(
    tally: Tally,
    ticket_id: UUID,
    was: Mapping[Missed, tuple[datetime, UUID]],
    would_be: Mapping[Missed, tuple[datetime, UUID]],
) -> None:
    for found, counted in ((was, tally.before), (would_be, tally.after)):
        counted.update((target, box, f"{since:%Y-%m}") for (target, since), (_, box) in found.items())
    for missed in was.keys() ^ would_be.keys():
        avoided = missed in was
        due_at, ticketbox_id = was[missed] if avoided else would_be[missed]
        kind = "avoided" if avoided else "added"
        tally.kinds[kind] += 1
        tally.changes.append(
            WhatIfChange(
                number=0,
                ticket_id=ticket_id,
                ticketbox_id=ticketbox_id,
                kinds=(kind, missed[0]),
                since=missed[1],
                due_at=due_at,
            )
        )
