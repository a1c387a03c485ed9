"""One step of a ticket's life with its clocks: what happens now and what would have happened go through here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from contracts.tickets import DeadlinesChanged, TicketEvent, TicketOpened
from services.tickets import alarms, service_level
from services.tickets.service_level import Level
from services.tickets.ticket import Ticket, evolve
from services.tickets.ticket import opened as begun

LevelOf = Callable[[Ticket], Level]


def begin(opened: TicketOpened, level_of: LevelOf, trace: str | None = None) -> Ticket:
    """A ticket at its beginning, with its deadlines."""
    ticket = begun(opened, trace)
    return replace(ticket, deadlines=service_level.deadlines(ticket, level_of(ticket)))


def step(
    current: Ticket,
    events: Sequence[TicketEvent],
    at: datetime,
    level_of: LevelOf,
    trace: str | None = None,
) -> tuple[Ticket, list[TicketEvent]]:
    """The ticket after `events`, and all that happened: what it had missed until then, they, and its new deadlines."""
    happened: list[TicketEvent] = []
    for event in (*alarms.breaches(current, at), *events):
        current = evolve(current, event, current.version + 1, at, trace)
        happened.append(event)
    level = level_of(current)
    deadlines = service_level.deadlines(current, level)
    if deadlines != current.deadlines:
        changed = DeadlinesChanged(
            ticket_id=current.ticket_id, policy_id=level.policy_id, policy=level.policy, deadlines=deadlines
        )
        current = evolve(current, changed, current.version + 1, at, trace)
        happened.append(changed)
    return current, happened
