"""The shell of bulk jobs: tickets are handed over, worked in batches, and what was done can be undone.

What a batch changes, and how far its job is, commit together: whoever is killed when, each ticket has one turn. A job
is locked while one of its batches is at work, so several services take turns, and so do several jobs.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis import database, log
from chassis.commands import Forbidden, Refusal, UnknownThing
from chassis.database import TRANSIENT, Connection
from chassis.log import Answer
from chassis.logging import get_logger
from chassis.service import Service
from contracts.bulk import BulkJobFinished, BulkJobStarted, JobOutcome
from contracts.commands import (
    CancelBulkJob,
    Done,
    Outcome,
    Refused,
    SelectTickets,
    StartBulkJob,
    UndoBulkJob,
)
from contracts.event import Meta
from contracts.ids import derived
from contracts.people import Person, Right, Role
from contracts.queries import BulkJob, BulkJobList, GetBulkJob, ListBulkJobs
from contracts.stream_ids import job_actor, job_stream
from services.tickets import bulk, desk_tables, job_tables, undoing
from services.tickets.desk import Desk
from services.tickets.job_tables import Job, Selected, Verdict
from services.tickets.refusals import AlreadyThere, NotComplete
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work

logger = get_logger(__name__)

BATCH = 200
"""Tickets in one transaction: the log is locked no longer than a person notices."""
POLL_SECONDS = 0.3
KEPT = timedelta(days=30)
"""How long a job that has ended can be undone."""
UNFINISHED = timedelta(days=1)
"""How long tickets wait that were handed over for a job that never began."""


async def select(service: Service[TicketsSettings], command: SelectTickets, db: Connection) -> Outcome:
    """Take a piece of the tickets of a job that is to begin; the same piece again replaces what came before.

    Raises:
        Refusal: the person may change no ticket.
    """
    _permit(await desk_tables.read_desk(db), command.actor_id)
    await _lock(db, command.job_id)
    if await job_tables.find(db, command.job_id) is None:  # else a repeat of what has begun long ago
        await job_tables.keep_selected(db, command, service.clock())
    return Done(position=0, version=0)


async def start(service: Service[TicketsSettings], command: StartBulkJob, db: Connection) -> Outcome:
    """Begin a job with the tickets that were handed over.

    Raises:
        Refusal: some are missing, or the person may change no ticket.
    """
    _permit(await desk_tables.read_desk(db), command.actor_id)
    await _lock(db, command.command_id)
    selected = await job_tables.count_selected(db, command.command_id)
    if selected != command.total:
        raise NotComplete(f"{selected} of {command.total} tickets were handed over; select them again.")
    await job_tables.forget_old(db, service.clock() - UNFINISHED, service.clock() - KEPT)
    started = BulkJobStarted(
        job_id=command.command_id,
        started_by=command.actor_id,
        actions=command.actions,
        selection=command.selection,
        total=command.total,
    )
    return await _begin(service, started, db)


async def _lock(db: Connection, job_id: UUID) -> None:
    """Let one request after the other prepare a job: a repeat, with the same id, may come while it begins."""
    await database.lock(db, f"postroom bulk job {job_id}")


async def undo(service: Service[TicketsSettings], command: UndoBulkJob, db: Connection) -> Outcome:
    """Begin a job that undoes another.

    Raises:
        Refusal: it goes on still, changed nothing, is too old, or is somebody else's.
    """
    job = await _of(command.job_id, command.actor_id, db)
    if job.state == "running":
        raise AlreadyThere("This job still works. Cancel it first, then undo what it has done.")
    total = await job_tables.select_changed(db, job.job_id, command.command_id, service.clock())
    if not total:
        raise UnknownThing("There is nothing to undo: the job changed no ticket, or it ended too long ago.")
    started = BulkJobStarted(
        job_id=command.command_id,
        started_by=command.actor_id,
        actions=(),
        selection=job.selection,
        total=total,
        undoes_id=job.job_id,
    )
    return await _begin(service, started, db)


async def _begin(service: Service[TicketsSettings], started: BulkJobStarted, db: Connection) -> Done:
    now = service.clock()
    await job_tables.begin(db, started, now)
    meta = log.commanded(started.job_id, started.started_by)
    answer = Answer(job_stream(started.job_id), (started,), started.job_id, meta, now)
    return Done(position=await log.append(db, [answer], now), version=1)


async def cancel(service: Service[TicketsSettings], command: CancelBulkJob, db: Connection) -> Outcome:
    """Let a job do nothing more; nothing happens if it has ended.

    Raises:
        Refusal: it is somebody else's.
    """
    job = await _of(command.job_id, command.actor_id, db, lock=True)
    if job.state != "running":
        return Done(position=0, version=0)
    now = service.clock()
    await job_tables.end(db, job.job_id, JobOutcome.CANCELLED, now)
    answer = await _finished(job, JobOutcome.CANCELLED, command.command_id, str(command.actor_id), db, now)
    return Done(position=await log.append(db, [answer], now), version=2)


async def get(service: Service[TicketsSettings], query: GetBulkJob) -> BulkJob | Refused:
    """How far a job is, and what was refused."""
    async with service.pool.acquire() as db:
        return await job_tables.get(db, query)


async def list_them(service: Service[TicketsSettings], query: ListBulkJobs) -> BulkJobList:
    """The last jobs, the newest first."""
    async with service.pool.acquire() as db:
        return await job_tables.list_them(db, query)


def _permit(desk: Desk, person_id: UUID) -> None:
    """See that somebody may change tickets anywhere; whether they may change each one is asked at its turn."""
    person = desk.get(Person, person_id)
    if person is None or not person.may_anywhere(Right.ANSWER):
        raise Forbidden("You may answer in no ticketbox, so there is nothing that you can change.")


async def _of(job_id: UUID, person_id: UUID, db: Connection, *, lock: bool = False) -> Job:
    job = await job_tables.find(db, job_id, lock=lock)
    if job is None:
        raise UnknownThing("There is no such job.", job_id=job_id)
    person = (await desk_tables.read_desk(db)).get(Person, person_id)
    if person is None or (
        job.started_by != person_id and person.role not in {Role.SUPERVISOR, Role.ADMINISTRATOR}
    ):
        raise Forbidden("Only who started a job, supervisors and administrators can stop or undo it.")
    return job


async def _finished(
    job: Job, outcome: JobOutcome, cause: UUID, actor: str, db: Connection, now: datetime
) -> Answer:
    finished = BulkJobFinished(
        job_id=job.job_id,
        outcome=outcome,
        changed=job.changed,
        unchanged=job.unchanged,
        refused=job.refused,
    )
    stream = job_stream(job.job_id)
    head = await log.head_of(db, stream)
    meta = Meta(correlation_id=job.job_id, causation_id=cause, actor=actor)
    return Answer(stream, (finished,), cause, meta, now, head)


async def work(service: Service[TicketsSettings]) -> None:
    """Work the jobs that run, a batch of each in turn, until cancelled."""
    most = BATCH
    while True:
        try:
            async with service.pool.acquire() as db, db.transaction():
                worked = await _take_turns(db, service.clock(), most)
            most = min(2 * most, BATCH)
        except log.VersionConflict:
            # People change tickets of the batch at the same time: a small one is through sooner.
            most, worked = max(most // 4, 1), True
        except TRANSIENT:
            raise
        except Exception:
            if most == 1:
                raise
            logger.exception("bulk job failed, taking one by one", tickets=most)
            most, worked = 1, True
        await asyncio.sleep(0 if worked else POLL_SECONDS)


async def _take_turns(db: Connection, now: datetime, most: int) -> bool:
    """Have the next tickets of a job their turns; whether there was a job. One that fails alone is refused.

    The job stays locked from the failure to the refusal: else somebody else could have gone on with it meanwhile, and
    another ticket would be refused.
    """
    job = await job_tables.claim(db)
    if job is None:
        return False
    turns = await job_tables.next_turns(db, job, most)
    if not turns:  # it would be claimed again and again, and no other job had a turn
        logger.error(
            "tickets of a bulk job are missing", job_id=str(job.job_id), missing=job.total - job.examined
        )
        work = Work(now, await desk_tables.read_desk(db))
        await _finish(db, job, work)
        await work.save(db)
        return True
    try:
        async with db.transaction():
            work = Work(now, await desk_tables.read_desk(db))
            await work.load(db, [one.ticket_id for one in turns])
            verdicts = [_turn(work, job, one) for one in turns]
            await _keep(db, job, verdicts, work)
    except (*TRANSIENT, log.VersionConflict):
        raise
    except Exception as error:
        if len(turns) > 1:
            raise
        logger.exception("ticket of a bulk job failed", job_id=str(job.job_id))
        (one,) = turns
        refused = Verdict(one.place, "refused", None, "failed", f"{type(error).__name__}: {error}")
        await _keep(db, job, [refused], Work(now, await desk_tables.read_desk(db)))
    return True


async def _keep(db: Connection, job: Job, verdicts: Sequence[Verdict], work: Work) -> None:
    """Write down what was done and what became of the tickets; the job ends with its last one."""
    job = await job_tables.keep_verdicts(db, job, verdicts, work.now)
    if job.examined == job.total:
        await _finish(db, job, work)
    await work.save(db)


async def _finish(db: Connection, job: Job, work: Work) -> None:
    await job_tables.end(db, job.job_id, JobOutcome.DONE, work.now)
    cause = derived(job.job_id, "finished")
    work.answers.append(await _finished(job, JobOutcome.DONE, cause, job_actor(job.job_id), db, work.now))


def _turn(work: Work, job: Job, selected: Selected) -> Verdict:
    """Have one ticket its turn, with the rights of who started the job."""
    ticket = work.tickets.get(selected.ticket_id)
    if ticket is None:
        return Verdict(selected.place, "refused", None, UnknownThing.code, "There is no such ticket.")
    cause = derived(job.job_id, str(ticket.ticket_id))
    turn = bulk.Turn(cause, job.started_by, selected.seen_version, work.now)
    try:
        if job.undoes_id is not None:
            history = work.histories[ticket.ticket_id]
            events = undoing.undo(undoing.by_job(job.undoes_id), history, ticket, work.desk, turn)
        else:
            events = bulk.decide(job.actions, ticket, work.desk, turn)
    except Refusal as refusal:
        return Verdict(selected.place, "refused", ticket.number, refusal.code, str(refusal))
    if not events:
        return Verdict(selected.place, "unchanged", ticket.number)
    meta = Meta(correlation_id=job.job_id, causation_id=job.job_id, actor=job_actor(job.job_id))
    work.add(ticket, events, cause, meta)
    return Verdict(selected.place, "changed", ticket.number)
