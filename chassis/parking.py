"""Messages that a consumer could not handle, kept with their error until a person replays them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

import asyncpg
import orjson
from nats.aio.msg import Msg

from chassis import log, wire
from chassis.database import Connection
from chassis.log import Answer
from contracts.event import Event, Recorded
from contracts.ids import derived
from contracts.queries import Parked, ParkedList, Replayed

_PARKED = UUID("5a3f1c52-7f0e-4b8e-9d0c-2f6f5b1f8a10")


async def park(db: Connection, consumer: str, message: Msg, error: str, attempts: int) -> None:
    """Keep a message as it came, once however often it fails."""
    await db.execute(
        """
        INSERT INTO parked (parked_id, consumer, headers, body, error, attempts)
        VALUES ($1, $2, $3::jsonb, $4, $5, $6)
        ON CONFLICT (parked_id) DO UPDATE
        SET error = excluded.error,
            attempts = excluded.attempts
        """,
        uuid5(
            _PARKED, f"{consumer} {(message.headers or {}).get('ce-id') or sha256(message.data).hexdigest()}"
        ),
        consumer,
        orjson.dumps(message.headers or {}).decode(),
        message.data,
        error.replace("\x00", ""),
        attempts,
    )


async def tell(db: Connection, item: Recorded[Event], stream_id: str, failed: Event, now: datetime) -> None:
    """Say once in the log that what was heard is parked, so that the ledger knows."""
    cause = derived(item.event_id, "parked")
    if not await log.answered(db, [cause]):
        head = await log.head_of(db, stream_id)  # not empty if it was dealt with, or failed, before
        await log.append(db, [Answer(stream_id, (failed,), cause, log.caused_by(item), now, head)], now)


async def parked(db: Connection, projections: Mapping[str, str], stream_id: str | None = None) -> ParkedList:
    """What is parked in this schema, in all or of one stream, the oldest first.

    `projections` has the names of projections, by that of a consumer.
    """
    rows = await db.fetch(
        """
        SELECT parked_id, consumer, headers::text AS headers, error, attempts, parked_at
        FROM parked
        WHERE $1::text IS NULL
           OR headers ->> 'ce-subject' = $1
        ORDER BY parked_at
        LIMIT 500
        """,
        stream_id,
    )
    return ParkedList(items=tuple(_parked(row, projections) for row in rows))


def _parked(row: asyncpg.Record, projections: Mapping[str, str]) -> Parked:
    headers = orjson.loads(row["headers"])
    return Parked(
        parked_id=row["parked_id"],
        consumer=row["consumer"],
        projection=projections.get(row["consumer"]),
        event=headers.get("ce-type", "not an event"),
        event_id=headers.get("ce-id"),
        stream_id=headers.get("ce-subject", ""),
        error=row["error"],
        attempts=row["attempts"],
        parked_at=row["parked_at"],
    )


async def forget(db: Connection, consumer: str, stream_ids: Collection[str]) -> None:
    """Drop what a consumer has parked of these streams: something was decided since that takes its place."""
    await db.execute(
        "DELETE FROM parked WHERE consumer = $1 AND headers ->> 'ce-subject' = ANY($2::text[])",
        consumer,
        list(stream_ids),
    )


Work = Callable[[str, Recorded[Event], Connection], Awaitable[None]]


async def replay(db: Connection, parked_id: UUID, work: Work) -> Replayed:
    """Handle a parked message again and forget it, in one transaction; `work` gets the consumer's name and the event.

    What goes wrong is the answer: the message stays parked.
    """
    try:
        async with db.transaction():
            row = await db.fetchrow(
                """
                DELETE FROM parked
                WHERE parked_id = $1
                RETURNING consumer, headers::text AS headers, body
                """,
                parked_id,
            )
            if row is None:
                return Replayed(done=False, error="It is not parked any more.")
            await work(row["consumer"], wire.read(orjson.loads(row["headers"]), row["body"]), db)
    except Exception as error:  # noqa: BLE001 - told to the person who asked
        return Replayed(done=False, error=f"{type(error).__name__}: {error}")
    return Replayed(done=True)
