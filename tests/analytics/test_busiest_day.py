"""Busiest day of the week: the highest average, not the highest sum."""

from datetime import timedelta

import asyncpg
import pytest

from contracts.mail import Kind
from contracts.reports import Report
from contracts.router import Disposition
from tests.analytics.story import Story, column
from tests.analytics.story import report as any_report
from tests.events import NOON

pytestmark = pytest.mark.anyio
A_DAY = timedelta(days=1)


async def report(db: asyncpg.Connection, zone: str = "UTC", **about: object) -> Report:
    return await any_report(db, "busiest_day_of_the_week", zone, **about)


def busiest(made: Report) -> list[object]:
    return [row[0] for row in made.rows if row[-1] == "busiest"]


async def test_messages_and_their_average_from_monday_to_sunday(db: asyncpg.Connection) -> None:
    story = Story()
    for day in (0, 0, 7, 3, 3, 3):
        story.opened(NOON + day * A_DAY)
    await story.told(db)

    made = await report(db, until=(NOON + 14 * A_DAY).date())

    assert made.rows[0] == ("Monday", 3, 2, 1.5, 50.0, "busiest")
    assert made.rows[3] == ("Thursday", 3, 2, 1.5, 50.0, "busiest")
    assert made.rows[6] == ("Sunday", 0, 2, 0.0, 0.0, None)
    assert made.totals == ("Total", 6, 14, 0.4, 100.0, None)


async def test_a_weekday_that_comes_more_often_in_the_range_is_not_busier_for_that(
    db: asyncpg.Connection,
) -> None:
    story = Story()
    for day in (0, 7, 1, 1):
        story.opened(NOON + day * A_DAY)
    await story.told(db)
    made = await report(db, until=(NOON + 8 * A_DAY).date())  # two Mondays, one Tuesday
    assert column(made, "messages")[:2] == [2, 2]
    assert busiest(made) == ["Tuesday"]


async def test_a_small_lead_that_rounding_hides_still_decides(db: asyncpg.Connection) -> None:
    story = Story()
    weeks = 30
    for week in range(weeks):
        story.opened(NOON + (7 * week - 210) * A_DAY)
        story.opened(NOON + (7 * week - 209) * A_DAY)
    story.opened(NOON - 210 * A_DAY)
    await story.told(db)
    made = await report(db, since=(NOON - 210 * A_DAY).date(), until=NOON.date())
    assert column(made, "average")[:2] == [1.0, 1.0]
    assert busiest(made) == ["Monday"]


async def test_days_that_have_not_begun_do_not_lower_an_average(db: asyncpg.Connection) -> None:
    story = Story()
    story.opened(NOON)
    await story.told(db)
    made = await report(db, until=(NOON + 28 * A_DAY).date(), as_of=NOON + A_DAY)
    assert column(made, "days") == [1, 1, 0, 0, 0, 0, 0]
    assert column(made, "average") == [1.0, 0.0, None, None, None, None, None]


async def test_a_day_is_one_of_the_time_zone_of_the_installation(db: asyncpg.Connection) -> None:
    story = Story()
    story.opened(NOON + timedelta(hours=11, minutes=30))  # Monday 23:30 in UTC
    await story.told(db)
    assert busiest(await report(db)) == ["Monday"]
    assert busiest(await report(db, "Europe/Berlin")) == ["Tuesday"]


async def test_it_counts_the_same_messages_as_the_report_by_ticketbox(db: asyncpg.Connection) -> None:
    story = Story()
    story.opened(NOON)
    story.received(NOON)
    story.routed(story.received(NOON, Kind.LIST))
    story.routed(story.received(NOON), disposition=Disposition.QUARANTINE)
    await story.told(db)
    by_ticketbox = await any_report(db, "inbound_messages_by_ticketbox")
    assert (await report(db)).totals[1] == by_ticketbox.totals[1] == 2


async def test_without_mail_no_day_is_the_busiest(db: asyncpg.Connection) -> None:
    assert busiest(await report(db)) == []
