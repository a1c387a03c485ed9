"""A bulk job gets past a ticket that fails by itself, whoever else works on jobs; with the real tables."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import anyio
import asyncpg
import pytest

from chassis.service import Service
from contracts.bulk import BulkJobStarted, Prioritise, SelectedTicket
from contracts.commands import SelectTickets, StartBulkJob
from contracts.desk import PersonChanged, Ticketbox, TicketboxChanged
from contracts.event import Meta
from contracts.people import Person, Role
from contracts.router import Priority
from contracts.stream_ids import ticket_stream
from services.tickets import desk_tables, job_tables, jobs
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work
from tests.events import ANNA, BOX, NOON, letter, opened
from tests.running import until

pytestmark = pytest.mark.anyio
PEOPLE = PersonChanged(thing=Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT))
SUPPORT = TicketboxChanged(thing=Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    settings = {"search_path": "tickets", "role": "postroom_tickets"}
    async with asyncpg.create_pool(database_url, server_settings=settings, min_size=1) as pool:
        await desk_tables.keep_desk(pool, [PEOPLE, SUPPORT], NOON)
        yield pool


async def tickets(pool: asyncpg.Pool, number: int) -> list[UUID]:
    work = Work(NOON, await desk_tables.read_desk(pool))
    for place in range(number):
        event = opened(letter(), 10_008 + 8 * place)
        work.open(event, uuid4(), Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id))
    await work.save(pool)
    return list(work.tickets)


async def job(pool: asyncpg.Pool, ticket_ids: list[UUID]) -> UUID:
    """A job that is to raise tickets."""
    job_id = uuid4()
    selected = tuple(SelectedTicket(ticket_id=one, seen_version=1) for one in ticket_ids)
    piece = SelectTickets(command_id=job_id, actor_id=ANNA, job_id=job_id, first=0, tickets=selected)
    await job_tables.keep_selected(pool, piece, NOON)
    started = BulkJobStarted(
        job_id=job_id,
        started_by=ANNA,
        actions=(Prioritise(priority=Priority.HIGH),),
        selection="all open",
        total=len(selected),
    )
    await jobs._begin(service(pool), started, pool)
    return job_id


def service(pool: asyncpg.Pool) -> Service[TicketsSettings]:
    return cast("Service[TicketsSettings]", SimpleNamespace(pool=pool, clock=lambda: NOON))


async def poison(pool: asyncpg.Pool, ticket_id: UUID) -> None:
    """A newer release writes what this one cannot read."""
    await pool.execute(
        """
        INSERT INTO event
            (stream_id, version, event_id, type, schema_version, data, meta, occurred_at, recorded_at, digest)
        SELECT stream_id, 2, gen_random_uuid(), 'TicketSang', 1, '{}', meta, occurred_at, recorded_at, digest
        FROM event
        WHERE stream_id = $1
        """,
        ticket_stream(ticket_id),
    )


async def outcomes(pool: asyncpg.Pool) -> dict[UUID, str]:
    rows = await pool.fetch("SELECT ticket_id, outcome FROM bulk_ticket")
    return {row["ticket_id"]: row["outcome"] for row in rows}


async def work(pool: asyncpg.Pool, services: int) -> None:
    """Have services work until all jobs have ended."""

    async def all_ended() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM bulk_job WHERE state = 'running'")

    async with anyio.create_task_group() as at_work:
        for _ in range(services):
            at_work.start_soon(jobs.work, service(pool))
        await until(all_ended, 120)
        at_work.cancel_scope.cancel()


def piece(job_id: UUID, first: int, ticket_ids: list[UUID]) -> SelectTickets:
    selected = tuple(SelectedTicket(ticket_id=one, seen_version=1) for one in ticket_ids)
    return SelectTickets(command_id=uuid4(), actor_id=ANNA, job_id=job_id, first=first, tickets=selected)


async def test_a_repeat_that_comes_while_a_job_begins_takes_no_ticket_from_it(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three, four = await tickets(pool, 4)
    job_id = uuid4()
    start = StartBulkJob(
        command_id=job_id,
        actor_id=ANNA,
        actions=(Prioritise(priority=Priority.HIGH),),
        selection="all open",
        total=4,
    )
    async with pool.acquire() as db, db.transaction():
        await jobs.select(service(pool), piece(job_id, 0, [one, two]), db)
        await jobs.select(service(pool), piece(job_id, 2, [three, four]), db)

    begun = anyio.Event()

    async def begin() -> None:
        async with pool.acquire() as db, db.transaction():
            await jobs.start(service(pool), start, db)
        begun.set()

    async with anyio.create_task_group() as others, pool.acquire() as db, db.transaction():
        await jobs.select(service(pool), piece(job_id, 0, [one, two]), db)
        others.start_soon(begin)
        with anyio.move_on_after(1):  # it waits until the repeat has handed everything over, too
            await begun.wait()
        await jobs.select(service(pool), piece(job_id, 2, [three, four]), db)
    await work(pool, 1)
    assert set((await outcomes(pool)).values()) == {"changed"}
    assert await pool.fetchval("SELECT changed FROM bulk_job") == 4


async def test_a_job_whose_tickets_are_missing_ends_and_the_next_one_has_its_turn(pool: asyncpg.Pool) -> None:
    every = await tickets(pool, 4)
    broken, other = await job(pool, every[:2]), await job(pool, every[2:])
    await pool.execute("DELETE FROM bulk_ticket WHERE job_id = $1", broken)
    await work(pool, 1)
    rows = await pool.fetch("SELECT job_id, changed FROM bulk_job WHERE state = 'done'")
    assert {row["job_id"]: row["changed"] for row in rows} == {broken: 0, other: 2}


async def test_several_services_refuse_the_tickets_that_fail_and_no_other(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = await tickets(pool, 40)
    bad = every[::3]
    for one in bad:
        await poison(pool, one)
    await job(pool, every[:20])
    await job(pool, every[20:])

    await work(pool, services=3)

    assert await outcomes(pool) == {one: "refused" if one in bad else "changed" for one in every}


async def test_the_last_ticket_of_a_job_may_be_the_one_that_fails(pool: asyncpg.Pool) -> None:
    first, last = await tickets(pool, 2)
    await poison(pool, last)
    job_id = await job(pool, [first, last])

    await work(pool, services=1)

    found = await job_tables.find(pool, job_id)
    assert found is not None
    assert (found.state, found.changed, found.refused) == ("done", 1, 1)
