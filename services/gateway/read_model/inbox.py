"""The read model behind pages and API: the history of everything, and a line for each ticket and each message."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from functools import reduce
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

import asyncpg

from chassis.consume import Batch
from chassis.database import Connection
from chassis.projection import Projection
from contracts.desk import Person, PersonChanged, ThingRemoved, kind_of, thing_of
from contracts.event import Event, Recorded
from contracts.ingest import MessageReread, Reading
from contracts.people import PresenceChanged
from contracts.router import MessageRouted, RoutingFailed
from contracts.standing import MessageState, Standing, hear, news
from contracts.streams import GATEWAY, THINGS
from contracts.tickets import NoteAdded, ReplySubmitted, TicketEvent, TicketOpened
from services.gateway.desk import desk
from services.gateway.read_model import contact_rows, history, task_rows
from services.gateway.read_model.book import Received, received
from services.gateway.read_model.summary import Summary, rearranges, summarise
from services.gateway.read_model.whereabouts import moved

CHANNEL = "postroom_inbox"
"""PostgreSQL's notifications that there is something new."""
SEARCHED = 20_000
"""Characters of a text that a search looks at."""
MOST_CHARACTERS = 8_000_000
"""Of the events in one statement, as JSON; where it is reached, another begins."""


async def apply(batch: Batch, db: Connection) -> None:
    """Take events of one log into the tables."""
    await _keep_history(db, batch)
    match batch[0].event.service:
        case "ingest":
            await _keep_received(db, batch)
        case "router":
            await _keep_standings(db, batch)
        case "tickets":
            await _keep_standings(db, batch)
            await _keep_tickets(db, batch)
            await task_rows.keep(db, batch)
            await contact_rows.keep(db, batch)
            await _keep_desk(db, batch)
        case _:  # what notify says is in the history, and comes back from tickets
            pass
    # Heard when the transaction commits: open pages ask what is new.
    await db.execute("SELECT pg_notify($1, '')", CHANNEL)


class HistoryRow(NamedTuple):
    """An event as the table `history` keeps it."""

    source: str
    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    ticket_id: UUID | None
    message_id: UUID | None
    reply_id: UUID | None
    data: str
    words: str | None


_HISTORY = ", ".join(HistoryRow._fields)
_KEEP_HISTORY = f"""
INSERT INTO history ({_HISTORY})
SELECT source, position, stream_id, version, event_id, type, schema_version, actor, occurred_at,
       recorded_at, ticket_id, message_id, reply_id, data::jsonb, to_tsvector('simple', words)
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::smallint[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::uuid[], $14::text[], $15::text[]
) AS new ({_HISTORY})
"""


async def _keep_history(db: Connection, batch: Batch) -> None:
    for rows in _statements(map(_history_row, batch)):
        await db.execute(_KEEP_HISTORY, *zip(*rows, strict=True))


def _statements(rows: Iterable[HistoryRow]) -> Iterator[list[HistoryRow]]:
    """Rows for one statement each: PostgreSQL takes no more than 1 GB at once, and a batch may be of long letters."""
    taken: list[HistoryRow] = []
    characters = 0
    for row in rows:
        taken.append(row)
        characters += len(row.data)
        if characters > MOST_CHARACTERS:
            yield taken
            taken, characters = [], 0
    if taken:
        yield taken


def _history_row(item: Recorded[Event]) -> HistoryRow:
    event = item.event
    content = vars(event)  # asking a model for what it has not is slow
    message_id = getattr(content.get("letter"), "message_id", None) or content.get("message_id")
    # The letter's head is in the history once, with its receipt and with its ticket; routing need not repeat it.
    data = event.model_dump_json(
        exclude={"letter"} if isinstance(event, MessageRouted | RoutingFailed) else None
    )
    return HistoryRow(
        source=event.service,
        position=item.position,
        stream_id=item.stream_id,
        version=item.version,
        event_id=item.event_id,
        type=event.type_name(),
        schema_version=event.schema_version,
        actor=item.meta.actor,
        occurred_at=item.occurred_at,
        recorded_at=item.recorded_at,
        ticket_id=content.get("ticket_id"),
        message_id=message_id,
        reply_id=content.get("reply_id"),
        data=data,
        words=words(event),
    )


def words(event: Event) -> str | None:
    """What a search finds an event by; None: by nothing."""
    match event:
        case Reading(letter=letter, text=text):
            sender = f"{letter.from_.name} {letter.from_.address}" if letter.from_ else ""
            return f"{letter.subject}\n{sender}\n{text[:SEARCHED]}"
        case NoteAdded(text=text) | ReplySubmitted(text=text):
            return text[:SEARCHED]
        case TicketOpened(split_from_id=UUID(), subject=subject):  # elsewhere it is the subject of its letter
            return subject
        case _:
            return None


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


async def _keep_received(db: Connection, batch: Batch) -> None:
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


_STANDING = tuple(field.name for field in fields(Standing))
_standing_cells = attrgetter("state", "reason", *_STANDING)

_STANDINGS = f"""
SELECT message_id, {", ".join(_STANDING)}
FROM message
WHERE message_id = ANY($1::uuid[])
ORDER BY message_id
FOR UPDATE
"""

_KEEP_STANDINGS = f"""
UPDATE message
SET state = new.state,
    reason = new.reason,
    {", ".join(f"{name} = new.{name}" for name in _STANDING)}
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::text[],
    $8::integer[], $9::uuid[], $10::text[], $11::uuid[]
) AS new (message_id, state, reason, {", ".join(_STANDING)})
WHERE message.message_id = new.message_id
"""

_KEEP_BOXES = """
UPDATE message
SET ticketbox_id = new.ticketbox_id
FROM unnest($1::uuid[], $2::uuid[]) AS new (message_id, ticketbox_id)
WHERE message.message_id = new.message_id
"""


async def _keep_standings(db: Connection, batch: Batch) -> None:
    said, places = news(batch), moved(batch)
    message_ids = list(said.keys() | places)
    if not message_ids:
        return
    await db.execute(_BEGIN_LINES, message_ids)
    lines = []
    for row in await db.fetch(_STANDINGS, message_ids):
        cells = {**dict(row), "routed_state": MessageState(row["routed_state"])}
        message_id = cells.pop("message_id")
        standing = reduce(hear, said.get(message_id, ()), Standing(**cells))
        standing = replace(standing, ticket_id=places.get(message_id, standing.ticket_id))
        lines.append((message_id, *_standing_cells(standing)))
    await db.execute(_KEEP_STANDINGS, *zip(*lines, strict=True))
    boxes = {
        message_id: item.event.ticketbox_id
        for message_id, items in said.items()
        for item in items
        if isinstance(item.event, MessageRouted | RoutingFailed)
    }
    if boxes:
        await db.execute(_KEEP_BOXES, list(boxes), list(boxes.values()))


_COLUMNS = tuple(field.name for field in fields(Summary))
_cells = attrgetter(*_COLUMNS)

_LISTS = ("tags", "watcher_ids", "warned", "missed", "undelivered")

_LINES = f"""
SELECT {", ".join(_COLUMNS)}
FROM ticket
WHERE ticket_id = ANY($1::uuid[])
"""

_KEEP_LINES = f"""
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


async def _keep_tickets(db: Connection, batch: Batch) -> None:
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
    await db.executemany(_KEEP_LINES, [_cells(line) for line in after if line is not None])


_KEEP_THING = """
INSERT INTO thing (kind, id, version, thing, removed)
VALUES ($1, $2, $3, $4::jsonb, false)
ON CONFLICT (kind, id) DO UPDATE
SET version = excluded.version,
    thing = excluded.thing,
    removed = false
"""

_REMOVE_THING = """
UPDATE thing
SET version = $3,
    removed = true
WHERE kind = $1
  AND id = $2
"""

_KEEP_PRESENCE = """
INSERT INTO attendance (person_id, presence, until)
VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE
SET presence = excluded.presence,
    until = excluded.until
"""

_SHUT_OUT = """
INSERT INTO attendance (person_id, shut_out_at)
VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE
SET shut_out_at = excluded.shut_out_at
"""


_THINGS = frozenset(THINGS)


async def _keep_desk(db: Connection, batch: Batch) -> None:
    # By the very type, which each event of a rebuild is asked for: isinstance takes ten times as long with so many.
    said = [item for item in batch if type(item.event) in _THINGS or type(item.event) is PresenceChanged]
    if any(type(item.event) in _THINGS for item in said):
        await desk.renew_edition(db)
    for item in said:
        if isinstance(item.event, PresenceChanged):
            change = item.event
            await db.execute(_KEEP_PRESENCE, change.person_id, change.presence, change.until)
        else:
            await _keep_thing(db, item)


async def _keep_thing(db: Connection, item: Recorded[Event]) -> None:
    thing = thing_of(item.event)
    if thing is not None:
        kind = kind_of(type(thing))
        await db.execute(_KEEP_THING, kind, thing.id, item.version, thing.model_dump_json())
    elif isinstance(item.event, ThingRemoved):
        await db.execute(_REMOVE_THING, item.event.kind, item.event.id, item.version)
    match item.event:
        case (
            ThingRemoved(kind="person", id=person_id)
            | PersonChanged(thing=Person(id=person_id, active=False))
        ):
            # Whoever has left does not come back with what was left lying about.
            await db.execute(_SHUT_OUT, person_id, item.recorded_at)
        case _:
            pass


INBOX = Projection(
    name="inbox",
    schema="gateway",
    tables=(
        "history",
        "ticket",
        "task",
        "message",
        "thing",
        "desk_edition",
        "attendance",
        "contact",
        "contact_address",
    ),
    consumers=GATEWAY,
    apply=apply,
    kept_by_key=frozenset({"ticket", "message"}),
)
