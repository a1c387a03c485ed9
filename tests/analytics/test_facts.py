"""Facts: the same rows in whatever order, and however often, the logs are heard."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from chassis.rebuild import rebuild
from contracts.correspondence import AcknowledgementWithheld
from contracts.mail import Kind
from contracts.router import Disposition
from contracts.tickets import TicketMerged, TicketMoved, TicketSolved
from services.analytics.facts import FACTS, RELEASED, SENT, facts_of
from tests import events
from tests.analytics.story import LOGS, ORDERS, SECOND, Story
from tests.events import ANNA, BELA, BOX, NOON

pytestmark = pytest.mark.anyio

A_DAY = timedelta(days=1)


def story() -> Story:
    """Something of everything that facts are made of."""
    story = Story()
    answered = story.opened(NOON)
    story.assigned(answered, BELA, NOON + 3 * SECOND)
    story.answered(answered, ANNA, NOON + timedelta(minutes=10))
    again = story.received(NOON + A_DAY)
    story.routed(again)
    story.happened(events.replied(answered, again), NOON + A_DAY + SECOND, str(answered))
    waiting = story.opened(NOON + 2 * A_DAY, ORDERS)
    story.assigned(waiting, BELA, NOON + 2 * A_DAY + 3 * SECOND)
    story.assigned(waiting, None, NOON + 2 * A_DAY + 9 * SECOND)
    moved = TicketMoved(
        ticket_id=waiting,
        ticketbox_id=BOX,
        ticketbox="Support",
        from_id=ORDERS,
        why="correction",
        moved_by=ANNA,
    )
    story.happened(moved, NOON + 3 * A_DAY, str(waiting))
    withheld = AcknowledgementWithheld(ticket_id=waiting, recipient="kim@customers.example", detail="a cap")
    story.happened(withheld, NOON + 3 * A_DAY, str(waiting))
    merged = TicketMerged(ticket_id=waiting, into_id=answered, into_number=10017, merged_by=ANNA)
    story.happened(merged, NOON + 4 * A_DAY, str(waiting))
    story.routed(story.received(NOON, Kind.LOOP), disposition=Disposition.SUPPRESS)
    story.received(NOON)  # and the router has not seen it yet
    story.happened(events.received(story.held(NOON)), NOON + A_DAY)
    story.held(NOON)
    return story


async def rows(db: asyncpg.Connection, schema: str = "analytics") -> dict[str, list[tuple[object, ...]]]:
    return {
        table: [tuple(row) for row in await db.fetch(f"SELECT * FROM {schema}.{table} ORDER BY 1, 2")]
        for table in FACTS.tables
    }


@pytest.mark.parametrize("order", list(itertools.permutations(LOGS))[1::4])
async def test_facts_do_not_depend_on_which_log_is_heard_first(
    db: asyncpg.Connection, order: Sequence[str]
) -> None:
    happened = story()
    await happened.told(db)
    in_order = await rows(db)
    for table in (*FACTS.tables, "position"):
        await db.execute(f"DELETE FROM {table}")

    await happened.told(db, order)

    assert await rows(db) == in_order
    assert all(in_order.values()), "each table has been filled"


@pytest.mark.parametrize("batch", [1, 3])
async def test_facts_do_not_depend_on_how_the_logs_are_cut_into_batches(
    db: asyncpg.Connection, batch: int
) -> None:
    happened = story()
    await happened.told(db)
    at_once = await rows(db)
    for table in (*FACTS.tables, "position"):
        await db.execute(f"DELETE FROM {table}")

    await happened.told(db, batch=batch)

    assert await rows(db) == at_once


async def test_events_that_come_again_change_nothing_even_when_the_position_is_lost(
    db: asyncpg.Connection,
) -> None:
    happened = story()
    await happened.told(db)
    once = await rows(db)
    await db.execute("DELETE FROM position")

    await happened.told(db, reversed(LOGS))

    assert await rows(db) == once


async def test_logs_that_name_the_same_messages_in_another_order_are_heard_at_once_without_a_deadlock(
    db: asyncpg.Connection, database_url: str
) -> None:
    happened = Story()
    heads = [happened.received(NOON) for _ in range(5_000)]
    for head in reversed(heads):
        happened.routed(head)
    other = await asyncpg.connect(database_url, server_settings={"search_path": "analytics"})

    await asyncio.gather(happened.told(db, ["ingest"], 5_000), happened.told(other, ["router"], 5_000))

    complete = "SELECT count(*) FROM fact_message WHERE kind IS NOT NULL AND disposition IS NOT NULL"
    assert await db.fetchval(complete) == len(heads)
    await other.close()


@pytest.mark.parametrize("batch", [1, 100])
async def test_an_answer_that_is_released_again_keeps_the_moment_of_its_first_release(
    db: asyncpg.Connection, batch: int
) -> None:
    happened = Story()
    ticket = happened.opened(NOON)
    reply = happened.answered(ticket, ANNA, NOON + timedelta(minutes=10))
    happened.happened(events.released(ticket, reply, ANNA, attempt=2), NOON + A_DAY, str(ticket))

    await happened.told(db, batch=batch)

    assert await db.fetchval("SELECT released_at FROM fact_reply") == NOON + timedelta(minutes=10)


async def test_a_rebuild_gives_the_same_facts_in_tables_that_are_described_and_writable(
    db: asyncpg.Connection, database_url: str
) -> None:
    happened = story()
    await happened.told(db)
    told = await rows(db)
    described = "SELECT col_description('fact_reply'::regclass, 2), obj_description('fact_reply'::regclass)"
    descriptions = tuple(await db.fetchrow(described))
    await happened.written(database_url)
    await db.execute("DELETE FROM fact_message")

    applied = await rebuild(database_url, FACTS, lambda _: None)

    assert applied == sum(len(log) for log in happened.logs.values())
    assert await rows(db) == told
    assert tuple(await db.fetchrow(described)) == descriptions
    assert all(descriptions)
    await db.execute("DELETE FROM position")
    await happened.told(db)
    assert await rows(db) == told


def test_two_logs_fill_their_own_columns_of_one_answer() -> None:
    happened = Story()
    reply = happened.answered(uuid4(), ANNA, NOON)

    (released,) = [part for item in happened.logs["tickets"][-1:] for part in facts_of(item)]
    (sent,) = [part for item in happened.logs["notify"] for part in facts_of(item)]

    assert (released[0], sent[0]) == (RELEASED, SENT)
    assert released[1][0] == sent[1][0] == reply
    assert set(RELEASED.filled) & set(SENT.filled) == {"ticket_id"}, "on which both agree"


def test_an_event_that_no_report_looks_at_leaves_no_fact() -> None:
    happened = Story()
    happened.happened(TicketSolved(ticket_id=uuid4(), solved_by=ANNA), NOON)
    assert facts_of(happened.logs["tickets"][-1]) == []


def test_a_follow_up_is_no_new_ticket() -> None:
    head, ticket = events.letter(), uuid4()
    happened = Story()
    happened.happened(events.replied(ticket, head), NOON)
    ((_, row),) = facts_of(happened.logs["tickets"][-1])
    assert row == (head.message_id, ticket, "replied", NOON)


async def test_the_query_that_the_documentation_shows_finds_who_waits_for_an_answer(
    db: asyncpg.Connection,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
    query = page.partition("```sql\n")[2].partition("```")[0]
    happened, now = Story(), datetime.now(UTC)
    happened.opened(now)
    happened.answered(happened.opened(now), ANNA, now)
    happened.opened(now, automatic=True)
    await happened.told(db)
    assert [row["received_at"] for row in await db.fetch(query)] == [now]
