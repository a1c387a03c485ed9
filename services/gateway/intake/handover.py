"""Hands a message over to ingest, in pieces; what ingest has accepted, it keeps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from chassis import requests
from chassis.backoff import growing
from chassis.requests import RefusedQuery, RequestFailed, ServiceUnavailable
from contracts.uploads import PIECE, AcceptUpload, Stored, StoreUpload, UploadAccepted, UploadRequest
from services.gateway.gateway import Gateway
from services.gateway.problems import Failed, TooLarge, Unavailable, Unprocessable

PATIENCE_SECONDS = 20
"""How long ingest may be away: a restart takes a second or two, and nobody should have to send 20 MB again for it."""
ACCEPTING_SECONDS = 20
"""How long it may read, scan and store a message before it is asked again."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from. The same `command_id` again gets the first answer again."""

    command_id: UUID
    source: str
    recipient: str
    client_address: str
    actor_id: UUID | None


async def hand_over(gateway: Gateway, content: AsyncIterator[bytes], origin: Origin) -> UploadAccepted:
    """Return when the message is committed.

    Raises:
        TooLarge: the content is larger than messages may be; it is read no further.
        Unprocessable: it is empty.
        Unavailable: ingest is away for longer; the same request may be made again.
    """
    upload_id, digest, number = uuid4(), sha256(), 0
    async for piece in _pieces(content, gateway.service.settings.max_message_size):
        digest.update(piece)
        await _ask(gateway, StoreUpload(upload_id=upload_id, number=number, content=piece), Stored)
        number += 1
    if number == 0:
        raise Unprocessable("The message is empty.")
    accept = AcceptUpload(
        command_id=origin.command_id,
        upload_id=upload_id,
        sha256=digest.hexdigest(),
        source=origin.source,
        recipient=origin.recipient,
        client_address=origin.client_address,
        actor_id=origin.actor_id,
    )
    return await _ask(gateway, accept, UploadAccepted, ACCEPTING_SECONDS)


async def at_once(message: bytes) -> AsyncIterator[bytes]:
    """A message that is there already, as content to hand over."""
    yield message


async def _pieces(content: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    waiting, size = bytearray(), 0
    async for chunk in content:
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge(most_bytes)
        waiting += chunk
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    if waiting:
        yield bytes(waiting)


async def _ask(
    gateway: Gateway,
    request: UploadRequest,
    answer: type[requests.M],
    timeout_seconds: float = requests.TIMEOUT_SECONDS,
) -> requests.M:
    """Ask until ingest answers; each request may be made again."""
    loop = asyncio.get_running_loop()
    deadline, waits = loop.time() + PATIENCE_SECONDS, growing(most=2)
    while True:
        try:
            return await requests.ask(gateway.service.nats, request, answer, timeout_seconds=timeout_seconds)
        except RefusedQuery as error:
            raise Unavailable(error.refused.detail) from error
        except RequestFailed as error:
            raise Failed(str(error)) from error
        except ServiceUnavailable as error:
            if loop.time() > deadline:
                raise Unavailable(str(error)) from error
        await asyncio.sleep(next(waits))
