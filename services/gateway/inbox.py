"""The read model behind pages and API: the history of everything, and a line for each ticket."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from uuid import UUID

import asyncpg

from chassis.consume import Batch
from chassis.database import Connection
from chassis.projection import Projection
from contracts.event import Event, Recorded
from contracts.ingest import MessageReceived
from contracts.router import MessageRouted
from contracts.streams import GATEWAY
from contracts.tickets import (
    NoteAdded,
    PersonAdded,
    PresenceChanged,
    ReplySubmitted,
    TicketboxCreated,
)
from services.gateway.summary import Summary, TicketEvent, summarise

CHANNEL = "postroom_inbox"
"""PostgreSQL's notifications that there is something new."""
SEARCHED = 20_000
"""Characters of a text that a search looks at."""


async def apply(batch: Batch, db: Connection) -> None:
    """Take events of one log into the tables."""
    await _keep_history(db, batch)
    await _keep_tickets(db, [item for item in batch if isinstance(item.event, TicketEvent)])
    for item in batch:
        if isinstance(item.event, TicketboxCreated | PersonAdded | PresenceChanged):
            await _keep_desk(db, item.event)
    # Heard when the transaction commits: open pages ask what is new.
    await db.execute("SELECT pg_notify($1, '')", CHANNEL)


_KEEP_HISTORY = """
INSERT INTO history (
    source, position, stream_id, version, event_id, type, schema_version, actor, occurred_at,
    recorded_at, ticket_id, message_id, reply_id, data, words
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, to_tsvector('simple', $15::text)
)
"""


async def _keep_history(db: Connection, batch: Batch) -> None:
    await db.executemany(_KEEP_HISTORY, [_history_row(item) for item in batch])


def _history_row(item: Recorded[Event]) -> tuple[object, ...]:
    event = item.event
    letter = getattr(event, "letter", None)
    message_id = getattr(letter, "message_id", None) or getattr(event, "message_id", None)
    # The letter's head is in the history once, with its receipt and with its ticket; routing need not repeat it.
    data = event.model_dump_json(exclude={"letter"} if isinstance(event, MessageRouted) else None)
    return (
        event.service,
        item.position,
        item.stream_id,
        item.version,
        item.event_id,
        event.type_name(),
        event.schema_version,
        item.meta.actor,
        item.occurred_at,
        item.recorded_at,
        getattr(event, "ticket_id", None),
        message_id,
        getattr(event, "reply_id", None),
        data,
        _words(event),
    )


def _words(event: Event) -> str | None:
    match event:
        case MessageReceived(letter=letter, text=text):
            sender = f"{letter.from_.name} {letter.from_.address}" if letter.from_ else ""
            return f"{letter.subject}\n{sender}\n{text[:SEARCHED]}"
        case NoteAdded(text=text) | ReplySubmitted(text=text):
            return text[:SEARCHED]
        case _:
            return None


_COLUMNS = tuple(field.name for field in fields(Summary))
_cells = attrgetter(*_COLUMNS)

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
    return Summary(**{**cells, "tags": tuple(row["tags"]), "undelivered": tuple(row["undelivered"])})


async def _keep_tickets(db: Connection, items: Sequence[Recorded[Event]]) -> None:
    histories: defaultdict[UUID, list[Recorded[Event]]] = defaultdict(list)
    for item in items:
        histories[item.event.ticket_id].append(item)  # type: ignore[attr-defined]  # all TicketEvents have it
    if not histories:
        return
    before = await summaries(db, histories)
    after = [summarise(history, before.get(ticket_id)) for ticket_id, history in histories.items()]
    await db.executemany(_KEEP_LINES, [_cells(line) for line in after if line is not None])


async def _keep_desk(db: Connection, event: TicketboxCreated | PersonAdded | PresenceChanged) -> None:
    match event:
        case TicketboxCreated():
            await db.execute(
                """
                INSERT INTO ticketbox (ticketbox_id, name, addresses, first_response_seconds)
                VALUES ($1, $2, $3, $4)
                """,
                event.ticketbox_id,
                event.name,
                list(event.addresses),
                event.first_response_seconds,
            )
        case PersonAdded():
            await db.execute(
                """
                INSERT INTO person (person_id, email, name, role, ticketbox_ids, presence)
                VALUES ($1, $2, $3, $4, $5, 'off')
                """,
                event.person_id,
                event.email,
                event.name,
                event.role,
                list(event.ticketbox_ids),
            )
        case PresenceChanged():
            await db.execute(
                "UPDATE person SET presence = $2 WHERE person_id = $1", event.person_id, event.presence
            )


INBOX = Projection(
    name="inbox",
    schema="gateway",
    tables=("history", "ticket", "ticketbox", "person"),
    consumers=GATEWAY,
    apply=apply,
)
