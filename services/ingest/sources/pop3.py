"""A maildrop of a POP3 server (RFC 1939; 2449 CAPA, 2595 STLS, 5034 AUTH)."""

import poplib
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress

from services.ingest.sources.fetching import Cursor, Listed, Refusal
from services.ingest.sources.mailbox import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Fetched,
    MailboxUnavailable,
    Page,
    SignIn,
    SignInRefused,
    tls_context,
)
from services.ingest.sources.oauth import initial_response
from services.ingest.sources.settings import Pop3Source, port_of

LONGEST_LINE = 64 * 1024 * 1024
_PASSING = ("[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]")
"""Answers to a sign-in that do not speak against the password (RFC 2449 §8.1, RFC 3206)."""
_NO_CURSOR = Cursor(uidvalidity=0, uid=0)
"""A maildrop has none: which UIDLs are done with is kept in the database."""


class _Client(poplib.POP3):
    """Takes lines of any length and as they are, where poplib raises after 2 kB, and tells an end from a refusal."""

    def _getline(self) -> tuple[bytes, int]:
        line: bytes = self.file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the connection ended in the middle of an answer")
        return line[:-2] if line.endswith(b"\r\n") else line[:-1], len(line)

    def authenticate(self, mechanism: str, response: str) -> None:
        """AUTH (RFC 5034), which poplib lacks, in two lines: the second may be longer than a command."""
        if not self._shortcmd(f"AUTH {mechanism}").startswith(b"+ "):  # type: ignore[attr-defined]
            raise MailboxUnavailable(f"the server does not speak {mechanism}")
        self._shortcmd(b64encode(response.encode()).decode())  # type: ignore[attr-defined]


class _TlsClient(_Client, poplib.POP3_SSL):
    """The same inside TLS."""


class Pop3Mailbox:
    """One session: other clients may be locked out until it ends, so it does not wait for news."""

    def __init__(self, source: Pop3Source, client: _Client) -> None:
        self._source = source
        self._client = client
        self._numbers: dict[str, int] = {}
        self._cut = threading.Event()
        self.peer: str = client.sock.getpeername()[0]
        self.tls = client.sock.version() if isinstance(client.sock, ssl.SSLSocket) else None

    @classmethod
    def open(cls, source: Pop3Source, sign_in: SignIn) -> "Pop3Mailbox":
        """Connect and sign in.

        Raises:
            SignInRefused, MailboxUnavailable, OSError, poplib.error_proto.
        """
        host, port = source.host, port_of(source)
        if source.security == "tls":
            client: _Client = _TlsClient(host, port, context=tls_context(source), timeout=CONNECT_SECONDS)
        else:
            client = _Client(host, port, timeout=CONNECT_SECONDS)
        try:
            client.sock.settimeout(READ_SECONDS)
            if source.security == "starttls":
                client.stls(tls_context(source))
            _sign_in(client, source.user, sign_in)
            return cls(source, client)
        except BaseException:
            with suppress(OSError):
                client.close()
            raise

    def look(self, known: Cursor | None) -> Page:
        """All that the maildrop holds; what of it is done with is for the books to say."""
        try:
            lines = self._client.uidl()[1]
        except poplib.error_proto as error:
            raise MailboxUnavailable(f"the server has no UIDL: {error}") from error
        names = {int(number): uidl.decode("ascii", "backslashreplace") for number, uidl in map(_pair, lines)}
        sizes = {int(number): int(size) for number, size in map(_pair, self._client.list()[1])}
        self._numbers = {uidl: number for number, uidl in names.items()}
        listed = tuple(Listed(uidl, sizes.get(number, 0)) for uidl, number in self._numbers.items())
        return Page(known or _NO_CURSOR, newest=0, held=len(names), listed=listed, whole=True)

    def fetch(self, listed: Sequence[Listed]) -> Fetched:
        found: dict[str, bytes] = {}
        refused: list[Refusal] = []
        for one in listed:
            number = self._numbers.get(one.key)
            if number is None:
                continue
            try:
                found[one.key] = b"\r\n".join([*self._client.retr(number)[1], b""])
            except poplib.error_proto as error:
                # It is gone, if the server does not know its UIDL any more.
                with suppress(poplib.error_proto):
                    self._client.uidl(number)
                    refused.append(Refusal(one, f"the server does not give it: {error}"))
        return Fetched(found, tuple(refused))

    def finish(self, keys: Sequence[str]) -> None:
        """Delete messages: the server does it at QUIT, so the session ends here."""
        for key in keys:
            if (number := self._numbers.get(key)) is not None:
                self._client.dele(number)
        self._client.quit()

    def wait(self, seconds: float) -> None:
        self.leave()
        self._cut.wait(seconds)

    def leave(self) -> None:
        # It has no socket any more after `finish`.
        with suppress(OSError, AttributeError, poplib.error_proto):
            self._client.quit()

    def cut(self) -> None:
        self._cut.set()
        with suppress(OSError, AttributeError):
            self._client.sock.shutdown(socket.SHUT_RDWR)


def _pair(line: bytes) -> tuple[bytes, bytes]:
    number, _, value = line.partition(b" ")
    return number, value.split(b" ")[0]


def _sign_in(client: _Client, user: str, sign_in: SignIn) -> None:
    try:
        if sign_in.mechanism is None:
            client.user(user)
            client.pass_(sign_in.secret)
        else:
            response = initial_response(sign_in.mechanism, user, sign_in.secret)
            client.authenticate(sign_in.mechanism, response)
    except poplib.error_proto as error:
        if any(code in str(error) for code in _PASSING):
            raise MailboxUnavailable(f"no answer to the sign-in: {error}") from error
        raise SignInRefused(str(error)) from error
