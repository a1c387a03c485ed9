"""Read models: filled from the logs of several services, each in order, position and rows in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from chassis import wire
from chassis.consume import Batch, Item, TooEarly
from chassis.database import Connection, Pool
from contracts.streams import Consumer

POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Projection:
    """A read model in the schema of one service.

    `apply` gets events of one source, in order, inside a transaction; different sources are not ordered among each
    other. It names its tables without schema, so that a rebuild can fill copies of them beside the ones in use.
    """

    name: str
    schema: str
    tables: tuple[str, ...]
    consumers: tuple[Consumer, ...]
    apply: Callable[[Batch, Connection], Awaitable[None]]
    found_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table, the columns by which `apply` finds rows beside their key: a rebuild makes all other indexes of these
    tables when they are full."""

    @property
    def rebuild_lock(self) -> str:
        """The name of the lock that whoever rebuilds it holds meanwhile."""
        return f"postroom rebuild {self.schema} {self.name}"


class Gap(TooEarly):
    """Events before these have not come yet; they are asked for again."""

    def __init__(self, source: str, position: int, after: int) -> None:
        super().__init__(
            f"{source}: at position {position}, and the next event follows {after}; "
            "if this lasts, the stream has lost its beginning: run postroom rebuild"
        )


async def lock_position(db: Connection, projection: Projection, source: str) -> int:
    """How far a projection has read a log; it stays there until the transaction ends."""
    position: int = await db.fetchval(
        f"""
        INSERT INTO {projection.schema}.position (projection, source, position)
        VALUES ($1, $2, 0)
        ON CONFLICT (projection, source) DO UPDATE SET position = position.position
        RETURNING position
        """,
        projection.name,
        source,
    )
    return position


async def move_position(db: Connection, projection: Projection, source: str, position: int) -> None:
    """Let a projection go on behind a position, which it holds locked."""
    await db.execute(
        f"UPDATE {projection.schema}.position SET position = $3 WHERE projection = $1 AND source = $2",
        projection.name,
        source,
        position,
    )


async def project(projection: Projection, source: str, batch: Batch, db: Connection) -> None:
    """Apply what is new in a batch and move the position, in the caller's transaction.

    Raises:
        Gap: something before the batch is missing.
    """
    # Locked until the commit, so that a rebuild can switch the tables between two batches.
    position = await lock_position(db, projection, source)
    news = [event for event in batch if event.position > position]
    if not news:
        return
    expected = position
    for event in news:
        if event.after > expected:
            raise Gap(source, expected, event.after)
        expected = event.position
    await projection.apply(news, db)
    await move_position(db, projection, source, expected)


async def pass_over(projection: Projection, source: str, item: Item, _error: str, db: Connection) -> None:
    """Go on behind an event that was parked. What no relay has published has no place to go on behind.

    Raises:
        Gap: what comes before it is not projected yet.
    """
    reached, position = await lock_position(db, projection, source), wire.position(item.headers)
    if position is None or position <= reached:
        return
    if (after := wire.after(item.headers)) > reached:
        raise Gap(source, reached, after)
    await move_position(db, projection, source, position)


async def wait_for(pool: Pool, projection: str, source: str, position: int, seconds: float = 5.0) -> bool:
    """Wait until a projection has reached a position of a log, so that people see what they just did."""
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        reached = await pool.fetchval(
            "SELECT position FROM position WHERE projection = $1 AND source = $2", projection, source
        )
        if (reached or 0) >= position:
            return True
        await asyncio.sleep(POLL_SECONDS)
    return False


async def behind(db: Connection, projection: str, ends: Mapping[str, int]) -> str | None:
    """Whether a projection has yet to read what the logs held at some time, and of which; None: it has read it."""
    rows = await db.fetch("SELECT source, position FROM position WHERE projection = $1", projection)
    reached = {row["source"]: row["position"] for row in rows}
    for source, end in ends.items():
        if reached.get(source, 0) < end:
            return f"{projection} has not read all that {source} said"
    return None
