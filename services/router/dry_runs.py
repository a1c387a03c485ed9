"""The shell of dry runs: asked for, worked one after another beside the routing, looked at, cancelled.

The rules are asked in processes of their own, so that no letter waits for a dry run. Whoever works on one holds its
lock; if that router is killed, another begins it again.
"""

import asyncio
import ctypes
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from chassis.commands import Refusal
from chassis.database import Connection, connect
from chassis.logging import get_logger
from chassis.service import Service
from contracts.commands import OPERATOR, CancelDryRun, Done, Outcome, Refused, StartDryRun
from contracts.desk import Right
from contracts.queries import DryRun, DryRunChange, DryRunList, DryRunSummary, GetDryRun, ListDryRuns
from rules.condition import BadCondition, check
from services.router import contacts, tables
from services.router.dry_run import Recorded, Tally, examine
from services.router.recorded import Mail
from services.router.ruleset import Ruleset
from services.router.settings import RouterSettings

logger = get_logger(__name__)

WORKERS = 2
MOST_CHANGES = 10_000
"""Messages that are kept one by one; the sums are of all."""
KEPT = 20
"""Dry runs that are kept."""
POLL_SECONDS = 1.0
_PROGRESS_SECONDS = 0.5


class Forbidden(Refusal):
    """Rules are no business of theirs."""

    code = "forbidden"


class Invalid(Refusal):
    """The rules cannot be asked."""

    code = "invalid"


class Cancelled(Exception):  # noqa: N818
    """Somebody does not want to know any more."""


async def start(service: Service[RouterSettings], command: StartDryRun, db: Connection) -> Outcome:
    """Put a dry run in the row of those that wait.

    Raises:
        Refusal: the rules cannot be asked, or the person may not.
    """
    await _permit(db, command.actor_id)
    for rule in command.rules:
        try:
            check(rule.condition)
        except BadCondition as error:
            raise Invalid(
                f"The rule “{rule.name}”: its condition cannot be used: {error}.", rule=rule.name
            ) from error
    await db.execute(
        """
        INSERT INTO dry_run (dry_run_id, rules, default_ticketbox_id, days, asked_by, asked_at)
        VALUES ($1, $2::jsonb, $3, $4, $5, $6)
        ON CONFLICT (dry_run_id) DO NOTHING
        """,
        command.command_id,
        orjson.dumps([rule.model_dump(mode="json") for rule in command.rules]).decode(),
        command.default_ticketbox_id,
        command.days,
        command.actor_id,
        service.clock(),
    )
    await db.execute(
        """
        DELETE FROM dry_run
        WHERE state NOT IN ('waiting', 'running')
          AND dry_run_id NOT IN (SELECT dry_run_id FROM dry_run ORDER BY asked_at DESC LIMIT $1)
        """,
        KEPT,
    )
    return Done(position=0, version=0)


async def cancel(service: Service[RouterSettings], command: CancelDryRun, db: Connection) -> Outcome:
    """Let a dry run end; nothing happens if it has ended.

    Raises:
        Refusal: the person may not.
    """
    await _permit(db, command.actor_id)
    await db.execute(
        """
        UPDATE dry_run
        SET state = 'cancelled',
            ended_at = $2
        WHERE dry_run_id = $1
          AND state IN ('waiting', 'running')
        """,
        command.dry_run_id,
        service.clock(),
    )
    return Done(position=0, version=0)


async def _permit(db: Connection, actor_id: UUID) -> None:
    actor = await tables.person(db, actor_id)
    if actor_id != OPERATOR and (actor is None or actor.where(Right.MANAGE) == frozenset()):
        raise Forbidden("Only who manages a ticketbox can try rules.")


_COLUMNS = """
    dry_run_id, state, days, asked_by, asked_at, ended_at, total, examined, error, summary::text AS summary,
    rules::text AS rules, default_ticketbox_id
"""

_CHANGES = """
SELECT change::text AS change
FROM dry_run_change
WHERE dry_run_id = $1
  AND number > $2
  AND ($3::text IS NULL OR change -> 'kinds' ? $3)
ORDER BY number
LIMIT $4
"""


async def get(service: Service[RouterSettings], query: GetDryRun) -> DryRun | Refused:
    """How far one is, and what it found."""
    async with service.pool.acquire() as db:
        row = await db.fetchrow(f"SELECT {_COLUMNS} FROM dry_run WHERE dry_run_id = $1", query.dry_run_id)
        if row is None:
            return Refused(code="unknown", detail="There is no such dry run; only the last ones are kept.")
        found = await db.fetch(_CHANGES, query.dry_run_id, query.after, query.kind, query.limit)
    changes = tuple(DryRunChange.model_validate_json(one["change"]) for one in found)
    return _dry_run(row).model_copy(update={"rules": tables.read_rules(row["rules"]), "changes": changes})


async def list_them(service: Service[RouterSettings], _: ListDryRuns) -> DryRunList:
    """The last ones, the newest first, without what would change."""
    async with service.pool.acquire() as db:
        rows = await db.fetch(f"SELECT {_COLUMNS} FROM dry_run ORDER BY asked_at DESC LIMIT {KEPT}")
    return DryRunList(items=tuple(map(_dry_run, rows)))


def _dry_run(row: asyncpg.Record) -> DryRun:
    cells = {name: value for name, value in row.items() if name not in {"summary", "rules"}}
    summary = DryRunSummary.model_validate_json(row["summary"] or "{}")
    return DryRun(**cells, summary=summary)


@dataclass(frozen=True, slots=True)
class Job:
    """A dry run at work."""

    dry_run_id: UUID
    ruleset: Ruleset
    since: datetime


async def work(service: Service[RouterSettings]) -> None:
    """Work on what is asked for, one after another, until cancelled."""
    while True:
        db = await connect(service.settings.database_url, service.name)
        try:
            while (job := await _claim(db, service.clock())) is not None:
                await _run(service, db, job)
                await db.execute("SELECT pg_advisory_unlock_all()")
        finally:
            db.terminate()  # its locks go with it
        await asyncio.sleep(POLL_SECONDS)


async def _claim(db: Connection, now: datetime) -> Job | None:
    """The oldest that nobody works on."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM dry_run WHERE state IN ('waiting', 'running') ORDER BY asked_at"
    )
    for row in rows:
        if await db.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", f"{row['dry_run_id']}"):
            ruleset = await tables.around(db, 0, tables.read_rules(row["rules"]), row["default_ticketbox_id"])
            if ruleset.asks_for_contacts:
                ruleset = replace(ruleset, contacts=await contacts.read(db))
            return Job(row["dry_run_id"], ruleset, now - timedelta(days=row["days"]))
    return None


async def _run(service: Service[RouterSettings], db: Connection, job: Job) -> None:
    try:
        tally = await _examine_all(service, db, job)
    except Cancelled:
        return
    except Exception as error:
        # It would fail again: whoever asked is told, and the next one has its turn.
        logger.exception("dry run failed", dry_run_id=str(job.dry_run_id))
        await _end(db, job, "failed", service.clock(), error=f"{type(error).__name__}: {error}")
    else:
        await _end(db, job, "done", service.clock(), tally=tally)


async def _examine_all(service: Service[RouterSettings], db: Connection, job: Job) -> Tally:
    if job.ruleset.default_ticketbox_id not in job.ruleset.ticketboxes:
        raise LookupError("there is no such default ticketbox")
    await db.execute("DELETE FROM dry_run_change WHERE dry_run_id = $1", job.dry_run_id)
    mail, tally = Mail(service.js, service.pool, job.since), Tally()
    loop = asyncio.get_running_loop()
    told = loop.time()
    spawn = multiprocessing.get_context("spawn")  # a fork would share the connections
    # Not a `with`: that would block this loop until the processes have ended.
    processes = ProcessPoolExecutor(WORKERS, spawn, _begin, (job.ruleset, job.since))
    try:
        at_work: deque[asyncio.Future[Tally]] = deque()
        async for batch in mail.batches():
            at_work.append(loop.run_in_executor(processes, _examine, batch))
            if len(at_work) > 2 * WORKERS:
                await _keep(db, job, tally.take(await at_work.popleft(), MOST_CHANGES))
            if loop.time() - told > _PROGRESS_SECONDS:
                await _tell(db, job, mail.total, tally)
                told = loop.time()
        while at_work:
            await _keep(db, job, tally.take(await at_work.popleft(), MOST_CHANGES))
            await _tell(db, job, mail.total, tally)
        await _tell(db, job, mail.total, tally)
    finally:
        processes.shutdown(wait=False, cancel_futures=True)
    return tally


async def _keep(db: Connection, job: Job, changes: Sequence[DryRunChange]) -> None:
    if changes:
        await db.execute(
            """
            INSERT INTO dry_run_change (dry_run_id, number, message_id, change)
            SELECT $1, number, message_id, change::jsonb
            FROM unnest($2::bigint[], $3::uuid[], $4::text[]) AS new (number, message_id, change)
            """,
            job.dry_run_id,
            [change.number for change in changes],
            [change.message_id for change in changes],
            [change.model_dump_json() for change in changes],
        )


async def _tell(db: Connection, job: Job, total: int, tally: Tally) -> None:
    """Write the progress down.

    Raises:
        Cancelled.
    """
    going_on = await db.fetchval(
        """
        UPDATE dry_run
        SET state = 'running',
            total = $2,
            examined = $3,
            summary = $4::jsonb
        WHERE dry_run_id = $1
          AND state IN ('waiting', 'running')
        RETURNING true
        """,
        job.dry_run_id,
        total,
        tally.examined,
        tally.summary().model_dump_json(),
    )
    if not going_on:
        raise Cancelled


async def _end(
    db: Connection,
    job: Job,
    state: str,
    now: datetime,
    tally: Tally | None = None,
    error: str | None = None,
) -> None:
    await db.execute(
        """
        UPDATE dry_run
        SET state = $2,
            ended_at = $3,
            error = $4,
            total = coalesce($5, total),
            examined = coalesce($5, examined)
        WHERE dry_run_id = $1
          AND state IN ('waiting', 'running')
        """,
        job.dry_run_id,
        state,
        now,
        error,
        tally.examined if tally else None,
    )


_asked: tuple[Ruleset, datetime]
"""In a process of the pool: what it is asked about."""


def _begin(ruleset: Ruleset, since: datetime) -> None:
    global _asked  # noqa: PLW0603 - one job a process
    _asked = ruleset, since
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the router, which then ends this
    # And it ends when the router is killed; otherwise it would wait for work for ever.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _examine(batch: Sequence[Recorded]) -> Tally:
    ruleset, since = _asked
    return examine(batch, ruleset, since)
