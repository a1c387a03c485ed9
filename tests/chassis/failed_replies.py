"""A log of notify that holds what a test needs: replies that failed, one event each."""

from uuid import uuid4

import asyncpg

from chassis import log
from chassis.log import Answer
from contracts.event import Meta
from contracts.notify import ReplyFailed
from contracts.stream_ids import reply_stream
from tests.events import NOON


async def append(db: asyncpg.Connection, number: int) -> None:
    """Append so many, each in a transaction and a stream of its own; `db` looks into the schema of notify."""
    for _ in range(number):
        reply_id, cause = uuid4(), uuid4()
        failed = ReplyFailed(ticket_id=uuid4(), reply_id=reply_id, answer="550", attempts=1)
        meta = Meta(correlation_id=cause, causation_id=cause)
        async with db.transaction():
            await log.append(db, [Answer(reply_stream(reply_id), (failed,), cause, meta, NOON)], NOON)
