"""From events to the figures of the three reports, on a real PostgreSQL."""

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from chassis.projection import project
from contracts.event import Event
from contracts.mail import Kind
from contracts.queries import GetReport, Report
from postroom.migrate import migrate_database
from services.analytics.facts import FACTS
from services.analytics.reports import REPORTS
from services.analytics.scope import BadScope, scope_of
from tests import events
from tests.events import ANNA, BELA, NOON, recorded

pytestmark = pytest.mark.anyio
LOGS = ("ingest", "router", "tickets", "notify")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    await migrate_database(database_url)
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "analytics"})
    yield connection
    await connection.close()


def story() -> dict[str, list[Event]]:
    """Anna answers one letter after 10 minutes, Bela another after 30; a third waits; a machine writes too."""
    logs: dict[str, list[Event]] = {name: [] for name in LOGS}
    logs["tickets"] += [
        events.box_created(),
        events.person_added(ANNA, "Anna"),
        events.person_added(BELA, "Bela"),
    ]
    for number, (agent, minutes) in enumerate([(ANNA, 10), (BELA, 30), (None, 0)]):
        head = events.letter(NOON + timedelta(days=number))
        logs["ingest"].append(events.received(head))
        logs["router"].append(events.routed(head))
        logs["tickets"].append(events.opened(head, number=10_000 + number))
        if agent is not None:
            reply = uuid4()
            ticket = events.ticket_of(head)
            answered_at = head.received_at + timedelta(minutes=minutes)
            logs["tickets"] += [events.submitted(ticket, reply, agent), events.released(ticket, reply, agent)]
            logs["notify"].append(events.sent(ticket, reply, answered_at))
            late = uuid4()  # a second answer is no first response
            logs["tickets"].append(events.released(ticket, late, BELA))
            logs["notify"].append(events.sent(ticket, late, answered_at + timedelta(days=1)))
    machine = events.letter(NOON, kind=Kind.AUTO_REPLY)
    logs["ingest"].append(events.received(machine))
    logs["router"].append(events.routed(machine))
    return logs


async def tell(db: asyncpg.Connection, logs: dict[str, list[Event]], order: Sequence[str]) -> None:
    for name in order:
        batch = recorded(*logs[name])
        async with db.transaction():
            await project(FACTS, name, batch, db)


async def report(db: asyncpg.Connection, name: str, **about: object) -> Report:
    query = GetReport(name=name, since=NOON.date(), until=(NOON + timedelta(days=7)).date(), **about)
    now = NOON + timedelta(days=30)
    definition = REPORTS[name]
    return await definition.run(db, scope_of(query, definition.description, now, ZoneInfo("UTC")))


@pytest.mark.parametrize("order", list(itertools.permutations(LOGS))[::5])
async def test_figures_do_not_depend_on_which_log_is_read_first_or_twice(
    db: asyncpg.Connection, order: Sequence[str]
) -> None:
    logs = story()
    await tell(db, logs, order)
    await tell(db, logs, order)

    first = await report(db, "first-response-time-by-agent")
    assert first.rows == (("Anna", 1, 600.0, 600.0, 600.0), ("Bela", 1, 1800.0, 1800.0, 1800.0))
    assert first.totals == ("Total", 2, 1200.0, 1680.0, 1200.0)
    inbound = await report(db, "inbound-messages-by-ticketbox")
    assert inbound.rows == (("Support", 3, 3, 0, 1, 0, 100.0),)


async def test_messages_by_day_have_a_row_for_each_day(db: asyncpg.Connection) -> None:
    await tell(db, story(), LOGS)
    days = await report(db, "inbound-messages-by-ticketbox", by="day")
    assert [(row[0], row[1]) for row in days.rows[:4]] == [
        ("2026-03-02", 1),
        ("2026-03-03", 1),
        ("2026-03-04", 1),
        ("2026-03-05", 0),
    ]
    assert len(days.rows) == 7


async def test_the_busiest_day_is_the_one_with_the_highest_average(db: asyncpg.Connection) -> None:
    logs = story()
    extra = events.letter(NOON + timedelta(hours=1))
    logs["ingest"].append(events.received(extra))
    logs["router"].append(events.routed(extra))
    await tell(db, logs, LOGS)
    week = await report(db, "busiest-day-of-the-week")
    assert [row[0] for row in week.rows if row[-1] == "busiest"] == ["Monday"]
    assert week.rows[0][1:4] == (2, 1, 2.0)


async def test_a_report_as_of_a_moment_knows_nothing_that_was_recorded_later(db: asyncpg.Connection) -> None:
    await tell(db, story(), LOGS)
    before = await report(db, "first-response-time-by-agent", as_of=NOON - timedelta(minutes=1))
    assert before.rows == ()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (GetReport(name="x", by="planet"), "unknown_division"),
        (GetReport(name="x", since=NOON, until=NOON), "empty_range"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(query: GetReport, code: str) -> None:
    description = REPORTS["busiest-day-of-the-week"].description
    with pytest.raises(BadScope) as bad:
        scope_of(query, description, datetime(2026, 3, 9, tzinfo=UTC), ZoneInfo("UTC"))
    assert bad.value.code == code


def test_days_begin_at_midnight_of_the_installation_also_when_clocks_change() -> None:
    description = REPORTS["inbound-messages-by-ticketbox"].description
    query = GetReport(name="x", since=datetime(2026, 3, 29).date(), until=datetime(2026, 3, 30).date())  # noqa: DTZ001
    scope = scope_of(query, description, NOON, ZoneInfo("Europe/Berlin"))
    assert scope.until - scope.since == timedelta(hours=23)
