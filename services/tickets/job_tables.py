"""What this service keeps of bulk jobs: how far each is, and what became of its tickets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import TypeAdapter

from chassis.commands import UnknownThing
from chassis.database import Connection
from contracts.bulk import Actions, BulkAction, BulkJobStarted, JobOutcome
from contracts.commands import Refused, SelectTickets
from contracts.queries import BulkJob, BulkJobList, GetBulkJob, ListBulkJobs, RefusedTicket

_ACTIONS: TypeAdapter[tuple[BulkAction, ...]] = TypeAdapter(Actions)
LISTED = 50


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    job_id: UUID
    actions: tuple[BulkAction, ...]
    selection: str
    undoes_id: UUID | None
    started_by: UUID
    state: str
    total: int
    changed: int
    unchanged: int
    refused: int

    @property
    def examined(self) -> int:
        """How many tickets have had their turn: they have it in order."""
        return self.changed + self.unchanged + self.refused


@dataclass(frozen=True, slots=True)
class Selected:
    """A ticket whose turn is to come."""

    place: int
    ticket_id: UUID
    seen_version: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a ticket in its turn."""

    place: int
    outcome: Literal["changed", "unchanged", "refused"]
    number: int | None = None
    code: str | None = None
    detail: str | None = None


_KEEP_SELECTED = """
INSERT INTO bulk_ticket (job_id, place, ticket_id, seen_version, selected_at)
SELECT $1, $2 + place, ticket_id, seen_version, $5
FROM unnest($3::uuid[], $4::integer[]) WITH ORDINALITY AS new (ticket_id, seen_version, place)
ON CONFLICT DO NOTHING
"""


async def keep_selected(db: Connection, command: SelectTickets, now: datetime) -> None:
    """Keep tickets for a job, and forget those that an earlier try handed over from this place on."""
    await db.execute(
        "DELETE FROM bulk_ticket WHERE job_id = $1 AND place > $2", command.job_id, command.first
    )
    await db.execute(
        _KEEP_SELECTED,
        command.job_id,
        command.first,
        [one.ticket_id for one in command.tickets],
        [one.seen_version for one in command.tickets],
        now,
    )


async def count_selected(db: Connection, job_id: UUID) -> int:
    number: int = await db.fetchval("SELECT count(*) FROM bulk_ticket WHERE job_id = $1", job_id)
    return number


_SELECT_CHANGED = """
INSERT INTO bulk_ticket (job_id, place, ticket_id, seen_version, selected_at)
SELECT $2, row_number() OVER (ORDER BY place), ticket_id, seen_version, $3
FROM bulk_ticket
WHERE job_id = $1
  AND outcome = 'changed'
"""


async def select_changed(db: Connection, job_id: UUID, for_job_id: UUID, now: datetime) -> int:
    """Keep, for another job, the tickets that a job changed, and return how many they are."""
    status = await db.execute(_SELECT_CHANGED, job_id, for_job_id, now)
    return int(status.rpartition(" ")[2])


_FORGET_OLD = """
DELETE FROM bulk_ticket
USING (
    SELECT job_id
    FROM bulk_ticket
    LEFT JOIN bulk_job USING (job_id)
    WHERE bulk_ticket.place = 1
      AND bulk_ticket.selected_at < $1
      AND (bulk_job.job_id IS NULL OR bulk_job.ended_at < $2)
) AS old
WHERE bulk_ticket.job_id = old.job_id
"""


async def forget_old(db: Connection, never_begun: datetime, ended: datetime) -> None:
    """Forget the tickets of jobs that never began, and of those that ended long ago."""
    await db.execute(_FORGET_OLD, never_begun, ended)


async def begin(db: Connection, started: BulkJobStarted, now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO bulk_job
            (job_id, actions, selection, undoes_id, started_by, started_at, worked_at, total)
        VALUES ($1, $2::jsonb, $3, $4, $5, $6, $6, $7)
        """,
        started.job_id,
        orjson.dumps([action.model_dump(mode="json") for action in started.actions]).decode(),
        started.selection,
        started.undoes_id,
        started.started_by,
        now,
        started.total,
    )


_COLUMNS = """
    job_id, actions::text AS actions, selection, undoes_id, started_by, state, total, changed, unchanged, refused
"""


async def find(db: Connection, job_id: UUID, *, lock: bool = False) -> Job | None:
    """A job; with `lock`, none of its tickets has its turn until the transaction ends."""
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM bulk_job WHERE job_id = $1{' FOR UPDATE' if lock else ''}", job_id
    )
    return _job(row) if row else None


async def claim(db: Connection) -> Job | None:
    """The running job that has waited longest for its turn, if nobody works on it; locked."""
    row = await db.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM bulk_job
        WHERE state = 'running'
        ORDER BY worked_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """
    )
    return _job(row) if row else None


def _job(row: asyncpg.Record) -> Job:
    return Job(**{**row, "actions": _ACTIONS.validate_json(row["actions"])})


async def next_turns(db: Connection, job: Job, most: int) -> list[Selected]:
    """The next tickets of a job."""
    rows = await db.fetch(
        """
        SELECT place, ticket_id, seen_version
        FROM bulk_ticket
        WHERE job_id = $1
          AND place > $2
        ORDER BY place
        LIMIT $3
        """,
        job.job_id,
        job.examined,
        most,
    )
    return [Selected(**row) for row in rows]


_KEEP_VERDICTS = """
UPDATE bulk_ticket
SET outcome = new.outcome,
    number = new.number,
    code = new.code,
    detail = new.detail
FROM unnest($2::integer[], $3::text[], $4::bigint[], $5::text[], $6::text[])
    AS new (place, outcome, number, code, detail)
WHERE bulk_ticket.job_id = $1
  AND bulk_ticket.place = new.place
"""

_COUNT = """
UPDATE bulk_job
SET changed = $2,
    unchanged = $3,
    refused = $4,
    worked_at = $5
WHERE job_id = $1
"""


async def keep_verdicts(db: Connection, job: Job, verdicts: Sequence[Verdict], now: datetime) -> Job:
    """Write down what became of tickets, and return the job as it stands then."""
    cells = [(one.place, one.outcome, one.number, one.code, one.detail) for one in verdicts]
    await db.execute(_KEEP_VERDICTS, job.job_id, *map(list, zip(*cells, strict=True)))
    outcomes = [one.outcome for one in verdicts]
    job = replace(
        job,
        changed=job.changed + outcomes.count("changed"),
        unchanged=job.unchanged + outcomes.count("unchanged"),
        refused=job.refused + outcomes.count("refused"),
    )
    await db.execute(_COUNT, job.job_id, job.changed, job.unchanged, job.refused, now)
    return job


async def end(db: Connection, job_id: UUID, outcome: JobOutcome, now: datetime) -> None:
    await db.execute(
        "UPDATE bulk_job SET state = $2, ended_at = $3 WHERE job_id = $1", job_id, outcome.value, now
    )


_SHOWN = f"""
SELECT {_COLUMNS}, started_at, ended_at,
    (
        SELECT undoing.job_id
        FROM bulk_job AS undoing
        WHERE undoing.undoes_id = bulk_job.job_id
        ORDER BY undoing.started_at DESC
        LIMIT 1
    ) AS undone_by_id
FROM bulk_job
"""

_REFUSALS = """
SELECT detail, count(*) AS number
FROM bulk_ticket
WHERE job_id = $1
  AND outcome = 'refused'
GROUP BY detail
ORDER BY number DESC
LIMIT 50
"""

_REFUSED = """
SELECT place, number, code, detail
FROM bulk_ticket
WHERE job_id = $1
  AND outcome = 'refused'
  AND place > $2::bigint
ORDER BY place
LIMIT $3
"""


async def get(db: Connection, query: GetBulkJob) -> BulkJob | Refused:
    """How far a job is, and what was refused."""
    row = await db.fetchrow(f"{_SHOWN} WHERE job_id = $1", query.job_id)
    if row is None:
        return Refused(code=UnknownThing.code, detail="There is no such job.")
    refusals = await db.fetch(_REFUSALS, query.job_id)
    refused = await db.fetch(_REFUSED, query.job_id, query.after, query.limit)
    return _shown(row).model_copy(
        update={
            "refusals": {one["detail"]: one["number"] for one in refusals},
            "refused_tickets": tuple(RefusedTicket(**one) for one in refused),
        }
    )


async def list_them(db: Connection, query: ListBulkJobs) -> BulkJobList:
    """The last jobs, the newest first."""
    rows = await db.fetch(
        f"{_SHOWN} WHERE $1::uuid IS NULL OR started_by = $1 ORDER BY started_at DESC LIMIT {LISTED}",
        query.started_by,
    )
    return BulkJobList(items=tuple(map(_shown, rows)))


def _shown(row: asyncpg.Record) -> BulkJob:
    return BulkJob(**{**row, "actions": _ACTIONS.validate_json(row["actions"])})
