"""Analytics as others see it: asked over NATS, with the rights that it has."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import httpx
import nats
import pytest
from nats.aio.client import Client

from chassis.requests import RefusedQuery, ServiceUnavailable, ask
from chassis.service import Service
from chassis.settings import ListenAddress
from contracts.reports import GetReport, ListReports, Report, ReportList
from postroom.embedded.nats import Nats
from postroom.embedded.process import free_port
from postroom.migrate import migrate_streams
from services.analytics.app import set_up
from services.analytics.settings import AnalyticsSettings
from tests.analytics.story import Story
from tests.events import ANNA, NOON

pytestmark = pytest.mark.anyio
NAMES = (
    "inbound_messages_by_ticketbox",
    "first_response_time_by_agent",
    "busiest_day_of_the_week",
    "misrouting_by_rule",
    "automatic_answers",
)


@pytest.fixture
def address() -> ListenAddress:
    return ListenAddress("127.0.0.1", free_port())


@pytest.fixture
async def asking(
    db: asyncpg.Connection, database_url: str, nats_server: Nats, address: ListenAddress
) -> AsyncIterator[Client]:
    """A client of the running service, which knows of one ticket that Anna answered after 10 minutes."""
    story = Story()
    story.answered(story.opened(NOON), ANNA, NOON + timedelta(minutes=10))
    await story.told(db)
    await migrate_streams(nats_server.url(), 1)
    settings = AnalyticsSettings(database_url=database_url, nats_url=nats_server.url(), admin_http=address)
    stopping = asyncio.Event()
    running = asyncio.create_task(Service("analytics", settings, stopping).run(set_up))
    async with await nats.connect(nats_server.url()) as client, asyncio.timeout(30):
        while True:
            try:
                await ask(client, ListReports(), ReportList)
            except ServiceUnavailable:
                await asyncio.sleep(0.05)
            else:
                break
        yield client
        stopping.set()
        await running


async def test_reports_are_listed_and_made_on_request(asking: Client, address: ListenAddress) -> None:
    listed = await ask(asking, ListReports(), ReportList)
    assert tuple(one.name for one in listed.items) == NAMES
    for name in NAMES:
        query = GetReport(name=name, since=date(2026, 3, 2), until=date(2026, 3, 3))
        made = await ask(asking, query, Report)
        assert made.totals[1] == 1
        assert all(len(row) == len(made.columns) for row in (*made.rows, made.totals))
        assert {made.chart.label, made.chart.value} <= {one.name for one in made.columns}
    with pytest.raises(RefusedQuery) as unknown:
        await ask(asking, GetReport(name="weather"), Report)
    assert unknown.value.refused.code == "unknown_report"
    assert all(name in unknown.value.refused.detail for name in NAMES)
    with pytest.raises(RefusedQuery) as backwards:
        await ask(asking, GetReport(name=NAMES[0], since=NOON, until=NOON), Report)
    assert backwards.value.refused.code == "empty_range"
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"http://{address}/readyz")).status_code == 200
