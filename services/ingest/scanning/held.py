"""The table of messages that wait for the scanner: SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from contracts.ingest import MessageHeld

MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits. `tries` counts how often the scanner was there, and gave no answer to it."""

    message_id: UUID
    tries: int
    reason: str


_KEEP = """
INSERT INTO held (message_id, reason)
SELECT message_id, reason
FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS new (message_id, reason, number)
ORDER BY number
"""


async def keep(db: Connection, messages: Sequence[MessageHeld]) -> None:
    """Let messages wait, in this order."""
    if messages:
        await db.execute(
            _KEEP, [message.message_id for message in messages], [message.reason for message in messages]
        )


async def count(db: Connection) -> int:
    number: int = await db.fetchval("SELECT count(*) FROM held")
    return number


_STANDING = """
SELECT count(*) AS messages, min(ledger.accepted_at) AS since,
       (array_agg(held.reason ORDER BY held.number))[1] AS reason
FROM held
JOIN ledger USING (message_id)
"""


async def standing(db: Connection) -> tuple[int, datetime | None, str | None]:
    """How many messages wait, since when, and why the first of them does."""
    (row,) = await db.fetch(_STANDING)
    return row["messages"], row["since"], row["reason"]


# Those to which the scanner gave no answer are behind the others, which need not wait for them.
_WAITING = """
SELECT message_id, tries, reason
FROM held
ORDER BY tries, number
LIMIT $1
"""


async def waiting(db: Connection) -> list[Held]:
    """The next that are to be scanned, in order."""
    rows = await db.fetch(_WAITING, MOST_AT_ONCE)
    return [Held(row["message_id"], row["tries"], row["reason"]) for row in rows]


async def tried(db: Connection, message_id: UUID, reason: str) -> None:
    """Write down that the scanner gave no answer once more."""
    await db.execute(
        "UPDATE held SET tries = tries + 1, reason = $2 WHERE message_id = $1", message_id, reason
    )


async def let_go(db: Connection, message_id: UUID) -> bool:
    """End the waiting of a message; False if somebody else has done so."""
    return bool(await db.fetchval("DELETE FROM held WHERE message_id = $1 RETURNING true", message_id))
