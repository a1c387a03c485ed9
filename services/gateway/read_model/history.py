"""Reads the history: the events of tickets, letters and answers as they happened."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from contracts.event import Event, Meta, Recorded
from contracts.ingest import MessageHeld, MessageReceived, MessageReread, Reading
from contracts.streams import EVENTS

COLUMNS = """
    source, position, stream_id, version, event_id, type, schema_version, actor, occurred_at, recorded_at,
    ticket_id, message_id, reply_id, data::text AS data
"""

BY_STREAM = "source = 'tickets' AND ticket_id IS NULL AND message_id IS NULL"
"""What is about no ticket and no letter, few rows among many: with all three, or the index of streams is not used."""

_OF_TICKET = f"""
SELECT {COLUMNS}
FROM history
WHERE source = 'tickets'
  AND ticket_id = $1
ORDER BY version
"""


async def of_ticket(db: Connection, ticket_id: UUID) -> list[Recorded[Event]]:
    """The events of a ticket."""
    return [recorded(row) for row in await db.fetch(_OF_TICKET, ticket_id)]


_OF_STREAMS = f"""
SELECT {COLUMNS}
FROM history
WHERE {BY_STREAM}
  AND stream_id = ANY($1::text[])
ORDER BY stream_id, version
"""


async def of_streams(db: Connection, streams: Collection[str]) -> list[Recorded[Event]]:
    """The events of streams that are about no ticket and no letter, each stream in its order."""
    return [recorded(row) for row in await db.fetch(_OF_STREAMS, list(streams))]


_LETTERS = """
SELECT DISTINCT ON (message_id) message_id, type, data::text AS data, schema_version
FROM history
WHERE message_id = ANY($1::uuid[])
  AND type IN ('MessageReceived', 'MessageReread')
  AND recorded_at <= coalesce($2, 'infinity'::timestamptz)
ORDER BY message_id, position DESC
"""


async def letters(
    db: Connection, message_ids: Collection[UUID], as_of: datetime | None = None
) -> dict[UUID, Reading]:
    """Letters as they were read last, up to a moment."""
    rows = await db.fetch(_LETTERS, list(message_ids), as_of) if message_ids else []
    return {row["message_id"]: reading(row) for row in rows}


def reading(row: asyncpg.Record) -> Reading:
    """A reading out of its row."""
    kind: type[Reading] = MessageReread if row["type"] == "MessageReread" else MessageReceived
    return kind.read(row["data"], row["schema_version"])


def newest(rows: Sequence[asyncpg.Record]) -> Reading | MessageHeld | None:
    """What ingest said last of a message."""
    for row in reversed(rows):
        if row["type"] in {"MessageReceived", "MessageReread"}:
            return reading(row)
        if row["type"] == "MessageHeld":
            return MessageHeld.read(row["data"], row["schema_version"])
    return None


def was_released(rows: Sequence[asyncpg.Record]) -> bool:
    """Whether a person let a message through."""
    return any(
        row["type"] == "MessageRouted" and orjson.loads(row["data"]).get("released_by") for row in rows
    )


_DELIVERIES = f"""
SELECT {COLUMNS}
FROM history
WHERE reply_id = ANY($1::uuid[])
  AND source = 'notify'
ORDER BY position
"""


async def deliveries(db: Connection, reply_ids: Collection[UUID]) -> dict[UUID, list[Recorded[Event]]]:
    """What notify said of answers, in order."""
    found: dict[UUID, list[Recorded[Event]]] = {}
    for row in await db.fetch(_DELIVERIES, list(reply_ids)) if reply_ids else []:
        found.setdefault(row["reply_id"], []).append(recorded(row))
    return found


_OF_MESSAGE = f"""
SELECT {COLUMNS}
FROM history
WHERE message_id = $1
ORDER BY occurred_at, source, position
"""


async def of_message(db: Connection, message_id: UUID) -> Sequence[asyncpg.Record]:
    """Everything that names a message, in order of time."""
    return await db.fetch(_OF_MESSAGE, message_id)


_OF_REPLY = f"""
SELECT {COLUMNS}
FROM history
WHERE reply_id = $1
ORDER BY recorded_at, source, position
"""


async def of_reply(db: Connection, reply_id: UUID) -> Sequence[asyncpg.Record]:
    """Everything that names an answer of ours, in order of time."""
    return await db.fetch(_OF_REPLY, reply_id)


def recorded(row: asyncpg.Record) -> Recorded[Event]:
    """An event out of its row."""
    return Recorded(
        event=EVENTS[row["type"]].read(row["data"], row["schema_version"]),
        event_id=row["event_id"],
        stream_id=row["stream_id"],
        version=row["version"],
        position=row["position"],
        after=0,
        meta=Meta(correlation_id=row["event_id"], causation_id=row["event_id"], actor=row["actor"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )
