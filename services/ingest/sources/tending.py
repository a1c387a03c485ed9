"""Tends one source: connects, takes what is new, and does with it at the server what was chosen."""

import asyncio
import imaplib
import poplib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import ParamSpec, TypeVar

from chassis.backoff import Patience
from chassis.database import TRANSIENT, Connection, connect, try_lock
from chassis.logging import get_logger
from chassis.service import Service
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.settings import IngestSettings
from services.ingest.sources import cursor as books
from services.ingest.sources import measures
from services.ingest.sources.cursor import Step
from services.ingest.sources.fetching import Listed, batches
from services.ingest.sources.imap import ImapMailbox
from services.ingest.sources.mailbox import Fetched, Mailbox, MailboxUnavailable, Page, SignIn, SignInRefused
from services.ingest.sources.oauth import Token, ask_for_token
from services.ingest.sources.pop3 import Pop3Mailbox
from services.ingest.sources.settings import ImapSource, OAuth, Source
from services.ingest.sources.taking import PASSING, Server, Taking
from services.ingest.store import Store

logger = get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024
FINISH = 500
"""Messages that a command to an IMAP server names."""
STANDBY_SECONDS = 5.0
_NETWORK = (OSError, EOFError, imaplib.IMAP4.error, poplib.error_proto, MailboxUnavailable)


class Tending:
    """One source in one process. Of several processes one tends it; a lock says which."""

    def __init__(
        self,
        source: Source,
        service: Service[IngestSettings],
        store: Store,
        directory: Directory,
        examiner: Examiner,
    ) -> None:
        self._source = source
        self._service = service
        self._store = store
        self._directory = directory
        self._examiner = examiner
        self._token: Token | None = None
        self._retried = False

    async def run(self) -> None:
        """Tend it until cancelled."""
        while True:
            try:
                lock = await connect(self._service.settings.database_url, self._service.name)
                try:
                    if await try_lock(lock, f"postroom source {self._source.name}"):
                        await self._tend(lock)
                finally:
                    lock.terminate()
            except TRANSIENT as error:
                logger.warning("source waits for the database", source=self._source.name, error=repr(error))
            await asyncio.sleep(STANDBY_SECONDS)

    async def _tend(self, lock: Connection) -> None:
        """One connection after the other, as long as the lock is ours."""
        loop = asyncio.get_running_loop()
        cause: Exception
        cuts, refusals = Patience(1, 120), Patience(30, 900)  # of several refusals the account may be locked
        while await lock.fetchval("SELECT true"):
            began = loop.time()
            try:
                await self._connected()
            except SignInRefused as error:
                self._token = None
                state, cause, wait = "sign_in_refused", error, refusals.wait()
            except Exception as error:
                if not isinstance(error, (*_NETWORK, *PASSING)):
                    logger.exception("source failed", source=self._source.name)
                for patience in (cuts, refusals):
                    patience.worked(loop.time() - began)
                state, cause, wait = "failing", error, cuts.wait()
            else:
                cuts.forget()
                refusals.forget()
                continue
            await self._write_down(state, cause, wait)
            await asyncio.sleep(wait)

    async def _write_down(self, state: str, error: Exception, wait: float) -> None:
        name = self._source.name
        words = f"{type(error).__name__}: {error}"
        logger.warning("source interrupted", source=name, error=words, retry_seconds=round(wait, 1))
        measures.ERRORS.labels(name, state).inc()
        async with self._service.pool.acquire() as db:
            await books.failed(db, name, state, words, self._service.clock())

    async def _connected(self) -> None:
        """One connection, until it ends: by an error, or because a POP3 session is done."""
        async with self._service.pool.acquire() as db:
            place = await books.open_books(db, self._source)
        taking = Taking(self._source, self._service, self._store, self._directory, self._examiner, place)
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"source {self._source.name}")
        try:
            sign_in = await self._sign_in()
            mailbox = await asyncio.get_running_loop().run_in_executor(
                thread, open_mailbox, self._source, sign_in
            )
            try:
                session = Session(self._source, self._service, taking, mailbox, thread)
                if not self._retried:
                    await session.retry()
                    self._retried = True
                await session.work()
            finally:
                mailbox.cut()
        finally:
            thread.shutdown(wait=False, cancel_futures=True)

    async def _sign_in(self) -> SignIn:
        if self._source.oauth is None:
            assert self._source.password is not None  # noqa: S101 - the settings see to it
            return SignIn(self._source.password.get_secret_value())
        if self._token is None or not self._token.good_at(self._service.clock()):
            self._token = await self._fresh_token(self._source.oauth)
        return SignIn(self._token.access_token, self._source.oauth.mechanism)

    async def _fresh_token(self, oauth: OAuth) -> Token:
        """Ask with the newest refresh token, and keep the one that comes in its place before it is needed."""
        name, now = self._source.name, self._service.clock()
        if oauth.refresh_token is None:
            return await asyncio.to_thread(ask_for_token, oauth, None, now)
        configured = oauth.refresh_token.get_secret_value()
        replaces = sha256(configured.encode()).digest()
        async with self._service.pool.acquire() as db:
            current = await books.replacement(db, name, replaces) or configured
        token = await asyncio.to_thread(ask_for_token, oauth, current, now)
        if token.refresh_token not in {None, current}:
            async with self._service.pool.acquire() as db:
                await books.replace(db, name, replaces, token.refresh_token or current)
        return token


def open_mailbox(source: Source, sign_in: SignIn) -> Mailbox:
    """Connect and sign in; blocks."""
    if isinstance(source, ImapSource):
        return ImapMailbox.open(source, sign_in)
    return Pop3Mailbox.open(source, sign_in)


class Session:
    """One connection at work. What blocks runs in its own thread, one call after the other."""

    def __init__(
        self,
        source: Source,
        service: Service[IngestSettings],
        taking: Taking,
        mailbox: Mailbox,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._source = source
        self._service = service
        self._taking = taking
        self._mailbox = mailbox
        self._thread = thread
        self._server = Server(mailbox.peer, mailbox.tls)
        self._page: Page

    async def retry(self) -> None:
        """Try again what was refused and may be taken now; the cursor stays."""
        await self._look()
        cursor, limit = self._page.cursor, self._service.settings.max_message_size
        async with self._service.pool.acquire() as db:
            again = await books.worth_a_try(db, self._source.name, cursor.uidvalidity, limit)
        for batch in batches(again, most=BATCH, most_bytes=BATCH_BYTES):
            await self._taking.take(batch, self._fetch, self._behind_again, self._server)

    async def work(self) -> None:
        """Take what is there and what comes; returns where a POP3 session is done."""
        await self._look()
        while True:
            while listed := await self._new():
                await self._say("fetching")
                for batch in batches(listed, most=BATCH, most_bytes=BATCH_BYTES):
                    await self._taking.take(batch, self._fetch, self._behind, self._server)
                if self._page.whole:
                    break
                await self._look()
            await self._finish()
            await self._say("watching")
            await self._call(self._mailbox.wait, self._source.poll_seconds)
            if self._page.whole:
                return
            await self._look()

    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))

    async def _look(self) -> None:
        """See what comes next, and write down where a first start or a changed UIDVALIDITY begins."""
        place = self._taking.place
        page = self._page = await self._call(self._mailbox.look, place.cursor)
        if page.cursor == place.cursor:
            return
        first = place.cursor is None
        passing = first and self._source.begin == "now"
        logger.info("source begins", source=self._source.name, first=first, held=page.held)
        await self._taking.commit(
            Step(
                page.cursor,
                done=tuple(one.key for one in page.listed) if passing and page.whole else (),
                passed=page.held if passing else 0,
                held=page.held,
                anew_until=None if first else page.newest,
            )
        )

    async def _new(self) -> tuple[Listed, ...]:
        """What of the page is to be taken; a whole maildrop's cursor is in the books."""
        if not self._page.whole:
            return self._page.listed
        async with self._service.pool.acquire() as db:
            new = await books.not_done(db, self._source.name, [one.key for one in self._page.listed])
        return tuple(one for one in self._page.listed if one.key in new)

    async def _fetch(self, wanted: Sequence[Listed]) -> Fetched:
        return await self._call(self._mailbox.fetch, wanted)

    def _behind(self, batch: Sequence[Listed]) -> Step:
        page = self._page
        if page.whole:
            return Step(page.cursor, done=tuple(one.key for one in batch), held=page.held)
        return Step(replace(page.cursor, uid=int(batch[-1].key)), held=page.held)

    def _behind_again(self, batch: Sequence[Listed]) -> Step:
        return Step(self._page.cursor, retried=tuple(one.key for one in batch), held=self._page.held)

    async def _finish(self) -> None:
        """Mark, move or delete what is committed; what a cut leaves over is done by the next session."""
        if self._source.after == "leave":
            return
        name, uidvalidity = self._source.name, self._page.cursor.uidvalidity
        async with self._service.pool.acquire() as db:
            keys = await books.pending(db, name, uidvalidity)
        most = max(len(keys), 1) if self._page.whole else FINISH
        for start in range(0, len(keys), most):
            some = keys[start : start + most]
            await self._call(self._mailbox.finish, some)
            async with self._service.pool.acquire() as db:
                await books.finished(db, name, uidvalidity, some)

    async def _say(self, state: str) -> None:
        now = self._service.clock()
        async with self._service.pool.acquire() as db:
            await books.succeeded(db, self._source.name, state, self._page.held, now)
        measures.LAST_SUCCESS.labels(self._source.name).set(now.timestamp())
