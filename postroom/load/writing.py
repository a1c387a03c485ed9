"""Writes loaded tickets into the logs and beside them, as the services would have."""

import asyncio
import multiprocessing
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg

from chassis import log
from chassis.database import Connection, as_owner
from contracts.correspondence import NoticeReleased
from postroom.demo.day import customers
from postroom.load.desk import CannotLoad, Place, find_place
from postroom.load.tickets import Matter, Written, write_ticket
from services.tickets import ticket_tables
from services.tickets.work import Work

BATCH = 250
WORKERS = 2
FEW = 2 * BATCH
"""For so many tickets it is not worth while to start processes."""


async def load(
    database_url: str,
    tickets: int,
    days: int,
    seed: int,
    now: datetime,
    advance: Callable[[int], None],
    waiting: float = 0.1,
) -> None:
    """Write historical tickets, spread over the days before `now`; each batch is there wholly or not at all.

    `waiting` is the share of those that are not solved yet.

    Raises:
        CannotLoad: there is no ticketbox yet, or these tickets are loaded already.
    """
    async with as_owner(database_url) as db:
        place = await find_place(db)
        batches = _matters(tickets, days, seed, now, waiting)
        if tickets <= FEW:
            for batch in batches:
                await _write_batch(database_url, await _numbered(db, batch), place, now)
                advance(len(batch))
            return
        await _in_processes(db, database_url, batches, place, now, advance)


def _matters(tickets: int, days: int, seed: int, now: datetime, waiting: float) -> Iterator[list[Matter]]:
    """What they are about, in the order of time, without numbers yet."""
    chance = random.Random(seed)  # noqa: S311 - a history, not a secret
    people = customers(chance)
    times = sorted(now - timedelta(days=chance.uniform(0, days)) for _ in range(tickets))
    for start in range(0, tickets, BATCH):
        yield [
            Matter(index, 0, seed, at, chance.choice(people), chance.random() < waiting)
            for index, at in enumerate(times[start : start + BATCH], start)
        ]


async def _numbered(db: Connection, batch: Sequence[Matter]) -> list[Matter]:
    async with db.transaction():
        await db.execute("SET LOCAL search_path = tickets")
        numbers = await ticket_tables.new_numbers(db, len(batch))
    return [replace(matter, number=number) for matter, number in zip(batch, numbers, strict=True)]


async def _in_processes(
    db: Connection,
    database_url: str,
    batches: Iterator[list[Matter]],
    place: Place,
    now: datetime,
    advance: Callable[[int], None],
) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, spawn, _begin, (database_url, place, now)) as processes:
        at_work: deque[Future[int]] = deque()
        try:
            for batch in batches:
                at_work.append(processes.submit(_work, await _numbered(db, batch)))
                if len(at_work) > WORKERS:
                    advance(await asyncio.wrap_future(at_work.popleft()))
            while at_work:
                advance(await asyncio.wrap_future(at_work.popleft()))
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            raise


class Past(Work):
    """What never happened: nobody hears of it by mail."""

    def told(self, *_: object) -> Iterable[NoticeReleased]:
        return ()


_given: tuple[str, Place, datetime]
"""In a process of the pool: the database, where tickets belong, and the time now."""


def _begin(database_url: str, place: Place, now: datetime) -> None:
    global _given  # noqa: PLW0603 - one load a process
    _given = database_url, place, now


def _work(batch: Sequence[Matter]) -> int:
    database_url, place, now = _given
    asyncio.run(_write_batch(database_url, batch, place, now))
    return len(batch)


async def _write_batch(database_url: str, batch: Sequence[Matter], place: Place, now: datetime) -> None:
    work, written = Past(now, place.desk), Written()
    for matter in batch:
        write_ticket(matter, place, work, written, now)
    try:
        async with as_owner(database_url) as db, db.transaction():
            await _write(db, work, written, now)
    except (asyncpg.UniqueViolationError, log.AlreadyAnswered, log.VersionConflict) as error:
        raise CannotLoad(f"Tickets of seed {batch[0].seed} are loaded already. Choose another.") from error


_BLOBS = """
INSERT INTO ingest.blob (sha256, content)
SELECT sha256, content
FROM unnest($1::bytea[], $2::bytea[]) AS new (sha256, content)
ON CONFLICT DO NOTHING
"""
_LEDGER = """
INSERT INTO ingest.ledger (message_id, accepted_at, state, since)
SELECT message_id, accepted_at, 'ticketed', accepted_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (message_id, accepted_at)
"""
# Sent long ago: without these rows, notify would send them now.
_DELIVERIES = """
INSERT INTO notify.delivery
    (reply_id, attempt, ticket_id, internet_message_id, automatic, sender, smtputf8, message,
     recipients, state, tries, queued_at, due_at, release_id, correlation_id)
SELECT reply_id, 1, ticket_id, internet_message_id, false, '', false, '', '[]', 'sent', 1, at, at, release_id,
       ticket_id
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[])
    AS new (reply_id, ticket_id, internet_message_id, at, release_id)
"""


async def _write(db: Connection, work: Work, written: Written, now: datetime) -> None:
    for statement, rows in (
        (_BLOBS, written.blobs),
        (_LEDGER, written.ledger),
        (_DELIVERIES, written.deliveries),
    ):
        if rows:
            await db.execute(statement, *map(list, zip(*rows, strict=True)))
    for service, answers in written.answers.items():
        await db.execute(f"SET LOCAL search_path = {service}")
        await log.append(db, answers, now)
    # The chains of tickets have gone on for months: it was written down when it happened.
    work.answers = [replace(answer, recorded_at=answer.occurred_at) for answer in work.answers]
    work.now = now
    await db.execute("SET LOCAL search_path = tickets")
    await work.save(db)
