"""Fills a projection again from the logs, beside the one in use, and switches over between two of its batches."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from chassis.database import Connection, as_owner, role_of, try_lock
from chassis.log import read_after, recorded
from chassis.migrations import let_clean
from chassis.projection import Projection, lock_position, move_position
from contracts.event import Event, Recorded

BATCH = 2_000
"""Events a transaction."""


class AlreadyRebuilding(Exception):
    """Another process rebuilds this projection now."""


@dataclass(slots=True)
class Reader:
    """Reads one log ahead, while what was read before is applied."""

    db: Connection
    position: int = 0

    async def read(self) -> list[Recorded[Event]]:
        """The next events; empty at the end."""
        rows = await read_after(self.db, self.position, BATCH)
        events = []
        for row in rows:
            events.append(recorded(row, after=self.position))
            self.position = row["position"]
        return events


async def rebuild(database_url: str, projection: Projection, advance: Callable[[int], None]) -> int:
    """Rebuild a projection as the owner of the database, and return how many events it was made of.

    `advance` hears how many more are done. The services may run meanwhile: the tables in use are kept up to date until
    the new ones, which hold all of it too, take their place.

    Raises:
        AlreadyRebuilding, chassis.database.Unreachable.
    """
    async with as_owner(database_url) as db:
        if not await try_lock(db, projection.rebuild_lock):
            raise AlreadyRebuilding(f"{projection.name} is being rebuilt already.")
        await _make_copies(db, projection)
        indexes = await _postpone_indexes(db, projection)
        reached, applied = await _fill_all(database_url, projection, advance)
        for index in indexes:
            await db.execute(index)
        async with db.transaction():
            applied += await _switch(database_url, db, projection, reached, advance)
        await db.execute(f"DROP SCHEMA {_beside(projection)}")
    return applied


def _beside(projection: Projection) -> str:
    return f"{projection.schema}_rebuild"


async def _make_copies(db: Connection, projection: Projection) -> None:
    # What a rebuild that was killed left behind goes first.
    beside = _beside(projection)
    await db.execute(f"DROP SCHEMA IF EXISTS {beside} CASCADE")
    await db.execute(f"CREATE SCHEMA {beside}")
    for table in projection.tables:
        await db.execute(f"CREATE TABLE {beside}.{table} (LIKE {projection.schema}.{table} INCLUDING ALL)")
    await db.execute(f"SET search_path = {beside}")


async def _postpone_indexes(db: Connection, projection: Projection) -> list[str]:
    """Drop those that nobody needs until the copies are full; returns how they are made."""
    postponed = []
    for table, columns in projection.found_by.items():
        rows = await db.fetch(
            """
            SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made
            FROM pg_index
            LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
            WHERE indrelid = $1::text::regclass
              AND NOT indisunique
              AND (attname IS NULL OR attname <> ALL($2::text[]))  -- it is NULL where an expression comes first
            """,
            f"{_beside(projection)}.{table}",
            list(columns),
        )
        postponed += rows
    for row in postponed:
        await db.execute(f"DROP INDEX {row['name']}")
    return [row["made"] for row in postponed]


async def _fill_all(
    database_url: str, projection: Projection, advance: Callable[[int], None]
) -> tuple[dict[str, int], int]:
    """Apply all logs at once, as the service does; returns the end of each, and the number of events."""

    async def fill(source: str) -> tuple[int, int]:
        async with as_owner(database_url, _beside(projection)) as db:
            return await _fill(database_url, db, projection, source, 0, advance)

    sources = [consumer.source for consumer in projection.consumers]
    filling = [asyncio.create_task(fill(source)) for source in sources]
    try:
        filled = await asyncio.gather(*filling)
    finally:
        for task in filling:
            task.cancel()
    reached = {source: position for source, (position, _) in zip(sources, filled, strict=True)}
    return reached, sum(number for _, number in filled)


async def _fill(
    database_url: str,
    db: Connection,
    projection: Projection,
    source: str,
    position: int,
    advance: Callable[[int], None],
) -> tuple[int, int]:
    """Apply a log from a position to its end; returns the end and the number of events."""
    applied = 0
    async with as_owner(database_url, source) as reader_db:
        reader = Reader(reader_db, position)
        events = await reader.read()
        while events:
            following = asyncio.create_task(reader.read())
            async with db.transaction():
                await projection.apply(events, db)
            applied += len(events)
            advance(len(events))
            events = await following
    return reader.position, applied


async def _switch(
    database_url: str,
    db: Connection,
    projection: Projection,
    reached: dict[str, int],
    advance: Callable[[int], None],
) -> int:
    """Catch up and replace the tables, in the caller's transaction; the running service waits for it."""
    schema, beside = projection.schema, _beside(projection)
    applied = 0
    for source in sorted(reached):
        # The row that each batch of the service locks first: from here on it moves no further.
        await lock_position(db, projection, source)
    for source, position in reached.items():
        end, number = await _fill(database_url, db, projection, source, position, advance)
        applied += number
        await move_position(db, projection, source, end)
    # What could not be applied then is in the new tables.
    await db.execute(
        f"DELETE FROM {schema}.parked WHERE consumer = ANY($1::text[])",
        [consumer.name for consumer in projection.consumers],
    )
    for table in projection.tables:
        comment = await db.fetchval(f"SELECT obj_description('{schema}.{table}'::regclass)")
        await db.execute(f"DROP TABLE {schema}.{table}")
        await db.execute(f"ALTER TABLE {beside}.{table} SET SCHEMA {schema}")
        await db.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table} TO {role_of(schema)}")
        await let_clean(db, schema, f"TABLE {schema}.{table}")
        if comment:
            quoted = await db.fetchval("SELECT quote_literal($1::text)", comment)
            await db.execute(f"COMMENT ON TABLE {schema}.{table} IS {quoted}")
    return applied
