"""Batches from a real NATS: what a killed process had in hand, and what came before its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from chassis.background import keep_running
from chassis.consume import Batch, TooEarly
from chassis.database import Connection
from chassis.migrations import Schema, migrate
from chassis.projection import Projection
from chassis.provisioning import consumer_config
from chassis.relay import Relay
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.event import Event, Recorded
from contracts.streams import ANALYTICS
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_streams
from tests.chassis import failed_replies
from tests.running import until

pytestmark = pytest.mark.anyio
NUMBER = 6
(CONSUMER,) = (consumer for consumer in ANALYTICS if consumer.source == "notify")


async def apply(batch: Sequence[Recorded[Event]], db: Connection) -> None:
    """Each event once: a second time violates the key."""
    await db.executemany("INSERT INTO seen (position) VALUES ($1)", [(item.position,) for item in batch])


SEEN = Projection("seen", "analytics", ("seen",), (CONSUMER,), apply)


@pytest.fixture
async def db(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A log of notify with a few events, and the table of a projection."""
    folder = tmp_path / "schema"
    folder.mkdir()
    (folder / "0001_seen.sql").write_text("CREATE TABLE seen (position bigint PRIMARY KEY);")
    db = await asyncpg.connect(database_url)
    none = tmp_path / "none"
    await migrate(db, [Schema("notify", none, speaks=True), Schema("analytics", folder, speaks=False)])
    await db.execute("SET search_path TO notify")
    await failed_replies.append(db, NUMBER)
    yield db
    await db.close()


@pytest.fixture
async def client(db: asyncpg.Connection, database_url: str, nats_server: Nats) -> AsyncIterator[Client]:
    """NATS, where all events are in the stream, and what is not acknowledged comes back after two seconds."""
    await migrate_streams(nats_server.url(), 1)
    async with await nats.connect(nats_server.url()) as client:
        js = client.jetstream()
        config = consumer_config(CONSUMER, 1)
        config.ack_wait = 2
        await js.add_consumer(CONSUMER.stream.name, config)
        publishing = asyncio.create_task(keep_running("relay", Relay(database_url, "notify", js).run))

        async def published() -> bool:
            return (await js.stream_info(CONSUMER.stream.name)).state.messages == NUMBER

        await until(published)
        publishing.cancel()
        yield client


@pytest.fixture
def service(client: Client, database_url: str, nats_server: Nats) -> Service[ServiceSettings]:
    """Not begun yet."""
    stopping = asyncio.Event()
    return Service(
        "analytics", ServiceSettings(database_url=database_url, nats_url=nats_server.url()), stopping
    )


async def run(
    service: Service[ServiceSettings],
    client: Client,
    set_up: Callable[[Service[ServiceSettings]], Awaitable[None]],
    *,
    deliveries: int,
) -> None:
    """Let the service take what there is, until all is acknowledged."""
    running = asyncio.create_task(service.run(set_up))

    async def acknowledged() -> bool:
        floor = (await client.jetstream().consumer_info(CONSUMER.stream.name, CONSUMER.name)).ack_floor
        return floor is not None and floor.stream_seq == NUMBER

    try:
        await until(acknowledged)
    finally:
        service.stopping.set()
        await running
    delivered = (await client.jetstream().consumer_info(CONSUMER.stream.name, CONSUMER.name)).delivered
    assert delivered is not None
    assert delivered.consumer_seq == deliveries


async def test_what_a_killed_process_had_in_hand_comes_before_what_follows(
    db: asyncpg.Connection, client: Client, service: Service[ServiceSettings]
) -> None:
    # Given a process that took two messages and died,
    dead = await client.jetstream().pull_subscribe_bind(CONSUMER.name, stream=CONSUMER.stream.name)
    await dead.fetch(2, timeout=5)

    async def project(service: Service[ServiceSettings]) -> None:
        service.project(SEEN)

    # when another one takes the others, which follow on them,
    await run(service, client, project, deliveries=2 + NUMBER)
    # then it kept them in hand until the two came again: all were applied, once and in order.
    assert [row["position"] for row in await db.fetch("SELECT position FROM analytics.seen")] == [
        *range(1, NUMBER + 1)
    ]


async def test_what_is_too_early_stays_in_hand_for_longer_than_the_server_waits(
    client: Client, service: Service[ServiceSettings]
) -> None:
    """Handed back instead, it would seem to kill process after process, and be parked after a while."""
    # Given something that comes later than the server waits, after the messages that need it,
    soon = asyncio.get_running_loop().time() + 4
    handled: list[int] = []

    async def handle(batch: Batch, _: Connection) -> None:
        if asyncio.get_running_loop().time() < soon:
            raise TooEarly("not yet")
        handled.extend(item.position for item in batch)

    async def consume(service: Service[ServiceSettings]) -> None:
        service.consume(CONSUMER, handle)

    # when they are taken, then each is worked once, and none was delivered twice.
    await run(service, client, consume, deliveries=NUMBER)
    assert handled == [*range(1, NUMBER + 1)]
