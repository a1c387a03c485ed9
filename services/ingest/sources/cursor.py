"""How far each source was taken, and its books: SQL, run in the transaction that takes its messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.database import Connection
from contracts.queries import SourceBooks, Sources
from services.ingest.sources.fetching import Cursor, Listed, Refusal
from services.ingest.sources.settings import Source, location_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source stands. `cursor` is None before the first look; POP3's is the set of UIDLs that are done."""

    revision: int
    cursor: Cursor | None
    begun_at: datetime | None
    anew_until: int = 0
    """Up to this UID messages were there already when the UIDVALIDITY changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch changes in the books, beside the messages that it takes."""

    cursor: Cursor
    letters: int = 0
    done: tuple[str, ...] = ()
    """Keys that are done with, where the cursor is a set of them."""
    pending: tuple[str, ...] = ()
    """Keys of taken messages that are to be marked, moved or deleted."""
    refused: tuple[Refusal, ...] = ()
    retried: tuple[str, ...] = ()
    """Keys that were refused before, and are not any more or are again."""
    vanished: int = 0
    passed: int = 0
    held: int = 0
    anew_until: int | None = None


class MovedElsewhere(Exception):
    """Someone else has moved the cursor: nothing of this batch is stored, look again."""


_OPEN = """
INSERT INTO source (name, kind, address, location)
VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET kind = excluded.kind,
    address = excluded.address,
    state = 'connecting'
RETURNING location
"""

_ANOTHER_MAILBOX = """
WITH done AS (
    DELETE FROM source_done
    WHERE source = $1
), pending AS (
    DELETE FROM source_pending
    WHERE source = $1
), refused AS (
    DELETE FROM source_refused
    WHERE source = $1
)
UPDATE source
SET location = $2,
    revision = revision + 1,
    begun_at = NULL,
    uidvalidity = NULL,
    uid = NULL,
    anew_until = 0,
    held = 0
WHERE name = $1
"""

_PLACE = """
SELECT revision, uidvalidity, uid, begun_at, anew_until
FROM source
WHERE name = $1
"""


async def open_books(db: Connection, source: Source) -> Place:
    """Where the source stands; at its beginning if it is another mailbox than before."""
    async with db.transaction():
        location = location_of(source)
        before = await db.fetchval(_OPEN, source.name, source.kind, source.address, location)
        if before != location:
            await db.execute(_ANOTHER_MAILBOX, source.name, location)
        row = await db.fetchrow(_PLACE, source.name)
    assert row is not None  # noqa: S101 - it was written a line ago
    cursor = None if row["uidvalidity"] is None else Cursor(row["uidvalidity"], row["uid"])
    return Place(row["revision"], cursor, row["begun_at"], row["anew_until"])


_MOVE = """
UPDATE source
SET revision = revision + 1,
    begun_at = coalesce(begun_at, $3),
    uidvalidity = $4,
    uid = $5,
    taken = taken + $6,
    duplicate = duplicate + $7,
    refused = refused + $8,
    vanished = vanished + $9,
    passed = passed + $10,
    held = $11,
    anew_until = coalesce($12, anew_until),
    last_success_at = $3
WHERE name = $1
  AND revision = $2
RETURNING revision
"""

_DONE = """
INSERT INTO source_done (source, uidl)
SELECT $1, uidl
FROM unnest($2::text[]) AS new (uidl)
ON CONFLICT DO NOTHING
"""

_PENDING = """
INSERT INTO source_pending (source, uidvalidity, key)
SELECT $1, $2, key
FROM unnest($3::text[]) AS new (key)
ON CONFLICT DO NOTHING
"""

_RETRIED = """
DELETE FROM source_refused
WHERE source = $1
  AND key = ANY($2::text[])
"""

_REFUSED = """
INSERT INTO source_refused (source, uidvalidity, key, size, reason, refused_at)
SELECT $1, $2, key, size, reason, $6
FROM unnest($3::text[], $4::bigint[], $5::text[]) AS new (key, size, reason)
ON CONFLICT (source, uidvalidity, key) DO UPDATE
SET reason = excluded.reason,
    refused_at = excluded.refused_at
"""


async def move(db: Connection, source: str, revision: int, step: Step, new: int, now: datetime) -> None:
    """Write a step; `new` says how many of its letters were taken for the first time.

    Raises:
        MovedElsewhere: the books are not as they were at `revision`.
    """
    moved = await db.fetchval(
        _MOVE,
        source,
        revision,
        now,
        step.cursor.uidvalidity,
        step.cursor.uid,
        new,
        step.letters - new,
        len(step.refused) - len(step.retried),
        step.vanished,
        step.passed,
        step.held,
        step.anew_until,
    )
    if moved is None:
        raise MovedElsewhere(source)
    if step.done:
        await db.execute(_DONE, source, step.done)
    if step.pending:
        await db.execute(_PENDING, source, step.cursor.uidvalidity, step.pending)
    if step.retried:
        await db.execute(_RETRIED, source, step.retried)
    if step.refused:
        await db.execute(
            _REFUSED,
            source,
            step.cursor.uidvalidity,
            [refusal.listed.key for refusal in step.refused],
            [refusal.listed.size for refusal in step.refused],
            [refusal.reason for refusal in step.refused],
            now,
        )


_NOT_DONE = """
SELECT uidl
FROM unnest($2::text[]) AS held (uidl)
WHERE NOT EXISTS (
    SELECT
    FROM source_done
    WHERE source_done.source = $1
      AND source_done.uidl = held.uidl
)
"""

_FORGET = """
DELETE FROM source_done
WHERE source = $1
  AND uidl NOT IN (
      SELECT uidl
      FROM unnest($2::text[]) AS held (uidl)
  )
"""


async def not_done(db: Connection, source: str, held: Sequence[str]) -> set[str]:
    """Which of the UIDLs that the maildrop holds are to be taken; those that it holds no more are forgotten."""
    await db.execute(_FORGET, source, held)
    return {row["uidl"] for row in await db.fetch(_NOT_DONE, source, held)}


_STILL_PENDING = """
SELECT key
FROM source_pending
WHERE source = $1
  AND uidvalidity = $2
"""

_FINISHED = """
DELETE FROM source_pending
WHERE source = $1
  AND (key = ANY($3::text[]) OR uidvalidity <> $2)
"""


async def pending(db: Connection, source: str, uidvalidity: int) -> tuple[str, ...]:
    """Taken messages that are still to be marked, moved or deleted."""
    return tuple(row["key"] for row in await db.fetch(_STILL_PENDING, source, uidvalidity))


async def finished(db: Connection, source: str, uidvalidity: int, keys: Collection[str]) -> None:
    """It is done; what was pending under another UIDVALIDITY names no message any more."""
    await db.execute(_FINISHED, source, uidvalidity, list(keys))


_WORTH_A_TRY = """
SELECT key, size
FROM source_refused
WHERE source = $1
  AND uidvalidity = $2
  AND size <= $3
ORDER BY refused_at
LIMIT 1000
"""


async def worth_a_try(db: Connection, source: str, uidvalidity: int, most_bytes: int) -> tuple[Listed, ...]:
    """Messages that were refused and may be taken now: the limit was raised, or what failed was mended."""
    rows = await db.fetch(_WORTH_A_TRY, source, uidvalidity, most_bytes)
    return tuple(Listed(row["key"], row["size"]) for row in rows)


_SUCCESS = """
UPDATE source
SET state = $2,
    held = $3,
    last_success_at = $4,
    last_error = NULL
WHERE name = $1
"""

_ERROR = """
UPDATE source
SET state = $2,
    last_error = $3,
    last_error_at = $4
WHERE name = $1
"""


async def succeeded(db: Connection, source: str, state: str, held: int, now: datetime) -> None:
    """The server answered, and nothing is in the way."""
    await db.execute(_SUCCESS, source, state, held, now)


async def failed(db: Connection, source: str, state: str, error: str, now: datetime) -> None:
    """Say in the books what is in the way."""
    await db.execute(_ERROR, source, state, error.replace("\x00", "")[:1000], now)


_BOOKS = """
SELECT name, kind, address, state, held, seen, taken, duplicate, refused, vanished, passed,
       last_success_at, last_error, last_error_at
FROM source
WHERE name = ANY($1::text[])
ORDER BY name
"""


async def books(db: Connection, names: Sequence[str]) -> Sources:
    """The books of these sources, from one statement and so from one moment."""
    return Sources(items=tuple(SourceBooks(**row) for row in await db.fetch(_BOOKS, names)))


_REPLACEMENT = """
SELECT refresh_token
FROM source_token
WHERE source = $1
  AND replaces = $2
"""

_REPLACE = """
INSERT INTO source_token (source, replaces, refresh_token)
VALUES ($1, $2, $3)
ON CONFLICT (source) DO UPDATE
SET replaces = excluded.replaces,
    refresh_token = excluded.refresh_token
"""


async def replacement(db: Connection, source: str, replaces: bytes) -> str | None:
    """The refresh token that took the place of the one whose sha256 is `replaces`."""
    token: str | None = await db.fetchval(_REPLACEMENT, source, replaces)
    return token


async def replace(db: Connection, source: str, replaces: bytes, refresh_token: str) -> None:
    await db.execute(_REPLACE, source, replaces, refresh_token)
