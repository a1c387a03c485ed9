from collections.abc import AsyncIterator

import pytest

from chassis.database import Connection, connect


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Connection]:
    """A connection that sees what gateway sees, with its rights."""
    connection = await connect(database_url, "gateway")
    yield connection
    await connection.close()
