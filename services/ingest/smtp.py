"""The SMTP server: 250 comes only after the commit."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session
from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.admin import AddressTaken
from chassis.logging import get_logger
from chassis.settings import ListenAddress
from contracts.mail import SmtpEnvelope

logger = get_logger(__name__)

MOST_RECIPIENTS = 100
Deliver = Callable[[bytes, SmtpEnvelope, str | None], Awaitable[str]]
"""Takes a message for good and returns its id, or raises."""


class Door:
    """What aiosmtpd asks while a client speaks."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take up to 100 recipients, as RFC 5321 §4.5.3.1.8 asks for."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients, send the rest in another transaction"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the message for good, or ask the client to come again."""
        taken = SmtpEnvelope(
            client_address=session.peer[0] if session.peer else "",
            helo=_printable(session.host_name or ""),
            tls=_tls(session),
            mail_from=_printable(envelope.mail_from or ""),
            recipients=tuple(dict.fromkeys(_printable(address) for address in envelope.rcpt_tos)),
        )
        content = envelope.content or b""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        attributes: dict[str, str | int | bool] = {
            "network.protocol.name": "smtp",
            "messaging.message.body.size": len(raw),
        }
        with telemetry.span("receive SMTP", SpanKind.SERVER, attributes=attributes) as span:
            try:
                message_id = await self._deliver(raw, taken, span.traceparent)
            except Exception as error:
                # The client keeps the message and sends it again, so nothing is lost whatever went wrong.
                logger.exception("message not stored", error=repr(error))
                return "451 4.3.0 The message could not be stored, try again later"
            span.set("messaging.message.id", message_id)
        return f"250 2.0.0 OK {message_id}"


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _tls(session: Session) -> str | None:
    version = session.ssl and session.ssl.get("cipher")
    return str(version[1]) if version else None


@asynccontextmanager
async def smtp_server(
    address: ListenAddress,
    deliver: Deliver,
    *,
    hostname: str,
    max_size: int,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[ListenAddress]:
    """Serve inside this loop; at the end, conversations under way may finish for a moment.

    Raises:
        AddressTaken: choose another with POSTROOM_SMTP_LISTEN.
    """
    loop = asyncio.get_running_loop()
    door = Door(deliver)
    open_sessions: set[Conversation] = set()

    def speak() -> SMTP:
        session = Conversation(
            door,
            data_size_limit=max_size,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Postroom",
            tls_context=tls,
            timeout=300,
            loop=loop,
        )
        session.among = open_sessions
        return session

    try:
        server = await loop.create_server(speak, address.host, address.port)
    except OSError as error:
        raise AddressTaken(address, "POSTROOM_SMTP_LISTEN") from error
    try:
        yield ListenAddress(*server.sockets[0].getsockname()[:2])
    finally:
        server.close()
        for session in list(open_sessions):
            session.leave()
        await server.wait_closed()


class Conversation(SMTP):
    """One client's session, which the server can end when it stops."""

    among: set["Conversation"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.among.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.among.discard(self)
        super().connection_lost(error)

    def leave(self) -> None:
        """Hang up; a message without our 250 is the client's still, and is sent again."""
        if self.transport is not None:
            self.transport.close()
