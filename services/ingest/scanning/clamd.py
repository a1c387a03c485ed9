"""Speaks with clamd: several streams in one session (clamd(8): IDSESSION, INSTREAM)."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, Self

from services.ingest.scanning.answer import OddAnswer, ScannerAway

GREETING_SECONDS = 5.0
"""For the connection and the first answer, which costs clamd nothing."""
ANSWER_SECONDS = 60.0
"""For one stream. Less than clamd's MaxScanTime (120 s): what it has not finished by then it calls OK."""
CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096
_TCP = re.compile(r"tcp://(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:]+):(?P<port>[0-9]{1,5})")


class Address(NamedTuple):
    """Where clamd listens: a host and a port, or the path of a socket."""

    host: str | None
    port: int
    path: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `tcp://host:port` or `unix:/path`.

        Raises:
            ValueError: it is neither.
        """
        if text.startswith("unix:/"):
            return cls(None, 0, text.removeprefix("unix:"))
        found = _TCP.fullmatch(text)
        if found is None or int(found["port"]) > 65535:
            raise ValueError("must be tcp://host:port or unix:/path, such as unix:/run/clamav/clamd.ctl")
        return cls(found["host"].strip("[]"), int(found["port"]), "")

    def __str__(self) -> str:
        if self.host is None:
            return f"unix:{self.path}"
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[None]:
    """Wait so long for the scanner, and no longer.

    Raises:
        ScannerAway: for this, and for everything that a connection may raise.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ScannerAway(f"no answer in {seconds:g} s") from None
    except OSError as error:
        raise ScannerAway(_words(error)) from error


def _words(error: OSError) -> str:
    # asyncio has words of its own in the place of the system's; a resolver's codes are below zero.
    by_system = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
    return by_system or str(error)


class Session:
    """A connection to clamd, on which one content after the other is scanned."""

    def __init__(self, connection: socket.socket) -> None:
        self.version = "clamd"
        self._connection = connection
        self._received = b""
        self._asked = 0

    async def greet(self) -> None:
        """Begin the session, and learn with whom it is."""
        async with patience(GREETING_SECONDS):
            await self._send(b"zIDSESSION\0zVERSION\0")
            answer = await self._answer()
        if answer.startswith("ClamAV"):  # an administrator may have switched the command off
            self.version = answer

    async def scan(self, content: bytes) -> str:
        """What clamd says of a content, word for word.

        Raises:
            ScannerAway.
        """
        async with patience(ANSWER_SECONDS):
            try:
                await self._send(b"zINSTREAM\0")
                for start in range(0, len(content), CHUNK):
                    chunk = content[start : start + CHUNK]
                    await self._send(len(chunk).to_bytes(4) + chunk)
                await self._send(bytes(4))
            except ConnectionError:
                # To what is too large it answers before the end, and hangs up.
                pass
            return await self._answer()

    async def _send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._connection, data)

    async def _answer(self) -> str:
        self._asked += 1
        while b"\0" not in self._received:
            more = await asyncio.get_running_loop().sock_recv(self._connection, _LONGEST_ANSWER)
            if not more or len(self._received) > _LONGEST_ANSWER:
                raise ConnectionError("it hung up")
            self._received += more
        answer, _, self._received = self._received.partition(b"\0")
        number, _, words = answer.decode(errors="replace").partition(": ")
        if number != str(self._asked):
            raise OddAnswer(answer.decode(errors="replace"))
        return words


@asynccontextmanager
async def session(address: Address) -> AsyncIterator[Session]:
    """A session with clamd, which has said its version.

    Raises:
        ScannerAway.
    """
    async with patience(GREETING_SECONDS):
        connection = await _connect(address)
    with connection:
        begun = Session(connection)
        await begun.greet()
        yield begun


async def _connect(address: Address) -> socket.socket:
    # Sockets and not asyncio's streams: a stream forgets what was received when what is sent meets a closed end.
    loop = asyncio.get_running_loop()
    if address.host is None:
        return await _connected(socket.AF_UNIX, address.path)
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    for family, _, _, _, where in found[:-1]:
        try:
            return await _connected(family, where)
        except OSError:
            continue  # the next address of the same host
    return await _connected(found[-1][0], found[-1][4])


async def _connected(family: int, where: str | tuple[object, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, where)
    except BaseException:
        connection.close()
        raise
    return connection
