"""The event log of one service: its tables are found by the connection's search path.

Each append is one answer to one cause (an event that was consumed, or a command). The ids of the events follow
from the cause, so answering twice violates a key and harms nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from chassis.telemetry import current_traceparent
from contracts.event import Event, Meta, Recorded, event_id
from contracts.streams import EVENTS, LARGEST_MESSAGE

LARGEST_EVENT = LARGEST_MESSAGE * 3 // 4
"""Bytes as JSON. PostgreSQL gives it back with a blank behind each comma and colon, and headers come on top."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a stream: what the next one must follow."""

    version: int
    digest: bytes


EMPTY = Head(version=0, digest=b"")


@dataclass(frozen=True, slots=True)
class History:
    """One stream as it stands."""

    events: tuple[Recorded[Event], ...]
    head: Head


NO_HISTORY = History(events=(), head=EMPTY)


@dataclass(frozen=True, slots=True)
class Answer:
    """The events with which one stream answers one cause. `head` is the stream as the decision saw it."""

    stream_id: str
    events: tuple[Event, ...]
    cause: UUID
    meta: Meta
    occurred_at: datetime
    head: Head = EMPTY
    recorded_at: datetime | None = None
    """None: at the time of the append. Set where a history is written afterwards."""


class VersionConflict(Exception):
    """Someone else appended to a stream after it was read: read it again and decide again."""


class TooLarge(Exception):
    """The broker would not take an event, and so none behind it either: nothing was appended."""

    def __init__(self, type_: str, size: int) -> None:
        super().__init__(f"{type_} would have {size} bytes, and an event has at most {LARGEST_EVENT}")


class AlreadyAnswered(Exception):
    """The log holds an answer to one of the causes: nothing was appended, acknowledge or skip it."""


def caused_by(event: Recorded[Event], actor: str = "postroom") -> Meta:
    """What is known about an event that answers `event`."""
    return Meta(
        correlation_id=event.meta.correlation_id,
        causation_id=event.event_id,
        actor=actor,
        traceparent=event.meta.traceparent,
    )


def commanded(command_id: UUID, actor_id: UUID, correlation_id: UUID | None = None) -> Meta:
    """What is known about an event that does what a person asks; without a correlation, all begins with the command."""
    return Meta(
        correlation_id=correlation_id or command_id,
        causation_id=command_id,
        actor=str(actor_id),
        traceparent=current_traceparent(),
    )


def canonical(value: object) -> bytes:
    """JSON with sorted keys: the bytes that a digest covers, whatever order a store gives the keys back in."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def chain(
    previous: bytes,
    payload_sha256: bytes,
    *,
    stream_id: str,
    version: int,
    event_id: UUID,
    type_: str,
    schema_version: int,
    meta: object,
    occurred_at: datetime,
    recorded_at: datetime,
) -> bytes:
    """The digest of a row, whose `meta` is as JSON has it.

    It covers the payload by the payload's own digest, so that personal data can be erased from the row while the
    chain still verifies.
    """
    moments = (_instant(occurred_at), _instant(recorded_at))
    row = (stream_id, version, str(event_id), type_, schema_version, meta, *moments)
    return sha256(previous + payload_sha256 + canonical(row)).digest()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


_APPEND = """
WITH appended AS (
    INSERT INTO event
        (stream_id, version, event_id, type, schema_version, data, meta, occurred_at, recorded_at, digest)
    SELECT stream_id, version, event_id, type, schema_version, data, meta, occurred_at, recorded_at, digest
    FROM unnest(
        $1::text[], $2::integer[], $3::uuid[], $4::text[], $5::smallint[],
        $6::jsonb[], $7::jsonb[], $8::timestamptz[], $9::timestamptz[], $10::bytea[]
    ) WITH ORDINALITY AS new (
        stream_id, version, event_id, type, schema_version, data, meta, occurred_at, recorded_at, digest, number
    )
    ORDER BY number
    RETURNING position
)
SELECT max(position)
FROM appended
"""


async def append(db: Connection, answers: Sequence[Answer], recorded_at: datetime) -> int:
    """Append all answers in one statement and return the position of the last event (0 if there is none).

    It takes the log's lock until the transaction ends, so it comes last in the transaction.

    Raises:
        VersionConflict: a stream is no longer where `head` says.
        AlreadyAnswered: a cause has been answered before.
        TooLarge: an event has more than `LARGEST_EVENT`.
    """
    rows = _rows(answers, recorded_at)
    if not rows:
        return 0
    try:
        position: int = await db.fetchval(_APPEND, *map(list, zip(*rows, strict=True)))
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "one_answer_a_cause":
            raise AlreadyAnswered(error.detail) from error
        raise VersionConflict(error.detail) from error
    return position


def _rows(answers: Sequence[Answer], recorded_at: datetime) -> list[tuple[object, ...]]:
    heads: dict[str, Head] = {}
    indexes: Counter[UUID] = Counter()
    rows: list[tuple[object, ...]] = []
    for answer in answers:
        head = heads.get(answer.stream_id, answer.head)
        meta = answer.meta.model_dump(mode="json", exclude_none=True)
        recorded = answer.recorded_at or recorded_at
        for event in answer.events:
            identity = event_id(answer.cause, indexes[answer.cause])
            indexes[answer.cause] += 1
            version = head.version + 1
            payload = canonical(event.model_dump(mode="json"))
            if len(payload) > LARGEST_EVENT:
                raise TooLarge(event.type_name(), len(payload))
            digest = chain(
                head.digest,
                sha256(payload).digest(),
                stream_id=answer.stream_id,
                version=version,
                event_id=identity,
                type_=event.type_name(),
                schema_version=event.schema_version,
                meta=meta,
                occurred_at=answer.occurred_at,
                recorded_at=recorded,
            )
            columns = (answer.stream_id, version, identity, event.type_name(), event.schema_version)
            text = canonical(meta).decode()
            rows.append((*columns, payload.decode(), text, answer.occurred_at, recorded, digest))
            head = Head(version, digest)
        heads[answer.stream_id] = head
    return rows


_ANSWERED = """
SELECT cause
FROM unnest($1::uuid[], $2::uuid[]) AS asked (cause, event_id)
JOIN event USING (event_id)
"""


async def answered(db: Connection, causes: Collection[UUID]) -> set[UUID]:
    """Which of the causes this log has answered already."""
    rows = await db.fetch(_ANSWERED, list(causes), [event_id(cause) for cause in causes])
    return {row["cause"] for row in rows}


async def position_of(db: Connection, cause: UUID) -> int:
    """Where the answer to a cause begins; 0 if there is none."""
    position: int | None = await db.fetchval(
        "SELECT position FROM event WHERE event_id = $1", event_id(cause)
    )
    return position or 0


_COLUMNS = """
    position, stream_id, version, event_id, type, schema_version,
    data::text AS data, meta::text AS meta, occurred_at, recorded_at, digest, payload_sha256
"""

_LOAD = f"""
SELECT {_COLUMNS}
FROM event
WHERE stream_id = ANY($1::text[])
ORDER BY stream_id, version
"""


async def load(db: Connection, stream_ids: Collection[str]) -> dict[str, History]:
    """Read whole streams. A stream without events is absent."""
    histories: dict[str, list[asyncpg.Record]] = {}
    for row in await db.fetch(_LOAD, list(stream_ids)):
        histories.setdefault(row["stream_id"], []).append(row)
    return {
        stream_id: History(
            events=tuple(recorded(row, after=0) for row in rows),
            head=Head(rows[-1]["version"], rows[-1]["digest"]),
        )
        for stream_id, rows in histories.items()
    }


_HEADS = """
SELECT DISTINCT ON (stream_id) stream_id, version, digest
FROM event
WHERE stream_id = ANY($1::text[])
ORDER BY stream_id, version DESC
"""


async def heads(db: Connection, stream_ids: Collection[str]) -> dict[str, Head]:
    """The ends of streams, for an append that does not depend on what is in them. One without events is absent."""
    rows = await db.fetch(_HEADS, list(stream_ids))
    return {row["stream_id"]: Head(row["version"], row["digest"]) for row in rows}


async def head_of(db: Connection, stream_id: str) -> Head:
    """The end of one stream, `EMPTY` without events."""
    return (await heads(db, [stream_id])).get(stream_id, EMPTY)


_AFTER = f"""
SELECT {_COLUMNS}
FROM event
WHERE position > $1
ORDER BY position
LIMIT $2
"""


async def read_after(db: Connection, position: int, limit: int) -> list[asyncpg.Record]:
    """The next rows of the whole log in commit order, without gaps: `data` and `meta` as JSON text."""
    return await db.fetch(_AFTER, position, limit)


def recorded(row: asyncpg.Record, after: int) -> Recorded[Event]:
    """Read one row, in whatever version it was written.

    Raises:
        UnknownEvent: a newer release wrote it.
    """
    kind = EVENTS.get(row["type"])
    if kind is None:
        raise UnknownEvent(row["type"])
    return Recorded(
        event=kind.read(row["data"], row["schema_version"]),
        event_id=row["event_id"],
        stream_id=row["stream_id"],
        version=row["version"],
        position=row["position"],
        after=after,
        meta=Meta.model_validate_json(row["meta"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )


class UnknownEvent(Exception):
    """An event that this release does not know: upgrade this service first."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the event {name} is not known to this release; upgrade it")


@dataclass(frozen=True, slots=True)
class Break:
    """A row at which the chain does not hold: it, or the one before it, was changed, removed or added."""

    stream_id: str
    version: int
    position: int
    problem: str


class ChainWalk:
    """Checks rows that come ordered by stream and version, one at a time.

    `vouched` has the digest of what each erased row holds now, by position, as the events of the erasures say.
    """

    def __init__(self, vouched: Mapping[int, bytes] | None = None) -> None:
        self._stream_id: str | None = None
        self._head = EMPTY
        self._vouched = vouched or {}

    def step(self, row: asyncpg.Record) -> Break | None:
        """Take the next row and say what is wrong with it, if anything is."""
        if row["stream_id"] != self._stream_id:
            self._stream_id, self._head = row["stream_id"], EMPTY
        expected = self._head.version + 1
        held = sha256(canonical(orjson.loads(row["data"]))).digest()
        digest = chain(
            self._head.digest,
            row["payload_sha256"] or held,
            stream_id=row["stream_id"],
            version=row["version"],
            event_id=row["event_id"],
            type_=row["type"],
            schema_version=row["schema_version"],
            meta=orjson.loads(row["meta"]),
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
        )
        self._head = Head(row["version"], row["digest"])
        if row["version"] != expected:
            problem = f"version {expected} is missing"
        elif digest != row["digest"]:
            problem = "the digest does not fit the row"
        elif row["payload_sha256"] is not None and self._vouched.get(row["position"]) != held:
            problem = "it says that it was erased, but no erasure vouches for what it holds"
        elif row["payload_sha256"] is None and row["position"] in self._vouched:
            problem = "an erasure took data out of it, and it is there again"
        else:
            return None
        return Break(row["stream_id"], row["version"], row["position"], problem)


ALL_BY_STREAM = f"""
SELECT {_COLUMNS}
FROM event
ORDER BY stream_id, version
"""
