"""What becomes of a request to a real service: whoever asked knows whether it is of use to ask again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis import requests
from chassis.migrations import Schema, migrate
from chassis.requests import (
    RefusedQuery,
    RequestFailed,
    ServiceUnavailable,
    TooMuch,
    TryAgain,
    ask,
    ask_patiently,
    at_work,
    send_command,
)
from chassis.service import Service
from chassis.settings import ServiceSettings
from contracts.commands import AddNote, Refused
from contracts.model import LONGEST_WRITING, Model
from contracts.queries import GetTransport, Transport
from postroom.embedded.nats import Nats
from tests.running import until

pytestmark = pytest.mark.anyio
HERE = Transport(kind="maildir", target="/var/mail")


class NotNow(TryAgain):
    pass


@pytest.fixture
async def client(nats_server: Nats) -> AsyncIterator[Client]:
    async with await nats.connect(nats_server.url()) as client:
        yield client


@pytest.fixture
async def answers(
    database_url: str, nats_server: Nats, client: Client, tmp_path: Path
) -> AsyncIterator[list[object]]:
    """What a service answers to the next request, or raises."""
    db = await asyncpg.connect(database_url)
    await migrate(db, [Schema("gateway", tmp_path / "none", speaks=False)])
    await db.close()
    stopping, answers = asyncio.Event(), list[object]([HERE])
    settings = ServiceSettings(database_url=database_url, nats_url=nats_server.url())
    service = Service("gateway", settings, stopping)

    async def answer(_: GetTransport) -> Model:
        said = answers.pop()
        if isinstance(said, asyncio.Event):
            await said.wait()
            said = answers.pop()
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, Model)
        return said

    async def set_up(service: Service[ServiceSettings]) -> None:
        service.answer(GetTransport, answer)

    running = asyncio.create_task(service.run(set_up))

    async def begun() -> Transport:
        return await ask(client, GetTransport(), Transport)

    await until(begun)
    yield answers
    stopping.set()
    await running


async def test_an_answer_comes_as_it_is(client: Client, answers: list[object]) -> None:
    answers.append(HERE)
    assert await ask(client, GetTransport(), Transport) == HERE


async def test_a_refusal_is_told_apart_from_an_answer(client: Client, answers: list[object]) -> None:
    answers.append(Refused(code="closed", detail="Not today."))
    with pytest.raises(RefusedQuery, match="Not today"):
        await ask(client, GetTransport(), Transport)


async def test_who_asks_what_fails_is_not_told_to_try_again(client: Client, answers: list[object]) -> None:
    answers.append(ValueError("a bug"))
    with pytest.raises(RequestFailed, match=r"^notify failed on this \(ValueError\), and would again"):
        await ask(client, GetTransport(), Transport)


@pytest.mark.parametrize("passing", [ConnectionRefusedError("the database is away"), NotNow("in a moment")])
async def test_what_passes_by_itself_may_be_asked_again(
    client: Client, answers: list[object], passing: Exception
) -> None:
    answers += [HERE, passing]
    with pytest.raises(ServiceUnavailable, match=rf"\({type(passing).__name__}\); try again in a moment"):
        await ask(client, GetTransport(), Transport)
    assert await ask(client, GetTransport(), Transport) == HERE


async def test_a_service_that_is_not_there_may_be_asked_again(client: Client) -> None:
    with pytest.raises(ServiceUnavailable, match="try again in a moment"):
        await ask(client, GetTransport(), Transport)


async def test_what_is_larger_than_the_broker_takes_is_not_sent_and_need_not_be_tried_again(
    client: Client,
) -> None:
    note = AddNote(
        command_id=uuid4(), actor_id=uuid4(), ticket_id=uuid4(), note_id=uuid4(), text="x" * LONGEST_WRITING
    )
    client._max_payload = LONGEST_WRITING
    with pytest.raises(TooMuch, match=f"^This is too much at once: .* and {LONGEST_WRITING} are the most$"):
        await send_command(client, note)


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(requests, "SILENCE_SECONDS", 0.5)


@pytest.mark.usefixtures("short_silence")
async def test_what_takes_long_is_waited_for_while_the_service_is_at_work(
    client: Client, answers: list[object]
) -> None:
    work_is_done = asyncio.Event()
    answers += [HERE, work_is_done]
    asking = asyncio.create_task(ask_patiently(client, GetTransport(), Transport))
    await asyncio.sleep(3 * requests.SILENCE_SECONDS)
    assert not asking.done()
    work_is_done.set()
    assert await asking == HERE


@pytest.mark.usefixtures("short_silence")
async def test_a_service_that_is_killed_at_work_is_not_waited_for(client: Client) -> None:
    async def die_at_work(request: Msg) -> None:
        async with at_work(client, request):
            await asyncio.sleep(2 * requests.BEAT_SECONDS)

    killed = await client.subscribe(GetTransport.subject(), cb=die_at_work)
    with pytest.raises(ServiceUnavailable, match="try again in a moment"):
        await ask_patiently(client, GetTransport(), Transport)
    await killed.unsubscribe()


async def test_nobody_is_waited_for_who_is_not_there(client: Client) -> None:
    with pytest.raises(ServiceUnavailable, match="NoResponders"):
        await ask_patiently(client, GetTransport(), Transport)
