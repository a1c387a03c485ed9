"""Trials: questions about the past that take a while, asked for, worked one after another, looked at, cancelled.

What is examined is read here and examined in processes of their own, so that nobody waits for a trial. Whoever works
on one holds its lock; if that service is killed, another begins it again.
"""

import asyncio
import ctypes
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

import asyncpg
import orjson

from chassis.commands import UnknownThing
from chassis.database import LONG_COMMAND_SECONDS, Connection, connect, try_lock
from chassis.logging import get_logger
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.commands import Refused
from contracts.model import Model
from contracts.trials import Change, Trial, TrialQuery

logger = get_logger(__name__)
B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)
A = TypeVar("A")
T = TypeVar("T", bound="Tally")
S = TypeVar("S", bound=ServiceSettings)
V = TypeVar("V", bound=Trial)

WORKERS = 2
MOST_CHANGES = 10_000
"""That are kept one by one; the sums are of all."""
KEPT = 20
"""Trials that are kept."""
POLL_SECONDS = 1.0
_PROGRESS_SECONDS = 0.5


class Tally(Protocol):
    """What was found so far."""

    examined: int

    @property
    def changes(self) -> Sequence[Change]:
        """Of one batch, without numbers yet."""

    def add(self, more: Self) -> None:
        """Add the sums of another batch."""

    def summary(self) -> Model:
        """In sum."""


class Source(Protocol[B_co]):
    """What is examined, piece by piece. `total` is known as soon as the first piece is there."""

    total: int

    def batches(self) -> AsyncIterator[B_co]: ...


@dataclass(frozen=True, slots=True)
class Examination(Generic[B, A, T]):
    """How a question is answered. `examine` and `about` go to other processes: a function of a module, and data."""

    source: Source[B]
    examine: Callable[[B, A], T]
    about: A
    tally: T


Prepare = Callable[[Connection, str, datetime], Awaitable[Examination[Any, Any, Any]]]
"""Makes an examination of a question in JSON and the time now."""


_OPEN = "state IN ('waiting', 'running')"


class Cancelled(Exception):
    """Somebody does not want to know any more."""


async def ask(db: Connection, trial_id: UUID, question: str, asked_by: UUID, now: datetime) -> None:
    """Put a trial in the row of those that wait; a repeat changes nothing."""
    await db.execute(
        """
        INSERT INTO trial (trial_id, question, asked_by, asked_at)
        VALUES ($1, $2::jsonb, $3, $4)
        ON CONFLICT (trial_id) DO NOTHING
        """,
        trial_id,
        question,
        asked_by,
        now,
    )
    await db.execute(
        f"""
        DELETE FROM trial
        WHERE NOT {_OPEN}
          AND trial_id NOT IN (SELECT trial_id FROM trial ORDER BY asked_at DESC LIMIT $1)
        """,
        KEPT,
    )


async def cancel(db: Connection, trial_id: UUID, now: datetime) -> None:
    """Let a trial end; nothing happens if it has ended."""
    await db.execute(
        f"""
        UPDATE trial
        SET state = 'cancelled',
            ended_at = $2
        WHERE trial_id = $1
          AND {_OPEN}
        """,
        trial_id,
        now,
    )


_COLUMNS = """
    trial_id, question::text AS question, asked_by, asked_at, state, total, examined, ended_at, error,
    coalesce(summary, '{}')::text AS summary
"""
_PROGRESS = ("state", "asked_by", "asked_at", "ended_at", "total", "examined", "error")
"""The columns that `Trial` has, too."""


_FINDINGS = """
SELECT finding::text AS finding
FROM finding
WHERE trial_id = $1
  AND number > $2
  AND ($3::text IS NULL OR finding -> 'kinds' ? $3)
ORDER BY number
LIMIT $4
"""


async def told(db: Connection, view: type[V], trial_id: UUID, piece: TrialQuery) -> V | Refused:
    """How far a trial is, and a piece of what it found: what has `kind` among its `kinds`, behind a number."""
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM trial WHERE trial_id = $1", trial_id)
    if row is None:
        return Refused(
            code=UnknownThing.code, detail=f"There is no such {view.called}; only the last ones are kept."
        )
    found = await db.fetch(_FINDINGS, trial_id, piece.after, piece.kind, piece.limit)
    return _view(row, view, [orjson.loads(one["finding"]) for one in found])


async def latest(db: Connection, view: type[V]) -> tuple[V, ...]:
    """The last trials, the newest first, without what they found one by one."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM trial ORDER BY asked_at DESC LIMIT $1", KEPT)
    return tuple(_view(row, view) for row in rows)


def _view(row: asyncpg.Record, view: type[V], changes: Sequence[object] = ()) -> V:
    said = {
        view.identity: row["trial_id"],
        **{name: row[name] for name in _PROGRESS},
        **orjson.loads(row["question"]),
        "summary": orjson.loads(row["summary"]),
        "changes": changes,
    }
    return view.model_validate(said)


async def work(service: Service[S], prepare: Prepare) -> None:
    """Work on what is asked for, one after another, until cancelled."""
    db = await connect(service.settings.database_url, service.name, LONG_COMMAND_SECONDS)
    try:
        while True:
            if (row := await _claim(db)) is not None:
                await _run(service, db, row, prepare)
            else:
                await asyncio.sleep(POLL_SECONDS)
            await db.execute("SELECT pg_advisory_unlock_all()")
    finally:
        db.terminate()  # its locks go with it


async def _claim(db: Connection) -> asyncpg.Record | None:
    """Lock the oldest that nobody works on."""
    for listed in await db.fetch(f"SELECT trial_id FROM trial WHERE {_OPEN} ORDER BY asked_at"):
        trial_id = listed["trial_id"]
        if await try_lock(db, f"{trial_id}"):
            # Whoever held the lock may have ended it a moment ago.
            row = await db.fetchrow(f"SELECT {_COLUMNS} FROM trial WHERE trial_id = $1 AND {_OPEN}", trial_id)
            if row is not None:
                return row
    return None


async def _run(service: Service[S], db: Connection, row: asyncpg.Record, prepare: Prepare) -> None:
    trial_id = row["trial_id"]
    try:
        await db.execute("DELETE FROM finding WHERE trial_id = $1", trial_id)
        examination = await prepare(db, row["question"], service.clock())
        await _examine_all(db, trial_id, examination)
    except Cancelled:
        return
    except Exception as error:
        # It would fail again: whoever asked is told, and the next one has its turn.
        logger.exception("trial failed", trial_id=str(trial_id))
        await _end(db, trial_id, "failed", service.clock(), error=f"{type(error).__name__}: {error}")
    else:
        await _end(db, trial_id, "done", service.clock(), examined=examination.tally.examined)


async def _examine_all(db: Connection, trial_id: UUID, examination: Examination[B, A, T]) -> None:
    source, tally = examination.source, examination.tally
    loop = asyncio.get_running_loop()
    told_at = loop.time()
    kept = 0

    async def take(examined: Awaitable[T]) -> None:
        nonlocal kept
        found = await examined
        tally.add(found)
        kept = await _keep(db, trial_id, found.changes, kept)

    spawn = multiprocessing.get_context("spawn")  # a fork would share the connections
    # Not a `with`: that would block this loop until the processes have ended.
    processes = ProcessPoolExecutor(WORKERS, spawn, _begin, (examination.about,))
    try:
        at_work: deque[asyncio.Future[T]] = deque()
        async for batch in source.batches():
            at_work.append(loop.run_in_executor(processes, _examine, examination.examine, batch))
            if len(at_work) > 2 * WORKERS:
                await take(at_work.popleft())
            if loop.time() - told_at > _PROGRESS_SECONDS:
                await _tell(db, trial_id, source.total, tally)
                told_at = loop.time()
        while at_work:
            await take(at_work.popleft())
            await _tell(db, trial_id, source.total, tally)
        await _tell(db, trial_id, source.total, tally)
    finally:
        processes.shutdown(wait=False, cancel_futures=True)


async def _keep(db: Connection, trial_id: UUID, changes: Sequence[Change], kept: int) -> int:
    """Keep changes behind those that are kept already, as long as there is room; how many they are then."""
    numbered = [
        change.model_copy(update={"number": number})
        for number, change in enumerate(changes[: MOST_CHANGES - kept], kept + 1)
    ]
    if numbered:
        await db.execute(
            """
            INSERT INTO finding (trial_id, number, finding)
            SELECT $1, (finding ->> 'number')::bigint, finding
            FROM unnest($2::jsonb[]) AS new (finding)
            """,
            trial_id,
            [change.model_dump_json() for change in numbered],
        )
    return kept + len(numbered)


async def _tell(db: Connection, trial_id: UUID, total: int, tally: Tally) -> None:
    """Write the progress down.

    Raises:
        Cancelled.
    """
    going_on = await db.fetchval(
        f"""
        UPDATE trial
        SET state = 'running',
            total = $2,
            examined = $3,
            summary = $4::jsonb
        WHERE trial_id = $1
          AND {_OPEN}
        RETURNING true
        """,
        trial_id,
        total,
        tally.examined,
        tally.summary().model_dump_json(),
    )
    if not going_on:
        raise Cancelled


async def _end(
    db: Connection,
    trial_id: UUID,
    state: str,
    now: datetime,
    examined: int | None = None,
    error: str | None = None,
) -> None:
    await db.execute(
        f"""
        UPDATE trial
        SET state = $2,
            ended_at = $3,
            error = $4,
            total = coalesce($5, total),
            examined = coalesce($5, examined)
        WHERE trial_id = $1
          AND {_OPEN}
        """,
        trial_id,
        state,
        now,
        error,
        examined,
    )


_about: object
"""In a process of the pool: what it is asked about."""


def _begin(about: object) -> None:
    global _about  # noqa: PLW0603 - one trial a process
    _about = about
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which then ends this
    # And it ends when the service is killed; otherwise it would wait for work for ever.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _examine(examine: Callable[[B, Any], T], batch: B) -> T:
    return examine(batch, _about)
