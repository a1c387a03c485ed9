"""Recorded mail from a real NATS: all of it, or whoever asked is told."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import nats
import pytest
from nats.js import JetStreamContext

from chassis.database import connect_pool
from contracts.ingest import MessageReceived
from contracts.streams import subject
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_database, migrate_streams
from services.router import recorded
from services.router.recorded import Mail, Silent
from tests.events import letter, received

pytestmark = pytest.mark.anyio
NUMBER = 200


@dataclass
class Stream:
    mail: Mail
    js: JetStreamContext
    server: Nats

    def signal(self, number: int) -> None:
        assert self.server.process is not None
        os.kill(self.server.process.pid, number)


@pytest.fixture
async def stream(
    database_url: str, nats_server: Nats, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stream]:
    """Letters for many small batches; whoever reads them is less patient than usual."""
    monkeypatch.setattr(recorded, "BATCH", 10)
    monkeypatch.setattr(recorded, "_FETCH_SECONDS", 0.3)
    await migrate_database(database_url)
    await migrate_streams(nats_server.url(), 1)
    client = await nats.connect(nats_server.url())
    js = client.jetstream()
    for _ in range(NUMBER):
        message = received(letter())
        name = f"message-{message.letter.message_id}"
        headers = {"ce-subject": name, "Postroom-Schema-Version": str(message.schema_version)}
        await js.publish(subject(MessageReceived, name), message.model_dump_json().encode(), headers=headers)
    pool = await connect_pool(database_url, "router", 1)
    found = Stream(Mail(client, pool, datetime.now(UTC) - timedelta(days=1)), js, nats_server)
    yield found
    found.signal(signal.SIGCONT)
    await pool.close()
    await client.close()


async def test_a_broker_that_is_slow_for_a_while_does_not_cut_recorded_mail_short(stream: Stream) -> None:
    batches = stream.mail.batches()
    read = [len(await anext(batches))]
    stream.signal(signal.SIGSTOP)
    asyncio.get_running_loop().call_later(2, stream.signal, signal.SIGCONT)
    read += [len(batch) async for batch in batches]
    assert (sum(read), stream.mail.total) == (NUMBER, NUMBER)


async def test_what_is_erased_while_recorded_mail_is_read_is_not_waited_for(stream: Stream) -> None:
    batches = stream.mail.batches()
    read = [len(await anext(batches))]
    for sequence in range(NUMBER - 9, NUMBER + 1):
        await stream.js.delete_msg("INGEST", sequence)
    read += [len(batch) async for batch in batches]
    assert sum(read) == NUMBER - 10


async def test_a_broker_that_gives_nothing_any_more_is_told_of_and_is_not_the_end(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "_SILENCES", 1)
    batches = stream.mail.batches()
    read = len(await anext(batches))
    stream.signal(signal.SIGSTOP)
    with pytest.raises(Silent):
        read += sum([len(batch) async for batch in batches])
    assert read < NUMBER
