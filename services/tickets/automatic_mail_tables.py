"""What automatic mail left lately, and for whom: what the caps count."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection

_AUTOMATIC_MAIL = """
SELECT recipient, released_at
FROM automatic_mail
WHERE recipient = ANY($1::text[])
  AND released_at > $2
ORDER BY released_at
"""


async def automatic_mail(
    db: Connection, recipients: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When automatic mail left for these people lately, in order; one without any is absent."""
    found: dict[str, list[datetime]] = {}
    for row in await db.fetch(_AUTOMATIC_MAIL, list(recipients), since):
        found.setdefault(row["recipient"], []).append(row["released_at"])
    return found


_LOCK_AUTOMATIC_MAIL = """
SELECT pg_advisory_xact_lock(hashtextextended('automatic mail ' || recipient, 0))
FROM unnest($1::text[]) AS one (recipient)
"""


async def lock_automatic_mail(db: Connection, recipients: Collection[str]) -> None:
    """Let one transaction after the other send automatic mail to a person."""
    # In order, so that two that have several people in common do not wait for each other.
    await db.execute(_LOCK_AUTOMATIC_MAIL, sorted(recipients))


_KEEP_AUTOMATIC_MAIL = """
INSERT INTO automatic_mail (recipient, released_at, ticket_id)
SELECT recipient, $2, ticket_id
FROM unnest($1::text[], $3::uuid[]) AS new (recipient, ticket_id)
"""


async def keep_automatic_mail(
    db: Connection, letters: Sequence[tuple[str, UUID]], now: datetime, forget_before: datetime
) -> None:
    """Remember automatic letters that leave now, by recipient and ticket, and forget what no cap counts any more."""
    await db.execute("DELETE FROM automatic_mail WHERE released_at < $1", forget_before)
    recipients, ticket_ids = zip(*letters, strict=True)
    await db.execute(_KEEP_AUTOMATIC_MAIL, list(recipients), now, list(ticket_ids))
