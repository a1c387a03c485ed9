"""Clocks under fire: whoever is killed, and however many services look at them, each strikes once, at its true time."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from bench import clocks
from contracts.automations import Actions, Automation, Moment, Timing
from contracts.desk import Ticketbox
from postroom.verify import verify
from tests import crowd
from tests.running import Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]
CLOCKS = 300
SECONDS = 15
BOX = Ticketbox(
    id=uuid4(),
    name="Clocks",
    addresses=("clocks@example.com",),
    first_response_seconds=round(clocks.TARGET.total_seconds()),
)
LATE = Automation(
    id=uuid4(),
    name="Late",
    when=Timing(minutes=0, moment=Moment.AFTER_FIRST_RESPONSE, clock="wall"),
    then=Actions(add_tags=("late",)),
)


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("clocks"))
    running.start()
    asyncio.run(clocks.change(running, BOX, LATE))
    time.sleep(SECONDS / 3)  # nothing that an automation does is older than the automation
    yield running
    running.close()


@asynccontextmanager
async def clocks_coming_due(postroom: Postroom) -> AsyncIterator[None]:
    """Some are overdue, the others come due while something happens; afterwards each must have struck once."""
    begin = datetime.now(UTC) - timedelta(seconds=SECONDS / 3)
    due = [begin + timedelta(seconds=one * SECONDS / CLOCKS) for one in range(CLOCKS)]
    written = await clocks.write(postroom, BOX, due)
    yield

    async def struck() -> bool:
        return min([len(await times_of(postroom, kind, written)) for kind in KINDS]) >= CLOCKS

    await until(struck, 60)
    await asyncio.sleep(2)
    for kind in KINDS:
        times = await times_of(postroom, kind, written)
        assert len(times) == CLOCKS
        for ticket, at in times:
            assert at == written[ticket], kind
    # The letters are made up; the chain of the log is not.
    found = [one for one in await verify(postroom.database_url) if "ingest never accepted it" not in one]
    assert found == []


KINDS = ("SLABreached", "AutomationRan", "TagsChanged")


async def times_of(postroom: Postroom, kind: str, written: dict[str, datetime]) -> list[tuple[str, datetime]]:
    db = await asyncpg.connect(postroom.database_url)
    try:
        rows = await db.fetch(
            "SELECT data ->> 'ticket_id' AS ticket_id, occurred_at FROM tickets.event WHERE type = $1", kind
        )
    finally:
        await db.close()
    return [(row["ticket_id"], row["occurred_at"]) for row in rows if row["ticket_id"] in written]


async def test_clocks_strike_once_though_tickets_is_killed_again_and_again(postroom: Postroom) -> None:
    async with clocks_coming_due(postroom):
        for _ in range(4):
            await asyncio.sleep(SECONDS / 6)
            await until(lambda: killed(postroom))


async def killed(postroom: Postroom) -> bool:
    try:
        postroom.kill("tickets")
    except StopIteration:  # it is just being started again
        return False
    return True


async def test_clocks_strike_once_though_two_services_look_at_them(postroom: Postroom) -> None:
    with crowd.more_of(postroom, "tickets", 1) as (second,):
        await asyncio.sleep(3)
        async with clocks_coming_due(postroom):
            pass
        assert second.poll() is None


async def test_what_came_due_while_everything_was_down_carries_its_true_time(postroom: Postroom) -> None:
    async with clocks_coming_due(postroom):
        assert postroom.stop() == 0
        await asyncio.sleep(SECONDS)
        postroom.start()
