"""How many rows of tickets PostgreSQL looks at: with many of them, that decides, not how many it returns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chassis.database import Connection


@dataclass
class Reading:
    rows: int = 0
    """Of `ticket`, that the server looked at."""


@asynccontextmanager
async def reading(db: Connection) -> AsyncIterator[Reading]:
    """Count the rows that are read meanwhile."""

    async def so_far() -> int:
        rows: int = await db.fetchval(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ticket'"
        )
        return rows

    found = Reading()
    async with db.transaction():
        before = await so_far()
        yield found
        found.rows = await so_far() - before
