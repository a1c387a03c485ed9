"""Keeps the table `history`: every event of every log, with the words by which a search finds it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.consume import Batch
from chassis.database import Connection
from contracts.correspondence import NoteAdded, ReplySubmitted
from contracts.event import Event, Recorded
from contracts.ingest import Reading
from contracts.router import MessageRouted, RoutingFailed
from contracts.tickets import TicketOpened

SEARCHED = 20_000
"""Characters of a text that a search looks at."""
MOST_CHARACTERS = 8_000_000
"""Of the events in one statement, as JSON; where it is reached, another begins."""


class HistoryRow(NamedTuple):
    """An event as the table keeps it."""

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


_COLUMNS = ", ".join(HistoryRow._fields)
_KEEP = f"""
INSERT INTO history ({_COLUMNS})
SELECT source, position, stream_id, version, event_id, type, schema_version, actor, occurred_at,
       recorded_at, ticket_id, message_id, reply_id, data::jsonb, to_tsvector('simple', words)
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::smallint[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::uuid[], $14::text[], $15::text[]
) AS new ({_COLUMNS})
"""


async def keep(db: Connection, batch: Batch) -> None:
    """Take events into the table."""
    for rows in _statements(map(_row, batch)):
        await db.execute(_KEEP, *zip(*rows, strict=True))


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


def _row(item: Recorded[Event]) -> HistoryRow:
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
