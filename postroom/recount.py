"""Counts every message again, from the logs of all services, and compares the ledger with it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from uuid import UUID

import asyncpg

from chassis import log
from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.queries import LATE_SECONDS
from contracts.standing import MessageState, Standing, hear, standing_of
from contracts.stream_ids import message_stream

PIECE = 500
PATIENCE = timedelta(seconds=LATE_SECONDS)
"""The ledger may be so far behind the logs while services are at work."""

# What was accepted, is in one ticket and is ticketed by the book needs no second look: what is in a ticket stays there.
_DOUBTFUL = """
WITH accepted AS (
    SELECT substring(stream_id FROM 9)::uuid AS message_id, true AS accepted
    FROM ingest.event
    WHERE version = 1
      AND stream_id LIKE 'message-%'
), ticketed AS (
    SELECT (data -> 'letter' ->> 'message_id')::uuid AS message_id,
           count(*) AS times,
           min(data ->> 'ticket_id') AS first_ticket,
           max(data ->> 'ticket_id') AS last_ticket,
           max(recorded_at) AS ticketed_at
    FROM tickets.event
    WHERE type IN ('TicketOpened', 'CustomerReplied', 'AutomaticReplyReceived', 'ReplyBounced')
    GROUP BY 1
)
SELECT *
FROM accepted
FULL JOIN ingest.ledger USING (message_id)
FULL JOIN ticketed USING (message_id)
WHERE (accepted.accepted AND ledger.state = 'ticketed' AND ticketed.times = 1) IS NOT TRUE
"""

_SAID = """
SELECT position, stream_id, version, event_id, type, schema_version,
       data::text AS data, meta::text AS meta, occurred_at, recorded_at
FROM {log}.event
WHERE stream_id = ANY($1::text[])
ORDER BY stream_id, version
"""


@dataclass(frozen=True, slots=True)
class Recounted:
    """One message: what the book has, and what the logs say."""

    message_id: UUID
    accepted: bool
    state: str | None
    """In the book; None: it is not there."""
    reason: str | None
    book: Standing
    """What the book has heard of router and tickets."""
    logs: Standing
    last_said_at: datetime | None
    tickets: tuple[str, ...]
    """The tickets that it is in, once for each time; of more than two only the first and the last are named."""


async def disagreements(db: Connection, now: datetime) -> AsyncIterator[str]:
    """Every message on which book and logs do not agree, a sentence each; in the caller's transaction."""
    cursor = await db.cursor(_DOUBTFUL)
    while rows := await cursor.fetch(PIECE):
        streams = [message_stream(row["message_id"]) for row in rows]
        said: defaultdict[str, list[Recorded[Event]]] = defaultdict(list)
        for service in ("router", "tickets"):
            for event in await db.fetch(_SAID.format(log=service), streams):
                said[event["stream_id"]].append(log.recorded(event, after=0))
        for row in rows:
            if sentence := disagreement(_recounted(row, said[message_stream(row["message_id"])]), now):
                yield sentence


def _recounted(row: asyncpg.Record, said: Sequence[Recorded[Event]]) -> Recounted:
    logs = reduce(hear, said, Standing())
    times = row["times"] or 0
    if times:
        logs = replace(logs, ticket_id=UUID(row["first_ticket"]))
    tickets = (row["first_ticket"], row["last_ticket"])[:times] + (row["last_ticket"],) * (times - 2)
    return Recounted(
        message_id=row["message_id"],
        accepted=bool(row["accepted"]),
        state=row["state"],
        reason=row["reason"],
        book=Standing() if row["state"] is None else standing_of(dict(row)),
        logs=logs,
        last_said_at=max(
            [item.recorded_at for item in said] + [at for at in [row["ticketed_at"]] if at], default=None
        ),
        tickets=tickets,
    )


def disagreement(message: Recounted, now: datetime) -> str | None:
    """What is wrong with a message; None if nothing is, or if the book may just not have heard of it yet."""
    name = f"message {message.message_id}"
    if not message.accepted:
        where = " and ".join(
            place
            for place, there in (("in the ledger", message.state), (_in(message), message.tickets))
            if there
        )
        return f"{name}: {where}, but ingest never accepted it"
    if message.state is None:
        return f"{name}: accepted, but missing in the ledger; by the logs it is {_said(message.logs)}"
    if len(message.tickets) > 1:
        return f"{name}: {len(message.tickets)} times {_in(message)}"
    if (message.state, message.reason) == (message.logs.state, message.logs.reason):
        return None
    behind = _is_behind(message)
    if behind and message.last_said_at is not None and now - message.last_said_at < PATIENCE:
        return None
    sentence = f"{name}: {_words(message.state, message.reason)} in the ledger, but by the logs {_said(message.logs)}"
    return f"{sentence}; the ledger has not heard of it since {message.last_said_at}" if behind else sentence


def _is_behind(message: Recounted) -> bool:
    """Whether the book is right by what it has heard, and there is more to hear."""
    if message.state == MessageState.TICKETED:
        return False
    consistent = (message.state, message.reason) == (message.book.state, message.book.reason)
    heard = (message.book.routed_version, message.book.failed_version)
    more = (message.logs.routed_version, message.logs.failed_version)
    return consistent and (heard != more or message.logs.ticket_id is not None)


def _said(standing: Standing) -> str:
    return _words(standing.state, standing.reason)


def _words(state: str, reason: str | None) -> str:
    return f"{state.replace('_', ' ')} ({reason})" if reason else state.replace("_", " ")


def _in(message: Recounted) -> str:
    return f"in ticket {' and '.join(dict.fromkeys(message.tickets))}"
