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
from contracts.stream_ids import message_stream
from services.ingest.intake import Accepted
from services.ingest.settings import IngestSettings

MOST_TOGETHER = 100
Move = Callable[[Connection, int], Awaitable[None]]
"""Writes in the transaction of a group of messages; it is told how many of them are new."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that are committed together, or not at all, and for which someone waits."""

    accepted: tuple[Accepted, ...]
    traceparent: str | None
    stored: asyncio.Future[None]
    move: Move | None = None


class Store:
    """Commits what is waiting in one transaction: while one commit is under way, the next messages gather."""

    def __init__(self, service: Service[IngestSettings]) -> None:
        self._service = service
        self._waiting: list[Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def accept(self, accepted: Accepted, traceparent: str | None) -> None:
        """Return once the message is committed.

        Raises:
            whatever kept PostgreSQL from it: then nothing of this message is stored, and the client may try again.
        """
        await self.accept_group((accepted,), traceparent)

    async def accept_group(
        self, accepted: tuple[Accepted, ...], traceparent: str | None, move: Move | None = None
    ) -> None:
        """Return once all of them are committed, together with what `move` writes.

        Raises:
            whatever kept PostgreSQL from it, or `move` raised: then nothing of the group is stored.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(accepted, traceparent, stored, move))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._store_waiting())
        await stored

    async def _store_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            await self._store(batch)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            async with self._service.pool.acquire(timeout=5) as db, db.transaction():
                await _write(db, self._service, batch)
        except Exception as error:  # noqa: BLE001 - each client is told by its own 4xx
            if len(batch) > 1:  # one of them may be at fault: each by itself
                for waiting in batch:
                    await self._store([waiting])
            elif not batch[0].stored.done():
                batch[0].stored.set_exception(error)
        else:
            for waiting in batch:
                if not waiting.stored.done():
                    waiting.stored.set_result(None)


_BLOBS = """
INSERT INTO blob (sha256, content)
SELECT sha256, content
FROM unnest($1::bytea[], $2::bytea[]) AS new (sha256, content)
ORDER BY sha256  -- the same order in every transaction: two with the same files do not wait for each other in a circle
ON CONFLICT (sha256) DO NOTHING
"""


async def keep_blobs(db: Connection, blobs: Mapping[str, bytes]) -> None:
    """Store bytes by their sha256, once."""
    await db.execute(_BLOBS, [bytes.fromhex(digest) for digest in blobs], list(blobs.values()))


_LEDGER = """
INSERT INTO ledger (message_id, accepted_at)
SELECT message_id, accepted_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (message_id, accepted_at)
"""


async def _write(db: Connection, service: Service[IngestSettings], batch: Sequence[Waiting]) -> None:
    known = await log.answered(db, [one.message_id for waiting in batch for one in waiting.accepted])
    news: dict[UUID, tuple[Accepted, str | None]] = {}
    for waiting in batch:
        before = len(news)
        for one in waiting.accepted:
            if one.message_id not in known:
                news.setdefault(one.message_id, (one, waiting.traceparent))
        if waiting.move is not None:
            await waiting.move(db, len(news) - before)
    if not news:
        return
    blobs = {digest: content for accepted, _ in news.values() for digest, content in accepted.blobs.items()}
    await keep_blobs(db, blobs)
    await db.execute(
        _LEDGER,
        list(news),
        [accepted.event.letter.received_at for accepted, _ in news.values()],
    )
    await log.append(db, [_answer(*new) for new in news.values()], service.clock())


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
        occurred_at=accepted.event.letter.received_at,
    )
