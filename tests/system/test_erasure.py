"""A person is erased from a whole Postroom: from the database, the streams and the files, and the figures stay."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from chassis.rebuild import rebuild
from contracts.streams import STREAMS
from postroom.rebuild import PROJECTIONS
from postroom.verify import count_erased, verify
from tests.erasing import (
    ADDRESS,
    BOSS_SENTENCE,
    HOME,
    OFFICE,
    SECRETS,
    Desk,
    erase,
    have_reminded,
    letter_from,
    write_down,
    write_history,
)
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
    await have_reminded(desk)
    await write_history(desk)
    await until(partial(all_sent, desk))
    yield desk
    await desk.http.aclose()


async def all_sent(desk: Desk) -> bool:
    """Whether the answer, the reminders and the notices of both tickets have left, and the desk knows it."""
    sent = await desk.postroom.events("notify", "NoticeSent")
    return len(sent) == 2 and len(await desk.postroom.events("tickets", "DeliveryRecorded")) == 3


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
    contact_id = await write_down(desk)
    figures = await desk.figures()
    before = await desk.find(SECRETS)
    assert set(before) == set(SECRETS)  # the search finds what is there
    assert {place for places in before.values() for place in places} >= {
        *("tickets.contact", "tickets.contact_address", "tickets.alarm", "router.contact_address"),
        *("router.ticket", "router.last_agent", "gateway.contact", "gateway.contact_address"),
    }
    assert {place.partition("/")[0] for places in before.values() for place in places} >= {"nats", "outgoing"}

    preview = await desk.get("/erasures/preview", address=ADDRESS)
    counts = {"tickets": 1, "letters": 2, "files": 1, "answers": 2, "cards": 2, "letters_of_others": 1}
    assert {name: preview[name] for name in counts} == counts
    assert set(preview["addresses"]) == {ADDRESS, HOME, OFFICE}
    refused = await desk.http.post("/erasures", json={"addresses": [HOME, OFFICE], "reason": "Request 117"})
    assert (refused.status_code, ADDRESS in refused.text) == (422, True)
    certificate = await erase(desk, addresses=tuple(preview["addresses"]))

    assert await desk.find(SECRETS) == {}
    assert [one["service"] for one in certificate["holders"] if one["done_at"] is None] == []
    assert (certificate["letters"], certificate["tickets"], certificate["answers"]) == (2, 1, 2)
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

    gone = await desk.http.get(f"/contacts/{contact_id}")
    assert (gone.status_code, "was erased" in gone.text) == (404, True)
    listed = [one["addresses"] for one in (await desk.get("/contacts"))["items"]]
    assert sorted(listed) == [["kim@customers.example"], ["otto@customers.example"]]

    assert (await desk.get("/status"))["parked"] == []
    await until(lambda: vacuumed(desk))

    # What is made of the logs again is the same.
    for projection in PROJECTIONS.values():
        await rebuild(desk.postroom.database_url, projection, lambda _: None)
    assert await desk.get(f"/tickets/{number}") == ticket
    assert [one["addresses"] for one in (await desk.get("/contacts"))["items"]] == listed
    assert await desk.find(SECRETS) == {}
    assert await desk.figures() == figures

    # A stream that lost everything is filled from the logs, without the person.
    await desk.postroom.wipe_nats()
    desk.postroom.send(letter_from(9, "Kim <kim@customers.example>", "More", "Another lamp\n", id="kim-2"))
    await until(desk.settled)
    await until(lambda: _relayed(desk))
    assert await desk.find(SECRETS) == {}

    await _a_stranger_again(desk, number)


async def _a_stranger_again(desk: Desk, number: int) -> None:
    """Whoever was erased and writes again has nothing to do with the old ticket, by any address."""
    desk.postroom.send(letter_from(10, HOME, f"Re: [#{number}] Flooded", "Hello again\n"))
    again = await desk.ticket_of(HOME)
    assert again["number"] != number
    (contact,) = (await desk.get("/contacts", address=HOME))["items"]
    assert contact["addresses"] == [HOME]
    assert (await desk.get("/tickets", contact=contact["id"]))["items"][0]["number"] == again["number"]
    kept = await desk.http.put(f"/contacts/{contact['id']}", json={"addresses": [HOME], "name": "Mina"})
    assert kept.is_success, kept.text


async def _relayed(desk: Desk) -> bool:
    events = await desk.postroom.events("tickets", "TicketOpened")
    return len(events) == 3
