"""Sending by SMTP to a relay (RFC 5321), exact about whether the final dot has left or not."""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponse, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol

from services.notify.delivery import Answered, Lost, Result
from services.notify.transport import Parcel

LONGEST_ANSWER = 1000
"""Characters of a relay's answer that are kept."""

_QUIT_SECONDS = 2.0
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]+){3}|::1")


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes out, as its address says."""

    host: str
    port: int
    tls: bool
    """TLS from the first byte (`smtps`); otherwise STARTTLS where it is offered."""
    username: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "Relay":
        """Read `smtp://user:pass@host:port` or `smtps://…`.

        Raises:
            ValueError: it is something else. The text does not repeat the password.
        """
        parts = urlsplit(url)
        if (
            parts.scheme not in ("smtp", "smtps")
            or not parts.hostname
            or parts.path.strip("/")
            or parts.query
        ):
            raise ValueError("must be smtp://host:port, smtp://user:password@host:port or smtps://…")
        tls = parts.scheme == "smtps"
        username = unquote(parts.username) if parts.username else None
        # RFC 8314 §3.3: submission with TLS from the start is on 465; RFC 6409 §3.1: with STARTTLS on 587.
        port = parts.port or (465 if tls else 587 if username else 25)
        return cls(parts.hostname, port, tls, username, unquote(parts.password or ""))

    @property
    def target(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Nobody listens between here and there."""
        return _LOOPBACK.fullmatch(self.host) is not None

    def client(self) -> SMTP:
        """A client for one connection, not yet connected.

        Credentials go over a verified encrypted connection only, except to this same machine. Without them,
        STARTTLS is taken where it is offered, and not verified: it is better than none (RFC 7435).
        """
        guarded = self.username is not None and not self.loopback
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password if self.username is not None else None,
            use_tls=self.tls,
            start_tls=False if self.tls else True if guarded else None,
            validate_certs=(self.tls or guarded) and not self.loopback,
            timeout=None,
        )


class SmtpTransport:
    """Hands parcels to a relay, over connections that are kept while there is more to send."""

    kind: Literal["smtp"] = "smtp"

    def __init__(self, relay: Relay, seconds_before_dot: float, seconds_after_dot: float) -> None:
        """Limit the time of a try: up to the final dot, and from there to the relay's answer."""
        self._relay = relay
        self._seconds_before_dot = seconds_before_dot
        self._seconds_after_dot = seconds_after_dot
        self._idle: list[SMTP] = []
        self._limits: set[asyncio.Timeout] = set()
        self._end: float | None = None

    @property
    def target(self) -> str:
        return self._relay.target

    async def send(self, parcel: Parcel) -> Result:
        dialogue = _Dialogue(parcel)
        client: SMTP | None = None
        limit = asyncio.timeout_at(self._limit(self._seconds_before_dot))
        try:
            async with limit:
                self._limits.add(limit)
                client = await self._connected()
                ready = await dialogue.up_to_the_dot(client)
                if ready is not None:
                    limit.reschedule(self._limit(self._seconds_after_dot))
                    await dialogue.dot(ready)
        except (SMTPException, OSError, TimeoutError) as error:
            return dialogue.broken_off(f"{self.target}: {_reason(error)}")
        else:
            if client.is_connected:
                self._idle.append(client)
                client = None
            return dialogue.result()
        finally:
            self._limits.discard(limit)
            if client is not None:
                client.close()

    async def look_for(self, parcel: Parcel) -> Result:  # noqa: ARG002 - as Transport has it
        """A relay cannot be asked what it has taken."""
        return Lost("Stopped while the message was being handed over")

    async def rest(self) -> None:
        while self._idle:
            client = self._idle.pop()
            with suppress(SMTPException, OSError):
                await client.quit(timeout=_QUIT_SECONDS)
            client.close()

    def hurry(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(min(limit.when() or self._end, self._end))

    def _limit(self, seconds: float) -> float:
        """The moment on the loop's clock after so many seconds, or earlier if there is no time left."""
        moment = asyncio.get_running_loop().time() + seconds
        return moment if self._end is None else min(moment, self._end)

    async def _connected(self) -> SMTP:
        """A connection on which a new message can begin."""
        while self._idle:
            # The relay may have closed it in the meantime; that is no failed try.
            with suppress(SMTPException, OSError):
                return await _prepared(self._idle.pop())
        return await _prepared(self._relay.client())


async def _prepared(client: SMTP) -> SMTP:
    """The client, connected and greeted, with no message begun."""
    try:
        if client.is_connected:
            await client.rset()
        else:
            await client.connect()
        if client.is_ehlo_or_helo_needed:
            await _greet(client)
    except BaseException:
        client.close()
        raise
    return client


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


class _Dialogue:
    """One message's exchange with the relay, and what is known of it at each moment."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel
        self._accepted: set[str] = set()
        self._refused: dict[str, str] = {}
        self._answer = ""
        self._taken = False
        self._dot_has_left = False

    async def up_to_the_dot(self, client: SMTP) -> SMTPProtocol | None:
        """Hand over envelope and message, all but the dot; None if the relay did not want them."""
        if self._parcel.smtputf8 and not client.supports_extension("smtputf8"):
            self._refuse_all("The relay cannot send to addresses with letters beyond ASCII (no SMTPUTF8)")
            return None
        message = _dot_stuffed(self._parcel.message)
        response = await client.execute_command(b"MAIL", *_mail_arguments(client, self._parcel, message))
        if not _is_yes(response):
            self._no(response)
            return None
        for recipient in self._parcel.recipients:
            response = await client.execute_command(b"RCPT", f"TO:<{recipient}>".encode())
            self._note_recipient(recipient, response)
            if response.code == 421:  # it has hung up
                return None
        if not self._accepted:
            return None
        response = await client.execute_command(b"DATA")
        if response.code != 354 or client.protocol is None:
            self._no(response)
            return None
        # aiosmtplib's own `data` does not tell what was lost before the dot from what was lost after it.
        protocol = client.protocol
        protocol.write(message)
        await _written_out(protocol)
        return protocol

    async def dot(self, protocol: SMTPProtocol) -> None:
        """Hand over the final dot, and with it the message."""
        protocol.write(b".\r\n")
        self._dot_has_left = True
        response = await protocol.read_response()
        if _is_yes(response):
            self._taken = True
            self._answer = _text(response)
        else:
            self._no(response)

    def result(self) -> Answered:
        taken = frozenset(self._accepted) if self._taken else frozenset[str]()
        return Answered(self._answer, taken=taken, refused=self._refused)

    def broken_off(self, reason: str) -> Result:
        if self._dot_has_left:
            return Lost(f"{reason} after the message was handed over", refused=self._refused)
        return Answered(reason, refused=self._refused)

    def _no(self, response: SMTPResponse) -> None:
        """Note the relay's no to the whole message.

        Raises:
            SMTPResponseException: it is neither yes nor no.
        """
        self._answer = _text(response)
        if _is_permanent(response.code):
            self._refuse_all(self._answer)
        elif not 400 <= response.code < 600:
            raise SMTPResponseException(response.code, response.message)

    def _note_recipient(self, recipient: str, response: SMTPResponse) -> None:
        if _is_yes(response):
            self._accepted.add(recipient)
            return
        self._answer = _text(response)
        if _is_permanent(response.code):
            self._refused[recipient] = self._answer

    def _refuse_all(self, answer: str) -> None:
        self._answer = answer
        self._refused |= {one: answer for one in self._parcel.recipients if one not in self._refused}


def _mail_arguments(client: SMTP, parcel: Parcel, message: bytes) -> list[bytes]:
    arguments = [f"FROM:<{parcel.sender}>".encode()]
    if client.supports_extension("size"):
        arguments.append(f"SIZE={len(message)}".encode())
    if parcel.smtputf8:
        arguments += [b"BODY=8BITMIME", b"SMTPUTF8"]
    return arguments


def _dot_stuffed(message: bytes) -> bytes:
    """Lines that begin with a dot get another one (RFC 5321 §4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", message)


async def _written_out(protocol: SMTPProtocol) -> None:
    """Wait until the system has all that was written, so that the dot is the last to leave."""
    # By looking, since a transport tells nobody. A message that fits into the system's buffer is out at once.
    transport = protocol.transport
    while isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size() > 0:
        await asyncio.sleep(0.01)
        if not protocol.is_connected:
            return


def _is_yes(response: SMTPResponse) -> bool:
    return 200 <= response.code < 300


def _is_permanent(code: int) -> bool:
    """Whether the relay's no is one to this message.

    530 (sign in first, or use TLS) is one to our settings: an administrator mends them, and the message goes.
    """
    return 500 <= code < 600 and code != 530


def _text(response: SMTPResponse) -> str:
    return _clean(f"{response.code} {response.message}")


def _reason(error: Exception) -> str:
    match error:
        case SMTPResponseException():
            return _clean(f"{error.code} {error.message}")
        case ssl.SSLCertVerificationError():
            return f"The relay's certificate was not accepted: {error.verify_message}"
        case TimeoutError():
            return _clean(str(error) or "No answer in time")
        case _:
            return _clean(str(error) or type(error).__name__)


def _clean(answer: str) -> str:
    """A relay's words as one line of text, whatever bytes it sent."""
    readable = answer.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\x00", "")
    return " ".join(readable.split())[:LONGEST_ANSWER]
