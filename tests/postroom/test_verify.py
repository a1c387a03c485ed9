"""`postroom verify` finds what does not agree, and names it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from chassis import log
from contracts.event import Event, Meta
from contracts.standing import MessageState, Standing
from contracts.stream_ids import message_stream
from postroom.cli import app
from postroom.installation import furnish
from postroom.load.writing import load
from postroom.people import first_administrator
from postroom.recount import Recounted, disagreement
from postroom.verify import steps, verify
from tests import events
from tests.events import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A Postroom with some history, as its owner sees it."""
    await furnish(database_url)
    await first_administrator(database_url, {})
    await load(database_url, 12, 30, 1, datetime.now(UTC), lambda _: None)
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def a_message(db: asyncpg.Connection) -> UUID:
    message_id: UUID = await db.fetchval("SELECT message_id FROM ingest.ledger ORDER BY 1 LIMIT 1")
    return message_id


async def said(db: asyncpg.Connection, service: str, message_id: UUID, event: Event, at: datetime) -> None:
    """A service appends something about a message."""
    meta = Meta(correlation_id=message_id, causation_id=message_id)
    async with db.transaction():
        await db.execute(f"SET LOCAL search_path = {service}")
        await log.append(db, [log.Answer(message_stream(message_id), (event,), uuid4(), meta, at)], at)


async def test_a_postroom_that_is_in_order_has_no_problem(database_url: str, db: asyncpg.Connection) -> None:
    done: list[int] = []
    assert await verify(database_url, deep=True, advance=done.append) == []
    assert sum(done) == await steps(database_url, deep=True)


async def test_a_line_that_is_missing_in_the_ledger_is_found(
    database_url: str, db: asyncpg.Connection
) -> None:
    message_id = await a_message(db)
    await db.execute("DELETE FROM ingest.ledger WHERE message_id = $1", message_id)
    problems = await verify(database_url)
    assert (
        f"message {message_id}: accepted, but missing in the ledger; by the logs it is ticketed" in problems
    )


async def test_a_wrong_state_is_found(database_url: str, db: asyncpg.Connection) -> None:
    message_id = await a_message(db)
    await db.execute(
        "UPDATE ingest.ledger SET state = 'quarantined', reason = 'virus' WHERE message_id = $1", message_id
    )
    assert await verify(database_url) == [
        f"message {message_id}: quarantined (virus) in the ledger, but by the logs ticketed"
    ]


async def test_a_line_without_a_message_is_found(database_url: str, db: asyncpg.Connection) -> None:
    message_id = uuid4()
    await db.execute("INSERT INTO ingest.ledger (message_id, accepted_at) VALUES ($1, now())", message_id)
    assert await verify(database_url) == [
        f"message {message_id}: in the ledger, but ingest never accepted it"
    ]


async def test_a_message_in_two_tickets_is_found(database_url: str, db: asyncpg.Connection) -> None:
    head = await db.fetchval("SELECT data -> 'letter' FROM tickets.event WHERE type = 'TicketOpened' LIMIT 1")
    letter = events.letter().model_validate_json(head)
    await said(
        db,
        "tickets",
        letter.message_id,
        events.opened(letter).model_copy(update={"ticket_id": uuid4()}),
        NOON,
    )
    (problem,) = await verify(database_url)
    assert problem.startswith(f"message {letter.message_id}: 2 times in ticket ")


async def test_bytes_that_are_lost_are_found_and_spoiled_ones_by_a_deep_look(
    database_url: str, db: asyncpg.Connection
) -> None:
    lost, spoiled = [row["sha256"] for row in await db.fetch("SELECT sha256 FROM ingest.blob LIMIT 2")]
    await db.execute("DELETE FROM ingest.blob WHERE sha256 = $1", lost)
    await db.execute("UPDATE ingest.blob SET content = 'other' WHERE sha256 = $1", spoiled)
    (missing,) = await verify(database_url)
    assert missing.endswith(f": its bytes as received are missing (SHA-256 {lost.hex()})")
    assert await verify(database_url, deep=True) == [
        missing,
        f"bytes {spoiled.hex()}: they are not those of their SHA-256 any more",
    ]


async def test_an_answer_without_an_outcome_is_found(database_url: str, db: asyncpg.Connection) -> None:
    reply_id = await db.fetchval("DELETE FROM notify.event WHERE version = 1 RETURNING data ->> 'reply_id'")
    assert (
        f"answer {reply_id}: released 1 times, queued 1 times, of these settled 1, outcomes in the log 0"
        in (await verify(database_url))
    )


async def test_an_answer_that_notify_never_got_is_found(database_url: str, db: asyncpg.Connection) -> None:
    reply_id = await db.fetchval("SELECT reply_id FROM notify.delivery LIMIT 1")
    await db.execute("DELETE FROM notify.delivery WHERE reply_id = $1", reply_id)
    await db.execute("DELETE FROM notify.event WHERE stream_id = $1", f"reply-{reply_id}")
    (problem,) = await verify(database_url)
    assert problem.startswith(f"answer {reply_id}: released 1 times, queued 0 times")


async def test_totals_that_are_not_those_of_the_lines_are_found(
    database_url: str, db: asyncpg.Connection
) -> None:
    await db.execute("INSERT INTO ingest.tally (account, reason, messages) VALUES ('failed', '', 1)")
    assert await verify(database_url) == ["ledger: it says 1 messages failed, and has 0 such lines"]


async def test_what_is_wrong_is_told_on_standard_error_with_a_status_of_1(
    database_url: str, db: asyncpg.Connection
) -> None:
    await db.execute("DELETE FROM ingest.ledger WHERE message_id = $1", await a_message(db))
    import anyio.to_thread

    command = ["verify", "--database-url", database_url]
    result = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, command))
    assert result.exit_code == 1
    assert "missing in the ledger" in result.stderr


def recounted(book: Standing, logs: Standing, state: str, last_said_at: datetime = NOON) -> Recounted:
    return Recounted(
        message_id=uuid4(),
        accepted=True,
        state=state,
        reason=book.reason,
        book=book,
        logs=logs,
        last_said_at=last_said_at,
        tickets=(),
    )


QUARANTINED = Standing(
    routed_version=1, routing_id=uuid4(), routed_state=MessageState.QUARANTINED, routed_reason="virus"
)
RELEASED = replace(QUARANTINED, routed_version=2, routed_state=MessageState.IN_FLIGHT, routed_reason=None)
A_MINUTE = timedelta(seconds=60)


def test_a_ledger_that_is_a_moment_behind_the_logs_is_right() -> None:
    message = recounted(QUARANTINED, RELEASED, "quarantined")
    assert disagreement(message, NOON + timedelta(seconds=59)) is None
    late = disagreement(message, NOON + A_MINUTE)
    assert late is not None
    assert "the ledger has not heard of it since" in late


def test_a_ledger_that_has_heard_it_all_and_says_something_else_is_wrong_at_once() -> None:
    message = replace(recounted(RELEASED, RELEASED, "failed"), reason="?")
    assert disagreement(message, NOON) == (
        f"message {message.message_id}: failed (?) in the ledger, but by the logs in flight"
    )


def test_what_is_ticketed_without_a_ticket_is_wrong_at_once() -> None:
    assert disagreement(recounted(QUARANTINED, QUARANTINED, "ticketed"), NOON) is not None
