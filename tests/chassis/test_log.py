"""The log, on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import log
from chassis.database import connect
from chassis.log import Answer, ChainWalk, Head
from chassis.migrations import ChangedMigration, Schema, migrate
from contracts.event import Meta
from contracts.notify import ReplyFailed
from contracts.stream_ids import reply_stream

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCHEMA = Schema("notify", Path(__file__).parent / "no_files", speaks=True)


@pytest.fixture
async def database(database_url: str) -> str:
    db = await asyncpg.connect(database_url)
    await migrate(db, [SCHEMA])
    await db.close()
    return database_url


async def connected(database_url: str) -> asyncpg.Connection:
    return await asyncpg.connect(database_url, server_settings={"search_path": "notify"})


def answer(reply_id: UUID, cause: UUID | None = None, head: Head = log.EMPTY, times: int = 1) -> Answer:
    failed = ReplyFailed(ticket_id=uuid4(), reply_id=reply_id, answer="550 No such user", attempts=1)
    cause = cause or uuid4()
    return Answer(
        reply_stream(reply_id),
        (failed,) * times,
        cause,
        Meta(correlation_id=cause, causation_id=cause),
        NOON,
        head,
    )


async def test_what_is_appended_is_read_back_in_order(database: str) -> None:
    db = await connected(database)
    reply_id = uuid4()
    given = answer(reply_id, times=3)

    await log.append(db, [given], NOON)

    history = (await log.load(db, [reply_stream(reply_id)]))[reply_stream(reply_id)]
    assert tuple(recorded.event for recorded in history.events) == given.events
    assert [recorded.version for recorded in history.events] == [1, 2, 3]
    assert history.head.version == 3
    await db.close()


async def test_a_decision_about_an_old_state_is_refused(database: str) -> None:
    db = await connected(database)
    reply_id = uuid4()
    await log.append(db, [answer(reply_id)], NOON)

    with pytest.raises(log.VersionConflict):
        await log.append(db, [answer(reply_id)], NOON)
    await db.close()


async def test_an_event_that_the_broker_would_not_take_is_refused(database: str) -> None:
    db = await connected(database)
    reply_id, cause = uuid4(), uuid4()
    failed = ReplyFailed(ticket_id=uuid4(), reply_id=reply_id, answer="5" * log.LARGEST_EVENT, attempts=1)
    too_large = replace(answer(reply_id, cause), events=(failed,))

    with pytest.raises(log.TooLarge, match="ReplyFailed"):
        await log.append(db, [answer(uuid4()), too_large], NOON)
    assert await db.fetchval("SELECT count(*) FROM event") == 0
    await db.close()


async def test_the_same_cause_is_answered_once(database: str) -> None:
    db = await connected(database)
    cause = uuid4()
    await log.append(db, [answer(uuid4(), cause)], NOON)

    assert await log.answered(db, [cause, uuid4()]) == {cause}
    with pytest.raises(log.AlreadyAnswered):
        await log.append(db, [answer(uuid4(), cause)], NOON)
    await db.close()


async def test_no_reader_skips_a_row_while_a_transaction_is_held_open(database: str) -> None:
    slow, fast, reader = [await connected(database) for _ in range(3)]
    held = slow.transaction()
    await held.start()
    await log.append(slow, [answer(uuid4())], NOON)
    waiting = asyncio.create_task(log.append(fast, [answer(uuid4())], NOON))
    await asyncio.sleep(0.2)

    # The later append waits for the open one, so a reader sees neither, and then both.
    assert await log.read_after(reader, 0, 10) == []
    await held.commit()
    later = await waiting

    positions = [row["position"] for row in await log.read_after(reader, 0, 10)]
    assert len(positions) == 2
    assert positions == sorted(positions)
    assert positions[-1] == later
    for db in (slow, fast, reader):
        await db.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE notify.event SET data = jsonb_set(data, '{answer}', '\"250 OK\"') WHERE version = 2",
        "UPDATE notify.event SET occurred_at = occurred_at + interval '1 second' WHERE version = 2",
        "DELETE FROM notify.event WHERE version = 2",
    ],
)
async def test_the_chain_shows_what_was_changed(database: str, harm: str) -> None:
    db = await connected(database)
    await log.append(db, [answer(uuid4(), times=3)], NOON)
    walk = ChainWalk()
    assert [walk.step(row) for row in await db.fetch(log.ALL_BY_STREAM)] == [None, None, None]

    await db.execute(harm)

    walk = ChainWalk()
    assert any(walk.step(row) for row in await db.fetch(log.ALL_BY_STREAM))
    await db.close()


async def test_a_service_can_neither_change_nor_remove_events(database: str) -> None:
    db = await connect(database, "notify")
    await log.append(db, [answer(uuid4())], NOON)

    for wish in ("DELETE FROM event", "UPDATE event SET type = 'Other'", "TRUNCATE event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(wish)
    await db.close()


async def test_migrations_run_once_however_many_processes_start(database_url: str) -> None:
    connections = [await asyncpg.connect(database_url) for _ in range(4)]
    ran = await asyncio.gather(*(migrate(db, [SCHEMA]) for db in connections))
    assert sorted(len(names) for names in ran) == [0, 0, 0, 4]
    for db in connections:
        await db.close()


async def test_a_migration_that_was_edited_after_it_ran_is_refused(database_url: str, tmp_path: Path) -> None:
    db = await asyncpg.connect(database_url)
    file = tmp_path / "0001_things.sql"
    file.write_text("CREATE TABLE thing (name text)")
    schema = Schema("notify", tmp_path, speaks=True)
    await migrate(db, [schema])

    file.write_text("CREATE TABLE thing (title text)")
    with pytest.raises(ChangedMigration):
        await migrate(db, [schema])
    await db.close()
