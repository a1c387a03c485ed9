"""A mail server, a database, and one source between them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.service import Service
from contracts.queries import SourceBooks
from services.ingest.authentication import Authenticator
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.scanning.clamd import Address
from services.ingest.scanning.scanner import Scanner
from services.ingest.settings import IngestSettings
from services.ingest.sources import cursor
from services.ingest.sources.settings import Source, read_sources
from services.ingest.sources.tending import Tending
from services.ingest.store import Store
from tests.ingest.sources import dovecot
from tests.ingest.sources.dovecot import Dovecot
from tests.running import until

needs_dovecot = pytest.mark.skipif(
    dovecot.PROGRAM is None and not os.environ.get("POSTROOM_REQUIRE_DOVECOT"),
    reason="there is no dovecot on this machine (Debian: dovecot-imapd, dovecot-pop3d)",
)


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    """One for all; each test takes a mailbox of its own."""
    running = Dovecot(tmp_path_factory.mktemp("dovecot"))
    yield running
    running.stop()


@pytest.fixture
def user() -> str:
    """Who has a mailbox of their own."""
    return f"u{uuid4().hex[:8]}"


class Books:
    """What the database says, seen from a test."""

    def __init__(self, service: Service[IngestSettings], name: str) -> None:
        self.service = service
        self.name = name

    async def read(self) -> SourceBooks:
        async with self.service.pool.acquire() as db:
            return (await cursor.books(db, [self.name])).items[0]

    async def until(self, **wanted: object) -> SourceBooks:
        """Wait until the books say so; they balance at every moment."""

        async def said() -> SourceBooks | None:
            books = await self.read()
            assert books.balanced
            return books if all(getattr(books, name) == value for name, value in wanted.items()) else None

        books = await until(said, 30)
        assert isinstance(books, SourceBooks)
        return books

    async def subjects(self) -> list[str]:
        """Of what was accepted, in the order of the log."""
        rows = await self.service.pool.fetch(
            "SELECT data -> 'letter' ->> 'subject' AS subject FROM event ORDER BY position"
        )
        return [row["subject"] for row in rows]


Tend = Callable[..., AbstractAsyncContextManager[Books]]


@pytest.fixture
def tend(service: Service[IngestSettings], tmp_path: Path) -> Tend:
    """Tend a source, written down as an administrator writes it, as long as the context lasts."""

    @asynccontextmanager
    async def tending(
        description: str, store: Store | None = None, clamd: Address | None = None
    ) -> AsyncIterator[Books]:
        source = described(tmp_path, description)
        directory = Directory(service.pool, up_to_date=lambda: True)
        scanner = Scanner(clamd, service.settings.scan_limits, service.clock)
        examiner = Examiner(Authenticator(service.settings), scanner)
        tended = Tending(source, service, store or Store(service), directory, examiner)
        task = asyncio.create_task(tended.run())
        try:
            yield Books(service, source.name)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return tending


def described(folder: Path, description: str) -> Source:
    path = folder / "sources.toml"
    path.write_text(description)
    return read_sources(path)[0]
