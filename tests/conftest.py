"""Real servers, started once: each test that needs one gets a database, or a NATS, of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from postroom.embedded.nats import Nats
from postroom.embedded.postgres import Postgres
from postroom.embedded.process import free_port
from postroom.migrate import migrate_database
from tests import containers, stopping
from tests.containers import PostgresContainer
from tests.running import Postroom

TURNS = {"faults": 0, "browser": 2, "system": 3}
"""What takes longest comes first, so that no process has much to do alone in the end; and those that share a Postroom
come last, so that it does not run beside all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order in which processes take them."""
    items.sort(key=lambda item: TURNS.get(item.path.relative_to(Path(__file__).parent).parts[0], 1))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def postgres_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Postgres | PostgresContainer]:
    """One PostgreSQL for the whole run."""
    if containers.WANTED:
        container = PostgresContainer()
        container.make_database()
        await forget(container)
        yield container
        container.remove()
        return
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(folder / "data", free_port(), "test", folder / "postgres.log")
    await server.start()
    await forget(server)
    yield server
    await server.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def forget(server: Postgres | PostgresContainer) -> None:
    """Nobody needs what it has after a power cut: databases are made and dropped without waiting for the disk."""
    db = await asyncpg.connect(server.url("postgres"))
    await db.execute("ALTER SYSTEM SET fsync = off")
    await db.execute("SELECT pg_reload_conf()")
    await db.close()


@asynccontextmanager
async def database(server: Postgres | PostgresContainer, like: str = "template1") -> AsyncIterator[str]:
    """The name of a new database, which is a copy of another one."""
    name = f"test_{uuid4().hex}"
    db = await asyncpg.connect(server.url("postgres"))
    await db.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
    yield name
    await db.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await db.close()


@pytest.fixture(scope="session")
async def migrated_database(postgres_server: Postgres | PostgresContainer) -> AsyncIterator[str]:
    """What `postroom migrate` makes of an empty database, once: a copy takes a fraction of its time."""
    async with database(postgres_server) as name:
        await migrate_database(postgres_server.url(name))
        yield name


@pytest.fixture
async def database_url(
    postgres_server: Postgres | PostgresContainer, migrated_database: str
) -> AsyncIterator[str]:
    """A database of its own, migrated."""
    async with database(postgres_server, migrated_database) as name:
        yield postgres_server.url(name)


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[Nats]:
    """A NATS of its own, that the test may kill and wipe."""
    server = Nats(tmp_path / "nats", free_port(), "test", tmp_path / "nats.log")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def shared_postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    """A whole Postroom for all tests that only use it and break nothing."""
    running = Postroom(
        tmp_path_factory.mktemp("shared"),
        POSTROOM_FORM_ANCESTORS="http://127.0.0.1:* https://www.example.com",
    )
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def stopping_postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    """A whole Postroom whose rules and tickets stop some mail, by its subject."""
    running = stopping.start(tmp_path_factory.mktemp("stopping"))
    asyncio.run(stopping.prepare(running))
    yield running
    running.close()
