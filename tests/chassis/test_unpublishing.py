"""Erased events leave their stream, behind everybody who reads it, and no consumer and no relay stumbles."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.client import Client

from chassis import wire
from chassis.background import keep_running
from chassis.database import Pool, connect_pool
from chassis.erasing import begin, erase_log
from chassis.log import Answer, append
from chassis.provisioning import provision
from chassis.relay import Relay
from chassis.unpublishing import SETTLED, unpublish
from contracts.erasures import ErasePiece, Subject
from contracts.event import Meta
from contracts.stream_ids import message_stream
from contracts.streams import CONSUMERS, STREAMS
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_database
from tests.events import NOON, letter, received
from tests.running import until

pytestmark = pytest.mark.anyio
READERS = [consumer for consumer in CONSUMERS if consumer.source == "ingest"]


class Published:
    """Five letters in ingest's log and stream; two are the person's."""

    def __init__(self, pool: Pool, client: Client) -> None:
        self.pool, self.client, self.js = pool, client, client.jetstream()
        self.heads = [letter() for _ in range(5)]
        self.person = Subject(
            erasure_id=uuid4(),
            addresses=("kim@customers.example",),
            message_ids=(self.heads[0].message_id, self.heads[3].message_id),
        )

    async def write(self) -> None:
        for head in self.heads:
            meta = Meta(correlation_id=head.message_id, causation_id=head.message_id)
            answer = Answer(message_stream(head.message_id), (received(head),), head.message_id, meta, NOON)
            async with self.pool.acquire() as db, db.transaction():
                await append(db, [answer], NOON)

    async def erase(self) -> None:
        async with self.pool.acquire() as db, db.transaction():
            await begin(db, "ingest")
            piece = ErasePiece(person=self.person, end=10**9)
            assert (await erase_log(db, "ingest", piece, datetime.now(UTC))).rows == 2

    async def unpublish(self) -> str | None:
        later = datetime.now(UTC) + SETTLED
        return await unpublish(self.pool, self.client, "ingest", self.person.erasure_id, later)

    async def held(self) -> list[tuple[UUID, bool]]:
        """The letters in the stream in order, with whether each is known as erased."""
        state = (await self.js.stream_info("INGEST")).state
        found = []
        for sequence in range(1, state.last_seq + 1):
            with suppress(nats.js.errors.NotFoundError):
                message = await self.js.get_msg("INGEST", sequence)
                headers = message.headers or {}
                if headers["ce-type"] == "MessageReceived":
                    found.append(
                        (UUID(headers["ce-subject"].removeprefix("message-")), wire.ERASED in headers)
                    )
        return found

    async def end_is_published(self) -> bool:
        position = await self.pool.fetchval("SELECT max(position) FROM event")
        state = (await self.js.stream_info("INGEST")).state
        last = await self.js.get_msg("INGEST", state.last_seq)
        return wire.position(last.headers or {}) == position

    async def read_all(self) -> None:
        """Every consumer reads what there is for it."""
        for reader in READERS:
            subscription = await self.js.pull_subscribe_bind(reader.name, "INGEST")
            with suppress(TimeoutError):
                while True:
                    for message in await subscription.fetch(10, timeout=1):
                        await message.ack_sync()


@pytest.fixture
async def published(database_url: str, nats_server: Nats) -> AsyncIterator[Published]:
    await migrate_database(database_url)
    client = await nats.connect(nats_server.url())
    js = client.jetstream()
    await provision(js, list(STREAMS.values()), CONSUMERS, 1)
    pool = await connect_pool(database_url, "ingest", 2)
    relaying = asyncio.create_task(keep_running("relay", Relay(database_url, "ingest", client).run))
    found = Published(pool, client)
    await found.write()
    await until(found.end_is_published)
    yield found
    relaying.cancel()
    await asyncio.gather(relaying, return_exceptions=True)
    await pool.close()
    await client.close()


async def test_erased_events_leave_the_stream_once_every_consumer_has_read_them(published: Published) -> None:
    await published.erase()
    await until(published.end_is_published)

    assert "has not read all" in (await published.unpublish() or "")
    assert len(await published.held()) == 5
    await published.read_all()
    assert await published.unpublish() == "2 messages leave INGEST"
    assert await published.unpublish() is None

    theirs = set(published.person.message_ids)
    left = [head.message_id for head in published.heads if head.message_id not in theirs]
    assert await published.held() == [(message_id, False) for message_id in left]
    # The relay looks at the stream's end now and then, and does not take it for one that lost something.
    await asyncio.sleep(7)
    assert len(await published.held()) == 3


async def test_it_waits_for_a_relay_that_may_be_publishing_what_it_read_before(published: Published) -> None:
    await published.erase()
    await until(published.end_is_published)
    await published.read_all()

    waits_for = await unpublish(
        published.pool,
        published.client,
        "ingest",
        published.person.erasure_id,
        datetime.now(UTC) + timedelta(seconds=1),
    )
    assert waits_for == "the relay of ingest publishes what was erased"


async def test_a_stream_that_is_filled_again_has_the_erased_events_and_is_left_alone(
    published: Published, nats_server: Nats
) -> None:
    await published.erase()
    await until(published.end_is_published)
    await nats_server.stop()
    shutil.rmtree(nats_server.folder / "jetstream")
    await nats_server.start()

    async def made_again() -> bool:
        await provision(published.js, list(STREAMS.values()), CONSUMERS, 1)
        return True

    await until(made_again)

    async def filled() -> bool:
        return len(await published.held()) == 5 and await published.end_is_published()

    await until(filled)

    assert await published.unpublish() is None
    theirs = set(published.person.message_ids)
    assert await published.held() == [
        (head.message_id, head.message_id in theirs) for head in published.heads
    ]
