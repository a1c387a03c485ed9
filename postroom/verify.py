"""Recounts what must hold: every chain link, and every accepted message in exactly one state."""

import asyncpg

from chassis.log import ALL_BY_STREAM, ChainWalk
from contracts.streams import STREAMS

_DISAGREEING = """
WITH accepted AS (
    SELECT coalesce(data -> 'letter' ->> 'message_id', data ->> 'message_id') AS message_id
    FROM ingest.event
    WHERE version = 1  -- received at once, or held first
      AND type IN ('MessageReceived', 'MessageHeld')
), ticketed AS (
    SELECT DISTINCT data -> 'letter' ->> 'message_id' AS message_id
    FROM tickets.event
    WHERE type IN ('TicketOpened', 'CustomerReplied', 'AutomaticReplyReceived', 'ReplyBounced')
)
SELECT coalesce(accepted.message_id, ledger.message_id::text, ticketed.message_id) AS message_id,
       accepted.message_id IS NOT NULL AS accepted,
       ledger.state,
       ticketed.message_id IS NOT NULL AS ticketed
FROM accepted
FULL JOIN ingest.ledger ON ledger.message_id::text = accepted.message_id
FULL JOIN ticketed ON ticketed.message_id = coalesce(accepted.message_id, ledger.message_id::text)
WHERE accepted.message_id IS NULL
   OR ledger.state IS NULL
   OR (ticketed.message_id IS NOT NULL) <> (ledger.state = 'ticketed')
"""

_SOURCES = """
WITH logged AS (
    -- By name alone: a source may have changed from POP3 to IMAP.
    SELECT split_part(data ->> 'source', ':', 2) AS name, count(*) AS messages
    FROM ingest.event
    WHERE version = 1
      AND type IN ('MessageReceived', 'MessageHeld')
    GROUP BY split_part(data ->> 'source', ':', 2)
)
SELECT source.name, source.taken, coalesce(logged.messages, 0) AS logged
FROM ingest.source
LEFT JOIN logged USING (name)
WHERE source.taken <> coalesce(logged.messages, 0)
"""

_HELD = """
WITH unscanned AS (
    SELECT data ->> 'message_id' AS message_id
    FROM ingest.event
    WHERE type = 'MessageHeld'
    EXCEPT
    SELECT data -> 'letter' ->> 'message_id'
    FROM ingest.event
    WHERE type = 'MessageReceived'
)
SELECT coalesce(unscanned.message_id, held.message_id::text) AS message_id,
       held.message_id IS NOT NULL AS waits
FROM unscanned
FULL JOIN ingest.held ON held.message_id::text = unscanned.message_id
WHERE held.message_id IS NULL
   OR unscanned.message_id IS NULL
"""


async def verify(database_url: str) -> list[str]:
    """What is wrong, a sentence each; empty if nothing is."""
    db = await asyncpg.connect(database_url)
    try:
        problems: list[str] = []
        for service in STREAMS:
            await db.execute(f"SET search_path = {service}")
            walk = ChainWalk()
            async with db.transaction():
                problems += [
                    f"{service}: {broken.stream_id} version {broken.version} "
                    f"(position {broken.position}): {broken.problem}"
                    async for row in db.cursor(ALL_BY_STREAM, prefetch=1000)
                    if (broken := walk.step(row))
                ]
        problems += [
            f"message {row['message_id']}: accepted {row['accepted']}, in the ledger {row['state']}, "
            f"in a ticket {row['ticketed']}"
            for row in await db.fetch(_DISAGREEING)
            if row["state"] != "in_flight" or not row["accepted"]
        ]
        problems += [
            f"source {row['name']}: its books say {row['taken']} messages taken, the log holds {row['logged']}"
            for row in await db.fetch(_SOURCES)
        ]
        problems += [
            f"message {row['message_id']}: "
            + ("waits for the virus scanner, though it need not" if row["waits"] else "waits, but for nobody")
            for row in await db.fetch(_HELD)
        ]
    finally:
        await db.close()
    return problems
