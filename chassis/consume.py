"""Takes batches from a durable consumer and works each in one transaction: commit first, acknowledge after.

Failures end in one of three ways. What passes by itself (the database is away, something else must come before) is
waited for, with the batch in hand. An item that fails by itself is tried again after `RETRY_SECONDS`, then parked; the
rest goes on, until a whole batch waits for that (see `consumer_config`). What cannot even be parked stays in the
stream, and is told of. Nothing is dropped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import nats.errors
import nats.js.errors
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.msg import Msg

from chassis import metrics, parking, telemetry, wire
from chassis.background import PASSING
from chassis.backoff import growing
from chassis.database import TRANSIENT, Connection, Pool
from chassis.log import AlreadyAnswered, UnknownEvent, VersionConflict
from chassis.logging import get_logger
from chassis.pace import next_batch_at
from chassis.provisioning import ACK_WAIT_SECONDS
from chassis.pull import Pull
from contracts.event import Event, Recorded, UnknownVersion
from contracts.streams import CONSUMERS, Consumer

logger = get_logger(__name__)

RETRY_SECONDS = (1, 5, 30, 120, 600)
MOST_DELIVERIES = 20
"""A message that came so often without an outcome may be what kills the process: it is parked unworked."""
MOST_CONFLICTS = 20
LONGEST_WAIT_SECONDS = ACK_WAIT_SECONDS / 10
"""Before another try of what is in hand: far below the time to acknowledge, so that it stays there."""
PAUSES: dict[str | None, float] = {consumer.name: consumer.pause_seconds for consumer in CONSUMERS}

Batch = Sequence[Recorded[Event]]
Handler = Callable[[Batch, Connection], Awaitable[None]]
OnParked = Callable[["Item", str, Connection], Awaitable[None]]


class TooEarly(Exception):
    """Something must come before this batch: it is kept in hand until then, and never parked."""


class SuspectedKiller(Exception):
    """No outcome after many deliveries."""

    def __init__(self) -> None:
        super().__init__(
            f"delivered more than {MOST_DELIVERIES} times without an outcome; the process may have died of it"
        )


class GoneOn(Exception):
    """A projection is in order: what it has passed over has its place in a rebuild only."""

    def __init__(self, projection: str) -> None:
        super().__init__(f"the projection has gone on behind it: run postroom rebuild {projection}")


class PromptSubscriber(BatchPullStreamSubscriber):
    """FastStream's batch subscriber, but a batch leaves as soon as its first messages are there.

    The original goes on fetching until the batch is full or its time is over, which would delay each letter by that
    time at each hop. The first message says how many more are waiting, so nothing is waited for in vain.
    """

    __slots__ = ()

    subscription: Pull | None  # type: ignore[assignment]  # FastStream only ends it

    async def _create_subscription(self) -> None:
        assert self.config.durable_name is not None  # noqa: S101 - each of ours has one
        self.subscription = await Pull.bind(self.connection, self.stream.name, self.config.durable_name)
        self.add_task(self._consume_pull)

    async def _consume_pull(self) -> None:
        assert self.subscription is not None  # noqa: S101 - made a line before this task starts
        waits = growing()
        pause, next_at = PAUSES[self.config.durable_name], 0.0
        while self.running:
            try:
                await asyncio.sleep(max(0, next_at - time.monotonic()))
                messages = await self.subscription.fetch(1, 5)
                if messages and (waiting := self._waiting_with(messages[0])):
                    messages += await self.more(waiting, 0.5)
            except TimeoutError:
                continue
            except (nats.errors.Error, nats.js.errors.Error) as error:
                # The durable or its stream is gone, or the connection: a durable that is deleted would answer at once,
                # again and again.
                logger.warning("cannot fetch", stream=self.stream.name, error=repr(error))
                await asyncio.sleep(next(waits))
            else:
                metrics.LAST_FETCH.labels(self.config.durable_name).set(time.time())
                waits = growing()
                if not messages:
                    continue
                fetched_at = time.monotonic()
                await self.consume(messages)
                # After a full batch there is more to catch up with.
                full = len(messages) == self.pull_sub.batch_size
                next_at = 0.0 if full else next_batch_at(fetched_at, time.monotonic(), pause)

    async def more(self, most: int, seconds: float) -> list[Msg]:
        """What else is there, or comes soon."""
        assert self.subscription is not None  # noqa: S101 - as above
        try:
            return await self.subscription.fetch(most, seconds)
        except TimeoutError:
            return []
        except (nats.errors.Error, nats.js.errors.Error) as error:
            logger.warning("cannot fetch more", stream=self.stream.name, error=repr(error))
            await asyncio.sleep(seconds)
            return []

    def _waiting_with(self, first: Msg) -> int:
        """How many more to ask for at once, with the first one here."""
        others = self.pull_sub.batch_size - 1
        # The server does not count what it delivers again, of which there is seldom only one: the batch of a process
        # that was killed.
        return others if _deliveries(first) > 1 else min(first.metadata.num_pending, others)


def _deliveries(message: Msg) -> int:
    return message.metadata.num_delivered or 1


@dataclass(frozen=True, slots=True)
class Item:
    """A message as it came, with the event in it, or why it cannot be read."""

    message: Msg
    event: Recorded[Event] | None
    unreadable: Exception | None = None

    @property
    def headers(self) -> dict[str, str]:
        return self.message.headers or {}

    @property
    def place(self) -> int:
        """Where it stands in its stream."""
        return self.message.metadata.sequence.stream


def _in_order(items: Sequence[Item]) -> list[Item]:
    """By place in the stream, and of one that came twice, the newest: only that can be acknowledged."""
    return sorted({item.place: item for item in items}.values(), key=lambda item: item.place)


class Consumption:
    """One consumer at work."""

    def __init__(
        self,
        consumer: Consumer,
        pool: Pool,
        handler: Handler,
        on_parked: OnParked | None,
        *,
        projection: str | None = None,
    ) -> None:
        """What a `projection` fails on is parked at once: all that is behind would wait for its retries."""
        self.consumer = consumer
        self.projection = projection
        self._pool = pool
        self._handler = handler
        self._on_parked = on_parked
        self._retry_seconds = () if projection else RETRY_SECONDS
        self._hand: list[Msg] = []

    async def take(self, subscriber: PromptSubscriber, messages: Sequence[Msg]) -> None:
        """Work a batch to its end: each message is acknowledged, handed back for later, or parked."""
        self._hand = [*messages]
        try:
            await self._take_hand(subscriber)
        except Exception:
            # FastStream would say nothing. What is not settled is delivered again.
            logger.exception("batch not settled", consumer=self.consumer.name)
            metrics.UNSETTLED.labels(self.consumer.name).inc()

    async def _take_hand(self, subscriber: PromptSubscriber) -> None:
        """Work what is in hand.

        What is too early waits here and not in the stream. What it waits for may be with a process that was killed
        and is delivered again to whoever asks, so more is asked for meanwhile.
        """
        items = await self._read_all(self._hand)
        waits = growing(first=0.05, most=LONGEST_WAIT_SECONDS)
        while early := await self._work(items):
            if not subscriber.running:
                for item in early:
                    await item.message.nak()
                return
            await self._hold()
            more = await subscriber.more(self.consumer.batch, next(waits))
            self._hand += more
            items = _in_order([*early, *await self._read_all(more)])

    async def _hold(self) -> None:
        """Tell NATS that what is in hand is still worked on."""
        for message in self._hand:
            if not message.is_acked:
                await message.in_progress()

    async def work_again(self, event: Recorded[Event], db: Connection) -> None:
        """Handle one event that was parked, in the caller's transaction.

        Raises:
            GoneOn: it takes a rebuild.
        """
        if self.projection is not None:
            raise GoneOn(self.projection)
        await self._handler([event], db)

    async def _read_all(self, messages: Sequence[Msg]) -> list[Item]:
        return _in_order([item for message in messages if (item := await self._read(message))])

    async def _read(self, message: Msg) -> Item | None:
        deliveries = _deliveries(message)
        try:
            event = wire.read(message.headers or {}, message.data)
            if deliveries > MOST_DELIVERIES:
                raise SuspectedKiller  # noqa: TRY301 - goes the way of every unreadable message
            return Item(message, event)
        except (UnknownEvent, UnknownVersion) as error:
            # After ever longer: the release that can read it counts these deliveries, too.
            logger.error("cannot read a newer release's event", consumer=self.consumer.name, error=str(error))  # noqa: TRY400
            await message.nak(delay=RETRY_SECONDS[min(deliveries, len(RETRY_SECONDS)) - 1])
        except Exception as error:  # noqa: BLE001 - whatever is the matter with it, it is known at its turn
            return Item(message, None, error)
        return None

    async def _work(self, items: Sequence[Item]) -> list[Item]:
        """Work what can be worked, and say what is too early."""
        if not items:
            return []
        started = time.perf_counter()
        try:
            await self._transact(items)
        except TooEarly as error:
            logger.info("too early", consumer=self.consumer.name, error=str(error))
            return [*items]
        except Exception as error:
            if len(items) > 1:
                logger.warning(
                    "batch failed, taking one by one", consumer=self.consumer.name, error=repr(error)
                )
                return [early for item in items for early in await self._work([item])]
            logger.exception(
                "message failed", consumer=self.consumer.name, event_id=items[0].headers.get("ce-id")
            )
            return [] if await self._fail(items[0], error) else [*items]
        for item in items:
            await item.message.ack()
        metrics.HANDLED.labels(self.consumer.name).inc(len(items))
        metrics.BATCH_SECONDS.labels(self.consumer.name).observe(time.perf_counter() - started)
        return []

    async def _transact(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.unreadable is not None:
                raise item.unreadable
        events = [item.event for item in items if item.event is not None]
        waits, conflicts = growing(most=LONGEST_WAIT_SECONDS), 0
        while True:
            try:
                with telemetry.processing(self.consumer.name, events) as batch:
                    async with self._pool.acquire() as db, db.transaction():
                        await self._handler(batch, db)
            except (VersionConflict, AlreadyAnswered):
                conflicts += 1
                if conflicts > MOST_CONFLICTS:
                    raise
            except TRANSIENT as error:
                wait = next(waits)
                logger.warning(
                    "waiting", consumer=self.consumer.name, error=repr(error), seconds=round(wait, 1)
                )
                await self._hold()
                await asyncio.sleep(wait)
            else:
                return

    async def _fail(self, item: Item, error: Exception) -> bool:
        """Hand an item back for later, or park it; False: it is too early even for that."""
        attempt = _deliveries(item.message)
        if attempt <= len(self._retry_seconds):
            await item.message.nak(delay=self._retry_seconds[attempt - 1])
            return True
        try:
            await self._park(item, f"{type(error).__name__}: {error}", attempt)
        except TooEarly as early:
            logger.info("too early to park", consumer=self.consumer.name, error=str(early))
            return False
        except Exception:
            # Parked without what is to be done for that, a letter would be lost to the ledger, and a projection would
            # wait for ever. So it stays in the stream, and the others go on.
            logger.exception("cannot park", consumer=self.consumer.name, event_id=item.headers.get("ce-id"))
            metrics.UNSETTLED.labels(self.consumer.name).inc()
            await item.message.nak(delay=RETRY_SECONDS[-1])
        else:
            await item.message.term()
        return True

    async def _park(self, item: Item, error: str, attempts: int) -> None:
        waits = growing(most=LONGEST_WAIT_SECONDS)
        while True:
            try:
                async with self._pool.acquire() as db, db.transaction():
                    await parking.park(db, self.consumer.name, item.message, error, attempts)
                    if self._on_parked is not None:
                        await self._on_parked(item, error, db)
            except PASSING as passing:
                logger.warning("waiting to park", consumer=self.consumer.name, error=repr(passing))
                await self._hold()
                await asyncio.sleep(next(waits))
            else:
                logger.error("message parked", consumer=self.consumer.name, error=error)
                metrics.PARKED.labels(self.consumer.name).inc()
                return
