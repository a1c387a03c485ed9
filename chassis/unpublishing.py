"""Takes erased events out of a service's stream: the server overwrites them, and the log keeps what may be known.

It waits until everybody has read them, so that nobody misses an event, and until a later event is in the stream, so
that the relay does not take the stream for one that lost its end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from chassis import wire
from chassis.database import Connection, Pool
from chassis.pull import Pull
from chassis.relay import PUBLISH_SECONDS
from contracts.erasures import ROWS_ERASED
from contracts.stream_ids import erasure_stream
from contracts.streams import CONSUMERS, EVENTS, STREAMS, Consumer, subject

SETTLED = timedelta(seconds=2 * PUBLISH_SECONDS)
"""A relay that had read rows before they were erased has published them by then, or given up."""
BATCH = 500
_FETCH_SECONDS = 5
_FORGET_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took out of a log."""

    event_ids: frozenset[str]
    subjects: tuple[str, ...]
    last_position: int
    """Of the event that vouches for the last of it."""
    last_at: datetime


_VOUCHERS = """
SELECT position, recorded_at, data::text AS data
FROM event
WHERE stream_id = $1
  AND type = $2
ORDER BY version
"""


async def erased_by(db: Connection, service: str, erasure_id: UUID) -> Erased | None:
    """What an erasure took out of the log; None: nothing."""
    vouchers = await db.fetch(_VOUCHERS, erasure_stream(erasure_id), ROWS_ERASED[service].type_name())
    if not vouchers:
        return None
    positions = [row["position"] for one in vouchers for row in orjson.loads(one["data"])["rows"]]
    rows = await db.fetch(
        "SELECT event_id, type, stream_id FROM event WHERE position = ANY($1::bigint[])", positions
    )
    return Erased(
        event_ids=frozenset(str(row["event_id"]) for row in rows),
        subjects=tuple({subject(EVENTS[row["type"]], row["stream_id"]) for row in rows}),
        last_position=vouchers[-1]["position"],
        last_at=vouchers[-1]["recorded_at"],
    )


async def unpublish(pool: Pool, nats: Client, service: str, erasure_id: UUID, now: datetime) -> str | None:
    """Delete what an erasure took out of the log from its stream; says what it waits for, None when it is done.

    Called again until nothing is left: it looks at the stream each time.
    """
    async with pool.acquire() as db:
        erased = await erased_by(db, service, erasure_id)
    if erased is None:
        return None
    js, stream = nats.jetstream(), STREAMS[service].name
    if now - erased.last_at < SETTLED or not await _published(js, stream, erased.last_position):
        return f"the relay of {service} publishes what was erased"
    try:
        found = await _find(nats, stream, erased)
    except TimeoutError:
        return (
            f"{stream} could not be looked through"  # messages were deleted meanwhile, or the server is busy
        )
    if not found:
        return None
    if (behind := await _behind(js, service, found)) is not None:
        return f"{behind} has not read all of {stream}"
    for sequence in found:
        try:
            await js.delete_msg(stream, sequence)
        except NotFoundError:
            continue  # somebody else has the same task
    return f"{len(found)} messages leave {stream}"


async def _published(js: JetStreamContext, stream: str, position: int) -> bool:
    state = (await js.stream_info(stream)).state
    try:
        last = await js.get_msg(stream, seq=state.last_seq)
    except NotFoundError:
        return False
    return (wire.position(last.headers or {}) or 0) >= position


async def _find(nats: Client, stream: str, erased: Erased) -> dict[int, str]:
    """Messages that still have what was erased: the event's name by sequence. A refilled stream may have one twice.

    Raises:
        TimeoutError: not all of the stream was seen.
    """
    config = ConsumerConfig(
        filter_subjects=list(erased.subjects),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.NONE,
        headers_only=True,
        inactive_threshold=_FORGET_SECONDS,
        mem_storage=True,
        num_replicas=1,
    )
    js = nats.jetstream()
    made = await js.add_consumer(stream, config)
    left, found = made.num_pending or 0, dict[int, str]()
    pull = await Pull.bind(nats, stream, made.name)
    try:
        while left > 0:
            messages = await pull.fetch(min(BATCH, left), _FETCH_SECONDS)
            if not messages:
                raise TimeoutError
            left -= len(messages)
            for message in messages:
                headers = message.headers or {}
                if headers.get("ce-id") in erased.event_ids and wire.ERASED not in headers:
                    found[message.metadata.sequence.stream] = headers["ce-type"]
    finally:
        await pull.unsubscribe()
        await js.delete_consumer(stream, made.name)
    return found


async def _behind(js: JetStreamContext, service: str, found: dict[int, str]) -> str | None:
    """A consumer that has not read all of these messages; None: each has."""
    for consumer in (one for one in CONSUMERS if one.source == service):
        wanted = [sequence for sequence, name in found.items() if _reads(consumer, name)]
        if not wanted:
            continue
        info = await js.consumer_info(consumer.stream.name, consumer.name)
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if floor < max(wanted) and (info.num_pending or info.num_ack_pending):
            return consumer.name
    return None


def _reads(consumer: Consumer, name: str) -> bool:
    return not consumer.events or name in _names(consumer.events)


def _names(events: Iterable[type]) -> set[str]:
    return {event.__name__ for event in events}
