"""The gateway hands a message over to ingest on a real NATS, whether ingest is there or comes later."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.requests import as_answer
from contracts.commands import Refused
from contracts.uploads import PIECE, AcceptUpload, Stored, StoreUpload, UploadAccepted
from postroom.embedded.nats import Nats
from services.gateway.gateway import Gateway
from services.gateway.intake import handover
from services.gateway.intake.handover import Origin, at_once, hand_over
from services.gateway.problems import TooLarge, Unavailable, Unprocessable

pytestmark = pytest.mark.anyio
MOST = 4 * PIECE
ORIGIN = Origin(uuid4(), "api", "support@example.com", "192.0.2.1", None)


class Ingest:
    """Keeps pieces, and answers as it is told."""

    def __init__(self, answer: UploadAccepted | Refused) -> None:
        self.answer = answer
        self.pieces: dict[int, bytes] = {}
        self.wishes: list[AcceptUpload] = []

    async def listen(self, client: Client) -> None:
        self.client = client
        await client.subscribe(StoreUpload.subject(), cb=self.store)
        await client.subscribe(AcceptUpload.subject(), cb=self.accept)

    async def store(self, message: Msg) -> None:
        piece = StoreUpload.model_validate_json(message.data)
        self.pieces[piece.number] = piece.content
        stored = Stored(upload_id=piece.upload_id, number=piece.number)
        await message.respond(stored.model_dump_json().encode())

    async def accept(self, message: Msg) -> None:
        self.wishes.append(AcceptUpload.model_validate_json(message.data))
        body, headers = as_answer(self.answer)
        await self.client.publish(message.reply, body, headers=headers)


@pytest.fixture
async def client(nats_server: Nats) -> AsyncIterator[Client]:
    connected = await nats.connect(nats_server.url())
    yield connected
    await connected.close()


def gateway(client: Client) -> Gateway:
    settings = SimpleNamespace(max_message_size=MOST)
    return cast("Gateway", SimpleNamespace(service=SimpleNamespace(nats=client, settings=settings)))


async def chunks(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


ACCEPTED = UploadAccepted(message_id=uuid4(), duplicate=False, position=7)


@pytest.mark.parametrize("size", [1000, PIECE, PIECE + 1, MOST])
async def test_a_message_arrives_whole_in_pieces_that_nats_can_carry(client: Client, size: int) -> None:
    ingest = Ingest(ACCEPTED)
    await ingest.listen(client)
    content = bytes(range(256)) * (MOST // 256)
    assert await hand_over(gateway(client), chunks(content, size), ORIGIN) == ACCEPTED
    assert b"".join(ingest.pieces[number] for number in range(4)) == content
    assert max(map(len, ingest.pieces.values())) <= PIECE
    assert ingest.wishes[0].sha256 == sha256(content).hexdigest()


async def test_ingest_may_be_away_for_a_while_and_nothing_is_sent_by_the_client_again(client: Client) -> None:
    ingest = Ingest(ACCEPTED)

    async def start_later() -> None:
        await asyncio.sleep(1)
        await ingest.listen(client)

    starting = asyncio.create_task(start_later())
    assert await hand_over(gateway(client), at_once(b"Subject: a\r\n\r\nb"), ORIGIN) == ACCEPTED
    await starting


async def test_whoever_waits_too_long_is_told_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "PATIENCE_SECONDS", 0.5)
    with pytest.raises(Unavailable, match="ingest does not answer"):
        await hand_over(gateway(client), at_once(b"Subject: a\r\n\r\nb"), ORIGIN)


async def test_a_refusal_is_no_message_taken(client: Client) -> None:
    await Ingest(Refused(code="incomplete", detail="Pieces are missing; send it again.")).listen(client)
    with pytest.raises(Unavailable, match="send it again"):
        await hand_over(gateway(client), at_once(b"Subject: a\r\n\r\nb"), ORIGIN)


async def test_more_than_a_message_may_have_is_read_no_further_and_never_accepted(client: Client) -> None:
    ingest = Ingest(ACCEPTED)
    await ingest.listen(client)
    with pytest.raises(TooLarge):
        await hand_over(gateway(client), chunks(b"x" * (MOST + 1), 1000), ORIGIN)
    with pytest.raises(Unprocessable):
        await hand_over(gateway(client), chunks(b"", 1000), ORIGIN)
    assert ingest.wishes == []
