"""Erases what intake keeps of a person: rows of the log, raw messages, their texts and files."""

from collections.abc import Iterator, Sequence
from functools import partial

import asyncpg
import orjson

from chassis.database import Connection
from chassis.erasing import begin, erase_log, erase_parked, pattern
from chassis.service import Service
from contracts.erasures import ErasePiece, FindLetters, FoundLetters, PieceErased, Subject
from contracts.event import Data
from contracts.model import ERASED
from contracts.stream_ids import message_stream
from services.ingest.settings import IngestSettings

SCAN_SECONDS = 600
"""The whole log is looked at."""
MOST_BYTES = 700_000
"""Of an answer: NATS carries 1 MB."""

# A bounce belongs to the person whose answer it returns: it has the answer in it.
_FIND = """
WITH letter AS (
    SELECT
        (coalesce(data -> 'letter' ->> 'message_id', data ->> 'message_id'))::uuid AS message_id,
        data -> 'letter' ->> 'internet_message_id' AS internet_message_id,
        data -> 'letter' -> 'from_' ->> 'name' AS name,
        lower(coalesce(data -> 'letter' -> 'from_' ->> 'address', data -> 'envelope' ->> 'mail_from')) AS writer,
        lower(data -> 'letter' -> 'bounce' ->> 'recipient') AS bounced
    FROM event
    WHERE type IN ('MessageHeld', 'MessageReceived', 'MessageReread')
      AND data::text ~* $2
)
SELECT
    message_id,
    coalesce(
        array_agg(DISTINCT internet_message_id)
            FILTER (WHERE writer = ANY($1::text[]) AND internet_message_id IS NOT NULL),
        '{}'
    ) AS internet_message_ids,
    coalesce(array_agg(DISTINCT name) FILTER (WHERE writer = ANY($1::text[]) AND name <> ''), '{}') AS names
FROM letter
WHERE (writer = ANY($1::text[]) OR bounced = ANY($1::text[]))
  AND ($3::uuid IS NULL OR message_id > $3)
GROUP BY message_id
ORDER BY message_id
"""

_IN_FLIGHT = "SELECT count(*) FROM ledger WHERE message_id = ANY($1::uuid[]) AND state = 'in_flight'"


async def find_letters(service: Service[IngestSettings], query: FindLetters) -> FoundLetters:
    """Answer which letters a person wrote, and how many of them are still on their way."""
    async with service.pool.acquire() as db:
        return await find(db, query)


async def find(db: Connection, query: FindLetters) -> FoundLetters:
    """The letters that a person wrote, as many as an answer carries."""
    addresses = list(query.addresses)
    rows = await db.fetch(_FIND, addresses, pattern(addresses), query.after, timeout=SCAN_SECONDS)
    told = list(_what_fits(rows))
    return FoundLetters(
        message_ids=tuple(row["message_id"] for row in told),
        internet_message_ids=tuple({one for row in told for one in row["internet_message_ids"]}),
        names=tuple({one for row in told for one in row["names"]}),
        in_flight=await db.fetchval(_IN_FLIGHT, [row["message_id"] for row in rows]),
        following=told[-1]["message_id"] if len(told) < len(rows) else None,
    )


def _what_fits(rows: Sequence[asyncpg.Record]) -> Iterator[asyncpg.Record]:
    """The first rows, one at least."""
    size = 0
    for row in rows:
        yield row
        size += len(orjson.dumps([str(row["message_id"]), *row["internet_message_ids"], *row["names"]]))
        if size > MOST_BYTES:
            return


async def erase(service: Service[IngestSettings], piece: ErasePiece, db: Connection) -> PieceErased:
    """Erase a piece of the log with the bytes that only its letters name; after the last, the rest."""
    await begin(db, "ingest")
    done = await erase_log(db, "ingest", piece, service.clock(), partial(forget_bytes, piece.person))
    if done.following is None:
        await _forget_reasons(db, piece.person)
        await erase_parked(db, piece.person)
    return done


async def forget_bytes(person: Subject, db: Connection, erased: Sequence[asyncpg.Record]) -> int:
    """Delete the bytes of the person's letters, save those that a letter of someone else has too."""
    own = set(map(message_stream, person.message_ids))
    named = {
        digest for row in erased if row["stream_id"] in own for digest in _bytes_of(orjson.loads(row["data"]))
    }
    if not named:
        return 0
    digests = [bytes.fromhex(digest) for digest in sorted(named)]
    # Whoever takes in a message with the same file now has locked it too: what it says is there to see afterwards.
    await db.execute("SELECT FROM blob WHERE sha256 = ANY($1::bytea[]) ORDER BY sha256 FOR UPDATE", digests)
    deleted = await db.fetch(
        _DELETE, sorted(named), [row["position"] for row in erased], digests, timeout=SCAN_SECONDS
    )
    return len(deleted)


_DELETE = """
WITH needed AS (
    SELECT DISTINCT decode(part.sha256, 'hex') AS sha256
    FROM event
    CROSS JOIN LATERAL jsonb_to_record(event.data)
        AS content (sha256 text, text_sha256 text, html_sha256 text, attachments jsonb)
    CROSS JOIN LATERAL (
        VALUES (content.sha256), (content.text_sha256), (content.html_sha256)
        UNION ALL
        SELECT file ->> 'sha256'
        FROM jsonb_array_elements(content.attachments) AS file
    ) AS part (sha256)
    WHERE part.sha256 = ANY($1::text[])
      AND event.position <> ALL($2::bigint[])
)
DELETE FROM blob
WHERE sha256 = ANY($3::bytea[])
  AND sha256 NOT IN (SELECT sha256 FROM needed)
RETURNING sha256
"""


def _bytes_of(data: Data) -> Iterator[str]:
    yield from filter(None, (data.get("sha256"), data.get("text_sha256"), data.get("html_sha256")))
    yield from (file["sha256"] for file in data.get("attachments", ()) if file["sha256"])


async def _forget_reasons(db: Connection, person: Subject) -> None:
    """Errors may quote a letter; why a rule held one back does not."""
    await db.execute(
        """
        UPDATE ledger
        SET reason = CASE WHEN state = 'failed' THEN $2 ELSE reason END,
            routed_reason = CASE WHEN routed_state = 'failed' THEN $2 ELSE routed_reason END,
            failed_reason = CASE WHEN failed_reason IS NOT NULL THEN $2 END
        WHERE message_id = ANY($1::uuid[])
          AND ((routed_state = 'failed' AND routed_reason <> $2) OR failed_reason <> $2)
        """,
        list(person.message_ids),
        ERASED,
    )
