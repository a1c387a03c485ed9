"""The senders: each takes what is due, hands it over, and records what became of it, one message at a time."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from chassis import telemetry
from chassis.background import keep_running
from chassis.backoff import growing
from chassis.database import TRANSIENT, Pool, listening
from chassis.log import AlreadyAnswered, VersionConflict
from chassis.logging import get_logger
from services.notify.deliveries import QUEUED_CHANNEL, Claim, LeaseLost, claim, renew, seconds_to_next, settle
from services.notify.delivery import Result, after_try
from services.notify.transport import Transport

POLL_SECONDS = 5.0
"""The backstop for a wake-up that was lost."""
STOP_SECONDS = 6.0
"""What is being handed over at a stop gets so long to end."""

logger = get_logger(__name__)

TRIES = Counter("postroom_delivery_tries_total", "Tries to hand a message over.", ["outcome"])
TRY_SECONDS = Histogram(
    "postroom_delivery_try_seconds",
    "From the claim of a message to the relay's answer.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)


class Senders:
    """As many loops as may hand over messages at the same time, and what keeps their claims alive."""

    def __init__(
        self,
        pool: Pool,
        database_url: str,
        transport: Transport,
        clock: Callable[[], datetime],
        *,
        owner: UUID,
        number: int,
        lease: timedelta,
    ) -> None:
        """`owner` is an id of this process alone, under which it claims what it sends."""
        self._pool = pool
        self._database_url = database_url
        self._transport = transport
        self._clock = clock
        self._owner = owner
        self._number = number
        self._lease = lease
        self._due = asyncio.Event()
        self._stopping = False
        self._in_hand: list[Claim] = []

    async def run(self) -> None:
        """Send until cancelled; then end what is being handed over, within 6 s, and record it.

        Raises:
            RuntimeError: a sender has ended, as none should; the others have ended what they had in hand.
        """
        self._stopping = False
        senders = [asyncio.create_task(self._send_what_is_due()) for _ in range(self._number)]
        companions = [
            asyncio.create_task(keep_running("waking senders", self._listen)),
            asyncio.create_task(keep_running("keeping leases", self._keep_leases)),
        ]
        try:
            await asyncio.wait(senders, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._transport.hurry(STOP_SECONDS)
            raise
        finally:
            self._stopping = True
            self._due.set()
            await asyncio.wait(senders)
            for companion in companions:
                companion.cancel()
            await asyncio.gather(*companions, return_exceptions=True)
            await self._transport.rest()
        endings = await asyncio.gather(*senders, return_exceptions=True)
        raise RuntimeError("a sender has ended") from next(filter(None, endings), None)

    async def _send_what_is_due(self) -> None:
        waits = growing()
        while not self._stopping:
            self._due.clear()
            try:
                async with self._pool.acquire() as db:
                    claimed = await claim(db, self._owner, self._lease, self._in_hand)
                    seconds = None if claimed else await seconds_to_next(db)
            except TRANSIENT as error:
                logger.warning("cannot claim", error=repr(error))
                await self._idle(next(waits))
                continue
            except Exception:
                logger.exception("cannot claim")
                await self._idle(next(waits))
                continue
            waits = growing()
            if claimed is None:
                await self._transport.rest()
                await self._idle(POLL_SECONDS if seconds is None else min(max(seconds, 0.05), POLL_SECONDS))
                continue
            self._due.set()  # there may be more: the next sender looks, too
            self._in_hand.append(claimed)
            try:
                await self._send(claimed)
            except Exception:
                # It stays claimed; when its lease is over, it is looked at like that of a sender who was killed.
                logger.exception("sending failed", reply_id=str(claimed.release.delivery.reply_id))
            finally:
                self._in_hand.remove(claimed)

    async def _idle(self, seconds: float) -> None:
        if not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), seconds)

    async def _send(self, claimed: Claim) -> None:
        delivery = claimed.release.delivery
        host, _, port = self._transport.target.rpartition(":")
        with telemetry.span(
            "send reply",
            SpanKind.CLIENT,
            parent=claimed.release.traceparent,
            attributes={
                "network.protocol.name": self._transport.kind,
                "server.address": host or self._transport.target,
                **({"server.port": int(port)} if port.isdecimal() else {}),
                "postroom.reply_id": str(delivery.reply_id),
                "postroom.message_id": delivery.internet_message_id,
                "postroom.try": delivery.tries,
            },
        ) as span:
            started = time.perf_counter()
            if claimed.abandoned:
                result = await self._transport.look_for(claimed.parcel)
            else:
                result = await self._transport.send(claimed.parcel)
            TRY_SECONDS.observe(time.perf_counter() - started)
            span.set("postroom.answer", result.answer)
            await self._record(claimed, result, span.traceparent)

    async def _record(self, claimed: Claim, result: Result, traceparent: str | None) -> None:
        """Write down what became of it, however long the database is away: nobody else knows."""
        now = self._clock()
        jitter = random.random()  # noqa: S311 - no secret depends on it
        delivery, event = after_try(claimed.release.delivery, result, now, jitter, self._transport.target)
        log = logger.bind(reply_id=str(delivery.reply_id), state=delivery.state, answer=result.answer)
        waits = growing()
        while True:
            try:
                async with self._pool.acquire() as db, db.transaction():
                    await settle(db, claimed, delivery, event, now=now, traceparent=traceparent)
            except (*TRANSIENT, VersionConflict) as error:
                wait = next(waits)
                log.warning("cannot record", error=repr(error), retry_seconds=round(wait, 1))
                await asyncio.sleep(wait)
            except (LeaseLost, AlreadyAnswered) as error:
                log.error("someone else took it over", error=repr(error))  # noqa: TRY400 - no fault of ours to trace
                return
            else:
                TRIES.labels(delivery.state).inc()
                log.info(event.type_name(), tries=delivery.tries)
                return

    async def _listen(self) -> None:
        """Wake the senders as soon as something is queued."""
        async with listening(self._database_url, "notify", QUEUED_CHANNEL) as announced:
            self._due.set()  # what was queued before
            while True:
                await announced.wait(POLL_SECONDS)
                if announced.take():
                    self._due.set()

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 4)
            if self._in_hand:
                async with self._pool.acquire() as db:
                    await renew(db, self._in_hand, self._lease)
