"""The book in which every accepted message ends in exactly one state."""

from uuid import UUID

from chassis.consume import Batch
from chassis.database import Connection
from contracts.event import Event
from contracts.queries import Ledger
from contracts.router import Disposition, MessageRouted, RoutingFailed
from contracts.tickets import (
    AutomaticReplyReceived,
    CustomerReplied,
    ReplyBounced,
    TicketingFailed,
    TicketOpened,
)

Outcome = tuple[UUID, str, str | None]
"""Message, state, reason."""


def outcome_of(event: Event) -> Outcome | None:
    """What an event says about the end of a message; None if nothing."""
    match event:
        case MessageRouted(disposition=Disposition.SUPPRESS):
            return event.letter.message_id, "suppressed", event.reason or "rule"
        case MessageRouted(disposition=Disposition.QUARANTINE):
            return event.letter.message_id, "quarantined", event.reason
        case RoutingFailed() | TicketingFailed():
            return event.message_id, "failed", event.error
        case TicketOpened() | CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
            return event.letter.message_id, "ticketed", None
        case _:
            return None


# Two consumers may settle the same messages at once: locked in one order, they do not wait for each other in a circle.
_SETTLE = """
WITH locked AS MATERIALIZED (
    SELECT message_id
    FROM ledger
    WHERE message_id = ANY($1::uuid[])
    ORDER BY message_id
    FOR UPDATE
)
UPDATE ledger
SET state = new.state,
    reason = new.reason,
    settled_at = now()
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new (message_id, state, reason)
JOIN locked USING (message_id)
WHERE ledger.message_id = new.message_id
  -- A message that was parked may be replayed and find its ticket; what is in a ticket stays there.
  AND ledger.state <> 'ticketed'
  AND NOT (new.state = 'failed' AND ledger.state <> 'in_flight')
"""


async def settle(batch: Batch, db: Connection) -> None:
    """Write down what became of messages. Older news than the book has changes nothing."""
    outcomes: dict[UUID, Outcome] = {}
    for item in batch:
        if (outcome := outcome_of(item.event)) and outcomes.get(outcome[0], ("", "", None))[1] != "ticketed":
            outcomes[outcome[0]] = outcome
    if outcomes:
        await db.execute(_SETTLE, *map(list, zip(*outcomes.values(), strict=True)))


_COUNT = """
SELECT state, suppressed_for, count(*) AS messages, min(accepted_at) AS oldest_at
FROM (
    SELECT state, accepted_at, CASE WHEN state = 'suppressed' THEN reason END AS suppressed_for
    FROM ledger
) AS books
GROUP BY state, suppressed_for
"""


async def count(db: Connection) -> Ledger:
    """The book's totals, from one statement and so from one moment."""
    rows = await db.fetch(_COUNT)
    by_state = {row["state"]: row["messages"] for row in rows if row["state"] != "suppressed"}
    oldest = next((row["oldest_at"] for row in rows if row["state"] == "in_flight"), None)
    return Ledger(
        accepted=sum(row["messages"] for row in rows),
        ticketed=by_state.get("ticketed", 0),
        suppressed={row["suppressed_for"]: row["messages"] for row in rows if row["state"] == "suppressed"},
        quarantined=by_state.get("quarantined", 0),
        failed=by_state.get("failed", 0),
        in_flight=by_state.get("in_flight", 0),
        oldest_in_flight_at=oldest,
    )
