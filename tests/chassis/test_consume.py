"""Batches from a real NATS: what a killed process had in hand, and what came before its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis import consume, log, metrics, projection, wire
from chassis.background import keep_running
from chassis.consume import Batch, Item, TooEarly
from chassis.database import Connection, connect
from chassis.log import VersionConflict
from chassis.provisioning import consumer_config
from chassis.rebuild import rebuild
from chassis.relay import Relay
from chassis.requests import ask
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.event import Event, Recorded
from contracts.queries import ListParked, Parked, ParkedList, Replayed, ReplayParked
from contracts.streams import ANALYTICS
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_streams
from tests.chassis import failed_replies
from tests.chassis.seen import make_tables, seen_by
from tests.running import until

pytestmark = pytest.mark.anyio
NUMBER = 6
(CONSUMER,) = (consumer for consumer in ANALYTICS if consumer.source == "notify")


SEEN = seen_by(CONSUMER)


@pytest.fixture
async def db(database_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A log of notify with a few events, and the table of a projection."""
    db = await asyncpg.connect(database_url)
    await make_tables(db, tmp_path)
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
        publishing = asyncio.create_task(keep_running("relay", Relay(database_url, "notify", client).run))

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


SetUp = Callable[[Service[ServiceSettings]], Awaitable[None]]


async def project(service: Service[ServiceSettings]) -> None:
    service.project(SEEN)


@asynccontextmanager
async def at_work(
    service: Service[ServiceSettings], client: Client, set_up: SetUp, number: int = NUMBER
) -> AsyncIterator[None]:
    """The service once it has settled all that there is."""
    running = asyncio.create_task(service.run(set_up))

    async def settled() -> bool:
        floor = (await client.jetstream().consumer_info(CONSUMER.stream.name, CONSUMER.name)).ack_floor
        return floor is not None and floor.stream_seq == number

    try:
        await until(settled)
        yield
    finally:
        service.stopping.set()
        await running


async def run(service: Service[ServiceSettings], client: Client, set_up: SetUp, *, deliveries: int) -> None:
    """Let the service take what there is, until all is settled."""
    async with at_work(service, client, set_up):
        pass
    assert await delivered(client) == deliveries


async def delivered(client: Client) -> int:
    """How often NATS has given a message out."""
    state = (await client.jetstream().consumer_info(CONSUMER.stream.name, CONSUMER.name)).delivered
    assert state is not None
    return state.consumer_seq


async def parked(client: Client) -> tuple[Parked, ...]:
    return (await ask(client, ListParked(), ParkedList, "analytics")).items


async def seen(db: asyncpg.Connection) -> list[int]:
    return [
        row["position"] for row in await db.fetch("SELECT position FROM analytics.seen ORDER BY position")
    ]


def unsettled() -> float:
    """As /metrics tells it."""
    (metric,) = metrics.UNSETTLED.collect()
    return sum(sample.value for sample in metric.samples if sample.name.endswith("_total"))


async def test_what_a_killed_process_had_in_hand_comes_before_what_follows(
    db: asyncpg.Connection, client: Client, service: Service[ServiceSettings]
) -> None:
    # Given a process that took two messages and died,
    dead = await client.jetstream().pull_subscribe_bind(CONSUMER.name, stream=CONSUMER.stream.name)
    await dead.fetch(2, timeout=5)

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


async def test_what_waits_for_the_database_stays_in_hand_with_all_that_came_with_it(
    client: Client, service: Service[ServiceSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a batch that fails, so that it is taken one by one, and a database that goes away at the first,
    monkeypatch.setattr(consume, "LONGEST_WAIT_SECONDS", 0.2)
    away, back = asyncio.Event(), asyncio.Event()
    handled: list[int] = []

    async def handle(batch: Batch, _: Connection) -> None:
        if len(batch) > 1:
            raise ValueError("one of them is bad")
        away.set()
        if not back.is_set():
            raise ConnectionRefusedError("the database is away")
        handled.extend(item.position for item in batch)

    async def take(service: Service[ServiceSettings]) -> None:
        service.consume(CONSUMER, handle)

    running = asyncio.create_task(run(service, client, take, deliveries=NUMBER))
    await away.wait()
    # when that takes longer than the server waits, then nobody else gets any of it,
    other = await client.jetstream().pull_subscribe_bind(CONSUMER.name, stream=CONSUMER.stream.name)
    with pytest.raises(TimeoutError):
        await other.fetch(NUMBER, timeout=4)
    # and each is worked once when it is back.
    back.set()
    await running
    assert handled == [*range(1, NUMBER + 1)]


async def test_what_a_projection_has_parked_takes_a_rebuild(
    db: asyncpg.Connection, client: Client, service: Service[ServiceSettings], database_url: str
) -> None:
    # Given a projection that could not take the third event, and went on,
    await db.execute("INSERT INTO analytics.seen (position) VALUES (3)")
    async with at_work(service, client, project):
        (one,) = await parked(client)
        assert (one.consumer, one.projection) == (CONSUMER.name, "seen")
        # when it is replayed, then it stays parked, and the answer says what to do.
        replay = ReplayParked(parked_id=one.parked_id)
        replayed = await ask(client, replay, Replayed, "analytics")
        assert not replayed.done
        assert "run postroom rebuild seen" in (replayed.error or "")
        assert await parked(client) == (one,)
        # The rebuild puts it in its place, and nothing is parked any more.
        await rebuild(database_url, SEEN, lambda _: None)
        assert await seen(db) == [*range(1, NUMBER + 1)]
        assert await parked(client) == ()


async def test_a_projection_never_goes_back(db: asyncpg.Connection, database_url: str) -> None:
    """A message that comes again late may fail, too."""
    rows = await log.read_after(db, 0, NUMBER)
    batch = [log.recorded(row, after=row["position"] - 1) for row in rows]
    late = Item(Msg(_client=None, headers=wire.headers(rows[2], "notify", 2)), None)
    reader = await connect(database_url, "analytics")
    await projection.project(SEEN, "notify", batch, reader)
    await projection.pass_over(SEEN, "notify", late, "it was late", reader)
    assert await reader.fetchval("SELECT position FROM position") == NUMBER
    await reader.close()


async def test_what_is_no_event_is_parked_and_the_others_go_on(
    db: asyncpg.Connection, client: Client, service: Service[ServiceSettings]
) -> None:
    # Given that somebody else publishes,
    await client.jetstream().publish("postroom.notify.reply_failed.1", b"Hello")
    # when a projection reads that, then it is parked, and can be looked at.
    async with at_work(service, client, project, NUMBER + 1):
        (one,) = await parked(client)
        assert (one.event, one.event_id) == ("not an event", None)
    assert await seen(db) == [*range(1, NUMBER + 1)]


async def test_what_a_projection_cannot_read_is_parked_at_its_turn(
    db: asyncpg.Connection,
    client: Client,
    service: Service[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parked before those ahead of it are projected, it would make the projection pass over them, too."""
    # Given an event that cannot be read,
    read = wire.read

    def fail_at_three(fields: Mapping[str, str], body: bytes) -> Recorded[Event]:
        if wire.position(fields) == 3:
            raise ValueError("unreadable")
        return read(fields, body)

    monkeypatch.setattr(wire, "read", fail_at_three)
    # when it comes in one batch with the others, then it alone is parked.
    async with at_work(service, client, project):
        assert [one.error for one in await parked(client)] == ["ValueError: unreadable"]
    assert await seen(db) == [1, 2, 4, 5, 6]


async def test_what_is_too_new_is_handed_back_however_often_it_came(
    db: asyncpg.Connection,
    client: Client,
    service: Service[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As while an upgrade hangs: parked, it would be missing where the newer release expects it."""
    # Given a release that does not know the events,
    monkeypatch.setattr(consume, "RETRY_SECONDS", (0.2,))
    monkeypatch.setattr(consume, "MOST_DELIVERIES", 2)
    monkeypatch.setattr(wire, "EVENTS", {})

    async def often() -> bool:
        return await delivered(client) > 5 * NUMBER

    async def all_seen() -> bool:
        return await seen(db) == [*range(1, NUMBER + 1)]

    running = asyncio.create_task(service.run(project))
    try:
        # when they came more often than what kills a process may, then none is parked,
        await until(often)
        assert await parked(client) == ()
        # and all are taken by the release that knows them.
        monkeypatch.undo()
        await until(all_seen)
    finally:
        service.stopping.set()
        await running


async def test_what_came_too_often_without_an_outcome_is_parked_unworked(
    db: asyncpg.Connection,
    client: Client,
    service: Service[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a message that two processes got, and did nothing with it,
    dead = await client.jetstream().pull_subscribe_bind(CONSUMER.name, stream=CONSUMER.stream.name)
    deliveries = 0
    while deliveries < 2:
        (message,) = await dead.fetch(1, timeout=5)
        deliveries = message.metadata.num_delivered
        await message.nak()  # the server would wait two seconds for the dead
    monkeypatch.setattr(consume, "MOST_DELIVERIES", 2)
    # when it comes once more, then it is parked, and the others are worked.
    async with at_work(service, client, project):
        (one,) = await parked(client)
        assert "may have died of it" in one.error
    assert await seen(db) == [one for one in range(1, NUMBER + 1) if one != message.metadata.sequence.stream]


async def test_a_projection_passes_over_nothing_that_is_still_to_come(
    db: asyncpg.Connection, database_url: str
) -> None:
    rows = await log.read_after(db, 0, NUMBER)
    third = Item(Msg(_client=None, headers=wire.headers(rows[2], "notify", 2)), None)
    analytics = await connect(database_url, "analytics")
    async with analytics.transaction():
        with pytest.raises(TooEarly):
            await projection.pass_over(SEEN, "notify", third, "why", analytics)
    await analytics.close()


async def test_what_cannot_even_be_parked_stays_in_the_stream_and_is_told_of(
    client: Client, service: Service[ServiceSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a message that has failed often enough, and nobody can write down at first that it has,
    monkeypatch.setattr(consume, "RETRY_SECONDS", (0.1,))
    before, told, handled = unsettled(), [], []

    async def handle(batch: Batch, _: Connection) -> None:
        if any(item.position == 2 for item in batch):
            raise ValueError("no")
        handled.extend(item.position for item in batch)

    async def on_parked(item: Item, _error: str, _: Connection) -> None:
        told.append(item.place)
        if len(told) == 1:
            raise VersionConflict("somebody else was quicker")
        if len(told) == 2:
            raise KeyError("a bug")

    async def take(service: Service[ServiceSettings]) -> None:
        service.consume(CONSUMER, handle, on_parked)
        service.consumptions[CONSUMER.name]._retry_seconds = ()

    # when it comes again, then it is parked; the others did not wait for it, and a metric has told of the bug.
    async with at_work(service, client, take):
        assert [one.error for one in await parked(client)] == ["ValueError: no"]
    assert told == [2, 2, 2]
    assert handled == [1, *range(3, NUMBER + 1)]
    assert await delivered(client) == NUMBER + 1
    assert unsettled() == before + 1


async def test_a_batch_that_was_not_settled_comes_again_and_is_told_of(
    db: asyncpg.Connection,
    client: Client,
    service: Service[ServiceSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, settle = unsettled(), Msg.ack

    async def fail(_: Msg) -> None:
        monkeypatch.setattr(Msg, "ack", settle)
        raise nats.errors.ConnectionClosedError

    monkeypatch.setattr(Msg, "ack", fail)
    async with at_work(service, client, project):
        assert unsettled() == before + 1
    assert await seen(db) == [*range(1, NUMBER + 1)]
