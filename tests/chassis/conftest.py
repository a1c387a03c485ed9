"""Databases without the tables of services: a test makes those that it is about."""

from collections.abc import AsyncIterator

import pytest

from postroom.embedded.postgres import Postgres
from tests.conftest import database
from tests.containers import PostgresContainer


@pytest.fixture
async def database_url(postgres_server: Postgres | PostgresContainer) -> AsyncIterator[str]:
    """An empty database of its own."""
    async with database(postgres_server) as name:
        yield postgres_server.url(name)
