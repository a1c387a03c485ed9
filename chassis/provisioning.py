"""Makes the streams and durable consumers of `contracts.streams` real, and reports where they drifted."""

from collections.abc import Sequence
from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    StorageType,
    StoreCompression,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from contracts.streams import ADVISORIES, Consumer, Stream

DUPLICATE_WINDOW_SECONDS = 20
ACK_WAIT_SECONDS = 10
_ADVISORY_AGE_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Change:
    """What provisioning did: `made`, or `mended` with the settings that differed; or what it `cannot mend`."""

    name: str
    what: str
    drift: tuple[str, ...] = ()


def stream_config(stream: Stream, replicas: int) -> StreamConfig:
    """How JetStream keeps a stream. A full stream stalls its relay and loses nothing."""
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        storage=StorageType.FILE,
        compression=StoreCompression.NONE,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        discard=DiscardPolicy.NEW,
        num_replicas=replicas,
        allow_direct=True,
        max_age=_ADVISORY_AGE_SECONDS if stream is ADVISORIES else 0,
    )


def consumer_config(consumer: Consumer, replicas: int) -> ConsumerConfig:
    """One batch is in flight at a time, so order holds; we park by ourselves, so deliveries have no limit.

    What waits to be tried again is in flight, too: if all of a batch does, nothing follows it until then.
    """
    return ConsumerConfig(
        durable_name=consumer.name,
        name=consumer.name,
        filter_subjects=list(consumer.subjects) or None,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=consumer.batch,
        num_replicas=replicas,
    )


async def provision(
    js: JetStreamContext, streams: Sequence[Stream], consumers: Sequence[Consumer], replicas: int
) -> list[Change]:
    """Make what is missing and mend what differs; safely repeatable."""
    made = [await _provision_stream(js, stream_config(stream, replicas)) for stream in streams]
    made += [
        await _provision_consumer(js, consumer.stream.name, consumer_config(consumer, replicas))
        for consumer in consumers
    ]
    return [change for change in made if change is not None]


async def _provision_stream(js: JetStreamContext, wanted: StreamConfig) -> Change | None:
    name = wanted.name or ""
    try:
        found = (await js.stream_info(name)).config
    except NotFoundError:
        await js.add_stream(wanted)
        return Change(name, "made")
    differing = _drift(
        wanted, found, "subjects", "compression", "duplicate_window", "discard", "num_replicas", "max_age"
    )
    if not differing:
        return None
    await js.update_stream(wanted)
    return Change(name, "mended", differing)


async def _provision_consumer(js: JetStreamContext, stream: str, wanted: ConsumerConfig) -> Change | None:
    name = wanted.name or ""
    try:
        found = (await js.consumer_info(stream, name)).config
    except NotFoundError:
        await js.add_consumer(stream, wanted)
        return Change(name, "made")
    differing = _drift(
        wanted, found, "filter_subjects", "ack_wait", "max_deliver", "max_ack_pending", "num_replicas"
    )
    if not differing:
        return None
    await js.add_consumer(stream, wanted)
    return Change(name, "mended", differing)


def _drift(wanted: object, found: object, *settings: str) -> tuple[str, ...]:
    def normal(value: object) -> object:
        return sorted(value) if isinstance(value, list) else value

    return tuple(
        f"{setting}: {getattr(found, setting)!r}, wanted {getattr(wanted, setting)!r}"
        for setting in settings
        if normal(getattr(wanted, setting)) != normal(getattr(found, setting))
    )
