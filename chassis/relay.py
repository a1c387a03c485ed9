"""Publishes the log of one service to its JetStream stream, once each and in order, whatever is killed when.

The stream's own last message says how far it is, so a stream that lost its tail, or everything, is filled again.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import nats.errors
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, Error, NotFoundError

from chassis import metrics, wire
from chassis.backoff import growing
from chassis.database import TRANSIENT, Connection, connect
from chassis.log import read_after
from chassis.logging import get_logger
from chassis.pace import next_batch_at
from contracts.streams import EVENTS, STREAMS, Stream, subject

logger = get_logger(__name__)

BATCH = 500
POLL_SECONDS = 1.0
PUBLISH_SECONDS = 5
"""What the server has not acknowledged by then never reached it, as while it restarts: look at the tail and go on."""
CALM_SECONDS = 60
"""A relay that has worked for so long has forgotten the failures before."""
POLLS_A_CHECK = 5
"""An idle relay looks this rarely whether the stream still holds what it published."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the stream: its last sequence, and the log's position in that message."""

    sequence: int
    position: int


class TailMoved(Exception):  # noqa: N818
    """The stream does not end where this relay thought: look again."""


class Swallowed(TailMoved):
    """The server took a message for a repeat, though the stream holds it no more (it was purged a moment ago)."""


async def relay(database_url: str, service: str, js: JetStreamContext) -> None:
    """Run until cancelled. One relay a log is active; the others wait for its lock, which ends with its connection."""
    stream = STREAMS[service]
    waits, identified = growing(), True
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            db = await connect(database_url, service)
            try:
                await db.execute(
                    "SELECT pg_advisory_lock(hashtextextended('postroom relay ' || $1, 0))", service
                )
                await _publish_all(db, stream, js, identified=identified)
            finally:
                db.terminate()
        except (*TRANSIENT, nats.errors.Error, Error, TailMoved) as error:
            identified = not isinstance(error, Swallowed)
            if loop.time() - began > CALM_SECONDS:
                waits = growing()
            wait = next(waits)
            logger.warning("relay interrupted", error=repr(error), retry_seconds=round(wait, 1))
            await asyncio.sleep(wait)


async def _publish_all(db: Connection, stream: Stream, js: JetStreamContext, *, identified: bool) -> None:
    """Publish what is there and what comes, until something goes wrong."""
    appended = asyncio.Event()
    await db.add_listener(f"postroom_{stream.service}", lambda *_: appended.set())
    tail = await _tail(js, stream)
    logger.info("relay active", stream=stream.name, sequence=tail.sequence, position=tail.position)
    idle = 0
    while True:
        appended.clear()
        rows = await read_after(db, tail.position, BATCH)
        if rows:
            idle, began = 0, time.monotonic()
            tail = await _publish(js, stream, tail, rows, identified=identified)
            metrics.EVENTS_PUBLISHED.inc(len(rows))
            if len(rows) < BATCH:
                await asyncio.sleep(next_batch_at(began, time.monotonic()) - time.monotonic())
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(appended.wait(), POLL_SECONDS)
        idle += 1
        if idle % POLLS_A_CHECK == 0 and await _tail(js, stream) != tail:
            raise TailMoved(stream.name)


async def _tail(js: JetStreamContext, stream: Stream) -> Tail:
    state = (await js.stream_info(stream.name)).state
    if state.last_seq == 0:
        return Tail(0, 0)
    try:
        last = await js.get_msg(stream.name, seq=state.last_seq)
    except NotFoundError:
        # Purged, or its last messages deleted: the log is the truth, so all of it is published again.
        return Tail(state.last_seq, 0)
    return Tail(state.last_seq, int((last.headers or {})[wire.POSITION]))


async def _publish(
    js: JetStreamContext, stream: Stream, tail: Tail, rows: Sequence[asyncpg.Record], *, identified: bool
) -> Tail:
    """Publish rows in a pipeline; each expects the sequence before it, so a lost one stops those behind it.

    `identified` lets the server know repeats by the event's id.
    """
    answers: list[Awaitable[api.PubAck]] = []
    after = tail.position
    for number, row in enumerate(rows):
        answers.append(
            await js.publish_async(
                subject(EVENTS[row["type"]], row["stream_id"]),
                row["data"].encode(),
                headers={
                    **wire.headers(row, stream.service, after),
                    **({api.Header.MSG_ID: str(row["event_id"])} if identified else {}),
                    api.Header.EXPECTED_LAST_SEQUENCE: str(tail.sequence + number),
                    api.Header.EXPECTED_STREAM: stream.name,
                },
            )
        )
        after = row["position"]
    outcomes = await asyncio.wait_for(asyncio.gather(*answers, return_exceptions=True), PUBLISH_SECONDS)
    for number, outcome in enumerate(outcomes, start=tail.sequence + 1):
        if isinstance(outcome, APIError):
            raise TailMoved(f"{stream.name}: {outcome.description}") from outcome
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome.duplicate:
            raise Swallowed(f"{stream.name}: {outcome.seq} is said to be there")
        if outcome.seq != number:
            raise TailMoved(f"{stream.name}: sequence {outcome.seq}, expected {number}")
    return Tail(tail.sequence + len(rows), after)
