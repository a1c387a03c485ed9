"""Erases what the gateway keeps of a person: the history with its words, lines of letters and tickets, drafts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from chassis.erasing import MOST_ROWS, WINDOW, erase_mentions, erase_parked, traces
from chassis.projection import behind
from contracts.erasing import Eraser
from contracts.erasures import ErasePiece, PieceErased, Subject
from contracts.event import Data
from contracts.model import ERASED
from contracts.stream_ids import contact_stream
from contracts.streams import EVENTS, STREAMS
from services.gateway.desk import desk
from services.gateway.read_model import contact_rows, history, history_rows, task_rows
from services.gateway.read_model.inbox import INBOX
from services.gateway.read_model.summary import summarise
from services.gateway.tickets.details import details

SOURCES = tuple(STREAMS)
_SOURCE = 10**15
"""A piece begins at a source and a position: both in one number."""

_CANDIDATES = """
SELECT source, position, type, schema_version, data::text AS data, message_id, ticket_id, words IS NOT NULL AS found
FROM history
WHERE source = $1
  AND position > $2
  AND position <= $3
  AND (
    message_id = ANY($4::uuid[]) OR ticket_id = ANY($5::uuid[]) OR reply_id = ANY($6::uuid[])
    OR stream_id = ANY($7::text[])
    OR (position <= $8 AND data::text ~* $9)
  )
ORDER BY position
LIMIT $10
"""

_ERASE = """
UPDATE history
SET data = new.data::jsonb,
    words = CASE WHEN history.words IS NOT NULL THEN to_tsvector('simple', new.words) END
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS new (position, data, words)
WHERE history.source = $4
  AND history.position = new.position
"""


async def erase(piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the history; after the last of each log, the lines that are made of it."""
    if (waits_for := await behind(db, INBOX.name, piece.ends)) is not None:
        return PieceErased(waits_for=waits_for)
    # A rebuild that began before may have read what is erased now.
    if not await db.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", INBOX.rebuild_lock):
        return PieceErased(waits_for="the inbox is being rebuilt")
    number, after = divmod(piece.after, _SOURCE)
    source, person = SOURCES[number], piece.person
    rows = await db.fetch(
        _CANDIDATES,
        source,
        after,
        after + WINDOW,
        list(person.message_ids),
        list(person.ticket_ids),
        list(person.reply_ids),
        list(map(contact_stream, person.contact_ids)),
        piece.ends.get(source, 0),
        traces(person),
        MOST_ROWS,
    )
    erased = await _erase_rows(db, source, rows, person)
    end: int = await db.fetchval("SELECT coalesce(max(position), 0) FROM history WHERE source = $1", source)
    upto = rows[-1]["position"] if len(rows) == MOST_ROWS else after + WINDOW
    if upto < end:
        return PieceErased(rows=erased, following=number * _SOURCE + upto)
    if number + 1 < len(SOURCES):
        return PieceErased(rows=erased, following=(number + 1) * _SOURCE)
    await _erase_lines(db, person)
    await _erase_drafts(db, person)
    await desk.renew_edition(db)
    await erase_mentions(db, person, "thing", "thing", "jsonb")
    await contact_rows.forget(db, person.contact_ids, person.addresses, person.names)
    return PieceErased(rows=erased + await erase_parked(db, person))


async def _erase_rows(db: Connection, source: str, rows: Sequence[asyncpg.Record], person: Subject) -> int:
    eraser = Eraser(person)
    erased: list[tuple[int, str, str | None]] = []
    tickets: set[UUID] = set()
    for row in rows:
        before = orjson.loads(row["data"])
        after = _without(eraser, row, before)
        if after != before:
            data = orjson.dumps(after).decode()
            said = EVENTS[row["type"]].read(data, row["schema_version"]) if row["found"] else None
            erased.append((row["position"], data, history_rows.words(said) if said else None))
            tickets |= {row["ticket_id"]} - {None}
    if erased:
        await db.execute(_ERASE, *map(list, zip(*erased, strict=True)), source)
    if source == "tickets":
        await _summarise_again(db, tickets)
    return len(erased)


def _without(eraser: Eraser, row: asyncpg.Record, before: Data) -> Data:
    """What is left of a row. The history does not repeat the letter of a routing, and with it whose it is."""
    if row["message_id"] is None or "letter" in before or "message_id" in before:
        return eraser.event(row["type"], before)
    after = eraser.event(row["type"], {**before, "message_id": str(row["message_id"])})
    return {name: value for name, value in after.items() if name != "message_id"}


async def _summarise_again(db: Connection, ticket_ids: Iterable[UUID]) -> None:
    """Let lists show of tickets what the history has now."""
    lines = []
    for ticket_id in ticket_ids:
        events = await history.of_ticket(db, ticket_id)
        lines.append(summarise(events))
        texts = {task_id: task.text for task_id, task in details(events).tasks.items()}
        await task_rows.word_anew(db, ticket_id, texts)
    await db.executemany(
        """
        UPDATE ticket
        SET subject = $2, contact_name = $3, contact_address = $4, excerpt = $5
        WHERE ticket_id = $1
        """,
        [
            (line.ticket_id, line.subject, line.contact_name, line.contact_address, line.excerpt)
            for line in lines
            if line is not None
        ],
    )


async def _erase_lines(db: Connection, person: Subject) -> None:
    """The lines of the person's letters. Errors may quote a letter; why a rule held one back does not."""
    await db.execute(
        """
        UPDATE message
        SET from_name = '',
            from_address = $2,
            subject = $3,
            excerpt = '',
            reason = CASE WHEN state = 'failed' THEN $3 ELSE reason END,
            routed_reason = CASE WHEN routed_state = 'failed' THEN $3 ELSE routed_reason END,
            failed_reason = CASE WHEN failed_reason IS NOT NULL THEN $3 END
        WHERE message_id = ANY($1::uuid[])
        """,
        list(person.message_ids),
        person.alias,
        ERASED,
    )


async def _erase_drafts(db: Connection, person: Subject) -> None:
    """What somebody began to write on the person's tickets; elsewhere, as in notes, only the addresses go."""
    await db.execute("DELETE FROM draft WHERE ticket_id = ANY($1::uuid[])", list(person.ticket_ids))
    await erase_mentions(db, person, "draft", "text")
