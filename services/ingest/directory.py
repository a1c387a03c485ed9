"""Keeps the table of ticketboxes from the events of tickets, and looks recipients up in it."""

import asyncio
from collections.abc import Callable, Iterable

import asyncpg

from chassis.consume import Batch
from chassis.database import TRANSIENT, Connection, Pool
from chassis.logging import get_logger
from chassis.requests import TryAgain
from contracts.desk import ThingRemoved, Ticketbox, thing_of
from contracts.rulesets import RulesetPublished
from services.ingest.desk import Desk, desk_of
from services.ingest.smtp import replies
from services.ingest.smtp.replies import Reply

logger = get_logger(__name__)

FRESH_SECONDS = 1.0
"""For so long what was read of the table is not read again."""
PATIENCE_SECONDS = (0.1, 0.3, 0.6)
"""Between looks for an address that is not there: a ticketbox that was created a moment ago may be on its way to us."""


class DeskUnknown(TryAgain):
    """The desk's first events have not come yet."""


_TICKETBOX = """
INSERT INTO ticketbox (ticketbox_id, name, addresses, version)
VALUES ($1, $2, $3, $4)
ON CONFLICT (ticketbox_id) DO UPDATE
SET name = excluded.name,
    addresses = excluded.addresses,
    version = excluded.version,
    removed = false
WHERE ticketbox.version < excluded.version
"""

_REMOVE = """
UPDATE ticketbox
SET removed = true,
    version = $2
WHERE ticketbox_id = $1
  AND version < $2
"""

_DEFAULT = """
INSERT INTO default_ticketbox (ticketbox_id, version)
VALUES ($1, $2)
ON CONFLICT (only_one) DO UPDATE
SET ticketbox_id = excluded.ticketbox_id,
    version = excluded.version
WHERE default_ticketbox.version < excluded.version
"""


async def keep(batch: Batch, db: Connection) -> None:
    """Follow the desk's configuration; an older event than is known changes nothing."""
    for item in batch:
        if isinstance(box := thing_of(item.event), Ticketbox):
            await db.execute(_TICKETBOX, box.id, box.name, list(box.addresses), item.version)
        match item.event:
            case ThingRemoved(kind="ticketbox", id=ticketbox_id):
                await db.execute(_REMOVE, ticketbox_id, item.version)
            case RulesetPublished() as ruleset:
                await db.execute(_DEFAULT, ruleset.default_ticketbox_id, item.version)
            case _:
                pass


# By name, as router does, should two boxes claim one address.
_READ = """
SELECT ticketbox.ticketbox_id, ticketbox.addresses, default_ticketbox.ticketbox_id AS default_id
FROM ticketbox
CROSS JOIN default_ticketbox
WHERE NOT ticketbox.removed
ORDER BY ticketbox.name
"""


async def read_desk(db: Connection) -> Desk:
    """Raises: DeskUnknown."""
    rows = await db.fetch(_READ)
    if all(row["ticketbox_id"] != row["default_id"] for row in rows):
        raise DeskUnknown("the desk's ticketboxes have not come yet")
    return desk_of([(row["ticketbox_id"], row["addresses"]) for row in rows], rows[0]["default_id"])


class Directory:
    """The desk in memory, a second old at most: other processes may have changed the table."""

    def __init__(self, pool: Pool, *, up_to_date: Callable[[], bool]) -> None:
        """`up_to_date`: whether events reach us. While they do not, an address that we do not know may exist."""
        self._pool = pool
        self._up_to_date = up_to_date
        self._desk: Desk | None = None
        self._read_at = 0.0

    async def desk(self, addresses: Iterable[str]) -> Desk:
        """The desk as it is. An address that is no ticketbox's own is looked for in the table itself.

        Raises:
            DeskUnknown.
            whatever keeps PostgreSQL from telling.
        """
        desk = self._desk
        if desk is None or asyncio.get_running_loop().time() - self._read_at > FRESH_SECONDS:
            return await self._read()
        if not all(desk.owner_of(address) for address in addresses):
            return await self._read()
        return desk

    async def known(self) -> str | None:
        """Why mail cannot be taken yet."""
        try:
            await self._read()
        except DeskUnknown as error:
            return str(error)
        return None

    async def _read(self) -> Desk:
        async with self._pool.acquire(timeout=5) as db:
            self._desk = await read_desk(db)
        self._read_at = asyncio.get_running_loop().time()
        return self._desk

    async def recipient(self, address: str) -> Reply:
        """What the door says to a recipient. Only one that is surely nobody's is refused for good."""
        try:
            desk = await self.desk([address])
            for wait in PATIENCE_SECONDS:
                if desk.box_of(address) is not None:
                    return replies.RECIPIENT_OK
                await asyncio.sleep(wait)
                desk = await self._read()
        except DeskUnknown:
            return replies.RECIPIENT_UNCERTAIN
        except (*TRANSIENT, asyncpg.PostgresError) as error:
            logger.warning("recipient not looked up", error=repr(error))
            return replies.RECIPIENT_UNCERTAIN
        if desk.box_of(address) is not None:
            return replies.RECIPIENT_OK
        return replies.UNKNOWN_RECIPIENT if self._up_to_date() else replies.RECIPIENT_UNCERTAIN
