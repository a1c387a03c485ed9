"""What JetStream says to published messages.

nats-py's `publish_async` never ends the future of a message that was refused (nats.py issue 985), so its sender would
only know after a while that something is the matter, and never what.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import orjson
from nats.aio.client import NO_RESPONDERS_STATUS, Client
from nats.aio.msg import Msg
from nats.js.api import Header, PubAck
from nats.js.errors import APIError, NoStreamResponseError

Receipt = asyncio.Future[PubAck]


class Receipts:
    """Of the messages that one publisher asks them for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._asked = 0
        self._awaited: dict[str, Receipt] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, client: Client) -> AsyncIterator[Self]:
        """Take receipts until the block ends."""
        receipts = cls(client)
        subscription = await client.subscribe(f"{receipts._inbox}.*", cb=receipts._arrive)
        try:
            yield receipts
        finally:
            if client.is_connected:
                await subscription.unsubscribe()

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> Receipt:
        """Publish a message; its receipt ends in an `APIError` if the server refuses it."""
        self._asked += 1
        reply = f"{self._inbox}.{self._asked}"
        receipt = self._awaited[reply] = asyncio.get_running_loop().create_future()
        await self._client.publish(subject, body, reply=reply, headers=headers)
        return receipt

    async def _arrive(self, message: Msg) -> None:
        receipt = self._awaited.pop(message.subject, None)
        if receipt is None or receipt.done():
            return
        try:
            receipt.set_result(_read(message))
        except (APIError, NoStreamResponseError) as error:
            receipt.set_exception(error)


def _read(message: Msg) -> PubAck:
    if (message.headers or {}).get(Header.STATUS) == NO_RESPONDERS_STATUS:
        raise NoStreamResponseError
    said = orjson.loads(message.data)
    if "error" in said:
        APIError.from_error(said["error"])  # raises it
    return PubAck.from_response(said)
