"""Clocks strike whatever is the matter with one ticket among those that are due; with the real tables."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY

from contracts.desk import PolicyChanged, ThingRemoved, Ticketbox, TicketboxChanged
from contracts.event import Meta
from contracts.service_levels import Policy, Target
from contracts.stream_ids import ticket_stream
from contracts.streams import EVENTS
from contracts.tickets import TagsChanged
from services.tickets import alarm_tables, clock, desk_tables
from services.tickets.work import Work
from tests.events import BOX, NOON, letter, opened

pytestmark = pytest.mark.anyio
DUE = NOON + timedelta(hours=1)
SUPPORT = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",), first_response_seconds=3600)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def db(db: asyncpg.Connection) -> asyncpg.Connection:
    await desk_tables.keep_desk(db, [TicketboxChanged(thing=SUPPORT)], NOON)
    return db


async def three_tickets(db: asyncpg.Connection) -> list[UUID]:
    """Their first responses are due at once."""
    work = Work(NOON, await desk_tables.read_desk(db))
    for number in (10_008, 10_016, 10_024):
        event = opened(letter(), number)
        work.open(event, uuid4(), Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id))
    await work.save(db)
    return list(work.tickets)


async def poison(db: asyncpg.Connection, ticket_id: UUID) -> None:
    """A newer release writes what this one cannot read."""
    await db.execute(
        """
        INSERT INTO event
            (stream_id, version, event_id, type, schema_version, data, meta, occurred_at, recorded_at, digest)
        SELECT
            stream_id, version + 1, gen_random_uuid(), 'TicketSang', 1,
            jsonb_build_object('ticket_id', data -> 'ticket_id', 'tags', '[]'::jsonb),
            meta, occurred_at, recorded_at, digest
        FROM event
        WHERE stream_id = $1
        ORDER BY version DESC
        LIMIT 1
        """,
        ticket_stream(ticket_id),
    )


async def breached(db: asyncpg.Connection) -> dict[str, datetime]:
    """The tickets whose target was missed, and when."""
    rows = await db.fetch("SELECT stream_id, occurred_at FROM event WHERE type = 'SLABreached'")
    return {row["stream_id"]: row["occurred_at"] for row in rows}


async def alarm(db: asyncpg.Connection, ticket_id: UUID) -> datetime | None:
    at: datetime | None = await db.fetchval("SELECT at FROM alarm WHERE ticket_id = $1", ticket_id)
    return at


def failures() -> float:
    return REGISTRY.get_sample_value("postroom_clock_failures_total") or 0


async def test_a_ticket_that_cannot_be_read_stops_no_other_clock(
    db: asyncpg.Connection,
) -> None:
    first, bad, last = await three_tickets(db)
    await poison(db, bad)
    before = failures()

    assert not await clock.take_turn(db, now := DUE + MINUTE)

    assert await breached(db) == {ticket_stream(first): DUE, ticket_stream(last): DUE}
    assert await alarm(db, bad) == now + MINUTE
    assert failures() == before + 1


async def test_it_is_looked_at_again_after_ever_longer_and_goes_on_when_it_can_be_read(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bad, _ = await three_tickets(db)
    await poison(db, bad)
    now, waits = DUE, []
    for _ in range(8):
        await clock.take_turn(db, now)
        again = await alarm(db, bad)
        assert again is not None
        waits.append((again - now) / MINUTE)
        now = again
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]

    monkeypatch.setitem(EVENTS, "TicketSang", TagsChanged)  # the upgrade
    await clock.take_turn(db, now)

    assert (await breached(db))[ticket_stream(bad)] == DUE, "its true time, however late"
    assert await db.fetchval("SELECT failures FROM alarm WHERE ticket_id = $1", bad) == 0


async def test_a_changed_desk_does_not_have_it_looked_at_again_and_again(db: asyncpg.Connection) -> None:
    _, bad, _ = await three_tickets(db)
    await poison(db, bad)
    await desk_tables.keep_desk(db, [TicketboxChanged(thing=SUPPORT)], NOON)

    await clock.take_turn(db, NOON)

    assert await alarm_tables.stale_alarms(db, 10) == []
    assert await alarm(db, bad) == NOON + MINUTE


async def test_after_a_change_of_the_desk_what_comes_first_is_set_anew_first(db: asyncpg.Connection) -> None:
    soon, late, later = await three_tickets(db)
    for ticket_id, hours in ((later, 3), (soon, 1), (late, 2)):
        await db.execute(
            "UPDATE alarm SET at = $2 WHERE ticket_id = $1", ticket_id, NOON + timedelta(hours=hours)
        )
    await desk_tables.keep_desk(db, [TicketboxChanged(thing=SUPPORT)], NOON)
    assert await alarm_tables.stale_alarms(db, 2) == [soon, late]


async def test_what_passes_by_itself_puts_nothing_off(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = await three_tickets(db)

    async def full(*_: object) -> None:
        raise asyncpg.DiskFullError

    with monkeypatch.context() as patch:
        patch.setattr(alarm_tables, "set_alarms", full)
        with pytest.raises(asyncpg.DiskFullError):
            await clock.take_turn(db, DUE)
    assert {await alarm(db, one) for one in tickets} == {DUE}

    await clock.take_turn(db, DUE)
    assert len(await breached(db)) == 3


async def deadlines(db: asyncpg.Connection, ticket_id: UUID) -> dict[str, datetime | None]:
    work = Work(NOON, await desk_tables.read_desk(db))
    await work.load(db, [ticket_id])
    return {item.target: item.due_at for item in work.tickets[ticket_id].deadlines}


@pytest.mark.parametrize(("minutes", "missed"), [(60, set()), (20, {NOON + 20 * MINUTE})])
async def test_what_an_earlier_policy_asked_for_is_missed_only_if_it_was_due_before_the_change(
    db: asyncpg.Connection, minutes: int, missed: set[datetime]
) -> None:
    strict = Policy(id=uuid4(), name="Standard", targets={Target.FIRST_RESPONSE: minutes})
    relaxed = strict.model_copy(update={"targets": {Target.FIRST_RESPONSE: 240}})
    await desk_tables.keep_desk(db, [PolicyChanged(thing=strict)], NOON)
    first, *_ = await three_tickets(db)
    await desk_tables.keep_desk(db, [PolicyChanged(thing=relaxed)], NOON + 30 * MINUTE)

    await clock.take_turn(db, NOON + 61 * MINUTE)

    assert set((await breached(db)).values()) == missed
    assert await deadlines(db, first) == {"first_response": NOON + 240 * MINUTE}


async def test_what_a_policy_asked_for_is_not_missed_after_it_was_removed(db: asyncpg.Connection) -> None:
    hour = Policy(id=uuid4(), name="Hour", targets={Target.FIRST_RESPONSE: 30})
    await desk_tables.keep_desk(db, [PolicyChanged(thing=hour)], NOON)
    first, *_ = await three_tickets(db)
    await desk_tables.keep_desk(db, [ThingRemoved(kind="policy", id=hour.id)], NOON + 20 * MINUTE)

    await clock.take_turn(db, NOON + 31 * MINUTE)

    assert await breached(db) == {}
    assert await deadlines(db, first) == {"first_response": DUE}, "what its ticketbox asks for"


async def test_a_ticket_is_looked_at_when_its_ticketbox_was_removed(db: asyncpg.Connection) -> None:
    tickets = await three_tickets(db)
    await desk_tables.keep_desk(db, [ThingRemoved(kind="ticketbox", id=BOX)], NOON + MINUTE)

    await clock.take_turn(db, NOON + 2 * MINUTE)

    assert [await alarm(db, one) for one in tickets] == [None, None, None]
    assert await breached(db) == {}
