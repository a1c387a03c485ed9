"""What holds of the log however many write to it at once, in whatever order."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import log
from chassis.log import ALL_BY_STREAM, AlreadyAnswered, Answer, ChainWalk, VersionConflict
from chassis.migrations import Schema, migrate
from contracts.event import Meta
from contracts.notify import ReplyFailed
from contracts.stream_ids import reply_stream
from tests.chassis.test_log import SCHEMA

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMESPACE = UUID(int=1)

wishes = st.lists(
    st.tuples(
        st.integers(0, 3),  # which stream
        st.integers(0, 12),  # which cause: few, so that some come again
        st.integers(1, 3),  # how many events
        st.integers(0, 3),  # which writer
        st.booleans(),  # whether the transaction is given up in the end
    ),
    min_size=1,
    max_size=25,
)


pytestmark = pytest.mark.anyio


class GivenUp(Exception):
    """The writer rolls back."""


def _give_up(given_up: bool) -> None:
    if given_up:
        raise GivenUp


async def write(db: asyncpg.Connection, wish: tuple[int, int, int, int, bool]) -> None:
    """Append as a service does: read, decide, append; decide again when someone was faster."""
    stream_number, cause_number, times, _, given_up = wish
    stream, reply_id = (
        reply_stream(uuid5(NAMESPACE, str(stream_number))),
        uuid5(NAMESPACE, str(stream_number)),
    )
    cause = uuid5(NAMESPACE, f"cause {cause_number}")
    event = ReplyFailed(
        ticket_id=reply_id, reply_id=reply_id, answer=f"{cause_number} ü \x01", attempts=times
    )
    while True:
        try:
            async with db.transaction():
                heads = await log.heads(db, [stream])
                head = heads.get(stream, log.EMPTY)
                meta = Meta(correlation_id=cause, causation_id=cause)
                answer = Answer(stream, (event,) * times, cause, meta, NOON - timedelta(days=times), head)
                await asyncio.sleep(0)
                await log.append(db, [answer], NOON)
                _give_up(given_up)
        except VersionConflict:
            continue
        except (AlreadyAnswered, GivenUp):
            return
        return


async def check(url: str, plan: list[tuple[int, int, int, int, bool]]) -> None:
    connections = [await asyncpg.connect(url, server_settings={"search_path": "notify"}) for _ in range(4)]
    try:
        await connections[0].execute("TRUNCATE event")

        async def writer(number: int) -> None:
            for wish in plan:
                if wish[3] == number:
                    await write(connections[number], wish)

        await asyncio.gather(*map(writer, range(4)))
        rows = await connections[0].fetch(ALL_BY_STREAM)
        walk = ChainWalk()
        assert [broken for row in rows if (broken := walk.step(row))] == []
        streams: dict[str, list[asyncpg.Record]] = {}
        for row in rows:
            streams.setdefault(row["stream_id"], []).append(row)
        for found in streams.values():
            assert [row["version"] for row in found] == list(range(1, len(found) + 1))
            positions = [row["position"] for row in found]
            assert positions == sorted(positions)
        # Each cause was answered at most once, and exactly once if anyone kept an answer to it.
        kept = {wish[1] for wish in plan if not wish[4]}
        answered = await log.answered(
            connections[0], [uuid5(NAMESPACE, f"cause {number}") for number in range(13)]
        )
        assert answered == {uuid5(NAMESPACE, f"cause {number}") for number in kept}
    finally:
        for connection in connections:
            await connection.close()


@pytest.fixture
async def url(database_url: str) -> str:
    db = await asyncpg.connect(database_url)
    schema: Schema = SCHEMA
    await migrate(db, [schema])
    await db.close()
    return database_url


async def test_versions_are_dense_the_chain_holds_and_causes_are_answered_once(url: str) -> None:
    @settings(max_examples=25, deadline=None)
    @given(plan=wishes)
    def holds(plan: list[tuple[int, int, int, int, bool]]) -> None:
        asyncio.run(check(url, plan))

    # hypothesis calls plain functions: each example has a loop of its own.
    await asyncio.to_thread(holds)
