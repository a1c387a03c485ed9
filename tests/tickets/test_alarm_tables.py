"""Alarms that are set at the same moment: whoever sets several locks them in one order."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.database import connect
from contracts.router import Priority
from contracts.tickets import State
from postroom.migrate import migrate_database
from services.tickets.alarm_tables import Alarm, lock_alarm, set_alarms
from services.tickets.automations import Standing
from tests.events import NOON

pytestmark = pytest.mark.anyio
FIRST, SECOND = UUID(int=1), UUID(int=2)
ALARM = Alarm(
    at=NOON,
    contact="kim@customers.example",
    standing=Standing(
        number=10009,
        ticketbox_id=uuid4(),
        priority=Priority.NORMAL,
        tags=(),
        category_id=None,
        contact="kim@customers.example",
        assignee_id=None,
        state=State.OPEN,
        since=NOON,
        unanswered_since=NOON,
        deadlines=(),
        ran=frozenset(),
        changed_at=NOON,
    ),
)


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    await migrate_database(database_url)
    opened = [await connect(database_url, "tickets") for _ in range(3)]
    yield opened  # type: ignore[misc]
    for one in opened:
        await one.close()


@pytest.mark.parametrize("second", [ALARM, None])
async def test_who_waits_for_the_first_alarm_does_not_have_the_second_in_hand(
    connections: list[asyncpg.Connection], second: Alarm | None
) -> None:
    holder, setter, other = connections
    await set_alarms(holder, {FIRST: ALARM, SECOND: ALARM}, 1)
    async with holder.transaction():
        assert await lock_alarm(holder, FIRST)
        setting = asyncio.create_task(set_alarms(setter, {SECOND: second, FIRST: ALARM}, 1))
        await asyncio.sleep(0.3)  # it locks what it can
        assert await lock_alarm(other, SECOND)
    await setting
