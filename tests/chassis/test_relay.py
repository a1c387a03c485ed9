"""The relay of a service, on real servers: it goes on after whatever stopped it, and a metric tells if it stands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.js import JetStreamContext

from chassis import metrics, wire
from chassis.database import connect, lead, listening
from chassis.migrations import Schema, migrate
from chassis.relay import Relay, StreamAhead, TailMoved
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.event import Event
from contracts.streams import EVENTS
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_streams
from tests.chassis import failed_replies
from tests.running import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(database_url, server_settings={"search_path": "notify"})
    await migrate(db, [Schema("notify", tmp_path / "none", speaks=True)])
    yield db
    await db.close()


@pytest.fixture
async def js(db: asyncpg.Connection, nats_server: Nats) -> AsyncIterator[JetStreamContext]:
    await migrate_streams(nats_server.url(), 1)
    async with await nats.connect(nats_server.url()) as client:
        yield client.jetstream()


@pytest.fixture
async def service(
    js: JetStreamContext, database_url: str, nats_server: Nats
) -> AsyncIterator[Service[ServiceSettings]]:
    """A service at work that only speaks."""
    stopping = asyncio.Event()
    settings = ServiceSettings(database_url=database_url, nats_url=nats_server.url())
    service = Service("notify", settings, stopping)

    async def nothing(_: Service[ServiceSettings]) -> None:
        pass

    running = asyncio.create_task(service.run(nothing))
    yield service
    stopping.set()
    await running


async def published(js: JetStreamContext) -> int:
    return (await js.stream_info("NOTIFY")).state.messages


def caught_up_at() -> float:
    """As /metrics tells it."""
    (metric,) = metrics.RELAY_CAUGHT_UP.collect()
    return next(sample.value for sample in metric.samples if sample.labels == {"stream": "NOTIFY"})


class RolledBack(dict[str, type[Event]]):
    """The events of a release that does not know one of a newer one, and how often it was asked for that."""

    asked = 0

    def get(self, name: str, _: object = None) -> type[Event] | None:  # type: ignore[override]
        self.asked += name == "ReplyFailed" and name not in self
        return super().get(name)


async def test_a_relay_goes_on_after_a_release_that_was_too_old_for_an_event(
    db: asyncpg.Connection,
    js: JetStreamContext,
    service: Service[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a release that does not know what a newer one has appended,
    events = RolledBack({name: event for name, event in EVENTS.items() if name != "ReplyFailed"})
    monkeypatch.setattr(wire, "EVENTS", events)
    await failed_replies.append(db, 2)

    async def tried_twice() -> bool:
        return events.asked >= 2

    await until(tried_twice)
    assert await published(js) == 0
    stood_at = caught_up_at()
    # when the newer one is back,
    events["ReplyFailed"] = EVENTS["ReplyFailed"]

    # then all is published.
    async def all_published() -> bool:
        return await published(js) == 2

    await until(all_published)

    async def moved() -> bool:
        return caught_up_at() > stood_at

    await until(moved)


@pytest.mark.usefixtures("service")
async def test_what_was_deleted_from_the_stream_is_published_again_in_order(
    db: asyncpg.Connection, js: JetStreamContext
) -> None:
    # Given events in a stream, of which the server remembers the ids for a while,
    await failed_replies.append(db, 5)

    async def all_published() -> bool:
        return await published(js) == 5

    await until(all_published)
    # when they are purged from it, then it is filled from the log.
    await js.purge_stream("NOTIFY")
    await until(all_published)
    state = (await js.stream_info("NOTIFY")).state
    messages = [await js.get_msg("NOTIFY", seq=state.first_seq + number) for number in range(5)]
    assert [wire.position(message.headers or {}) for message in messages] == [1, 2, 3, 4, 5]


async def test_a_relay_says_why_the_server_takes_nothing(
    db: asyncpg.Connection, js: JetStreamContext, database_url: str, nats_server: Nats
) -> None:
    async with await nats.connect(nats_server.url()) as client:
        relay = Relay(database_url, "notify", client)
        # Given a stream that is full,
        await js.update_stream((await js.stream_info("NOTIFY")).config.evolve(max_msgs=1))
        await failed_replies.append(db, 1)
        await publish_until(relay, js, 1)
        # when more is to be published, then the relay ends with the reason.
        await failed_replies.append(db, 3)
        with pytest.raises(TailMoved, match="maximum messages exceeded"):
            await asyncio.wait_for(relay.run(), 10)


async def test_a_relay_that_cannot_publish_is_told_by_how_long_ago_it_was_done(
    db: asyncpg.Connection,
    js: JetStreamContext,
    service: Service[ServiceSettings],
    database_url: str,
) -> None:
    # Given a relay that has nothing to do,
    async def caught_up() -> bool:
        return caught_up_at() > 0

    await until(caught_up)
    # when somebody else publishes to its stream, so that it does not know where it was,
    await js.publish("postroom.notify.reply_failed.1", b"{}")

    async def stands() -> bool:
        before = caught_up_at()
        await asyncio.sleep(3)
        return caught_up_at() == before

    # then the time when it was done stands still,
    await until(stands)
    # and goes on when that is gone.
    await js.purge_stream("NOTIFY")
    stood_at = caught_up_at()

    async def goes_on() -> bool:
        return caught_up_at() > stood_at

    await until(goes_on)


@pytest.mark.parametrize("kept", [2, 0])
async def test_a_log_that_was_restored_alone_is_not_published_behind_what_it_has_lost(
    db: asyncpg.Connection, js: JetStreamContext, database_url: str, nats_server: Nats, kept: int
) -> None:
    async with await nats.connect(nats_server.url()) as client:
        relay = Relay(database_url, "notify", client)
        # Given a stream, and a log of which a backup has the beginning or nothing,
        await failed_replies.append(db, 3)
        await publish_until(relay, js, 3)
        await db.execute("DELETE FROM event WHERE position > $1", kept)
        await db.execute(f"ALTER TABLE event ALTER COLUMN position RESTART WITH {kept + 1}")
        # when it is to be published, then that is refused,
        with pytest.raises(StreamAhead, match="NOTIFY knows more than the log of notify"):
            await asyncio.wait_for(relay.run(), 10)
        # also when the log has as many events again, and more: they are others.
        await failed_replies.append(db, 5 - kept)
        with pytest.raises(StreamAhead):
            await asyncio.wait_for(relay.run(), 10)
        assert await published(js) == 3
        # When NATS is emptied, then the whole log is published.
        await js.delete_stream("NOTIFY")
        await migrate_streams(nats_server.url(), 1)
        await publish_until(relay, js, 5)


async def test_an_empty_log_beside_a_stream_from_which_all_was_purged_is_published_from_its_first_event(
    db: asyncpg.Connection, js: JetStreamContext, database_url: str, nats_server: Nats
) -> None:
    await js.publish("postroom.notify.reply_failed.1", b"{}")
    await js.purge_stream("NOTIFY")
    async with await nats.connect(nats_server.url()) as client:
        publishing = asyncio.create_task(publish_until(Relay(database_url, "notify", client), js, 1))
        await asyncio.sleep(0.5)
        await failed_replies.append(db, 1)
        await publishing


async def publish_until(relay: Relay, js: JetStreamContext, number: int) -> None:
    """Let a relay run until the stream has so many messages."""

    async def all_published() -> bool:
        return await published(js) == number

    running = asyncio.create_task(relay.run())
    await until(all_published)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_who_listens_and_loses_the_connection_hears_of_that(
    db: asyncpg.Connection, database_url: str
) -> None:
    async with listening(database_url, "notify", "postroom_notify") as announced:
        waiting = asyncio.create_task(announced.wait(60))
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'postroom notify'"
        )
        with pytest.raises(asyncpg.PostgresConnectionError):
            await waiting


async def test_what_is_announced_while_one_looks_wakes_again(
    db: asyncpg.Connection, database_url: str
) -> None:
    async with listening(database_url, "notify", "postroom_notify", "other") as announced:
        await db.execute("NOTIFY other, 'first'")
        await announced.wait(60)
        assert announced.take() == {("other", "first")}
        await failed_replies.append(db, 1)
        await announced.wait(60)
        assert announced.take() == {("postroom_notify", "")}
        assert announced.take() == set()


async def test_who_waits_to_lead_keeps_nothing_from_being_cleaned(
    db: asyncpg.Connection, database_url: str
) -> None:
    # Given one that leads, and another one that waits to,
    leader, standby = [await connect(database_url, "notify") for _ in range(2)]
    try:
        await lead(leader, "postroom test")
        waiting = asyncio.create_task(lead(standby, "postroom test"))
        await asyncio.sleep(0.2)
        # then no snapshot of the past is kept for it,
        kept = "SELECT backend_xmin FROM pg_stat_activity WHERE pid = $1"
        assert await db.fetchval(kept, standby.get_server_pid()) is None
        assert not waiting.done()
        # and it leads once the first is gone.
        leader.terminate()
        await waiting
    finally:
        standby.terminate()
