"""The frame of a service: it connects, consumes, answers, relays, and stops without losing anything."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

import asyncpg
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsMessage
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from opentelemetry.trace import SpanKind

from chassis import commands, erasing, logging, metrics, telemetry, wire
from chassis.admin import AddressTaken, Probe, admin
from chassis.background import PASSING, keep_running
from chassis.backoff import growing
from chassis.consume import Consumption, Handler, OnParked, PromptSubscriber
from chassis.database import Connection, Pool, connect_pool
from chassis.lifecycle import run as run_until_stopped
from chassis.parking import parked, replay
from chassis.projection import Projection, pass_over, project
from chassis.relay import Relay
from chassis.requests import ERROR, OUTCOME, Ending, as_answer, at_work
from chassis.settings import ServiceSettings, read_settings
from contracts.commands import Command, Outcome
from contracts.erasures import End, ErasePiece, FinishErasure, GetEnd, PieceErased
from contracts.event import Event, Recorded
from contracts.model import Model
from contracts.queries import ListParked, Replayed, ReplayParked
from contracts.requests import Request
from contracts.streams import STREAMS, Consumer

S = TypeVar("S", bound=ServiceSettings)
R = TypeVar("R", bound=Request)
C = TypeVar("C", bound=Command)
logger = logging.get_logger(__name__)


class Service(Generic[S]):
    """What a service's `set_up` is given: its connections, and how it says what it does with them."""

    def __init__(self, name: str, settings: S, stopping: asyncio.Event) -> None:
        self.name = name
        self.settings = settings
        self.stopping = stopping
        self.pool: Pool
        self.broker = NatsBroker(
            settings.nats_url.split(","),
            name=f"postroom {name}",
            inbox_prefix=f"_INBOX_{name}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            error_cb=self._nats_error,
            apply_types=False,
            logger=None,
            graceful_timeout=7,
        )
        self.nats: Client
        self.js: JetStreamContext
        self.consumptions: dict[str, Consumption] = {}
        self._starting: str | None = "starting"
        self._ready: list[Probe] = [self._database_ready, self._nats_ready]
        self._background: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    @staticmethod
    def clock() -> datetime:
        return datetime.now(UTC)

    def consume(self, consumer: Consumer, handler: Handler, on_parked: OnParked | None = None) -> None:
        """Hand each batch of a consumer to `handler`, inside one transaction."""
        self._take(Consumption(consumer, self.pool, handler, on_parked))

    def project(self, projection: Projection) -> None:
        """Keep a projection up to date."""
        for consumer in projection.consumers:
            self._take(
                Consumption(
                    consumer,
                    self.pool,
                    partial(project, projection, consumer.source),
                    partial(pass_over, projection, consumer.source),
                    projection=projection.name,
                )
            )

    def answer(self, request: type[R], handler: Callable[[R], Awaitable[Model]]) -> None:
        """Answer requests of one kind, several at a time, in the trace of the asker."""

        async def reply(body: bytes) -> tuple[bytes, dict[str, str]]:
            return as_answer(await handler(request.model_validate_json(body)))

        self._respond(request.subject(self.name), reply)

    def obey(self, command: type[C], decide: Callable[[C, Connection], Awaitable[Outcome]]) -> None:
        """Answer commands of one kind: `decide` appends, in a transaction, or raises a `Refusal`."""

        async def done_or_refused(request: C) -> Model:
            return await commands.answer(self.pool, request, partial(decide, request))

        self.answer(command, done_or_refused)

    def answer_bytes(
        self, request: type[R], handler: Callable[[R], Awaitable[tuple[bytes, dict[str, str]]]]
    ) -> None:
        """Answer queries of one kind with bytes and headers."""

        async def reply(body: bytes) -> tuple[bytes, dict[str, str]]:
            return await handler(request.model_validate_json(body))

        self._respond(request.subject(self.name), reply)

    def erase(
        self, erase: Callable[[ErasePiece, Connection], Awaitable[PieceErased]], tables: Sequence[str]
    ) -> None:
        """Let the data of people be erased: `erase` works on a piece in a transaction, `tables` is where it does."""

        async def erase_piece(piece: ErasePiece) -> PieceErased:
            async with self.pool.acquire() as db, db.transaction():
                return await erase(piece, db)

        async def finish(request: FinishErasure) -> PieceErased:
            return await erasing.finish(
                self.pool, self.nats, self.name, request.erasure_id, tables, self.clock()
            )

        async def end(_: GetEnd) -> End:
            return End(position=await self.pool.fetchval("SELECT coalesce(max(position), 0) FROM event"))

        self.answer(ErasePiece, erase_piece)
        self.answer(FinishErasure, finish)
        if self.name in STREAMS:
            self.answer(GetEnd, end)

    def background(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` until the service stops; when it raises, it is logged and begun again after a while."""
        self._background.append((name, work))

    def ready_when(self, probe: Probe) -> None:
        """Let `/readyz` ask `probe` too."""
        self._ready.append(probe)

    def _take(self, consumption: Consumption) -> None:
        consumer = consumption.consumer
        self.consumptions[consumer.name] = consumption
        subscriber = self.broker.subscriber(
            f"postroom.{consumer.source}.*.*",
            durable=consumer.name,
            stream=JStream(consumer.stream.name, declare=False),
            pull_sub=PullSub(batch_size=consumer.batch, batch=True),
            inbox_prefix=f"_INBOX_{self.name}".encode(),
            ack_policy=AckPolicy.MANUAL,
            decoder=_as_it_came,
        )
        # FastStream has no place to name a subscriber's class; ours adds no state (see PromptSubscriber for why).
        subscriber.__class__ = PromptSubscriber
        assert isinstance(subscriber, PromptSubscriber)  # noqa: S101 - for the type checker
        subscriber(partial(consumption.take, subscriber))
        self.ready_when(partial(self._consumer_ready, consumer))

    def _respond(
        self, subject: str, reply: Callable[[bytes], Awaitable[tuple[bytes, dict[str, str]]]]
    ) -> None:
        name = subject.rpartition(".")[2]

        async def respond(message: Msg) -> None:
            parent = (message.headers or {}).get("traceparent")
            with telemetry.span(f"answer {name}", SpanKind.SERVER, parent=parent):
                # What is raised is told to the asker; nothing of the request is half done.
                try:
                    async with at_work(self.nats, message):
                        body, headers = await reply(message.data)
                except PASSING as error:
                    logger.warning("request not answered", request=name, error=repr(error))
                    body, headers = b"", {OUTCOME: Ending.UNAVAILABLE, ERROR: type(error).__name__}
                except Exception as error:
                    logger.exception("request failed", request=name)
                    body, headers = b"", {OUTCOME: Ending.FAILED, ERROR: type(error).__name__}
            metrics.REQUESTS.labels(name, headers.get(OUTCOME, Ending.ANSWERED)).inc()
            await self.nats.publish(message.reply, body, headers=headers or None)

        subscriber = self.broker.subscriber(
            subject, queue=self.name, max_workers=8, no_reply=True, decoder=_as_it_came
        )
        subscriber(respond)

    async def run(self, set_up: Callable[["Service[S]"], Awaitable[None]]) -> None:
        """Connect, set up, work until told to stop, finish what is in hand."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(admin(self.settings.admin_http, [], self._ready))
            if not await self._connect(stack):
                return
            await set_up(self)
            self._answer_parked()
            if not await self._until(self._provisioned):
                return
            await self.broker.start()
            stack.push_async_callback(self.broker.stop)
            if self.name in STREAMS:
                self.background("relay", Relay(self.settings.database_url, self.name, self.nats).run)
            tasks = [asyncio.create_task(keep_running(name, work)) for name, work in self._background]
            stack.push_async_callback(_cancel, tasks)
            self._starting = None
            logger.info("started")
            await self.stopping.wait()
            logger.info("stopping")
        telemetry.shut_down()
        logger.info("stopped")

    async def _connect(self, stack: AsyncExitStack) -> bool:
        async def connected() -> bool:
            self.pool = await connect_pool(self.settings.database_url, self.name, self.settings.pool_size)
            return True

        if not await self._until(connected):
            return False
        stack.push_async_callback(_close, self.pool)

        async def joined() -> bool:
            self.nats = await self.broker.connect()
            # Every event has some twenty headers, and each of its readers spends most of the time of reading on them.
            self.nats._parse_header_lines = wire.parse_headers  # type: ignore[method-assign, assignment]  # noqa: SLF001
            self.js = self.nats.jetstream(timeout=10)
            return True

        return await self._until(joined)

    async def _until(self, step: Callable[[], Awaitable[bool]]) -> bool:
        """Repeat a step of the start until it works; False if the service is stopped before."""
        waits = growing(most=3)
        while not self.stopping.is_set():
            try:
                if await step():
                    return True
            except (*PASSING, asyncpg.PostgresError) as error:
                self._starting = f"{type(error).__name__}: {error}"
                logger.warning("waiting to start", error=repr(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), next(waits))
        return False

    async def _provisioned(self) -> bool:
        for consumption in self.consumptions.values():
            await self.js.consumer_info(consumption.consumer.stream.name, consumption.consumer.name)
        return True

    def _answer_parked(self) -> None:
        projections = {name: one.projection for name, one in self.consumptions.items() if one.projection}

        async def list_parked(request: ListParked) -> Model:
            async with self.pool.acquire() as db:
                return await parked(db, projections, request.stream_id)

        async def replay_parked(request: ReplayParked) -> Replayed:
            async with self.pool.acquire() as db:
                return await replay(db, request.parked_id, self._work_again)

        self.answer(ListParked, list_parked)
        self.answer(ReplayParked, replay_parked)

    async def _work_again(self, consumer: str, event: Recorded[Event], db: Connection) -> None:
        await self.consumptions[consumer].work_again(event, db)

    async def _database_ready(self) -> str | None:
        if self._starting:
            return self._starting
        async with self.pool.acquire(timeout=2) as db:
            await db.execute("SELECT 1")
        return None

    async def _nats_ready(self) -> str | None:
        return None if self.broker.config.connection_state and self.nats.is_connected else "NATS is away"

    async def _consumer_ready(self, consumer: Consumer) -> str | None:
        try:
            await self.js.consumer_info(consumer.stream.name, consumer.name)
        except NotFoundError:
            return f"the consumer {consumer.name} is missing; run postroom migrate"
        return None

    async def _nats_error(self, error: Exception) -> None:
        # A publish that the server's permissions refuse shows nowhere else than here.
        logger.warning("NATS", error=repr(error))


async def _as_it_came(message: NatsMessage) -> object:
    return message.raw_message


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 2)
    except TimeoutError:
        pool.terminate()


def run(name: str, settings_type: type[S], set_up: Callable[[Service[S]], Awaitable[None]]) -> None:
    """The whole `main` of a service."""
    settings = read_settings(settings_type)
    logging.configure(name, settings.log_level)
    telemetry.set_up(name)

    async def main(stopping: asyncio.Event) -> None:
        try:
            await Service(name, settings, stopping).run(set_up)
        except AddressTaken as error:
            logger.error("cannot listen", error=str(error))  # noqa: TRY400 - the sentence says it all
            raise SystemExit(2) from None

    run_until_stopped(main)
