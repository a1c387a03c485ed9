"""Trials on a real PostgreSQL: of several services one works on each, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import trials
from chassis.database import Connection, session_settings
from chassis.migrations import Schema, migrate
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.trials import Change
from tests.events import NOON
from tests.running import until

pytestmark = pytest.mark.anyio


class Beaten(asyncpg.Connection):
    """Between what it lists and what it does about it, somebody else ends every trial."""

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        listed = await super().fetch(*args, **kwargs)
        await self.execute("UPDATE trial SET state = 'done'")
        return listed


@pytest.fixture
async def db(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(database_url, server_settings={"search_path": "router"})
    await migrate(db, [Schema("router", tmp_path / "none", speaks=False, tries=True)])
    yield db
    await db.close()


async def ask(db: Connection) -> UUID:
    trial_id = uuid4()
    await trials.ask(db, trial_id, "{}", uuid4(), NOON)
    return trial_id


async def test_a_trial_that_somebody_else_has_just_ended_is_left_as_it_is(
    db: asyncpg.Connection, database_url: str
) -> None:
    await ask(db)
    late = await asyncpg.connect(
        database_url, connection_class=Beaten, server_settings=session_settings("router")
    )
    assert await trials._claim(late) is None
    await late.close()


async def test_a_trial_that_somebody_works_on_is_left_to_them(
    db: asyncpg.Connection, database_url: str
) -> None:
    first, second = await ask(db), await ask(db)
    other = await asyncpg.connect(database_url, server_settings=session_settings("router"))
    claimed = [await trials._claim(one) for one in (db, other, other)]
    assert [row and row["trial_id"] for row in claimed] == [first, second, second]
    await other.close()


async def test_of_many_changes_the_first_are_kept_and_numbered_over_all_batches(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "MOST_CHANGES", 3)
    trial_id, kept = await ask(db), 0
    for _ in range(3):
        kept = await trials._keep(db, trial_id, [Change(number=0), Change(number=0)], kept)
    rows = await db.fetch(
        "SELECT number, (finding ->> 'number')::bigint AS shown FROM finding ORDER BY number"
    )
    assert [(row["number"], row["shown"]) for row in rows] == [(1, 1), (2, 2), (3, 3)]


async def test_who_waits_for_trials_waits_on_one_connection(
    db: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "POLL_SECONDS", 0.01)
    settings = ServiceSettings(database_url=database_url, nats_url="nats://nowhere")
    service = Service("router", settings, asyncio.Event())
    asked: list[str] = []

    async def prepare(_: Connection, question: str, _now: datetime) -> trials.Examination[Any, Any, Any]:
        asked.append(question)
        raise ValueError("nobody can say")

    async def backends() -> set[int]:
        rows = await db.fetch(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'postroom router'"
        )
        return {row["pid"] for row in rows}

    async def failed() -> bool:
        return await db.fetchval("SELECT state FROM trial") == "failed"

    waiting = asyncio.create_task(trials.work(service, prepare))
    await until(backends)
    at_first = await backends()
    await asyncio.sleep(0.5)
    await ask(db)
    await until(failed)
    assert asked == ["{}"]
    assert await backends() == at_first
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
