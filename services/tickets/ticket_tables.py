"""Where a letter's Message-IDs and a ticket's number lead, and who may begin to wait for a ticket."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from chassis import database
from chassis.database import Connection
from services.tickets.contact_tables import CONTACTS
from services.tickets.number import with_check_digit
from services.tickets.threading import Known

_KNOWN = """
SELECT internet_message_id, ticket_id, reply_id
FROM message_index
WHERE internet_message_id = ANY($1::text[])
"""


async def known_messages(db: Connection, message_ids: Collection[str]) -> dict[str, list[Known]]:
    """What the index knows of these Message-IDs."""
    known: dict[str, list[Known]] = {}
    for row in await db.fetch(_KNOWN, list(message_ids)):
        known.setdefault(row["internet_message_id"], []).append(Known(row["ticket_id"], row["reply_id"]))
    return known


_FORGET = """
DELETE FROM message_index
USING unnest($1::text[], $2::uuid[]) AS old (internet_message_id, ticket_id)
WHERE message_index.internet_message_id = old.internet_message_id
  AND message_index.ticket_id = old.ticket_id
"""


async def forget_messages(db: Connection, entries: Collection[tuple[str, Known]]) -> None:
    """Forget that messages belong to conversations which they have left."""
    if entries:
        await db.execute(_FORGET, [one for one, _ in entries], [known.ticket_id for _, known in entries])


_INDEX = """
INSERT INTO message_index (internet_message_id, ticket_id, reply_id)
SELECT internet_message_id, ticket_id, reply_id
FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS new (internet_message_id, ticket_id, reply_id)
ON CONFLICT DO NOTHING
"""


async def index_messages(db: Connection, entries: Iterable[tuple[str, Known]]) -> None:
    """Remember which conversation messages belong to."""
    rows = [(message_id, known.ticket_id, known.reply_id) for message_id, known in entries]
    if rows:
        await db.execute(_INDEX, *map(list, zip(*rows, strict=True)))


_NUMBERS = """
WITH held AS (
    SELECT pg_advisory_xact_lock_shared(hashtextextended($2, 0))
)
SELECT nextval('ticket_number') AS running
FROM held
CROSS JOIN generate_series(1, $1)
"""


async def new_numbers(db: Connection, count: int) -> list[int]:
    """Ticket numbers with their check digit; those that a rolled back transaction took are not given again.

    A change of contacts waits from now on until the transaction ends, and then finds those that open now, too, to have
    them looked at again. So contacts are looked up only after this.
    """
    if not count:
        return []
    return [with_check_digit(row["running"]) for row in await db.fetch(_NUMBERS, count, CONTACTS)]


_KEEP_NUMBERS = """
INSERT INTO ticket_by_number (number, ticket_id)
SELECT number, ticket_id
FROM unnest($1::bigint[], $2::uuid[]) AS new (number, ticket_id)
"""


async def keep_numbers(db: Connection, numbers: Mapping[int, UUID]) -> None:
    if numbers:
        await db.execute(_KEEP_NUMBERS, list(numbers), list(numbers.values()))


async def tickets_by_number(db: Connection, numbers: Collection[int]) -> dict[int, UUID]:
    """The tickets with these numbers; unknown ones are absent."""
    if not numbers:
        return {}
    rows = await db.fetch(
        "SELECT number, ticket_id FROM ticket_by_number WHERE number = ANY($1::bigint[])", list(numbers)
    )
    return {row["number"]: row["ticket_id"] for row in rows}


_LOCK_WAITING = """
SELECT pg_advisory_xact_lock(hashtextextended('postroom waiting for ' || ticket_id, 0))
FROM (SELECT ticket_id FROM unnest($1::uuid[]) AS asked (ticket_id) ORDER BY ticket_id OFFSET 0) AS in_order
"""


async def lock_waiting(db: Connection, ticket_ids: Collection[UUID]) -> None:
    """Let nobody begin to wait for tickets while they are being solved, until the transaction ends."""
    await db.execute(_LOCK_WAITING, list(ticket_ids))


async def lock_beginning(db: Connection, ticket_ids: Collection[UUID]) -> None:
    """Let one ticket at a time begin to wait, and none of these be solved meanwhile, until the transaction ends.

    Of those that began at the same moment each would see the others as they were, and they might wait in a circle.
    """
    await database.lock(db, "postroom waiting")
    await lock_waiting(db, ticket_ids)
