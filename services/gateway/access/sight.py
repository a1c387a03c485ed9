"""What someone may see: every reader of tickets and messages asks for it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Connection


@dataclass(frozen=True, slots=True)
class Sight:
    """The ticketboxes that someone may look into; None: all, those to come and mail that is in none yet."""

    boxes: frozenset[UUID] | None

    @property
    def everything(self) -> bool:
        return self.boxes is None

    @property
    def in_order(self) -> tuple[UUID, ...] | None:
        """The ticketboxes, for a query."""
        return None if self.boxes is None else tuple(sorted(self.boxes))

    def sees(self, ticketbox_id: UUID | None) -> bool:
        """Whether what is in a ticketbox may be seen; None: it is in none."""
        return self.boxes is None or ticketbox_id in self.boxes


EVERYTHING = Sight(None)


_BOXES = """
WITH RECURSIVE place (message_id, ticketbox_id, merged_into) AS (
    SELECT message.message_id, coalesce(ticket.ticketbox_id, message.ticketbox_id), ticket.merged_into
    FROM message
    LEFT JOIN ticket USING (ticket_id)
    WHERE message.message_id = ANY($1::uuid[])
    UNION ALL
    SELECT place.message_id, later.ticketbox_id, later.merged_into
    FROM place
    JOIN ticket AS later ON later.number = place.merged_into
)
SELECT message_id, ticketbox_id
FROM place
"""

_BOX_OF_REPLY = """
SELECT ticket.ticketbox_id
FROM history
JOIN ticket USING (ticket_id)
WHERE history.reply_id = $1
LIMIT 1
"""


async def may_see_message(db: Connection, sight: Sight, message_id: UUID) -> bool:
    """Whether a message is in sight by the ticket that it is in now, or one that this goes on in.

    Without a ticket, by where the rules sent it. Answers of ours are found by their reply id.
    """
    rows = await db.fetch(_BOXES, [message_id]) or await db.fetch(_BOX_OF_REPLY, message_id)
    return any(sight.sees(row["ticketbox_id"]) for row in rows)


async def out_of_sight(db: Connection, sight: Sight, message_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of some letters that may not be seen, since they are in other tickets now."""
    if sight.everything or not message_ids:
        return frozenset()
    rows = await db.fetch(_BOXES, list(message_ids))
    return frozenset(message_ids) - {row["message_id"] for row in rows if sight.sees(row["ticketbox_id"])}
