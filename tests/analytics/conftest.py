from collections.abc import AsyncIterator

import asyncpg
import pytest

from postroom.migrate import migrate_database


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees what analytics sees, with its rights."""
    await migrate_database(database_url)
    connection = await asyncpg.connect(
        database_url, server_settings={"search_path": "analytics", "role": "postroom_analytics"}
    )
    yield connection
    await connection.close()
