from collections.abc import AsyncIterator

import pytest

from chassis.database import Connection, connect
from postroom.migrate import migrate_database


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Connection]:
    """A connection that sees what analytics sees, with its rights."""
    await migrate_database(database_url)
    connection = await connect(database_url, "analytics")
    yield connection
    await connection.close()
