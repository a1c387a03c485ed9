"""Mail of the last days out of ingest's stream, with what this service said of it, and which of it opened tickets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis import wire
from chassis.database import Pool
from chassis.pull import Pull
from contracts.ingest import MessageReceived, MessageReread, Reading
from contracts.stream_ids import message_of, ticket_id_of
from contracts.streams import STREAMS, every
from services.router.dry_run import Recorded

BATCH = 500
_FETCH_SECONDS = 5
_SILENCES = 12
"""Requests one after another that the broker may leave without an answer while there is more."""
_FORGET_SECONDS = 60

_READINGS: dict[str, type[Reading]] = {kind.type_name(): kind for kind in (MessageReceived, MessageReread)}

# The newest word of the rules counts; what a person released is what they had said.
_SAID = """
SELECT DISTINCT ON (stream_id) stream_id, meta ->> 'causation_id' AS about, (data - 'letter')::text AS data
FROM event
WHERE stream_id = ANY($1::text[])
  AND type = 'MessageRouted'
  AND data ->> 'released_by' IS NULL
ORDER BY stream_id, version DESC
"""

_OPENED = """
SELECT ticket_id
FROM ticket
WHERE ticket_id = ANY($1::uuid[])
"""


class Silent(Exception):
    """There is more mail, and the broker does not give it."""


class Mail:
    """What came in since a moment, read once from the beginning to what there was when it began.

    A message that was read again is one message: as it was read when the rules decided about it last.
    """

    def __init__(self, nats: Client, pool: Pool, since: datetime) -> None:
        self._nats, self._js, self._pool, self._since = nats, nats.jetstream(), pool, since
        self.total = 0
        """Known as soon as the first batch is there; messages that were stored or read again count too."""

    async def batches(self) -> AsyncIterator[Sequence[Recorded]]:
        """Piece by piece. A message lies in the stream no earlier than it came in, so none is missed.

        Raises:
            Silent: the broker gives no more, though there is more.
        """
        stream = STREAMS["ingest"].name
        config = ConsumerConfig(
            filter_subjects=[every(kind) for kind in _READINGS.values()],
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=self._since.isoformat(),  # type: ignore[arg-type]  # the server takes RFC 3339
            ack_policy=AckPolicy.NONE,
            inactive_threshold=_FORGET_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        made = await self._js.add_consumer(stream, config)
        self.total = made.num_pending or 0
        pull = await Pull.bind(self._nats, stream, made.name)
        read = silences = 0
        # While the broker gives the next batch, the database says what was said of this one.
        before: asyncio.Task[list[Recorded]] | None = None
        try:
            while read < self.total:
                try:
                    messages = await pull.fetch(min(BATCH, self.total - read), _FETCH_SECONDS)
                except TimeoutError:
                    messages = []
                if not messages:
                    if await self._is_all(stream, made.name, read):
                        break  # the rest was erased meanwhile
                    silences += 1
                    if silences == _SILENCES:
                        raise Silent(f"NATS gave {read:,} of {self.total:,} messages and then none")
                    continue
                read, silences = read + len(messages), 0
                ready, before = before, asyncio.create_task(self._with_what_was_said(messages))
                if ready is not None:
                    yield await ready
            if before is not None:
                yield await before
        finally:
            if before is not None:
                before.cancel()
            await pull.unsubscribe()
            with suppress(nats.errors.Error):  # it is forgotten by itself
                await self._js.delete_consumer(stream, made.name)

    async def _is_all(self, stream: str, consumer: str, read: int) -> bool:
        """Whether nothing is left, nor on its way to us."""
        try:
            info = await self._js.consumer_info(stream, consumer)
        except nats.errors.TimeoutError:
            return False
        delivered = info.delivered.consumer_seq if info.delivered else 0
        return not info.num_pending and delivered <= read

    async def _with_what_was_said(self, messages: Sequence[Msg]) -> list[Recorded]:
        readings = [(message.headers or {}, message.data) for message in messages]
        names = [fields["ce-subject"] for fields, _ in readings]
        opens = {name: ticket_id_of(message_of(name)) for name in names}
        said = {row["stream_id"]: row for row in await self._pool.fetch(_SAID, names)}
        opened = {row["ticket_id"] for row in await self._pool.fetch(_OPENED, list(opens.values()))}
        found = []
        for fields, data in readings:
            kind, name = _READINGS[fields["ce-type"]], fields["ce-subject"]
            decision = said.get(name)
            counts = kind is MessageReceived if decision is None else fields["ce-id"] == decision["about"]
            if counts:
                routed = None if decision is None else decision["data"].encode()
                found.append(
                    Recorded(kind, data, wire.schema_version(fields), routed, opened=opens[name] in opened)
                )
        return found
