"""Publishes the log of one service to its JetStream stream, once each and in order, whatever is killed when.

The stream's own last message says how far it is, so a stream that lost its tail, or everything, is filled again. One
that knows more than the log, as after a restore of PostgreSQL alone, gets nothing: what is new would be taken for old.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from chassis import metrics, wire
from chassis.database import Announcements, Connection, lead, listening
from chassis.log import read_after
from chassis.logging import get_logger
from chassis.pace import next_batch_at
from chassis.receipts import Receipt, Receipts
from contracts.streams import STREAMS, Stream, subject

logger = get_logger(__name__)

BATCH = 500
POLL_SECONDS = 1.0
PUBLISH_SECONDS = 5
"""What the server has not acknowledged by then never reached it, as while it restarts: look at the tail and go on."""
POLLS_A_CHECK = 5
"""An idle relay looks this rarely whether the stream still holds what it published."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the stream: its last sequence, and the position and the id of the event in that message."""

    sequence: int
    position: int
    event_id: str


class TailMoved(nats.js.errors.Error):
    """The stream does not end where this relay thought: look again."""


class Swallowed(TailMoved):
    """The server took a message for a repeat, though the stream holds it no more (it was purged a moment ago)."""


class ForeignMessage(Exception):
    """Somebody else published to the stream."""


class StreamAhead(Exception):
    """The log does not have what the stream ends with: it was restored from a backup, or is another one."""


class Relay:
    """Of the log of one service."""

    def __init__(self, database_url: str, service: str, client: Client) -> None:
        self._database_url = database_url
        self._client = client
        self._js = client.jetstream(timeout=10)
        self._stream = STREAMS[service]
        self._identified = True
        self._caught_up = metrics.RELAY_CAUGHT_UP.labels(self._stream.name)

    async def run(self) -> None:
        """Publish until something goes wrong, which raises it: begin again.

        One relay a log is active; the others wait for its lock, which ends with its connection.
        """
        service = self._stream.service
        async with listening(self._database_url, service, f"postroom_{service}") as announced:
            await lead(announced.db, f"postroom relay {service}")
            identified, self._identified = self._identified, True
            try:
                async with Receipts.of(self._client) as receipts:
                    await self._publish_all(announced, receipts, identified=identified)
            except Swallowed:
                self._identified = False
                raise

    async def _publish_all(self, announced: Announcements, receipts: Receipts, *, identified: bool) -> None:
        """Publish what is there and what comes."""
        stream, js = self._stream, self._js
        tail = await _tail(js, stream)
        await _refuse_ahead(announced.db, stream, tail)
        logger.info("relay active", stream=stream.name, sequence=tail.sequence, position=tail.position)
        idle = 0
        while True:
            announced.take()
            looked_at, began = time.time(), time.monotonic()
            rows = await read_after(announced.db, tail.position, BATCH)
            if rows:
                idle = 0
                tail = await self._publish(tail, rows, receipts, identified=identified)
                metrics.EVENTS_PUBLISHED.inc(len(rows))
            if len(rows) == BATCH:
                continue
            self._caught_up.set(looked_at)
            if rows:
                await asyncio.sleep(next_batch_at(began, time.monotonic()) - time.monotonic())
                continue
            await announced.wait(POLL_SECONDS)
            idle += 1
            if idle % POLLS_A_CHECK == 0 and await _tail(js, stream) != tail:
                raise TailMoved(stream.name)

    async def _publish(
        self, tail: Tail, rows: Sequence[asyncpg.Record], receipts: Receipts, *, identified: bool
    ) -> Tail:
        """Publish rows in a pipeline; each expects the sequence before it, so a lost one stops those behind it.

        So the server's answer to the last says that all are there, and its answer to the first what is the matter if
        they are not. To the others it gives none. `identified` lets it know repeats by the event's id.

        Raises:
            UnknownEvent: a newer release appended it, which was rolled back. What stands before it is published.
        """
        stream = self._stream
        first_and_last = {tail.sequence + 1, tail.sequence + len(rows)}
        answers: dict[int, Receipt] = {}
        after = tail.position
        for sequence, row in enumerate(rows, start=tail.sequence + 1):
            headers = wire.headers(row, stream.service, after)
            about = subject(wire.type_of(headers), row["stream_id"])
            if identified:
                headers[api.Header.MSG_ID] = str(row["event_id"])
            headers[api.Header.EXPECTED_LAST_SEQUENCE] = str(sequence - 1)
            headers[api.Header.EXPECTED_STREAM] = stream.name
            body = row["data"].encode()
            if sequence in first_and_last:
                answers[sequence] = await receipts.publish(about, body, headers)
            else:
                await self._client.publish(about, body, headers=headers)
            after = row["position"]
        outcomes = await asyncio.wait_for(
            asyncio.gather(*answers.values(), return_exceptions=True), PUBLISH_SECONDS
        )
        for sequence, outcome in zip(answers, outcomes, strict=True):
            if isinstance(outcome, APIError):
                raise TailMoved(f"{stream.name}: {outcome.description}") from outcome
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome.duplicate:
                raise Swallowed(f"{stream.name}: {outcome.seq} is said to be there")
            if outcome.seq != sequence:
                raise TailMoved(f"{stream.name}: sequence {outcome.seq}, expected {sequence}")
        return Tail(tail.sequence + len(rows), after, str(rows[-1]["event_id"]))


async def _tail(js: JetStreamContext, stream: Stream) -> Tail:
    state = (await js.stream_info(stream.name)).state
    if state.last_seq == 0:
        return Tail(0, 0, "")
    try:
        last = await js.get_msg(stream.name, seq=state.last_seq)
    except NotFoundError:
        # Purged, or its last messages deleted: the log is the truth, so all of it is published again.
        return Tail(state.last_seq, 0, "")
    headers = last.headers or {}
    position = wire.position(headers)
    if position is None:
        raise ForeignMessage(
            f"{stream.name}: its last message, {state.last_seq}, is not of a relay: delete it"
        )
    return Tail(state.last_seq, position, headers["ce-id"])


async def _refuse_ahead(db: Connection, stream: Stream, tail: Tail) -> None:
    """Refuse to go on behind a tail that the log does not have.

    The id is compared, too: a log that was restored grows meanwhile, and reaches the position with another event.

    Raises:
        StreamAhead.
    """
    if tail.position == 0:
        return
    held = await db.fetchval("SELECT event_id FROM event WHERE position = $1", tail.position)
    if str(held) != tail.event_id:
        raise StreamAhead(
            f"the stream {stream.name} knows more than the log of {stream.service}, which does not have its last event"
            f" (position {tail.position}): after a restore of PostgreSQL, stop the services, empty NATS, and run"
            " postroom migrate (docs/operations.md, Restore)"
        )
