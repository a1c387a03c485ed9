"""Alarms that are set while something else happens: nothing is lost, and nobody waits for one another."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.database import connect
from contracts.commands import OPERATOR, SetContact
from contracts.contacts import Card
from contracts.router import Priority
from contracts.stream_ids import contact_id
from contracts.tickets import State
from services.tickets.alarm_tables import Alarm, lock_alarm, set_alarms, stale_alarms
from services.tickets.automations import Standing
from services.tickets.changes import keep_contacts
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


async def test_that_a_contact_has_changed_is_not_lost_while_one_of_its_tickets_is_written(
    connections: list[asyncpg.Connection],
) -> None:
    db, *_ = connections
    revision = await db.fetchval("SELECT revision FROM desk_revision")
    await set_alarms(db, {FIRST: ALARM}, revision)
    assert await stale_alarms(db, 10) == []

    card = Card(id=contact_id(ALARM.contact), addresses=(ALARM.contact,), name="Kim")
    async with db.transaction():
        await keep_contacts(db, SetContact(command_id=uuid4(), actor_id=OPERATOR, contact=card), NOON)

    # By who had read the contact before it changed.
    await set_alarms(db, {FIRST: ALARM}, revision)
    assert await stale_alarms(db, 10) == [FIRST]
    # By who looks at the ticket because it did.
    await set_alarms(db, {FIRST: ALARM}, revision, [FIRST])
    assert await stale_alarms(db, 10) == []
