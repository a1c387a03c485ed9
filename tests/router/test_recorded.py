"""Recorded mail from a real NATS: all of it, or whoever asked is told."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import nats
import pytest
from nats.js import JetStreamContext

from chassis import log
from chassis.database import Pool, connect_pool
from chassis.log import Answer
from contracts.event import Meta
from contracts.ingest import MessageReceived, MessageReread, Reading
from contracts.mail import LetterHead
from contracts.stream_ids import message_stream, ticket_stream
from contracts.streams import subject
from postroom.embedded.nats import Nats
from postroom.migrate import migrate_streams
from services.router import recorded
from services.router.distributing import follow
from services.router.recorded import Mail, Silent
from tests.events import NOON, letter, opened, received, reread, routed, ticket_of
from tests.events import recorded as recorded_events

pytestmark = pytest.mark.anyio
NUMBER = 200


@dataclass
class Stream:
    mail: Mail
    pool: Pool
    js: JetStreamContext
    server: Nats

    def signal(self, number: int) -> None:
        assert self.server.process is not None
        os.kill(self.server.process.pid, number)

    async def has(self, reading: Reading) -> UUID:
        """A message lies in the stream as it was read; returns the event's id."""
        name, event_id = message_stream(reading.letter.message_id), uuid4()
        headers = {
            "ce-id": str(event_id),
            "ce-type": reading.type_name(),
            "ce-subject": name,
            "Postroom-Schema-Version": str(reading.schema_version),
        }
        body = reading.model_dump_json().encode()
        await self.js.publish(subject(type(reading), name), body, headers=headers)
        return event_id

    async def routed(self, head: LetterHead, *about: UUID) -> None:
        """The rules decided about these readings of a letter, one after another."""
        answers = [
            Answer(
                message_stream(head.message_id),
                (routed(head),),
                event_id,
                Meta(correlation_id=head.message_id, causation_id=event_id),
                NOON,
            )
            for event_id in about
        ]
        async with self.pool.acquire() as db, db.transaction():
            await log.append(db, answers, NOON)

    async def has_opened(self, head: LetterHead) -> None:
        """A letter opened a ticket, and distribution has heard of it."""
        opens = replace(*recorded_events(opened(head)), stream_id=ticket_stream(ticket_of(head)))
        async with self.pool.acquire() as db, db.transaction():
            await follow([opens], db)

    async def opened(self) -> set[UUID]:
        """The messages of which is said that a ticket began with them."""
        given = [one async for batch in self.mail.batches() for one in batch]
        return {
            one.kind.read(one.reading, one.schema_version).letter.message_id for one in given if one.opened
        }

    async def given_of(self, head: LetterHead) -> list[tuple[type[Reading], bool]]:
        """What is given to be examined of a letter: how it was read, and whether it was decided about."""
        given = [one async for batch in self.mail.batches() for one in batch]
        return [
            (one.kind, one.routed is not None)
            for one in given
            if one.kind.read(one.reading, one.schema_version).letter.message_id == head.message_id
        ]


@pytest.fixture
async def stream(
    database_url: str, nats_server: Nats, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stream]:
    """Letters for many small batches; whoever reads them is less patient than usual."""
    monkeypatch.setattr(recorded, "BATCH", 10)
    monkeypatch.setattr(recorded, "_FETCH_SECONDS", 0.3)
    await migrate_streams(nats_server.url(), 1)
    client = await nats.connect(nats_server.url())
    js = client.jetstream()
    pool = await connect_pool(database_url, "router", 1)
    mail = Mail(client, pool, datetime.now(UTC) - timedelta(days=1))
    found = Stream(mail, pool, js, nats_server)
    for _ in range(NUMBER):
        await found.has(received(letter()))
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


async def test_a_message_is_given_as_it_was_read_when_the_rules_decided_about_it_last(stream: Stream) -> None:
    head = letter()
    first = await stream.has(received(head))
    again = await stream.has(reread(head))
    await stream.routed(head, first, again)
    assert await stream.given_of(head) == [(MessageReread, True)]


async def test_a_new_reading_that_changed_no_decision_is_not_asked_about(stream: Stream) -> None:
    head = letter()
    first = await stream.has(received(head))
    await stream.has(reread(head))
    await stream.routed(head, first)
    assert await stream.given_of(head) == [(MessageReceived, True)]


async def test_a_message_that_was_read_twice_and_not_decided_about_is_given_once(stream: Stream) -> None:
    head = letter()
    await stream.has(received(head))
    await stream.has(reread(head))
    assert await stream.given_of(head) == [(MessageReceived, False)]


async def test_it_is_known_which_messages_opened_a_ticket(stream: Stream) -> None:
    opening, joining = letter(), letter()
    for head in (opening, joining):
        await stream.routed(head, await stream.has(received(head)))
    await stream.has_opened(opening)
    assert await stream.opened() == {opening.message_id}
