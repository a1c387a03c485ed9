"""A projection of what notify says that only remembers the positions which it saw."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg

from chassis.database import Connection
from chassis.migrations import Schema, migrate
from chassis.projection import Projection
from contracts.event import Event, Recorded
from contracts.streams import Consumer


def seen_by(consumer: Consumer) -> Projection:
    return Projection("seen", "analytics", ("seen",), (consumer,), _apply, found_by={"seen": frozenset()})


async def make_tables(db: asyncpg.Connection, folder: Path) -> None:
    """The log of notify, and the table of the projection; `folder` is for their files."""
    schema, none = folder / "schema", folder / "none"
    schema.mkdir()
    (schema / "0001_seen.sql").write_text(
        "CREATE TABLE seen (position bigint PRIMARY KEY); CREATE INDEX ON seen (position DESC);"
    )
    await migrate(db, [Schema("notify", none, speaks=True), Schema("analytics", schema, speaks=False)])


async def _apply(batch: Sequence[Recorded[Event]], db: Connection) -> None:
    """Each event once: a second time violates the key."""
    await db.executemany("INSERT INTO seen (position) VALUES ($1)", [(item.position,) for item in batch])
