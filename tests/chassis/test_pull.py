"""Fetches from a pull consumer of a real NATS."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import APIError, ServiceUnavailableError

from chassis import pull
from chassis.pull import Pull
from postroom.embedded.nats import Nats

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(nats_server: Nats) -> AsyncIterator[Client]:
    async with await nats.connect(nats_server.url()) as client:
        js = client.jetstream()
        await js.add_stream(StreamConfig(name="NUMBERS", subjects=["numbers"]))
        await js.add_consumer("NUMBERS", ConsumerConfig(durable_name="reader"))
        yield client


async def publish(client: Client, *numbers: int) -> None:
    for number in numbers:
        await client.jetstream().publish("numbers", str(number).encode())


def said(messages: list[Msg]) -> list[int]:
    return [int(message.data) for message in messages]


async def test_as_many_as_are_asked_for_come_in_order(client: Client) -> None:
    await publish(client, *range(25))
    reader = await Pull.bind(client, "NUMBERS", "reader")
    assert said(await reader.fetch(10, 5)) == [*range(10)]
    assert said(await reader.fetch(1, 5)) == [10]
    assert said(await reader.fetch(14, 5)) == [*range(11, 25)]


async def test_what_has_come_by_the_end_of_the_time_is_enough(client: Client) -> None:
    await publish(client, 1, 2)
    reader = await Pull.bind(client, "NUMBERS", "reader")
    assert said(await reader.fetch(10, 0.3)) == [1, 2]
    # And nothing is an answer, too.
    assert await reader.fetch(10, 0.3) == []
    # A request whose time is over takes nothing of what comes afterwards.
    await publish(client, 3)
    assert said(await reader.fetch(1, 5)) == [3]


async def test_the_end_of_an_earlier_request_does_not_end_a_later_one(client: Client) -> None:
    """As when the server was slow, and the first had been given up."""
    reader = await Pull.bind(client, "NUMBERS", "reader")
    with pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(pull, "_GRACE_SECONDS", -0.2)
        with pytest.raises(TimeoutError):
            await reader.fetch(1, 0.3)
    assert (
        await reader.fetch(1, 0.5) == []
    )  # ... though the first one's end came after 0.2 of its 0.5 seconds
    await publish(client, 1)
    assert said(await reader.fetch(1, 5)) == [1]


async def test_a_consumer_that_is_not_there_is_an_error(client: Client) -> None:
    reader = await Pull.bind(client, "NUMBERS", "nobody")
    with pytest.raises(ServiceUnavailableError):
        await reader.fetch(1, 5)


async def test_a_consumer_that_is_deleted_meanwhile_is_an_error(client: Client) -> None:
    reader = await Pull.bind(client, "NUMBERS", "reader")
    fetching = asyncio.create_task(reader.fetch(1, 5))
    await asyncio.sleep(0.2)
    await client.jetstream().delete_consumer("NUMBERS", "reader")
    with pytest.raises(APIError, match="Consumer Deleted"):
        await fetching


async def test_what_has_come_when_the_reader_stops_is_handed_back_at_once(client: Client) -> None:
    await publish(client, 1, 2, 3)
    stopped = await Pull.bind(client, "NUMBERS", "reader")
    fetching = asyncio.create_task(stopped.fetch(10, 5))
    await asyncio.sleep(0.2)
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    await stopped.unsubscribe()

    other = await Pull.bind(client, "NUMBERS", "reader")
    assert said(await other.fetch(3, 2)) == [1, 2, 3]


async def test_a_server_that_says_nothing_is_no_empty_answer(client: Client, nats_server: Nats) -> None:
    reader = await Pull.bind(client, "NUMBERS", "reader")
    assert nats_server.process is not None
    os.kill(nats_server.process.pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        await reader.fetch(1, 0.3)
    os.kill(nats_server.process.pid, signal.SIGCONT)
