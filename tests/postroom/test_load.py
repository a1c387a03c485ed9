"""Loaded tickets are as the services would have left them."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis import log
from chassis.database import connect_pool
from contracts.desk import Ticketbox
from contracts.service_levels import SLABreached, SLAWarned
from contracts.tickets import State
from contracts.trials import WhatIfChange
from postroom.installation import furnish
from postroom.load.desk import CannotLoad, find_place
from postroom.load.writing import load
from postroom.people import first_administrator
from services.tickets import alarms, automations, desk_tables, service_level
from services.tickets.desk import Desk
from services.tickets.evolve import load as ticket_of
from services.tickets.ticket import Ticket
from services.tickets.what_if import Asked, Tally, concerning_clocks, examine
from services.tickets.what_ifs import Tickets, history_of

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY = 200


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A Postroom to which tickets were loaded, as the service of tickets sees it."""
    await furnish(database_url)
    await first_administrator(database_url, {})
    await load(database_url, MANY, 60, 7, NOW, lambda _: None, waiting=0.5)
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "tickets"})
    yield connection
    await connection.close()


async def histories(db: asyncpg.Connection) -> list[log.History]:
    streams = await db.fetch("SELECT DISTINCT stream_id FROM event WHERE stream_id LIKE 'ticket-%'")
    return list((await log.load(db, [row["stream_id"] for row in streams])).values())


async def loaded(db: asyncpg.Connection) -> list[Ticket]:
    return [ticket for one in await histories(db) if (ticket := ticket_of(one.events)) is not None]


async def test_tickets_of_every_state_priority_and_description_are_there(db: asyncpg.Connection) -> None:
    tickets = await loaded(db)
    assert len(tickets) == MANY
    states = Counter(ticket.state for ticket in tickets)
    assert set(states) == set(State)
    assert 0.3 < sum(not ticket.state.done for ticket in tickets) / MANY < 0.7
    assert len({ticket.priority for ticket in tickets}) > 2
    assert any(ticket.tags for ticket in tickets)
    assert any(ticket.category_id for ticket in tickets)
    kinds = {type(item.event) for one in await histories(db) for item in one.events}
    assert {SLABreached, SLAWarned} < kinds


async def test_their_clocks_go_on_from_where_they_stand(db: asyncpg.Connection) -> None:
    desk = (await find_place(db)).desk
    tickets = {ticket.ticket_id: ticket for ticket in await loaded(db)}
    for ticket in tickets.values():
        level = service_level.level_of(ticket, desk)
        assert service_level.deadlines(ticket, level) == ticket.deadlines
        assert not service_level.missed(ticket, NOW)
    rows = await db.fetch("SELECT ticket_id, at FROM alarm")
    assert {row["ticket_id"]: row["at"] for row in rows} == {
        ticket_id: alarms.next_alarm(ticket, desk)
        for ticket_id, ticket in tickets.items()
        if automations.standing_of(ticket)
    }
    numbers = await db.fetch("SELECT number, ticket_id FROM ticket_by_number")
    assert {row["ticket_id"]: row["number"] for row in numbers} == {
        ticket_id: ticket.number for ticket_id, ticket in tickets.items()
    }


async def test_a_what_if_reads_them_from_the_log_and_finds_what_was_missed(
    db: asyncpg.Connection, database_url: str
) -> None:
    desk = concerning_clocks(await desk_tables.read_desk(db))
    nothing = Desk(
        {box.id: box.model_copy(update={"first_response_seconds": None}) for box in desk.every(Ticketbox)}
    )
    pool = await connect_pool(database_url, "tickets", 2)
    try:
        source, tally = Tickets(pool, NOW - timedelta(days=90)), Tally()
        found: list[WhatIfChange] = []
        async for batch in source.batches():
            examined = examine(map(history_of, batch), Asked(desk, nothing, NOW))
            tally.add(examined)
            found += examined.changes
    finally:
        await pool.close()
    assert (source.total, tally.examined, tally.unread) == (MANY, MANY, 0)
    recorded = [
        (item.event.ticket_id, item.event.target, item.event.since, item.event.due_at)
        for one in await histories(db)
        for item in one.events
        if isinstance(item.event, SLABreached)
    ]
    assert sorted((one.ticket_id, one.kinds[1], one.since, one.due_at) for one in found) == sorted(recorded)
    assert tally.before.total() == len(recorded) > 10


async def test_the_same_tickets_are_loaded_once(db: asyncpg.Connection, database_url: str) -> None:
    with pytest.raises(CannotLoad, match="seed 7"):
        await load(database_url, MANY, 60, 7, NOW, lambda _: None)
    await load(database_url, 3, 60, 8, NOW, lambda _: None)
    assert len(await loaded(db)) == MANY + 3
