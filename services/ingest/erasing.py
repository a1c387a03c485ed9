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

# A bounce belongs to the person whose answer it returns: it has the answer in it.
_FIND = """
SELECT DISTINCT
    (coalesce(data -> 'letter' ->> 'message_id', data ->> 'message_id'))::uuid AS message_id,
    data -> 'letter' ->> 'internet_message_id' AS internet_message_id,
    data -> 'letter' -> 'from_' ->> 'name' AS name,
    lower(coalesce(data -> 'letter' -> 'from_' ->> 'address', data -> 'envelope' ->> 'mail_from')) = ANY($1::text[])
        AS wrote_it
FROM event
WHERE type IN ('MessageHeld', 'MessageReceived', 'MessageReread')
  AND data::text ~* $2
  AND (
    lower(coalesce(data -> 'letter' -> 'from_' ->> 'address', data -> 'envelope' ->> 'mail_from')) = ANY($1::text[])
    OR lower(data -> 'letter' -> 'bounce' ->> 'recipient') = ANY($1::text[])
  )
"""

_IN_FLIGHT = "SELECT count(*) FROM ledger WHERE message_id = ANY($1::uuid[]) AND state = 'in_flight'"


async def find_letters(service: Service[IngestSettings], query: FindLetters) -> FoundLetters:
    """Answer which letters a person wrote, and how many of them are still on their way."""
    addresses = list(query.addresses)
    async with service.pool.acquire() as db:
        rows = await db.fetch(_FIND, addresses, pattern(addresses), timeout=SCAN_SECONDS)
        message_ids = {row["message_id"] for row in rows}
        in_flight = await db.fetchval(_IN_FLIGHT, list(message_ids))
    wrote = [row for row in rows if row["wrote_it"]]
    return FoundLetters(
        message_ids=tuple(sorted(message_ids)),
        internet_message_ids=tuple({row["internet_message_id"] for row in wrote} - {None}),
        names=tuple({row["name"] for row in wrote} - {None, ""}),
        in_flight=in_flight,
    )


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
