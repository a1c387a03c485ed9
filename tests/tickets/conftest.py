from collections.abc import AsyncIterator

import pytest

from chassis.database import Connection, connect


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Connection]:
    """A connection that sees what tickets sees, with its rights."""
    connection = await connect(database_url, "tickets")
    yield connection
    await connection.close()
