"""The book in which every accepted message is in exactly one state."""

import asyncio
from functools import reduce
from operator import attrgetter

from prometheus_client import Gauge

from chassis.consume import Batch
from chassis.database import Connection
from chassis.service import Service
from contracts.queries import LATE_SECONDS, Ledger
from contracts.standing import COLUMNS, MessageState, hear, news, standing_of
from services.ingest.settings import IngestSettings

ADD_UP_SECONDS = 5
MESSAGES = Gauge("postroom_ledger_messages", "Messages by the state that they are in.", ["state"])
LATE = Gauge("postroom_ledger_late_messages", f"Messages in flight for more than {LATE_SECONDS} s.")
OLDEST_IN_FLIGHT = Gauge(
    "postroom_ledger_oldest_in_flight_seconds",
    "For how long the oldest message in flight has been so; 0 if there is none.",
)

_STANDING = tuple(name for name in COLUMNS if name != "ticket_id")
_cells = attrgetter("state", "reason", *_STANDING)

# What is in a ticket stays there. Two consumers may settle the same messages at once: locked in one order, they do not
# wait for each other in a circle.
_OPEN = f"""
SELECT message_id, {", ".join(_STANDING)}
FROM ledger
WHERE message_id = ANY($1::uuid[])
  AND state <> 'ticketed'
ORDER BY message_id
FOR UPDATE
"""

_KEEP = f"""
UPDATE ledger
SET state = new.state,
    reason = new.reason,
    {", ".join(f"{name} = new.{name}" for name in _STANDING)},
    since = CASE WHEN ledger.state = new.state THEN ledger.since ELSE now() END
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::text[],
    $8::integer[], $9::uuid[], $10::text[]
) AS new (message_id, state, reason, {", ".join(_STANDING)})
WHERE ledger.message_id = new.message_id
"""


async def settle(batch: Batch, db: Connection) -> None:
    """Write down where messages stand by what router and tickets said; older news than the book has changes nothing."""
    said = news(batch)
    if not said:
        return
    lines = []
    for row in await db.fetch(_OPEN, list(said)):
        before = standing_of(dict(row))
        after = reduce(hear, said[row["message_id"]], before)
        if after != before:
            lines.append((row["message_id"], *_cells(after)))
    if lines:
        await db.execute(_KEEP, *map(list, zip(*lines, strict=True)))


_COUNT = """
SELECT account, reason, sum(messages)::bigint AS messages, NULL::timestamptz AS oldest_at
FROM tally
GROUP BY account, reason
UNION ALL
SELECT 'late', '', count(*) FILTER (WHERE since < now() - $1 * interval '1 second'), min(since)
FROM ledger
WHERE state = 'in_flight'
"""


async def count(db: Connection) -> Ledger:
    """The book's totals, from one statement and so from one moment."""
    rows = await db.fetch(_COUNT, LATE_SECONDS)
    totals = {row["account"]: row["messages"] for row in rows if row["account"] != MessageState.SUPPRESSED}
    return Ledger(
        accepted=totals.get("accepted", 0),
        ticketed=totals.get(MessageState.TICKETED, 0),
        suppressed={
            row["reason"]: row["messages"]
            for row in rows
            if row["account"] == MessageState.SUPPRESSED and row["messages"]
        },
        quarantined=totals.get(MessageState.QUARANTINED, 0),
        failed=totals.get(MessageState.FAILED, 0),
        in_flight=totals.get(MessageState.IN_FLIGHT, 0),
        late=totals["late"],
        oldest_in_flight_at=next(row["oldest_at"] for row in rows if row["account"] == "late"),
    )


_ADD_UP = """
WITH added AS (
    DELETE FROM tally
    RETURNING account, reason, messages
)
INSERT INTO tally (account, reason, messages)
SELECT account, reason, sum(messages)
FROM added
GROUP BY account, reason
HAVING sum(messages) <> 0
"""


async def keep_totals(service: Service[IngestSettings]) -> None:
    """Add up the tally and say the totals as metrics, until the service stops."""
    while True:
        async with service.pool.acquire() as db:
            await db.execute(_ADD_UP)
            ledger = await count(db)
        for state in MessageState:
            number = getattr(ledger, state)
            MESSAGES.labels(state).set(number if isinstance(number, int) else sum(number.values()))
        LATE.set(ledger.late)
        since = ledger.oldest_in_flight_at
        OLDEST_IN_FLIGHT.set((service.clock() - since).total_seconds() if since else 0)
        await asyncio.sleep(ADD_UP_SECONDS)
