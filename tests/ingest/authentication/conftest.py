"""Keys, a name server, and an authenticator that asks it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest

from services.ingest.authentication import Authenticator
from services.ingest.settings import IngestSettings
from tests.ingest.authentication.name_server import NameServer
from tests.ingest.authentication.signing import Ed25519, Rsa, Signer


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    running = NameServer()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def rsa() -> Signer:
    return Rsa(2048)


@pytest.fixture(scope="session")
def ed25519() -> Signer:
    return Ed25519()


Authenticating = Callable[..., AbstractAsyncContextManager[Authenticator]]


@pytest.fixture
def authenticating(name_server: NameServer) -> Authenticating:
    """An authenticator at work, with settings as an administrator writes them."""

    @asynccontextmanager
    async def at_work(**settings: object) -> AsyncIterator[Authenticator]:
        told = {"dns_servers": name_server.setting, **settings}
        authenticator = Authenticator(IngestSettings(database_url="unused", nats_url="unused", **told))  # type: ignore[arg-type]
        watching = asyncio.create_task(authenticator.watch())
        try:
            yield authenticator
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    return at_work
