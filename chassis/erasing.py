"""Takes a person's data out of the log of a service and out of what it has parked, piece by piece.

A piece is one transaction: the rows lose their data, and an event says which rows these are and what they hold now.
Whoever is killed between two pieces begins again; what is erased already stays as it is.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import asyncpg
import orjson
from nats.aio.client import Client

from chassis import log
from chassis.database import Connection, Pool, eraser_of, lock
from chassis.log import Answer, canonical
from chassis.unpublishing import unpublish
from contracts.commands import OPERATOR
from contracts.erasing import Eraser
from contracts.erasures import ROWS_ERASED, ErasedRow, ErasePiece, PieceErased, Subject
from contracts.event import Meta
from contracts.ids import derived
from contracts.stream_ids import (
    contact_stream,
    erasure_stream,
    message_stream,
    notice_stream,
    reply_stream,
    ticket_stream,
)
from contracts.streams import STREAMS

WINDOW = 20_000
"""Positions of the log that a piece looks at."""
MOST_ROWS = 200
"""Rows that a piece erases."""
VACUUM_SECONDS = 600

Beside = Callable[[Connection, Sequence[asyncpg.Record]], Awaitable[int]]
"""Erases what hangs on rows, in their transaction: it gets the rows as they were, and returns how many files went."""


def pattern(addresses: Iterable[str]) -> str:
    """A regular expression of PostgreSQL for JSON that may name one of them; `Eraser` looks exactly."""
    return "|".join(re.escape(orjson.dumps(address).decode()[1:-1]) for address in addresses)


def traces(person: Subject) -> str:
    """`pattern` of rows that may hold something of a person, also where an earlier part has taken the addresses."""
    return pattern((*person.addresses, person.alias))


# Its own streams are the person's as a whole; elsewhere what was written after the erasure had begun is no part of it.
_CANDIDATES = """
SELECT position, stream_id, version, type, data::text AS data, payload_sha256
FROM event
WHERE position > $1
  AND position <= $2
  AND (stream_id = ANY($3::text[]) OR (position <= $4 AND data::text ~* $5))
ORDER BY position
LIMIT $6
"""

_ERASE = """
UPDATE event
SET data = new.data::jsonb,
    payload_sha256 = coalesce(event.payload_sha256, new.payload_sha256)
FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS new (position, data, payload_sha256)
WHERE event.position = new.position
"""


async def begin(db: Connection, service: str) -> None:
    """Let the transaction of the caller erase; one at a time in each service."""
    await db.execute(f"SET LOCAL ROLE {eraser_of(service)}")
    await lock(db, f"postroom erasure {service}")


async def erase_log(
    db: Connection, service: str, piece: ErasePiece, now: datetime, beside: Beside | None = None
) -> PieceErased:
    """Erase a piece of the log, in the transaction of the caller that `begin` has begun."""
    person, eraser = piece.person, Eraser(piece.person)
    end: int = await db.fetchval("SELECT coalesce(max(position), 0) FROM event")
    upto = piece.after + WINDOW
    rows = await db.fetch(
        _CANDIDATES, piece.after, upto, _streams(person), piece.end, traces(person), MOST_ROWS
    )
    erased: list[tuple[asyncpg.Record, bytes, bytes]] = []
    for row in rows:
        before = orjson.loads(row["data"])
        held, holds = canonical(before), canonical(eraser.event(row["type"], before))
        if holds != held:
            erased.append((row, held, holds))
    files = await beside(db, [row for row, _, _ in erased]) if beside is not None and erased else 0
    if erased:
        await db.execute(
            _ERASE,
            [row["position"] for row, _, _ in erased],
            [holds.decode() for _, _, holds in erased],
            [sha256(held).digest() for _, held, _ in erased],
        )
        await vouch(db, service, person, [(row["position"], holds) for row, _, holds in erased], files, now)
    if len(rows) == MOST_ROWS:
        upto = rows[-1]["position"]
    return PieceErased(rows=len(erased), files=files, following=upto if upto < end else None)


def _streams(person: Subject) -> list[str]:
    return [
        *map(message_stream, person.message_ids),
        *map(ticket_stream, person.ticket_ids),
        *map(reply_stream, person.reply_ids),
        *map(notice_stream, person.notice_ids),
        *map(contact_stream, person.contact_ids),
    ]


async def vouch(
    db: Connection,
    service: str,
    person: Subject,
    erased: Sequence[tuple[int, bytes]],
    files: int,
    now: datetime,
) -> None:
    """Say in the log itself what was erased, by position with what is there now: what nobody vouches for is forged."""
    rows = tuple(ErasedRow(position=position, sha256=sha256(holds).hexdigest()) for position, holds in erased)
    stream_id = erasure_stream(person.erasure_id)
    head = await log.head_of(db, stream_id)
    meta = Meta(correlation_id=person.erasure_id, causation_id=person.erasure_id, actor=str(OPERATOR))
    event = ROWS_ERASED[service](erasure_id=person.erasure_id, rows=rows, files=files)
    cause = derived(person.erasure_id, f"{service} {head.version}")
    await log.append(db, [Answer(stream_id, (event,), cause, meta, now, head)], now)


async def erase_parked(db: Connection, person: Subject) -> int:
    """Take a person out of what is parked: it can still be handled again, as the log has it now."""
    eraser, erased = Eraser(person), 0
    for row in await db.fetch("SELECT parked_id, headers ->> 'ce-type' AS type, body, error FROM parked"):
        try:
            before = orjson.loads(row["body"])
        except ValueError:
            before = None
        if not isinstance(before, dict):
            continue  # no event of ours: nobody can say whose it is
        after = eraser.event(row["type"] or "", before)
        error = eraser.text(row["error"]) if after == before else "erased with the person's data"
        if after != before or error != row["error"]:
            await db.execute(
                "UPDATE parked SET body = $2, error = $3 WHERE parked_id = $1",
                row["parked_id"],
                orjson.dumps(after),
                error,
            )
            erased += 1
    return erased


async def erase_mentions(
    db: Connection, person: Subject, table: str, column: str, kind: str = "text"
) -> None:
    """Take a person's addresses out of a column with words of ours; `kind` is its type."""
    eraser = Eraser(person)
    rows = await db.fetch(
        f"SELECT ctid, {column}::text AS said FROM {table} WHERE {column}::text ~* $1 FOR UPDATE",
        traces(person),
    )
    await db.executemany(
        f"UPDATE {table} SET {column} = $2::text::{kind} WHERE ctid = $1",
        [(row["ctid"], eraser.text(row["said"])) for row in rows],
    )


async def erase_trials(db: Connection, person: Subject) -> str | None:
    """Forget what was found of the past where it may be about a person: it can be asked again.

    Why it cannot be done yet, or None: what is being examined may have been read before.
    """
    if await db.fetchval("SELECT count(*) FROM trial WHERE state = 'running'"):
        return "a question about the past is being examined"
    await db.execute(_FORGET_TRIALS, pattern(person.addresses), list(map(str, person.message_ids)))
    return None


# An example of an error may quote any letter, and does not say which.
_FORGET_TRIALS = """
DELETE FROM trial
WHERE state NOT IN ('waiting', 'running')
  AND (
    coalesce(summary -> 'errors', '{}') <> '{}'
    OR concat_ws(' ', question, error, summary) ~* $1
    OR EXISTS (
        SELECT
        FROM finding
        WHERE finding.trial_id = trial.trial_id
          AND (finding.finding ->> 'message_id' = ANY($2::text[]) OR finding.finding::text ~* $1)
    )
  )
"""


async def finish(
    pool: Pool, nats: Client, service: str, erasure_id: UUID, tables: Sequence[str], now: datetime
) -> PieceErased:
    """Take what was erased out of the service's stream, and have PostgreSQL clean its tables."""
    done = PieceErased()
    if service in STREAMS:
        if (waits_for := await unpublish(pool, nats, service, erasure_id, now)) is not None:
            return PieceErased(waits_for=waits_for)
        async with pool.acquire() as db:
            row = await db.fetchrow(
                _TOTALS, erasure_stream(erasure_id), ROWS_ERASED[service].type_name(), timeout=VACUUM_SECONDS
            )
        done = PieceErased(rows=row["rows"], files=row["files"]) if row else done
    async with pool.acquire() as db:
        await db.execute(f"VACUUM {', '.join((*tables, 'parked'))}", timeout=VACUUM_SECONDS)
    return done


# A row that lost something to several parts of the person is one row.
_TOTALS = """
SELECT (
        SELECT count(DISTINCT row ->> 'position')
        FROM event
        CROSS JOIN LATERAL jsonb_array_elements(data -> 'rows') AS row
        WHERE stream_id = $1
          AND type = $2
       )::integer AS rows,
       coalesce(sum((data ->> 'files')::integer), 0)::integer AS files
FROM event
WHERE stream_id = $1
  AND type = $2
"""
