"""The queue in router's tables: tickets by their events, what distribution wants of them, and when it looks again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from uuid import UUID

import asyncpg

from chassis import database
from chassis.database import Connection
from chassis.log import recorded
from contracts.desk import Ticketbox
from contracts.event import Event, Recorded
from services.router.queue import LastAnswer, Queued

CHANNEL = "postroom_distribution"
"""Wakes the routers when there is something to look at."""

_COLUMNS = tuple(field.name for field in fields(Queued))
_cells = attrgetter(*_COLUMNS)
_LISTED = ", ".join(f"ticket.{name}" for name in _COLUMNS)


def _queued(row: asyncpg.Record) -> Queued:
    cells = {name: row[name] for name in _COLUMNS}
    return Queued(**cells | {"tags": tuple(row["tags"]), "overflowed_from": tuple(row["overflowed_from"])})


async def tickets(db: Connection, ticket_ids: Collection[UUID]) -> dict[UUID, Queued]:
    """Tickets by their ids; unknown ones are absent."""
    rows = await db.fetch(f"SELECT {_LISTED} FROM ticket WHERE ticket_id = ANY($1::uuid[])", list(ticket_ids))
    return {row["ticket_id"]: _queued(row) for row in rows}


_KEEP = f"""
INSERT INTO ticket ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${number}" for number in range(1, len(_COLUMNS) + 1))})
ON CONFLICT (ticket_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
"""

_FORGET_WISHES = """
DELETE FROM wish
USING unnest($1::uuid[], $2::integer[]) AS placed (ticket_id, version)
WHERE wish.ticket_id = placed.ticket_id
  AND wish.placed_version < placed.version
"""


async def keep(db: Connection, changed: Sequence[Queued]) -> None:
    """Write tickets as they are now, and forget what was wanted of them before."""
    await db.executemany(_KEEP, [_cells(ticket) for ticket in changed])
    await db.execute(
        _FORGET_WISHES, [one.ticket_id for one in changed], [one.placed_version for one in changed]
    )


_KEEP_EARLY = """
INSERT INTO early
    (stream_id, version, position, event_id, type, schema_version, data, meta, occurred_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10)
ON CONFLICT DO NOTHING
"""


async def keep_early(db: Connection, items: Sequence[Recorded[Event]]) -> None:
    """Keep events until those come that they follow."""
    rows = [
        (
            item.stream_id,
            item.version,
            item.position,
            item.event_id,
            item.event.type_name(),
            item.event.schema_version,
            item.event.model_dump_json(),
            item.meta.model_dump_json(),
            item.occurred_at,
            item.recorded_at,
        )
        for item in items
    ]
    await db.executemany(_KEEP_EARLY, rows)


async def take_early(db: Connection, stream_ids: Collection[str]) -> list[Recorded[Event]]:
    """What was kept of these tickets; it is kept no more."""
    rows = await db.fetch(
        """
        DELETE FROM early
        WHERE stream_id = ANY($1::text[])
        RETURNING stream_id, version, position, event_id, type, schema_version,
            data::text AS data, meta::text AS meta, occurred_at, recorded_at
        """,
        list(stream_ids),
    )
    return [recorded(row, after=0) for row in rows]


_ADD_LOADS = """
INSERT INTO load (agent_id, tickets)
SELECT agent_id, tickets
FROM unnest($1::uuid[], $2::integer[]) AS new (agent_id, tickets)
ON CONFLICT (agent_id) DO UPDATE
SET tickets = load.tickets + excluded.tickets
"""


async def add_loads(db: Connection, more: Mapping[UUID, int]) -> None:
    """Count what people have more, or less, than before."""
    await db.execute(_ADD_LOADS, list(more), list(more.values()))


_KEEP_LAST_AGENTS = """
INSERT INTO last_agent (contact_key, answered_at, agent_id)
SELECT contact_key, answered_at, agent_id
FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) AS new (contact_key, answered_at, agent_id)
ON CONFLICT (contact_key) DO UPDATE
SET answered_at = excluded.answered_at,
    agent_id = excluded.agent_id
WHERE last_agent.answered_at IS NULL OR last_agent.answered_at <= excluded.answered_at
"""


async def keep_last_agents(db: Connection, answers: Mapping[UUID, LastAnswer]) -> None:
    """Remember who answered customers last; what was heard late changes nothing."""
    if answers:
        rows = answers.values()
        await db.execute(
            _KEEP_LAST_AGENTS, list(answers), [one.at for one in rows], [one.agent_id for one in rows]
        )


_LAST_AGENTS = """
SELECT DISTINCT ON (wanted.contact_key) wanted.contact_key, agent_id
FROM unnest($1::uuid[]) AS wanted (contact_key)
LEFT JOIN contact_address AS known ON known.contact_key = wanted.contact_key
LEFT JOIN contact_address AS same ON same.contact_id = known.contact_id
JOIN last_agent ON last_agent.contact_key = coalesce(same.contact_key, wanted.contact_key)
ORDER BY wanted.contact_key, answered_at DESC NULLS LAST
"""


async def last_agents(db: Connection, contact_keys: Collection[UUID]) -> dict[UUID, UUID]:
    """Who answered these customers last, by any address of the same contact; of a new customer nobody."""
    rows = await db.fetch(_LAST_AGENTS, list(contact_keys))
    return {row["contact_key"]: row["agent_id"] for row in rows}


# Rows are locked in one order.
_MARK = """
INSERT INTO look (ticketbox_id, at)
SELECT ticketbox_id, $2
FROM unnest($1::uuid[]) AS marked (ticketbox_id)
ORDER BY ticketbox_id
ON CONFLICT (ticketbox_id) DO UPDATE
SET at = least(look.at, excluded.at)
"""

_MARK_WAITING = """
UPDATE look
SET at = least(look.at, $1)
WHERE ticketbox_id IN (
    SELECT ticketbox_id
    FROM look
    WHERE $2 OR EXISTS (
        SELECT
        FROM ticket
        WHERE ticket.ticketbox_id = look.ticketbox_id
          AND ticket.waiting_since IS NOT NULL
    )
    ORDER BY ticketbox_id
    FOR UPDATE
)
"""


async def mark(db: Connection, ticketbox_ids: Iterable[UUID], now: datetime) -> None:
    """Have ticketboxes looked at, as soon as this is committed."""
    await db.execute(_MARK, sorted(ticketbox_ids), now)
    await _wake(db)


async def mark_all(db: Connection, now: datetime, *, waiting_only: bool = False) -> None:
    """Have every ticketbox looked at, or every one in which a ticket waits."""
    await db.execute(_MARK_WAITING, now, not waiting_only)
    await _wake(db)


async def _wake(db: Connection) -> None:
    await db.execute("SELECT pg_notify($1, '')", CHANNEL)


async def lock(db: Connection) -> None:
    """Let one router at a time follow tickets, give them, or hear of the desk.

    Somebody's capacity belongs to all ticketboxes together.
    """
    await database.lock(db, "postroom distribution")


# Those that are due longest, so that none is passed over while others are busy; locked in the one order.
_DUE = """
SELECT ticketbox_id
FROM look
WHERE ticketbox_id IN (
    SELECT ticketbox_id
    FROM look
    WHERE at <= $1
    ORDER BY at, ticketbox_id
    LIMIT $2
)
ORDER BY ticketbox_id
FOR UPDATE
"""


async def due(db: Connection, now: datetime, limit: int) -> list[UUID]:
    """Ticketboxes to look at; locked, so that what happens meanwhile marks them anew afterwards."""
    return [row["ticketbox_id"] for row in await db.fetch(_DUE, now, limit)]


_KEEP_LOOKS = """
UPDATE look
SET at = new.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (ticketbox_id, at)
WHERE look.ticketbox_id = new.ticketbox_id
"""


async def keep_looks(db: Connection, looks: Mapping[UUID, datetime | None]) -> None:
    """Say when ticketboxes are to be looked at again; None: when something happens."""
    await db.execute(_KEEP_LOOKS, list(looks), list(looks.values()))


async def next_look(db: Connection) -> datetime | None:
    """When the next ticketbox is to be looked at."""
    at: datetime | None = await db.fetchval("SELECT min(at) FROM look")
    return at


_UNWANTED = """
NOT EXISTS (
    SELECT
    FROM wish
    WHERE wish.ticket_id = ticket.ticket_id
      AND wish.placed_version = ticket.placed_version
)
"""
"""Nothing is on its way to it."""

# A ticketbox at a time is read in the order of its index, and no further than is asked for.
_WAITING = f"""
SELECT {_LISTED}
FROM unnest($1::uuid[]) AS within (ticketbox_id)
CROSS JOIN LATERAL (
    SELECT {_LISTED}
    FROM ticket
    WHERE ticket.ticketbox_id = within.ticketbox_id
      AND waiting_since IS NOT NULL
      AND {_UNWANTED}
    ORDER BY urgency DESC, due_at, waiting_since, ticket_id
    LIMIT $2
) AS ticket
ORDER BY urgency DESC, due_at, waiting_since, ticket_id
LIMIT $2
"""


async def waiting(db: Connection, ticketbox_ids: Collection[UUID], limit: int) -> list[Queued]:
    """Tickets that wait, the most urgent first: by priority, then by deadline, then by their wait."""
    return [_queued(row) for row in await db.fetch(_WAITING, list(ticketbox_ids), limit)]


_MAY_OVERFLOW = f"""
SELECT {_LISTED}
FROM ticket
WHERE ticketbox_id = $1
  AND waiting_since IS NOT NULL
  AND NOT $2 = ANY(overflowed_from)
  AND {_UNWANTED}
ORDER BY waiting_since
LIMIT $3
"""


async def may_overflow(db: Connection, box: Ticketbox, limit: int) -> list[Queued]:
    """Tickets that wait, the longest first, but for those that were already where they would go."""
    rows = await db.fetch(_MAY_OVERFLOW, box.id, box.distribution.overflow_to, limit)
    return [_queued(row) for row in rows]


_UNTOLD = f"""
SELECT {_LISTED}
FROM ticket
WHERE ticketbox_id = $1
  AND waiting_since IS NOT NULL
  AND waiting_since IS DISTINCT FROM told_since
  AND {_UNWANTED}
ORDER BY waiting_since
LIMIT $2
"""


async def untold(db: Connection, ticketbox_id: UUID, limit: int) -> list[Queued]:
    """Tickets that wait and that no supervisor was told of, the longest first."""
    return [_queued(row) for row in await db.fetch(_UNTOLD, ticketbox_id, limit)]


_LEFT = f"""
SELECT {_LISTED}
FROM load
CROSS JOIN LATERAL (
    SELECT {_LISTED}
    FROM ticket
    WHERE ticketbox_id = $1
      AND owner_id = load.agent_id
      AND state = 'open'
      AND NOT merged
      AND unanswered
      AND {_UNWANTED}
    ORDER BY owned_since
    LIMIT $3
) AS ticket
WHERE load.tickets > 0
  AND load.agent_id <> ALL($2::uuid[])
ORDER BY owned_since
LIMIT $3
"""


async def left(db: Connection, ticketbox_id: UUID, keepers: Collection[UUID], limit: int) -> list[Queued]:
    """Unanswered tickets of others than `keepers`, the longest owned first."""
    return [_queued(row) for row in await db.fetch(_LEFT, ticketbox_id, list(keepers), limit)]


_LOADS = """
SELECT agent_id, sum(tickets) AS tickets
FROM (
    SELECT agent_id, tickets
    FROM load
    WHERE agent_id = ANY($1::uuid[])
    UNION ALL
    SELECT wish.agent_id, 1
    FROM wish
    JOIN ticket USING (ticket_id)
    WHERE wish.agent_id = ANY($1::uuid[])
      AND wish.placed_version = ticket.placed_version
) AS taken
GROUP BY agent_id
"""


async def loads(db: Connection, agent_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open tickets people have, with those that are on their way to them; who has none is absent."""
    return {row["agent_id"]: row["tickets"] for row in await db.fetch(_LOADS, list(agent_ids))}


async def wishes(db: Connection, ticket_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Who is to get these tickets; one that is wanted of nobody is absent."""
    rows = await db.fetch(
        "SELECT ticket_id, agent_id FROM wish WHERE ticket_id = ANY($1::uuid[]) AND agent_id IS NOT NULL",
        list(ticket_ids),
    )
    return {row["ticket_id"]: row["agent_id"] for row in rows}


_KEEP_WISHES = """
INSERT INTO wish (ticket_id, placed_version, agent_id)
SELECT ticket_id, placed_version, agent_id
FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) AS new (ticket_id, placed_version, agent_id)
ON CONFLICT (ticket_id) DO UPDATE
SET placed_version = excluded.placed_version,
    agent_id = excluded.agent_id
"""


async def keep_wishes(db: Connection, wishes: Sequence[tuple[Queued, UUID | None]]) -> None:
    """Remember what is wanted of tickets, and who is to get them."""
    if wishes:
        await db.execute(
            _KEEP_WISHES,
            [ticket.ticket_id for ticket, _ in wishes],
            [ticket.placed_version for ticket, _ in wishes],
            [agent_id for _, agent_id in wishes],
        )


_KEEP_TOLD = """
UPDATE ticket
SET told_since = new.waiting_since
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (ticket_id, waiting_since)
WHERE ticket.ticket_id = new.ticket_id
"""


async def keep_told(db: Connection, told: Sequence[Queued]) -> None:
    """Remember of which waits the supervisors were told."""
    if told:
        await db.execute(_KEEP_TOLD, [one.ticket_id for one in told], [one.waiting_since for one in told])


async def languages(db: Connection, ticket_ids: Collection[UUID]) -> dict[UUID, str]:
    """The languages that were guessed; a ticket that nobody asked about is absent."""
    rows = await db.fetch(
        "SELECT ticket_id, language FROM ticket_language WHERE ticket_id = ANY($1::uuid[])", list(ticket_ids)
    )
    return {row["ticket_id"]: row["language"] for row in rows}


async def keep_languages(db: Connection, guessed: Mapping[UUID, str]) -> None:
    """Remember guesses."""
    await db.execute(
        """
        INSERT INTO ticket_language (ticket_id, language)
        SELECT ticket_id, language
        FROM unnest($1::uuid[], $2::text[]) AS new (ticket_id, language)
        ON CONFLICT DO NOTHING
        """,
        list(guessed),
        list(guessed.values()),
    )
