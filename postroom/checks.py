"""What must hold beside the chains and the states of messages: bytes, answers, totals and the books of sources."""

from collections.abc import AsyncIterator

from chassis.database import Connection
from contracts.queries import LATE_SECONDS

_MISSING_BLOBS = """
WITH named AS (
    SELECT event.stream_id, part.what, part.sha256
    FROM ingest.event
    CROSS JOIN LATERAL jsonb_to_record(event.data)
        AS content (sha256 text, text_sha256 text, html_sha256 text, attachments jsonb)
    CROSS JOIN LATERAL (
        VALUES ('its bytes as received', content.sha256),
               ('its text', content.text_sha256),
               ('its HTML', content.html_sha256)
        UNION ALL
        SELECT 'the file ' || coalesce(file ->> 'name', '?'), file ->> 'sha256'
        FROM jsonb_array_elements(content.attachments) AS file
    ) AS part (what, sha256)
    WHERE part.sha256 <> ''  -- of an erased letter nothing is there
)
SELECT DISTINCT stream_id, what, sha256
FROM named
WHERE NOT EXISTS (
    SELECT
    FROM ingest.blob
    WHERE blob.sha256 = decode(named.sha256, 'hex')
)
"""


async def missing_blobs(db: Connection) -> AsyncIterator[str]:
    """Bytes that a message names and that are not stored."""
    async for row in db.cursor(_MISSING_BLOBS):
        name = row["stream_id"].replace("message-", "message ")
        yield f"{name}: {row['what']} are missing (SHA-256 {row['sha256']})"


PARTS = 256
"""Stored bytes are read in so many parts, by the first byte of their SHA-256."""

_SPOILED_BLOBS = """
SELECT encode(sha256, 'hex') AS sha256
FROM ingest.blob
WHERE sha256 >= $1
  AND ($2::bytea IS NULL OR sha256 < $2)
  AND sha256(content) <> sha256
"""


async def spoiled_blobs(db: Connection, part: int) -> AsyncIterator[str]:
    """Stored bytes, of one part, that are not those of their SHA-256."""
    following = bytes([part + 1]) if part + 1 < PARTS else None
    async for row in db.cursor(_SPOILED_BLOBS, bytes([part]), following):
        yield f"bytes {row['sha256']}: they are not those of their SHA-256 any more"


# An answer may be released more than once; each release is one delivery, and each delivery that is settled one outcome.
_ANSWERS = """
WITH released AS (
    SELECT (data ->> 'reply_id')::uuid AS reply_id,
           count(*) AS releases,
           max(recorded_at) AS released_at
    FROM tickets.event
    WHERE type IN ('ReplyReleased', 'AcknowledgementReleased', 'ReminderReleased')
    GROUP BY 1
), queued AS (
    SELECT reply_id,
           count(*) AS deliveries,
           count(*) FILTER (WHERE state IN ('sent', 'failed', 'uncertain')) AS settled
    FROM notify.delivery
    GROUP BY 1
), told AS (
    SELECT (data ->> 'reply_id')::uuid AS reply_id, count(*) AS outcomes
    FROM notify.event
    WHERE type IN ('ReplySent', 'ReplyFailed', 'ReplyUncertain')
    GROUP BY 1
)
SELECT reply_id, coalesce(releases, 0) AS releases, coalesce(deliveries, 0) AS deliveries,
       coalesce(settled, 0) AS settled, coalesce(outcomes, 0) AS outcomes
FROM released
FULL JOIN queued USING (reply_id)
FULL JOIN told USING (reply_id)
WHERE coalesce(settled, 0) <> coalesce(outcomes, 0)
   OR coalesce(deliveries, 0) > coalesce(releases, 0)
   OR (coalesce(deliveries, 0) < releases AND released_at < now() - $1 * interval '1 second')
"""


async def answers(db: Connection) -> AsyncIterator[str]:
    """Answers of ours that have not one outcome a release, or none while they are in flight."""
    for row in await db.fetch(_ANSWERS, LATE_SECONDS):
        yield (
            f"answer {row['reply_id']}: released {row['releases']} times, queued {row['deliveries']} times, "
            f"of these settled {row['settled']}, outcomes in the log {row['outcomes']}"
        )


_TOTALS = """
WITH counted AS (
    SELECT state AS account, CASE WHEN state = 'suppressed' THEN reason ELSE '' END AS reason, count(*) AS messages
    FROM ingest.ledger
    GROUP BY 1, 2
    UNION ALL
    SELECT 'accepted', '', count(*)
    FROM ingest.ledger
), kept AS (
    SELECT account, reason, sum(messages) AS messages
    FROM ingest.tally
    GROUP BY 1, 2
)
SELECT account, reason, coalesce(kept.messages, 0) AS kept, coalesce(counted.messages, 0) AS counted
FROM counted
FULL JOIN kept USING (account, reason)
WHERE coalesce(kept.messages, 0) <> coalesce(counted.messages, 0)
"""


async def totals(db: Connection) -> AsyncIterator[str]:
    """Totals of the ledger that are not those of its lines."""
    for row in await db.fetch(_TOTALS):
        account = f"{row['account']} ({row['reason']})" if row["reason"] else row["account"]
        yield f"ledger: it says {row['kept']} messages {account}, and has {row['counted']} such lines"


_SOURCES = """
WITH logged AS (
    -- By name alone: a source may have changed from POP3 to IMAP.
    SELECT split_part(data ->> 'source', ':', 2) AS name, count(*) AS messages
    FROM ingest.event
    WHERE version = 1
    GROUP BY 1
)
SELECT source.name, source.taken, coalesce(logged.messages, 0) AS logged
FROM ingest.source
LEFT JOIN logged USING (name)
WHERE source.taken <> coalesce(logged.messages, 0)
"""


async def sources(db: Connection) -> AsyncIterator[str]:
    """Sources whose books do not say what the log holds."""
    if not await db.fetchval("SELECT EXISTS (SELECT FROM ingest.source)"):
        return
    for row in await db.fetch(_SOURCES):
        yield f"source {row['name']}: its books say {row['taken']} messages taken, the log holds {row['logged']}"


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


async def held(db: Connection) -> AsyncIterator[str]:
    """Messages that wait for the virus scanner and need not, or that nobody has scanned."""
    async for row in db.cursor(_HELD):
        why = "waits for the virus scanner, though it need not" if row["waits"] else "waits, but for nobody"
        yield f"message {row['message_id']}: {why}"
