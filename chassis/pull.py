"""Messages of a pull consumer, asked for some at a time (JetStream's `CONSUMER.MSG.NEXT`).

nats-py's own `fetch` waits for each message by itself, with two tasks and a timer: 30 µs, for what is already there.
"""

import asyncio
from collections import deque
from typing import Self

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import Header, StatusCode
from nats.js.errors import APIError

_GRACE_SECONDS = 1.0
"""For the server to say that the time of a request is over."""
_OVER = frozenset({StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT})


class Pull:
    """Takes from one consumer; for one task."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._asked = 0
        self._arrived: deque[Msg] = deque()
        self._arriving = asyncio.Event()
        self._subscription: Subscription

    @classmethod
    async def bind(cls, client: Client, stream: str, consumer: str) -> Self:
        """Be ready to take from a consumer, which must be there by the first fetch."""
        pull = cls(client, stream, consumer)
        pull._subscription = await client.subscribe(f"{pull._inbox}.*", cb=pull._arrive)
        return pull

    async def _arrive(self, message: Msg) -> None:
        self._arrived.append(message)
        self._arriving.set()

    async def fetch(self, most: int, seconds: float) -> list[Msg]:
        """Return once `most` have come, or what has come by then; nothing if the server has nothing.

        Raises:
            TimeoutError: the server says nothing at all.
            APIError: the consumer is not there, or was deleted meanwhile.
            nats.errors.Error: the connection is closed.
        """
        found: list[Msg] = []
        self._asked += 1
        reply = f"{self._inbox}.{self._asked}"
        request = orjson.dumps({"batch": most, "expires": int(seconds * 1e9)})
        await self._client.publish(self._next, request, reply=reply)
        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                await self._collect(found, most, reply)
        except TimeoutError:
            if not found:
                raise
        except BaseException:
            self._arrived.extendleft(reversed(found))
            raise
        return found

    async def _collect(self, found: list[Msg], most: int, reply: str) -> None:
        while len(found) < most:
            message = await self._next_arrived()
            status = (message.headers or {}).get(Header.STATUS)
            if status is None:
                found.append(message)
            elif message.subject == reply:  # that of an earlier request says nothing about this one
                if status in _OVER:
                    return
                raise APIError.from_msg(message)

    async def _next_arrived(self) -> Msg:
        while not self._arrived:
            self._arriving.clear()
            await self._arriving.wait()
        return self._arrived.popleft()

    async def unsubscribe(self) -> None:
        """Take nothing any more, and hand back what has come and was not taken."""
        await self._subscription.unsubscribe()
        for message in self._arrived:
            if Header.STATUS not in (message.headers or {}):
                await message.nak()
