"""A command is done once, and a repeat gets the first answer, whatever it did and whatever happened since."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from chassis import commands, log
from chassis.commands import Refusal
from chassis.database import Connection, Pool, connect_pool, lock
from chassis.log import Answer
from chassis.migrations import Schema, migrate
from contracts.commands import OPERATOR, Command, Done, Outcome, Refused
from contracts.event import Meta
from contracts.notify import ReplyFailed
from contracts.stream_ids import reply_stream
from tests.events import NOON

pytestmark = pytest.mark.anyio
FAILED = ReplyFailed(ticket_id=uuid4(), reply_id=uuid4(), answer="550", attempts=1)


class Closed(Refusal):
    code = "closed"


@pytest.fixture
async def pool(database_url: str, tmp_path: Path) -> AsyncIterator[Pool]:
    db = await asyncpg.connect(database_url)
    await migrate(db, [Schema("notify", tmp_path / "none", speaks=True)])
    await db.close()
    pool = await connect_pool(database_url, "notify", 4)
    yield pool
    await pool.close()


def command() -> Command:
    return Command(command_id=uuid4(), actor_id=OPERATOR)


def append(asked: Command, *numbers: int) -> Callable[[Connection], Awaitable[Outcome]]:
    """As many events in a stream each; the version of the first is what the person wants to know."""
    meta = Meta(correlation_id=asked.command_id, causation_id=asked.command_id)
    answers = [
        Answer(reply_stream(uuid4()), (FAILED,) * number, asked.command_id, meta, NOON) for number in numbers
    ]

    async def decide(db: Connection) -> Outcome:
        return Done(position=await log.append(db, answers, NOON), version=numbers[0])

    return decide


async def test_a_repeat_is_told_the_version_of_the_same_stream(pool: Pool) -> None:
    """As of a merge, whose last event is the other ticket's."""
    merge = command()
    first = await commands.answer(pool, merge, append(merge, 1, 3))
    assert first == Done(position=4, version=1)
    assert await commands.answer(pool, merge, append(merge, 1, 3)) == first


async def test_a_repeat_gets_the_first_answer_however_much_was_done(pool: Pool) -> None:
    large = command()
    first = await commands.answer(pool, large, append(large, 40))
    assert first == Done(position=40, version=40)
    assert await commands.answer(pool, large, append(large, 40)) == first


async def test_a_command_that_changed_nothing_is_not_decided_again(pool: Pool) -> None:
    idle = command()
    first = await commands.answer(pool, idle, append(idle, 0))
    assert first == Done(position=0, version=0)
    assert await commands.answer(pool, idle, append(idle, 1)) == first
    assert await pool.fetchval("SELECT count(*) FROM event") == 0


async def test_a_command_that_comes_twice_at_once_is_done_once(pool: Pool) -> None:
    twice = command()
    both = await asyncio.gather(
        commands.answer(pool, twice, append(twice, 1)), commands.answer(pool, twice, append(twice, 1))
    )
    assert both == [Done(position=both[0].position, version=1)] * 2
    assert await pool.fetchval("SELECT count(*) FROM event") == 1


async def test_of_two_commands_that_wait_for_one_another_both_are_done(pool: Pool) -> None:
    def locking(asked: Command, *things: str) -> Callable[[Connection], Awaitable[Outcome]]:
        async def decide(db: Connection) -> Outcome:
            for thing in things:
                await lock(db, thing)
                await asyncio.sleep(0.2)  # the other one locks its first
            return await append(asked, 1)(db)

        return decide

    one, other = command(), command()
    both = await asyncio.gather(
        commands.answer(pool, one, locking(one, "a", "b")),
        commands.answer(pool, other, locking(other, "b", "a")),
    )
    assert [type(outcome) for outcome in both] == [Done, Done]


async def test_what_is_too_much_for_one_event_is_refused(pool: Pool) -> None:
    asked = command()

    async def decide(db: Connection) -> Outcome:
        failed = FAILED.model_copy(update={"answer": "5" * log.LARGEST_EVENT})
        meta = Meta(correlation_id=asked.command_id, causation_id=asked.command_id)
        answer = Answer(reply_stream(uuid4()), (failed,), asked.command_id, meta, NOON)
        return Done(position=await log.append(db, [answer], NOON), version=1)

    refused = await commands.answer(pool, asked, decide)

    assert isinstance(refused, Refused)
    assert refused.code == "too_large"


async def test_what_was_refused_is_decided_again(pool: Pool) -> None:
    again = command()

    async def refuse(_: Connection) -> Outcome:
        raise Closed("Not today.")

    assert isinstance(await commands.answer(pool, again, refuse), Refused)
    assert isinstance(await commands.answer(pool, again, append(again, 1)), Done)
