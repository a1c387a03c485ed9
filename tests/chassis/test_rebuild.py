"""A projection that is filled again beside the one in use, on a real PostgreSQL, while others write."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from chassis import log
from chassis.consume import Batch
from chassis.database import Connection, connect
from chassis.projection import project
from chassis.rebuild import AlreadyRebuilding, rebuild
from contracts.streams import Consumer
from tests.chassis import failed_replies
from tests.chassis.seen import make_tables, seen_by

pytestmark = pytest.mark.anyio


SEEN = seen_by(Consumer("analytics", "notify", "seen"))
_INDEXES_HERE = """
SELECT count(*)
FROM pg_indexes
WHERE schemaname = current_schema()
  AND tablename = 'seen'
"""


@pytest.fixture
async def url(database_url: str, tmp_path: Path) -> str:
    db = await asyncpg.connect(database_url)
    await make_tables(db, tmp_path)
    await db.close()
    return database_url


async def write(url: str, number: int) -> None:
    db = await asyncpg.connect(url, server_settings={"search_path": "notify"})
    await failed_replies.append(db, number)
    await db.close()


async def follow(url: str, until: asyncio.Event) -> None:
    """The service at work: it projects what is new, in batches, until told to stop and at the end."""
    reader = await asyncpg.connect(url, server_settings={"search_path": "notify"})
    db = await connect(url, "analytics")
    position = 0
    while True:
        rows = await log.read_after(reader, position, 7)
        if not rows and until.is_set():
            break
        batch = []
        for row in rows:
            batch.append(log.recorded(row, after=position))
            position = row["position"]
        if batch:
            async with db.transaction():
                await project(SEEN, "notify", batch, db)
        await asyncio.sleep(0.002)
    await reader.close()
    await db.close()


async def counts(url: str) -> tuple[int, int]:
    db = await asyncpg.connect(url)
    counted = (
        await db.fetchval("SELECT count(*) FROM notify.event"),
        await db.fetchval("SELECT count(*) FROM analytics.seen"),
    )
    await db.close()
    return counted


async def indexes(url: str) -> list[str]:
    db = await asyncpg.connect(url)
    rows = await db.fetch(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'analytics' AND tablename = 'seen'"
    )
    await db.close()
    return sorted(row["indexdef"] for row in rows)


async def test_nothing_is_missed_or_applied_twice_while_others_write_and_the_service_works(url: str) -> None:
    await write(url, 50)
    done = asyncio.Event()
    following = asyncio.create_task(follow(url, done))
    writing = asyncio.create_task(write(url, 300))
    for _ in range(4):
        await rebuild(url, SEEN, lambda _: None)
    await writing
    done.set()
    await following
    assert await counts(url) == (350, 350)


async def test_every_index_is_there_again(url: str) -> None:
    await write(url, 20)
    before = await indexes(url)
    await rebuild(url, SEEN, lambda _: None)
    assert await indexes(url) == before
    assert len(before) == 2


@pytest.mark.parametrize(("columns", "number"), [((), 1), (("position",), 2)])
async def test_only_indexes_that_are_needed_meanwhile_are_there_from_the_beginning(
    url: str, columns: tuple[str, ...], number: int
) -> None:
    there: list[int] = []

    async def apply(batch: Batch, db: Connection) -> None:
        there.append(await db.fetchval(_INDEXES_HERE))
        await SEEN.apply(batch, db)

    await write(url, 20)
    await rebuild(url, replace(SEEN, apply=apply, found_by={"seen": frozenset(columns)}), lambda _: None)
    assert there[0] == number


async def test_what_was_spoiled_is_whole_again(url: str) -> None:
    await write(url, 20)
    db = await asyncpg.connect(url)
    await db.execute("INSERT INTO analytics.seen (position) VALUES (4711)")
    assert await rebuild(url, SEEN, lambda _: None) == 20
    assert await db.fetchval("SELECT count(*) FROM analytics.seen WHERE position = 4711") == 0
    assert await db.fetchval("SELECT position FROM analytics.position") == 20
    await db.close()


async def test_a_rebuild_that_was_killed_does_not_hinder_the_next(url: str) -> None:
    await write(url, 5)
    db = await asyncpg.connect(url)
    await db.execute("CREATE SCHEMA analytics_rebuild; CREATE TABLE analytics_rebuild.seen (position bigint)")
    await db.close()
    await rebuild(url, SEEN, lambda _: None)
    assert await counts(url) == (5, 5)


async def test_two_rebuilds_of_one_projection_at_once_are_refused(url: str) -> None:
    db = await asyncpg.connect(url)
    await db.execute("SELECT pg_advisory_lock(hashtextextended('postroom rebuild analytics seen', 0))")
    with pytest.raises(AlreadyRebuilding):
        await rebuild(url, SEEN, lambda _: None)
    await db.close()
