"""A folder of an IMAP server (RFC 9051; 2177 IDLE, 4315 UIDPLUS, 6851 MOVE)."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, assert_never

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from services.ingest.sources.fetching import Cursor, Folder, Listed, Refusal, first_beyond, where_to_begin
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
from services.ingest.sources.settings import ImapSource, Mark, Move, port_of

PAGE = 500
LONGEST_IDLE_SECONDS = 25 * 60
"""RFC 2177 asks for less than 29 minutes."""
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[CONTACTADMIN]")
"""Answers to a sign-in that do not speak against the password (RFC 5530)."""


_Answer = dict[bytes, Any]
"""Of a FETCH, as imapclient reads it and does not type it; what was not answered is absent."""


class ImapMailbox:
    """A connection with the folder selected anew at each look."""

    def __init__(self, source: ImapSource, client: IMAPClient) -> None:
        self._source = source
        self._client = client
        self._near = 0
        self._cut = threading.Event()
        self.peer: str = client.socket().getpeername()[0]
        self.tls: str | None = None if source.security == "none" else client.socket().version()

    @classmethod
    def open(cls, source: ImapSource, sign_in: SignIn) -> "ImapMailbox":
        """Connect and sign in.

        Raises:
            SignInRefused, MailboxUnavailable, OSError, IMAPClientError.
        """
        client = IMAPClient(
            source.host,
            port_of(source),
            ssl=source.security == "tls",
            ssl_context=tls_context(source) if source.security == "tls" else None,
            timeout=CONNECT_SECONDS,
        )
        try:
            client.normalise_times = False
            client.socket().settimeout(READ_SECONDS)
            if source.security == "starttls":
                client.starttls(tls_context(source))
            _sign_in(client, source.user, sign_in)
            return cls(source, client)
        except BaseException:
            with suppress(OSError):  # a failed handshake has closed it: its own error says more
                client.shutdown()
            raise

    def look(self, known: Cursor | None) -> Page:
        folder = self._select()
        cursor = where_to_begin(known, folder, self._source.begin)
        listed: tuple[Listed, ...] = ()
        if folder.newest > cursor.uid:
            first = first_beyond(cursor.uid, folder.held, self._uid_at, self._near or folder.held)
            listed = self._list(first, min(first + PAGE - 1, folder.held))
            self._near = first + len(listed)
        return Page(
            cursor, folder.newest, folder.held, tuple(one for one in listed if int(one.key) > cursor.uid)
        )

    def _select(self) -> Folder:
        said = self._client.select_folder(self._source.folder, readonly=self._source.after == "leave")
        held = int(said[b"EXISTS"])
        if b"UIDVALIDITY" not in said:
            raise MailboxUnavailable("the server gives no UIDVALIDITY: its messages cannot be told apart")
        newest = self._uid_at(held) if held else 0
        return Folder(int(said[b"UIDVALIDITY"]), newest, held)

    def _uid_at(self, number: int) -> int:
        found = self._by_number(range(number, number + 1), ["UID"]).get(number)
        if found is None:
            raise MailboxUnavailable("the folder changed while it was listed")
        return int(found[b"UID"])

    def _list(self, first: int, last: int) -> tuple[Listed, ...]:
        found = self._by_number(range(first, last + 1), ["UID", "RFC822.SIZE", "INTERNALDATE"])
        return tuple(
            Listed(str(one[b"UID"]), one[b"RFC822.SIZE"], one.get(b"INTERNALDATE"))
            for _, one in sorted(found.items())
            if b"UID" in one and b"RFC822.SIZE" in one
        )

    def _by_number(self, numbers: range, items: list[str]) -> dict[int, _Answer]:
        """By sequence number: a server must not renumber while it answers such a FETCH (RFC 9051 §7.5.1)."""
        self._client.use_uid = False
        try:
            found: dict[int, _Answer] = self._client.fetch(list(numbers), items)
        finally:
            self._client.use_uid = True
        return found

    def fetch(self, listed: Sequence[Listed]) -> Fetched:
        by_uid = {int(one.key): one for one in listed}
        try:
            return Fetched(self._bodies(list(by_uid)))
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if len(listed) > 1:
                # One of them is gone or cannot be read by the server, and it answers NO to all: each by itself.
                return _together([self.fetch([one]) for one in listed])
            self._client.noop()
            if not self._client.fetch(list(by_uid), ["UID"]):
                return Fetched({})
            return Fetched({}, (Refusal(listed[0], f"the server does not give it: {error}"),))

    def _bodies(self, uids: list[int]) -> dict[str, bytes]:
        found = self._client.fetch(uids, ["BODY.PEEK[]"])
        return {
            str(uid): one[b"BODY[]"] for uid, one in found.items() if isinstance(one.get(b"BODY[]"), bytes)
        }

    def finish(self, keys: Sequence[str]) -> None:
        uids = [int(key) for key in keys]
        match self._source.after:
            case "leave":
                return
            case "delete":
                self._delete(uids)
            case Mark(mark=flag):
                self._client.add_flags(uids, [flag], silent=True)
            case Move(move=folder):
                self._move(uids, folder)
            case never:
                assert_never(never)

    def _move(self, uids: list[int], folder: str) -> None:
        there = self._client.fetch(uids, ["UID"])
        if not there:
            return
        if not self._client.folder_exists(folder):
            self._client.create_folder(folder)
        if self._client.has_capability("MOVE"):
            self._client.move(list(there), folder)
        else:
            self._client.copy(list(there), folder)
            self._delete(list(there))

    def _delete(self, uids: list[int]) -> None:
        self._client.add_flags(uids, [b"\\Deleted"], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        # A plain EXPUNGE takes along what a person has marked; then ours keep their mark until that person expunges.
        elif set(self._client.search("DELETED")) <= set(uids):
            self._client.expunge()

    def wait(self, seconds: float) -> None:
        if not self._client.has_capability("IDLE"):
            self._cut.wait(seconds)
            return
        self._client.idle()
        self._client.idle_check(timeout=min(seconds, LONGEST_IDLE_SECONDS))
        self._client.idle_done()

    def leave(self) -> None:
        with suppress(OSError, IMAPClientError):
            self._client.logout()

    def cut(self) -> None:
        self._cut.set()
        with suppress(OSError):
            self._client.socket().shutdown(socket.SHUT_RDWR)


def _sign_in(client: IMAPClient, user: str, sign_in: SignIn) -> None:
    try:
        if sign_in.mechanism is None:
            client.login(user, sign_in.secret)
        else:
            # A refusal comes as a challenge with the reason; an empty answer to it ends the exchange (RFC 7628 §3.2.3).
            answers = iter([initial_response(sign_in.mechanism, user, sign_in.secret).encode()])
            client.sasl_login(sign_in.mechanism, lambda _: next(answers, b""))
    except LoginError as error:
        if isinstance(error.__context__, IMAPClientAbortError) or any(
            code in str(error) for code in _PASSING
        ):
            raise MailboxUnavailable(f"no answer to the sign-in: {error}") from error
        raise SignInRefused(str(error)) from error
    except UnicodeEncodeError as error:
        raise SignInRefused("IMAP's LOGIN takes ASCII only") from error


def _together(parts: Sequence[Fetched]) -> Fetched:
    return Fetched(
        {key: raw for part in parts for key, raw in part.found.items()},
        tuple(refusal for part in parts for refusal in part.refused),
    )
