"""Accepts messages: bytes, ledger row and event in one transaction, several messages at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import log
from chassis.database import Connection
from chassis.log import Answer
from chassis.service import Service
from contracts.event import Meta
from contracts.ingest import MessageHeld
from contracts.stream_ids import message_stream
from services.ingest.intake import Accepted
from services.ingest.scanning import held
from services.ingest.settings import IngestSettings

MOST_TOGETHER = 100
Move = Callable[[Connection, tuple[UUID, ...], int], Awaitable[None]]
"""Writes in the transaction of a group of messages; it is told their ids, and how many of them are new."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that are committed together, or not at all, and for which someone waits."""

    accepted: tuple[Accepted, ...]
    traceparent: str | None
    stored: asyncio.Future[tuple[UUID, ...]]
    move: Move | None = None


class Store:
    """Commits what is waiting in one transaction: while one commit is under way, the next messages gather."""

    def __init__(self, service: Service[IngestSettings]) -> None:
        self._service = service
        self._waiting: list[Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def accept(
        self, accepted: tuple[Accepted, ...], traceparent: str | None, move: Move | None = None
    ) -> tuple[UUID, ...]:
        """Return once all of them are committed, together with what `move` writes: the ids by which they are known.

        Raises:
            whatever kept PostgreSQL from it, or `move` raised: then nothing of the group is stored.
        """
        stored: asyncio.Future[tuple[UUID, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(accepted, traceparent, stored, move))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._store_waiting())
        return await stored

    async def _store_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            await self._store(batch)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            async with self._service.pool.acquire(timeout=5) as db, db.transaction():
                ids = await _write(db, self._service, batch)
        except Exception as error:  # noqa: BLE001 - each client is told by its own 4xx
            if len(batch) > 1:  # one of them may be at fault: each by itself
                for waiting in batch:
                    await self._store([waiting])
            elif not batch[0].stored.done():
                batch[0].stored.set_exception(error)
        else:
            for waiting, its_ids in zip(batch, ids, strict=True):
                if not waiting.stored.done():
                    waiting.stored.set_result(its_ids)


_BLOBS = """
INSERT INTO blob (sha256, content)
SELECT sha256, content
FROM unnest($1::bytea[], $2::bytea[]) AS new (sha256, content)
ORDER BY sha256  -- the same order in every transaction: two with the same files do not wait for each other in a circle
ON CONFLICT (sha256) DO UPDATE SET sha256 = excluded.sha256  -- locks it: an erasure may look whether it is needed
"""


async def keep_blobs(db: Connection, blobs: Mapping[str, bytes]) -> None:
    """Store bytes by their sha256, once."""
    await db.execute(_BLOBS, [bytes.fromhex(digest) for digest in blobs], list(blobs.values()))


_LEDGER = """
INSERT INTO ledger (message_id, accepted_at)
SELECT message_id, accepted_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (message_id, accepted_at)
"""


# A source's copies are known by the address that they were fetched for, whether they are new or not.
_COPIES = """
WITH new AS (
    INSERT INTO source_copy (copy_id)
    SELECT DISTINCT copy_id
    FROM unnest($1::uuid[]) AS asked (copy_id)
    ORDER BY copy_id
    ON CONFLICT DO NOTHING
    RETURNING copy_id
)
SELECT copy_id
FROM unnest($1::uuid[]) AS asked (copy_id)
WHERE copy_id NOT IN (SELECT copy_id FROM new)
"""


async def _known(db: Connection, accepted: Sequence[Accepted]) -> set[UUID]:
    """Which of the ids that these have or would have had are those of messages that were taken before."""
    ids = [one for each in accepted for one in each.identity.all]
    known = await log.answered(db, ids)
    if copies := [one.identity.by_address for one in accepted if one.from_source]:
        known |= {row["copy_id"] for row in await db.fetch(_COPIES, copies)}
    return known


async def _write(
    db: Connection, service: Service[IngestSettings], batch: Sequence[Waiting]
) -> list[tuple[UUID, ...]]:
    """Write what is new; returns the ids by which the messages of each are known."""
    known = await _known(db, [one for waiting in batch for one in waiting.accepted])
    news: dict[UUID, tuple[Accepted, str | None]] = {}
    ids = [tuple(_id_of(one, known) for one in waiting.accepted) for waiting in batch]
    for waiting, its_ids in zip(batch, ids, strict=True):
        before = len(news)
        for one in waiting.accepted:
            if known.isdisjoint(one.identity.all):
                news.setdefault(one.message_id, (one, waiting.traceparent))
        if waiting.move is not None:
            await waiting.move(db, its_ids, len(news) - before)
    if not news:
        return ids
    blobs = {digest: content for accepted, _ in news.values() for digest, content in accepted.blobs.items()}
    await keep_blobs(db, blobs)
    await db.execute(_LEDGER, list(news), [accepted.received_at for accepted, _ in news.values()])
    await held.keep(
        db, [accepted.event for accepted, _ in news.values() if isinstance(accepted.event, MessageHeld)]
    )
    await log.append(db, [_answer(*new) for new in news.values()], service.clock())
    return ids


def _id_of(accepted: Accepted, known: set[UUID]) -> UUID:
    """Its own id, unless it was taken when ids were made otherwise."""
    return next((one for one in accepted.identity.all if one in known), accepted.message_id)


def _answer(accepted: Accepted, traceparent: str | None) -> Answer:
    return Answer(
        stream_id=message_stream(accepted.message_id),
        events=(accepted.event,),
        cause=accepted.message_id,
        meta=Meta(
            correlation_id=accepted.message_id,
            causation_id=accepted.message_id,
            actor=accepted.actor,
            traceparent=traceparent,
        ),
        occurred_at=accepted.received_at,
    )
