"""Keeps the table `ticket`: a line for each ticket."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from uuid import UUID

import asyncpg

from chassis.consume import Batch
from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.ticket_events import TicketEvent
from services.gateway.read_model import history
from services.gateway.read_model.summary import Summary, rearranges, summarise

_COLUMNS = tuple(field.name for field in fields(Summary))
_cells = attrgetter(*_COLUMNS)

_LISTS = ("tags", "watcher_ids", "warned", "missed", "undelivered")

_LINES = f"""
SELECT {", ".join(_COLUMNS)}
FROM ticket
WHERE ticket_id = ANY($1::uuid[])
"""

_KEEP = f"""
INSERT INTO ticket ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))})
ON CONFLICT (ticket_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
"""


async def summaries(db: Connection, ticket_ids: Iterable[UUID]) -> dict[UUID, Summary]:
    """The lines of tickets as they stand; unknown ones are absent."""
    return {row["ticket_id"]: line_of(row) for row in await db.fetch(_LINES, list(ticket_ids))}


def line_of(row: asyncpg.Record) -> Summary:
    """The line in a row of the table `ticket`."""
    cells = {name: row[name] for name in _COLUMNS}
    return Summary(**cells | {name: tuple(row[name]) for name in _LISTS})


async def keep(db: Connection, batch: Batch) -> None:
    """Take what happened to tickets into their lines."""
    histories: defaultdict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for item in batch:
        if isinstance(item.event, TicketEvent):
            histories[item.event.ticket_id].append(item)
    if not histories:
        return
    anew = [one for one, items in histories.items() if any(rearranges(item.event) for item in items)]
    for ticket_id in anew:
        histories[ticket_id] = await history.of_ticket(db, ticket_id)
    before = await summaries(db, histories.keys() - anew)
    after = [summarise(happened, before.get(ticket_id)) for ticket_id, happened in histories.items()]
    await db.executemany(_KEEP, [_cells(line) for line in after if line is not None])
