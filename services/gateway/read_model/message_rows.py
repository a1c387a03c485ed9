"""Keeps the table `message`: a line for each message, with where it stands."""

from dataclasses import fields, replace
from functools import reduce
from operator import attrgetter

from chassis.consume import Batch
from chassis.database import Connection
from contracts.ingest import MessageReread
from contracts.router import MessageRouted, RoutingFailed
from contracts.standing import COLUMNS, hear, news, standing_of
from services.gateway.read_model.book import Received, received
from services.gateway.read_model.whereabouts import moved

# Several logs are taken at once, and each may be the first to speak of a message. Nobody waits in a circle: lines are
# begun first, and then locked, both in one order.
_BEGIN_LINES = """
INSERT INTO message (message_id)
SELECT message_id
FROM unnest($1::uuid[]) AS new (message_id)
ORDER BY message_id
ON CONFLICT DO NOTHING
"""

_RECEIVED = tuple(field.name for field in fields(Received))
_received_cells = attrgetter(*_RECEIVED)

_LINES_RECEIVED = f"""
unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::integer[], $11::boolean[], $12::text[], $13::text[]
) AS new ({", ".join(_RECEIVED)})
"""

_BEGIN_RECEIVED = f"""
INSERT INTO message ({", ".join(_RECEIVED)})
SELECT {", ".join(_RECEIVED)}
FROM {_LINES_RECEIVED}
ORDER BY message_id
ON CONFLICT DO NOTHING
RETURNING message_id
"""

_KEEP_RECEIVED = f"""
UPDATE message
SET {", ".join(f"{name} = new.{name}" for name in _RECEIVED[1:])}
FROM {_LINES_RECEIVED}
WHERE message.message_id = new.message_id
"""

_FORGET_WORDS = """
UPDATE history
SET words = NULL
FROM unnest($1::uuid[], $2::bigint[]) AS newer (message_id, position)
WHERE history.message_id = newer.message_id
  AND history.source = 'ingest'
  AND history.position < newer.position
"""


async def keep_received(db: Connection, batch: Batch) -> None:
    """Take what ingest says of messages into their lines."""
    newest = {line.message_id: line for item in batch if (line := received(item))}
    if not newest:
        return
    rows = await db.fetch(_BEGIN_RECEIVED, *zip(*map(_received_cells, newest.values()), strict=True))
    known = newest.keys() - {row["message_id"] for row in rows}
    if known:
        await db.execute(_STANDINGS, list(known))  # locks them in the order of all
        cells = [_received_cells(newest[message_id]) for message_id in known]
        await db.execute(_KEEP_RECEIVED, *zip(*cells, strict=True))
    # A search finds a message by its newest reading only.
    rereads = {
        item.event.letter.message_id: item.position for item in batch if isinstance(item.event, MessageReread)
    }
    if rereads:
        await db.execute(_FORGET_WORDS, list(rereads), list(rereads.values()))


_standing_cells = attrgetter("state", "reason", *COLUMNS)

_STANDINGS = f"""
SELECT message_id, {", ".join(COLUMNS)}
FROM message
WHERE message_id = ANY($1::uuid[])
ORDER BY message_id
FOR UPDATE
"""

_KEEP_STANDINGS = f"""
UPDATE message
SET state = new.state,
    reason = new.reason,
    ticketbox_id = coalesce(new.ticketbox_id, message.ticketbox_id),
    {", ".join(f"{name} = new.{name}" for name in COLUMNS)}
FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::uuid[], $7::text[], $8::text[],
    $9::integer[], $10::uuid[], $11::text[], $12::uuid[]
) AS new (message_id, ticketbox_id, state, reason, {", ".join(COLUMNS)})
WHERE message.message_id = new.message_id
"""


async def keep_standings(db: Connection, batch: Batch) -> None:
    """Take where messages stand by router and tickets into their lines."""
    said, places = news(batch), moved(batch)
    message_ids = list(said.keys() | places)
    if not message_ids:
        return
    boxes = {
        message_id: item.event.ticketbox_id
        for message_id, items in said.items()
        for item in items
        if isinstance(item.event, MessageRouted | RoutingFailed)
    }
    await db.execute(_BEGIN_LINES, message_ids)
    lines = []
    for row in await db.fetch(_STANDINGS, message_ids):
        message_id = row["message_id"]
        standing = reduce(hear, said.get(message_id, ()), standing_of(dict(row)))
        standing = replace(standing, ticket_id=places.get(message_id, standing.ticket_id))
        lines.append((message_id, boxes.get(message_id), *_standing_cells(standing)))
    await db.execute(_KEEP_STANDINGS, *zip(*lines, strict=True))
