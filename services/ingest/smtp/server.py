"""The shell of the door: connections, time-outs, TLS. 250 comes only after the commit."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from typing import NoReturn, assert_never, cast

from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.admin import AddressTaken
from chassis.logging import get_logger
from chassis.settings import ListenAddress, SocketPath
from contracts.mail import SmtpEnvelope
from services.ingest.smtp import limits, measures, proxy, replies
from services.ingest.smtp.conversation import (
    Conversation,
    Finished,
    HangUp,
    MaySend,
    Named,
    Say,
    StartTls,
)
from services.ingest.smtp.door import Door
from services.ingest.smtp.replies import Reply

logger = get_logger(__name__)

HEADER_SECONDS = 10
HANDSHAKE_SECONDS = 30
MESSAGE_SECONDS = 1800
"""For the whole of a message, so that nobody keeps a connection by a byte now and then."""
FINISH_SECONDS = 2
READ_AHEAD = 256 * 1024
"""Octets that may wait while something else is in hand."""


@asynccontextmanager
async def serve(door: Door, address: ListenAddress | SocketPath) -> AsyncIterator[ListenAddress | SocketPath]:
    """Serve inside this loop; at the end, what is in hand is finished, and who waits is told to come again.

    Raises:
        AddressTaken: choose another with the setting.
    """
    loop = asyncio.get_running_loop()
    connections: set[Connection] = set()

    def connection() -> Connection:
        return Connection(door, connections)

    try:
        if isinstance(address, SocketPath):
            server = await loop.create_unix_server(connection, address.path)
            os.chmod(address.path, 0o666)  # noqa: PTH101, S103 - as with TCP; the folder says who may come near
        else:
            server = await loop.create_server(connection, address.host, address.port)
            address = ListenAddress(*server.sockets[0].getsockname()[:2])
    except OSError as error:
        raise AddressTaken(address, f"POSTROOM_{door.terms.protocol.upper()}_LISTEN") from error
    try:
        yield address
    finally:
        server.close()
        tasks = [one.leave() for one in connections]
        if tasks:
            await asyncio.wait(tasks, timeout=FINISH_SECONDS)
        await server.wait_closed()


class _Gone(Exception):
    """The client is not there any more."""


class Connection(asyncio.Protocol):
    """One client. A message without our 250 is still the client's, and is sent again."""

    def __init__(self, door: Door, among: "set[Connection]") -> None:
        self._door = door
        self._among = among
        self._conversation = Conversation(door.terms)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None]
        self._client: IPv4Address | IPv6Address | None = None
        """None: of a Unix socket."""
        self._origin: str | None = None
        """By which it is counted; None: it is not."""
        self._proxy: str | None = None
        self._tls: str | None = None
        self._awaited: asyncio.Future[None] | None = None
        self._paused = self._full = self._ended = self._lost = self._leaving = False
        self._message_until: float | None = None

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self._client = limits.address_of(peer[0])
        self._among.add(self)
        self._task = self._loop.create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._conversation.receive(data)
        if len(self._conversation.unread) > READ_AHEAD:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """A client that has said all may still listen; TLS knows no half of a connection."""
        self._ended = True
        self._wake()
        return self._tls is None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason is the client's affair
        self._lost = True
        self._full = False
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    def leave(self) -> asyncio.Task[None]:
        """End as soon as nothing is in hand."""
        self._leaving = True
        self._wake()
        return self._task

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    # What is done, from the first byte to the last.

    async def _serve(self) -> None:
        protocol = self._door.terms.protocol
        measures.CONNECTIONS.labels(protocol).inc()
        measures.OPEN.labels(protocol).inc()
        self._door.limiter.enter()
        try:
            await self._attend()
        except _Gone:
            pass  # whatever it had begun is the client's still
        except TimeoutError:
            self._last_word(replies.TIMEOUT)
        except Exception as error:
            logger.exception("connection failed", error=repr(error))
            self._last_word(replies.FAULT)
        finally:
            if self._origin is not None:
                self._door.limiter.disconnect(self._origin)
            self._door.limiter.leave()
            self._among.discard(self)
            measures.OPEN.labels(protocol).dec()
            self._transport.close()

    async def _attend(self) -> None:
        refusal = await self._identify()
        self._conversation.trusted = self._origin is None
        if refusal is not None:
            self._conversation.say(refusal)
        else:
            self._conversation.greet()
        await self._converse()

    async def _identify(self) -> Reply | None:
        """Find out who the client is; a reply if it may not come in."""
        door = self._door
        if self._client is None:
            return None
        if limits.is_in(self._client, door.proxies):
            try:
                header = await self._header()
            except (proxy.BadHeader, TimeoutError) as error:
                logger.warning("no PROXY header", load_balancer=str(self._client), error=str(error))
                return replies.NO_PROXY_HEADER
            self._proxy = str(self._client)
            if header.client is None:
                return None
            self._client = limits.address_of(str(header.client))
        if limits.is_in(self._client, door.unlimited):
            return None
        self._origin = limits.origin(self._client)
        return door.limiter.connect(self._origin, self._loop.time())

    async def _header(self) -> proxy.Header:
        unread = self._conversation.unread
        async with asyncio.timeout(HEADER_SECONDS):
            while (header := proxy.read_header(unread)) is None:
                await self._more()
        del unread[: header.length]
        return header

    async def _converse(self) -> None:
        conversation, door = self._conversation, self._door
        while True:
            match step := conversation.next_step():
                case None:
                    await self._more()
                case Say(words, reason):
                    if reason:
                        measures.REFUSALS.labels(door.terms.protocol, reason).inc()
                    await self._write(words)
                case MaySend():
                    conversation.answer(step, self._may_send())
                case Named(address):
                    conversation.answer(step, await door.recipient(address))
                case Finished():
                    conversation.answer(step, await self._take(step))
                case StartTls():
                    await self._shake_hands()
                case HangUp():
                    return
                case _:
                    assert_never(step)

    def _may_send(self) -> Reply:
        if self._origin is None:
            return replies.SENDER_OK
        return self._door.limiter.send(self._origin, self._loop.time())

    async def _take(self, message: Finished) -> Reply:
        """Take the message for good, or ask the client to come again."""
        protocol = self._door.terms.protocol
        envelope = SmtpEnvelope(
            client_address=str(self._client or ""),
            proxy=self._proxy,
            helo=_printable(message.helo),
            tls=self._tls,
            mail_from=_printable(message.mail_from),
            recipients=tuple(dict.fromkeys(map(_printable, message.recipients))),
        )
        attributes: dict[str, str | int | bool] = {
            "network.protocol.name": protocol,
            "messaging.message.body.size": len(message.content),
        }
        with (
            measures.DATA_SECONDS.labels(protocol).time(),
            telemetry.span(f"receive {protocol.upper()}", SpanKind.SERVER, attributes=attributes) as span,
        ):
            try:
                message_id = await self._door.deliver(message.content, envelope, span.traceparent)
            except Exception as error:
                # The client keeps the message and sends it again, so nothing is lost whatever went wrong.
                logger.exception("message not stored", error=repr(error))
                return replies.NOT_STORED
            span.set("messaging.message.id", message_id)
        measures.MESSAGES.labels(protocol).inc()
        return Reply(250, "2.0.0", f"OK {message_id}")

    async def _shake_hands(self) -> None:
        assert self._door.certificate is not None  # noqa: S101 - else STARTTLS is not offered
        context = self._door.certificate.context()
        # Nothing is awaited between forgetting and the moment from which only what is inside TLS is handed on.
        self._conversation.forget()
        try:
            transport = await self._loop.start_tls(
                self._transport, self, context, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError as error:  # SSLError and the ends of connections are such
            logger.info("no TLS", client=str(self._client), error=repr(error))
            measures.REFUSALS.labels(self._door.terms.protocol, "tls").inc()
            raise _Gone from error
        if transport is None:
            raise _Gone
        self._transport = transport
        name, version, _ = transport.get_extra_info("cipher")
        self._tls = f"{version} {name}"

    # Bytes in and out.

    async def _more(self) -> None:
        """Wait until something comes."""
        if self._lost:
            raise _Gone
        if self._leaving:
            self._hang_up(replies.STOPPING)
        if self._ended:
            raise _Gone
        now = self._loop.time()
        until = now + self._door.timeout_seconds
        if not self._conversation.in_content:
            self._message_until = None
        elif self._message_until is None:
            self._message_until = now + MESSAGE_SECONDS
        if self._message_until is not None:
            until = min(until, self._message_until)
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        await self._wait(until)

    async def _write(self, words: bytes) -> None:
        if self._lost:
            raise _Gone
        self._transport.write(words)
        while self._full:
            await self._wait(self._loop.time() + self._door.timeout_seconds)

    async def _wait(self, until: float) -> None:
        self._awaited = self._loop.create_future()
        try:
            async with asyncio.timeout_at(until):
                await self._awaited
        finally:
            self._awaited = None

    def _hang_up(self, reply: Reply) -> NoReturn:
        self._last_word(reply)
        raise _Gone

    def _last_word(self, reply: Reply) -> None:
        measures.REFUSALS.labels(self._door.terms.protocol, reply.reason).inc()
        if not self._lost:
            self._transport.write(bytes(reply))


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
