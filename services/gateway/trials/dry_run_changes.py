"""What a dry run would change, with what people know a message by."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from contracts.trials import DryRunChange, RoutingOutcome
from services.gateway.access.sight import Sight
from services.gateway.representations.basics import Contact, Representation


class ChangeItem(Representation):
    """A message that the tried rules would treat otherwise than it was treated."""

    number: int
    message_id: UUID
    received_at: datetime
    sender: Contact | None
    """None: it had none, or its ticketbox is out of the asker's sight; then the subject is empty too."""
    subject: str
    kinds: list[str]
    before: RoutingOutcome
    after: RoutingOutcome


_KNOWN = """
SELECT message.message_id, message.from_name, message.from_address, message.subject,
       coalesce(ticket.ticketbox_id, message.ticketbox_id) AS ticketbox_id
FROM message
LEFT JOIN ticket USING (ticket_id)
WHERE message.message_id = ANY($1::uuid[])
"""


async def items(db: Connection, sight: Sight, changes: Sequence[DryRunChange]) -> list[ChangeItem]:
    """Changes with sender and subject, where the asker may see the message."""
    rows = await db.fetch(_KNOWN, [change.message_id for change in changes])
    known = {row["message_id"]: row for row in rows if sight.sees(row["ticketbox_id"])}
    found = []
    for change in changes:
        row = known.get(change.message_id)
        seen = row is not None and row["from_address"]
        found.append(
            ChangeItem(
                number=change.number,
                message_id=change.message_id,
                received_at=change.received_at,
                sender=Contact(name=row["from_name"], address=row["from_address"]) if row and seen else None,
                subject=(row["subject"] or "") if row else "",
                kinds=list(change.kinds),
                before=change.before,
                after=change.after,
            )
        )
    return found
