"""The tables of bulk jobs, on a real database: what is handed over, taken in turns, and forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection, connect
from contracts.bulk import BulkJobStarted, JobOutcome, Prioritise, SelectedTicket
from contracts.commands import SelectTickets
from contracts.router import Priority
from services.tickets import job_tables
from services.tickets.job_tables import Verdict

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PERSON = uuid4()


def piece(job_id: UUID, first: int, tickets: list[UUID]) -> SelectTickets:
    selected = tuple(SelectedTicket(ticket_id=one, seen_version=7) for one in tickets)
    return SelectTickets(command_id=job_id, actor_id=PERSON, job_id=job_id, first=first, tickets=selected)


async def begun(db: Connection, tickets: list[UUID], at: datetime = NOON) -> UUID:
    """A job that runs."""
    job_id = uuid4()
    await job_tables.keep_selected(db, piece(job_id, 0, tickets), at)
    started = BulkJobStarted(
        job_id=job_id,
        started_by=PERSON,
        actions=(Prioritise(priority=Priority.HIGH),),
        selection="all open",
        total=len(tickets),
    )
    await job_tables.begin(db, started, at)
    return job_id


async def test_a_piece_that_is_handed_over_again_replaces_what_an_earlier_try_had_handed_over(
    db: Connection,
) -> None:
    job_id, tickets = uuid4(), [uuid4() for _ in range(4)]
    for at, some in ((0, tickets[:2]), (2, tickets[2:])):
        await job_tables.keep_selected(db, piece(job_id, at, some), NOON)
    assert await job_tables.count_selected(db, job_id) == 4
    await job_tables.keep_selected(db, piece(job_id, 0, tickets[1:3]), NOON)
    assert await job_tables.count_selected(db, job_id) == 2


async def test_tickets_have_their_turns_in_the_order_in_which_they_were_handed_over(db: Connection) -> None:
    tickets = [uuid4() for _ in range(5)]
    await begun(db, tickets)
    had = []
    for _ in range(3):
        job = await job_tables.claim(db)
        assert job is not None
        turns = await job_tables.next_turns(db, job, 2)
        had += [one.ticket_id for one in turns]
        verdicts = [Verdict(one.place, "refused", 10009, "merged", "It was merged.") for one in turns]
        job = await job_tables.keep_verdicts(db, job, verdicts, NOON)
    assert had == tickets
    assert (job.examined, job.refused) == (5, 5)


async def test_running_jobs_have_their_turns_one_after_the_other(db: Connection) -> None:
    first = await begun(db, [uuid4(), uuid4()])
    second = await begun(db, [uuid4(), uuid4()], NOON + timedelta(seconds=1))
    worked = []
    for minute in range(4):
        job = await job_tables.claim(db)
        assert job is not None
        (turn,) = await job_tables.next_turns(db, job, 1)
        at = NOON + timedelta(minutes=minute + 1)
        await job_tables.keep_verdicts(db, job, [Verdict(turn.place, "changed", 10009)], at)
        worked.append(job.job_id)
    assert worked == [first, second, first, second]


async def test_a_job_that_someone_works_on_is_left_to_them(db: Connection, database_url: str) -> None:
    await begun(db, [uuid4()])
    other = await connect(database_url, "tickets")
    async with db.transaction():
        assert await job_tables.claim(db) is not None
        assert await job_tables.claim(other) is None
    assert await job_tables.claim(other) is not None
    await other.close()


async def test_what_never_began_and_what_ended_long_ago_is_forgotten_and_nothing_else(db: Connection) -> None:
    never, old, recent = uuid4(), await begun(db, [uuid4()]), await begun(db, [uuid4()])
    await job_tables.keep_selected(db, piece(never, 0, [uuid4()]), NOON)
    running = await begun(db, [uuid4()])
    await job_tables.end(db, old, JobOutcome.DONE, NOON)
    await job_tables.end(db, recent, JobOutcome.DONE, NOON + timedelta(days=20))
    await job_tables.forget_old(db, NOON + timedelta(days=1), NOON + timedelta(days=10))
    left = {row["job_id"] for row in await db.fetch("SELECT job_id FROM bulk_ticket")}
    assert left == {recent, running}
