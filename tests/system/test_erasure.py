"""A person is erased from a whole Postroom: from the database, the streams and the files, and the figures stay."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.rebuild import rebuild
from contracts.streams import STREAMS
from postroom.rebuild import PROJECTIONS
from postroom.verify import count_erased, verify
from tests.erasing import ADDRESS, BOSS_SENTENCE, SECRETS, Desk, erase, letter_from, write_history
from tests.running import Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def postroom(tmp_path: Path) -> AsyncIterator[Postroom]:
    running = Postroom(tmp_path / "data")
    running.start()
    yield running
    running.close()


@pytest.fixture
async def desk(postroom: Postroom) -> AsyncIterator[Desk]:
    desk = Desk(postroom)
    await write_history(desk)
    yield desk
    await desk.http.aclose()


async def vacuumed(desk: Desk) -> bool:
    """Whether PostgreSQL has cleaned the tables that hold what people write; it counts a moment later."""
    db = await asyncpg.connect(desk.postroom.database_url)
    try:
        rows = await db.fetch(
            "SELECT schemaname || '.' || relname AS name FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL"
        )
    finally:
        await db.close()
    kept = ("ingest.blob", "notify.delivery", "gateway.history", "gateway.message", "gateway.ticket")
    wanted = {*kept, "tickets.erasure", *(f"{service}.event" for service in STREAMS)}
    return wanted <= {row["name"] for row in rows}


async def test_nothing_of_an_erased_person_is_found_anywhere_and_all_else_stays(desk: Desk) -> None:
    number = (await desk.ticket_of(ADDRESS))["number"]
    figures = await desk.figures()
    before = await desk.find(SECRETS)
    assert set(before) == set(SECRETS)  # the search finds what is there
    assert {place.partition("/")[0] for places in before.values() for place in places} >= {"nats", "outgoing"}

    preview = await desk.get("/erasures/preview", address=ADDRESS)
    assert {name: preview[name] for name in ("tickets", "letters", "files", "answers", "letters_of_others")} == {
        "tickets": 1, "letters": 2, "files": 1, "answers": 1, "letters_of_others": 1
    }  # fmt: skip
    certificate = await erase(desk)

    assert await desk.find(SECRETS) == {}
    assert [one["service"] for one in certificate["holders"] if one["done_at"] is None] == []
    assert (certificate["letters"], certificate["tickets"], certificate["answers"]) == (2, 1, 1)
    assert await verify(desk.postroom.database_url, deep=True) == []
    assert await count_erased(desk.postroom.database_url) > 0
    assert await desk.figures() == figures

    ticket = await desk.get(f"/tickets/{number}")
    assert ticket["erased"]["by"]["name"]
    assert (ticket["subject"], ticket["state"], ticket["letters"], ticket["replies"]) == (
        "[erased]",
        "open",
        3,
        1,
    )
    assert ticket["contact"]["address"].endswith("@erased.invalid")
    texts = [entry["letter"]["text"] for entry in ticket["conversation"] if entry["letter"]]
    assert [BOSS_SENTENCE in text for text in texts if "[erased]" not in text] == [True]
    assert (await desk.get("/tickets", q="zebra"))["items"] == []
    assert (await desk.get("/tickets", q="kindly"))["items"] != []

    assert (await desk.get("/status"))["parked"] == []
    await until(lambda: vacuumed(desk))

    # What is made of the logs again is the same.
    for projection in PROJECTIONS.values():
        await rebuild(desk.postroom.database_url, projection, lambda _: None)
    assert await desk.get(f"/tickets/{number}") == ticket
    assert await desk.find(SECRETS) == {}
    assert await desk.figures() == figures

    # A stream that lost everything is filled from the logs, without the person.
    await desk.postroom.wipe_nats()
    desk.postroom.send(letter_from(9, "Kim <kim@customers.example>", "More", "Another lamp\n", id="kim-2"))
    await until(desk.settled)
    await until(lambda: _relayed(desk))
    assert await desk.find(SECRETS) == {}


async def _relayed(desk: Desk) -> bool:
    events = await desk.postroom.events("tickets", "TicketOpened")
    return len(events) == 3
