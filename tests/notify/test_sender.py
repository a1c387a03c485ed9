"""Senders go on, whatever is raised: by the database, by the way out, or by a mistake of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from chassis.background import keep_running
from chassis.database import Pool, connect_pool
from services.notify import deliveries, sender
from services.notify.delivery import Answered, Delivery, Recipient, Result
from services.notify.release import Release
from services.notify.sender import Senders
from services.notify.transport import Parcel
from tests.running import until

pytestmark = pytest.mark.anyio


def queued() -> Release:
    now = datetime.now(UTC)
    delivery = Delivery(
        reply_id=uuid4(),
        attempt=1,
        ticket_id=uuid4(),
        internet_message_id="<reply-1@example.com>",
        automatic=False,
        recipients=(Recipient(address="ann@customer.example"),),
        queued_at=now,
        due_at=now,
    )
    return Release(delivery, "support@example.com", False, b"Hello\r\n", uuid4(), uuid4(), None)


class WayOut:
    """Takes every parcel, after it has raised what it is to raise."""

    kind: Literal["maildir"] = "maildir"
    target = "nowhere"

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.restless: list[Exception] = []
        self.sent: list[str] = []
        self.looked_for: list[str] = []
        self.until: asyncio.Event | None = None
        self.hurried = False

    async def send(self, parcel: Parcel) -> Result:
        if self.failures:
            raise self.failures.pop()
        self.sent.append(parcel.name)
        if self.until is not None:
            await self.until.wait()
        return Answered("taken", taken=frozenset(parcel.recipients))

    async def look_for(self, parcel: Parcel) -> Result:
        self.looked_for.append(parcel.name)
        return Answered("found", taken=frozenset(parcel.recipients))

    async def rest(self) -> None:
        if self.restless:
            raise self.restless.pop()

    def hurry(self, seconds: float) -> None:  # noqa: ARG002 - as Transport has it
        self.hurried = True


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await connect_pool(database_url, "notify", 8) as connected:
        yield connected


@asynccontextmanager
async def sending(pool: Pool, database_url: str, way_out: WayOut, lease: timedelta) -> AsyncIterator[None]:
    """Two senders at work, as in the service."""
    senders = Senders(
        pool, database_url, way_out, lambda: datetime.now(UTC), owner=uuid4(), number=2, lease=lease
    )
    running = asyncio.create_task(keep_running("senders", senders.run))
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def states(pool: Pool) -> list[str]:
    return [row["state"] for row in await pool.fetch("SELECT state FROM delivery ORDER BY queued_at")]


async def queue(pool: Pool, *releases: Release) -> None:
    async with pool.acquire() as db:
        await deliveries.queue(db, releases)


async def all_sent(pool: Pool) -> bool:
    return {*await states(pool)} == {"sent"}


MINUTE = timedelta(minutes=1)


async def test_no_error_of_the_database_ends_the_senders(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = sender.claim
    read_only = asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction")
    no_column = asyncpg.UndefinedColumnError('column "notice" does not exist')
    failures: list[Exception] = [read_only, no_column, read_only, no_column]

    async def failing(*asked: object) -> object:
        if failures:
            raise failures.pop()
        return await claim(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(sender, "claim", failing)
    await queue(pool, queued())
    way_out = WayOut()
    with capture_logs() as said:
        async with sending(pool, database_url, way_out, MINUTE):
            await until(lambda: all_sent(pool), 20)
            assert not way_out.hurried
    told = [one["log_level"] for one in said if one["event"] == "cannot claim"]
    assert sorted(told) == ["error", "error", "warning", "warning"]


async def test_senders_of_which_one_ended_begin_again(pool: Pool, database_url: str) -> None:
    way_out = WayOut()
    way_out.restless = [KeyError("a bug")]
    with capture_logs() as said:
        async with sending(pool, database_url, way_out, MINUTE):
            await until(lambda: _nothing_left(way_out.restless))
            await queue(pool, queued())
            await until(lambda: all_sent(pool), 20)
            # What the others have in hand ends in its own time, and so does what comes afterwards.
            assert not way_out.hurried
    failed = next(one for one in said if one["event"] == "background work failed")
    assert "a sender has ended" in failed["error"]


async def _nothing_left(failures: list[Exception]) -> bool:
    return not failures


async def test_what_failed_while_it_was_handed_over_is_looked_for_when_its_lease_is_over(
    pool: Pool, database_url: str
) -> None:
    failing, slow = queued(), queued()
    way_out = WayOut()
    way_out.failures = [KeyError("a bug")]
    await queue(pool, failing)
    async with sending(pool, database_url, way_out, timedelta(seconds=1)):
        await until(lambda: _nothing_left(way_out.failures))
        way_out.until = asyncio.Event()
        await queue(pool, slow)
        await until(lambda: _sent(pool, failing), 20)
        way_out.until.set()
        await until(lambda: all_sent(pool), 20)
    assert [name.split(".")[1] for name in way_out.looked_for] == [f"{failing.delivery.reply_id}-1"]


async def test_what_a_process_has_in_hand_it_does_not_take_once_more(pool: Pool) -> None:
    owner, over_at_once = uuid4(), timedelta()
    await queue(pool, queued())
    async with pool.acquire() as db:
        claimed = await deliveries.claim(db, owner, over_at_once, [])
        assert claimed is not None
        assert await deliveries.claim(db, owner, over_at_once, [claimed]) is None
        again = await deliveries.claim(db, owner, over_at_once, [])
        assert again is not None
        assert again.abandoned


async def _sent(pool: Pool, release: Release) -> bool:
    state = await pool.fetchval("SELECT state FROM delivery WHERE reply_id = $1", release.delivery.reply_id)
    return bool(state == "sent")
