"""The table of deliveries: what waits to leave, what is leaving, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis.database import Connection
from chassis.log import EMPTY, Answer, append, load
from contracts.event import Meta
from contracts.ids import derived
from contracts.stream_ids import notice_stream, reply_stream
from services.notify.delivery import Delivery, DeliveryEvent, Recipient, State, as_told, failed
from services.notify.release import Release
from services.notify.transport import Parcel

QUEUED_CHANNEL = "postroom_notify_queued"

_RECIPIENTS = TypeAdapter(tuple[Recipient, ...])


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in the hands of one sender."""

    release: Release
    owner: UUID
    abandoned: bool
    """A sender had it and was killed, lost the database, or failed."""

    @property
    def parcel(self) -> Parcel:
        delivery = self.release.delivery
        return Parcel(
            name=f"{int(delivery.queued_at.timestamp())}.{delivery.reply_id}-{delivery.attempt}",
            sender=self.release.sender,
            recipients=delivery.waiting,
            smtputf8=self.release.smtputf8,
            message=self.release.message,
        )


class LeaseLost(Exception):
    """Someone else has taken over the delivery in the meantime."""


_QUEUE = """
INSERT INTO delivery
    (reply_id, attempt, ticket_id, internet_message_id, automatic, sender, smtputf8, message,
     recipients, state, queued_at, due_at, release_id, correlation_id, traceparent, notice)
SELECT reply_id, attempt, ticket_id, internet_message_id, automatic, sender, smtputf8, message,
       recipients::jsonb, state, queued_at, queued_at, release_id, correlation_id, traceparent, notice
FROM unnest(
    $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::boolean[], $6::text[], $7::boolean[], $8::bytea[],
    $9::text[], $10::text[], $11::timestamptz[], $12::uuid[], $13::uuid[], $14::text[],
    $15::boolean[]
) AS new (
    reply_id, attempt, ticket_id, internet_message_id, automatic, sender, smtputf8, message,
    recipients, state, queued_at, release_id, correlation_id, traceparent, notice
)
ON CONFLICT (reply_id, attempt) DO NOTHING
RETURNING release_id
"""


async def queue(db: Connection, releases: Sequence[Release]) -> set[UUID]:
    """Add what is not there yet and return the `release_id` of each that was added."""
    rows = [
        (
            release.delivery.reply_id,
            release.delivery.attempt,
            release.delivery.ticket_id,
            release.delivery.internet_message_id,
            release.delivery.automatic,
            release.sender,
            release.smtputf8,
            release.message,
            _RECIPIENTS.dump_json(release.delivery.recipients).decode(),
            release.delivery.state,
            release.delivery.queued_at,
            release.release_id,
            release.correlation_id,
            release.traceparent,
            release.delivery.notice,
        )
        for release in releases
    ]
    added = await db.fetch(_QUEUE, *map(list, zip(*rows, strict=True)))
    return {row["release_id"] for row in added}


_COLUMNS = """
    delivery.reply_id, delivery.attempt, delivery.ticket_id, delivery.internet_message_id, delivery.automatic,
    delivery.sender, delivery.smtputf8, delivery.message, delivery.recipients::text AS recipients,
    delivery.state, delivery.tries, delivery.doubts, delivery.queued_at, delivery.due_at,
    delivery.release_id, delivery.correlation_id, delivery.traceparent, delivery.notice
"""

_LAST_RELEASES = f"""
SELECT DISTINCT ON (reply_id) {_COLUMNS}
FROM delivery
WHERE reply_id = ANY($1::uuid[])
ORDER BY reply_id, attempt DESC
"""


async def last_releases(db: Connection, reply_ids: Collection[UUID]) -> dict[UUID, Release]:
    """The newest release of each reply that has one."""
    rows = await db.fetch(_LAST_RELEASES, list(reply_ids))
    return {row["reply_id"]: _release(row) for row in rows}


# What this process has in hand is never abandoned. After a restart of the database nobody could renew a lease, so
# everybody gets the time of one to come back.
_CLAIM = f"""
WITH due AS (
    SELECT reply_id, attempt, state
    FROM delivery
    WHERE state IN ('queued', 'sending', 'retry')
      AND due_at <= now()
      AND (state <> 'sending' OR (reply_id <> ALL($3::uuid[]) AND pg_postmaster_start_time() < now() - $2::interval))
    ORDER BY due_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE delivery
SET state = 'sending',
    owner = $1,
    due_at = now() + $2::interval,
    tries = tries + CASE WHEN due.state = 'sending' THEN 0 ELSE 1 END
FROM due
WHERE delivery.reply_id = due.reply_id
  AND delivery.attempt = due.attempt
RETURNING {_COLUMNS}, due.state = 'sending' AS abandoned
"""


async def claim(db: Connection, owner: UUID, lease: timedelta, in_hand: Collection[Claim]) -> Claim | None:
    """Take the delivery that has been due for longest; once this is committed, it may be sent.

    What is `in_hand` is not taken once more, though its lease be over.
    """
    row = await db.fetchrow(_CLAIM, owner, lease, _reply_ids(in_hand))
    return Claim(_release(row), owner, row["abandoned"]) if row else None


_RENEW = """
UPDATE delivery
SET due_at = now() + $2::interval
FROM unnest($1::uuid[], $3::uuid[]) AS held (reply_id, owner)
WHERE delivery.reply_id = held.reply_id
  AND delivery.owner = held.owner
  AND delivery.state = 'sending'
"""


async def renew(db: Connection, in_hand: Collection[Claim], lease: timedelta) -> None:
    """Say that somebody is alive and at work on these."""
    await db.execute(_RENEW, _reply_ids(in_hand), lease, [one.owner for one in in_hand])


def _reply_ids(claims: Collection[Claim]) -> list[UUID]:
    return [one.release.delivery.reply_id for one in claims]


_NEXT_DUE = """
SELECT extract(epoch FROM min(due_at) - now())::double precision
FROM delivery
WHERE state IN ('queued', 'sending', 'retry')
"""


async def seconds_to_next(db: Connection) -> float | None:
    """How long until a delivery is due, negative if one is already; None if there is none."""
    seconds: float | None = await db.fetchval(_NEXT_DUE)
    return seconds


_SETTLE = """
UPDATE delivery
SET state = $4,
    recipients = $5::text::jsonb,
    doubts = $6,
    due_at = $7,
    owner = NULL
WHERE reply_id = $1
  AND attempt = $2
  AND owner = $3
  AND state = 'sending'
RETURNING true
"""


async def settle(
    db: Connection,
    claim: Claim,
    after: Delivery,
    event: DeliveryEvent,
    *,
    now: datetime,
    traceparent: str | None,
) -> None:
    """Record what a try has made of a claimed delivery: its row and the event, in the caller's transaction.

    Raises:
        LeaseLost: it is not in the hands of the claim's owner any more; nothing was written.
    """
    settled = await db.fetchval(
        _SETTLE,
        after.reply_id,
        after.attempt,
        claim.owner,
        after.state,
        _RECIPIENTS.dump_json(after.recipients).decode(),
        after.doubts,
        after.due_at,
    )
    if not settled:
        raise LeaseLost
    cause = derived(claim.release.release_id, f"try {after.tries}")
    await tell(db, [(replace(claim.release, traceparent=traceparent), cause, event)], now)


async def tell(db: Connection, told: Sequence[tuple[Release, UUID, DeliveryEvent]], now: datetime) -> None:
    """Append what there is to say of deliveries: for each its release, the cause, and the event."""
    histories = await load(db, {_stream_of(release.delivery) for release, _, _ in told})
    answers = []
    for release, cause, said in told:
        event = as_told(release.delivery, said)
        if event is None:
            continue
        stream_id = _stream_of(release.delivery)
        meta = Meta(
            correlation_id=release.correlation_id,
            causation_id=release.release_id,
            traceparent=release.traceparent,
        )
        head = histories[stream_id].head if stream_id in histories else EMPTY
        answers.append(Answer(stream_id, (event,), cause, meta, now, head))
    await append(db, answers, now)


async def give_up(db: Connection, which: str, parameters: Sequence[object], now: datetime) -> None:
    """End deliveries that wait to leave, as failed, and say so; `which` is a condition of SQL with parameters."""
    rows = await db.fetch(
        f"""
        UPDATE delivery
        SET state = 'failed',
            owner = NULL
        WHERE state IN ('queued', 'retry')
          AND {which}
        RETURNING {_COLUMNS}
        """,
        *parameters,
    )
    given_up = [_release(row) for row in rows]
    why = "The recipient's data was erased before it left."
    await tell(
        db, [(one, derived(one.release_id, "erased"), failed(one.delivery, why)) for one in given_up], now
    )


def _stream_of(delivery: Delivery) -> str:
    return notice_stream(delivery.reply_id) if delivery.notice else reply_stream(delivery.reply_id)


_LATELY = """
SELECT recipients -> 0 ->> 'address' AS address, count(*) AS number
FROM delivery
WHERE notice
  AND recipients -> 0 ->> 'address' = ANY($1::text[])
  AND queued_at > $2
GROUP BY 1
"""


async def notices_lately(db: Connection, addresses: Collection[str], since: datetime) -> dict[str, int]:
    """How many copies and alerts went to addresses; one without any is absent."""
    rows = await db.fetch(_LATELY, list(addresses), since)
    return {row["address"]: row["number"] for row in rows}


def _release(row: asyncpg.Record) -> Release:
    return Release(
        delivery=Delivery(
            reply_id=row["reply_id"],
            attempt=row["attempt"],
            ticket_id=row["ticket_id"],
            internet_message_id=row["internet_message_id"],
            automatic=row["automatic"],
            recipients=_RECIPIENTS.validate_json(row["recipients"]),
            queued_at=row["queued_at"],
            due_at=row["due_at"],
            state=State(row["state"]),
            tries=row["tries"],
            doubts=row["doubts"],
            notice=row["notice"],
        ),
        sender=row["sender"],
        smtputf8=row["smtputf8"],
        message=row["message"],
        release_id=row["release_id"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
    )
