"""Ingest with its database, and a desk."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.database import Connection, connect, connect_pool
from chassis.service import Service
from services.ingest.settings import IngestSettings
from tests.ingest.desks import set_desk


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service[IngestSettings]]:
    """Ingest with its database, and without a broker."""
    settings = IngestSettings(
        database_url=database_url,
        nats_url="nats://127.0.0.1:1",
        max_message_size=100_000,
        authentication="off",
    )
    made = Service("ingest", settings, asyncio.Event())
    made.pool = await connect_pool(database_url, "ingest", 4)
    await set_desk(made.pool, {"Support": ["support@example.com"]})
    yield made
    await made.pool.close()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Connection]:
    """A connection that sees what ingest sees, with its rights."""
    connection = await connect(database_url, "ingest")
    yield connection
    await connection.close()
