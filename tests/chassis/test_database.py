"""Connections to PostgreSQL, and how both sides tell that the other is gone."""

import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.database import TRANSIENT, Connection, connect, connect_pool
from chassis.migrations import migrate
from postroom.migrate import SCHEMAS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(database_url: str) -> str:
    db = await asyncpg.connect(database_url)
    await migrate(db, [schema for schema in SCHEMAS if schema.service == "notify"])
    await db.close()
    return database_url


@pytest.fixture(params=["alone", "lent"])
async def db(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Connection]:
    """A connection of its own, and one from the pool."""
    if request.param == "alone":
        alone = await connect(database, "notify")
        yield alone
        await alone.close()
        return
    pool = await connect_pool(database, "notify", 1)
    async with pool.acquire() as lent:
        yield lent
    await pool.close()


async def test_whoever_vanishes_keeps_no_lock_for_long(db: Connection) -> None:
    wanted = {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
        "idle_in_transaction_session_timeout": "2min",
    }
    assert {setting: await db.fetchval(f"SHOW {setting}") for setting in wanted} == wanted


async def test_a_server_that_vanishes_is_not_waited_for_for_ever(database: str) -> None:
    db = await connect(database, "notify", command_seconds=0.1)

    with pytest.raises(TimeoutError):
        await db.execute("SELECT pg_sleep(60)")
    db.terminate()


async def test_who_stood_still_in_a_transaction_begins_it_again(db: Connection) -> None:
    await db.execute("SET idle_in_transaction_session_timeout = '50ms'")

    with pytest.raises(TRANSIENT):  # noqa: PT012 - the transaction raises it, too
        async with db.transaction():
            await db.execute("SELECT 1")
            time.sleep(0.5)  # noqa: ASYNC251 - the whole process stands still
            await db.execute("SELECT 1")
