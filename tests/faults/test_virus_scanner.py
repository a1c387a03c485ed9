"""The virus scanner goes away and comes back, and ingest is killed meanwhile: every letter is one ticket."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import httpx
import pytest

from chassis.requests import ServiceUnavailable
from contracts.people import Role
from contracts.queries import Ledger
from postroom.people import add_person, make_token
from postroom.verify import verify
from tests.ingest.scanning.clamd import NAME, VIRUS, Clamd
from tests.ingest.scanning.conftest import needs_clamd
from tests.ingest.scanning.letters import message_with
from tests.ingest.scanning.packing import encrypted, nested
from tests.running import TOKEN, Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio, needs_clamd]


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    running = Clamd(tmp_path_factory.mktemp("clamd"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory, scanner: Clamd) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("scanned"), POSTROOM_CLAMD=scanner.unix)
    running.start()
    yield running
    running.close()


def api(postroom: Postroom, token: str = TOKEN) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{postroom.url}/api/v1",
        headers={"Authorization": f"Bearer {token}"},
    )


async def page_of(client: httpx.AsyncClient, message_id: object) -> str:
    return (await client.get(client.base_url.join(f"/letters/{message_id}"))).text


async def settled(postroom: Postroom, accepted: int) -> Ledger:
    async def done() -> Ledger | None:
        books = await postroom.ledger()
        assert books.balanced
        return books if books.accepted == accepted and not books.in_flight else None

    books = await until(done, 90)
    assert isinstance(books, Ledger)
    return books


async def held_gauge(postroom: Postroom) -> float:
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"http://127.0.0.1:{postroom._admin_base}/metrics")).text
    found = re.search(r"^postroom_messages_held (\S+)$", metrics, re.MULTILINE)
    assert found is not None
    return float(found[1])


async def test_what_is_not_clean_is_quarantined_and_its_files_are_not_given_out(postroom: Postroom) -> None:
    db = await asyncpg.connect(postroom.database_url)
    await add_person(db, "anna@example.com", "Anna", Role.AGENT, None)
    agent = await make_token(db, "anna@example.com")
    await db.close()
    before = (await postroom.ledger()).accepted
    letters = {
        "ticketed": message_with(("a.txt", b"Hello"), number=9001),
        f"virus: {NAME}": message_with(("a.zip", nested(VIRUS, 2)), number=9002),
        "unscannable: a.zip is encrypted": message_with(("a.zip", encrypted({"a": b"a"})), number=9003),
    }
    postroom.send(*letters.values())
    books = await settled(postroom, before + 3)
    assert (books.ticketed, books.quarantined) == (1, 2)

    async with api(postroom) as administrator, api(postroom, agent) as anna:

        async def listed() -> dict[str, str] | None:
            items = (await administrator.get("/messages")).json()["items"]
            states = {item["reason"] or item["state"]: item["message_id"] for item in items}
            return states if states.keys() >= letters.keys() else None

        ids = await until(listed)
        assert isinstance(ids, dict)
        for reason, message in letters.items():
            path = f"/messages/{ids[reason]}"
            file, raw = await anna.get(f"{path}/attachments/0"), await anna.get(f"{path}/raw")
            if reason == "ticketed":
                assert (file.status_code, raw.status_code) == (200, 200)
                continue
            assert (file.status_code, raw.status_code) == (403, 403)
            assert file.json()["code"] == raw.json()["code"] == "withheld"
            assert (await administrator.get(f"{path}/attachments/0")).status_code == 403
            saved = await administrator.get(f"{path}/raw")
            assert saved.content.split() == message.as_bytes().split()
            assert saved.headers["Content-Type"] == "application/octet-stream"
            custody = (await anna.get(path)).json()
            assert (custody["state"], custody["reason"]) == ("quarantined", reason)
            assert custody["withheld"] == file.json()["detail"]
            steps = {step["event"]: step["evidence"] for step in custody["steps"]}
            assert steps["MessageReceived"]["scan"]["verdict"] == reason.partition(":")[0].replace(
                "virus", "infected"
            )
            assert ["finding", reason.partition(": ")[2]] in steps["MessageRouted"]["matched"]
            assert "save <a href" in await page_of(administrator, ids[reason])
            for_agents = await page_of(anna, ids[reason])
            assert "/raw" not in for_agents
            assert "a.zip <small>" in for_agents, "named, and no link"


LETTERS = 60


async def test_letters_that_come_while_the_scanner_is_away_are_held_and_become_one_ticket_each(
    postroom: Postroom, scanner: Clamd
) -> None:
    before = await postroom.ledger()
    async with always_balanced(postroom):
        scanner.stop()
        await send_while_ingest_is_killed(postroom)
        books = await postroom.ledger()
        assert (books.accepted, books.in_flight) == (before.accepted + LETTERS, LETTERS)
        assert await verify(postroom.database_url) == []
        await what_is_held_is_shown(postroom)

        scanner.start()
        kills = 0
        while waiting := await waiting_messages(postroom):
            if kills < 3 and waiting < LETTERS - 15 * kills:
                postroom.kill("ingest")
                kills += 1
            await asyncio.sleep(0.02)
        assert kills > 0
        books = await settled(postroom, before.accepted + LETTERS)
    assert books.ticketed == before.ticketed + LETTERS
    received = await postroom.events("ingest", "MessageReceived")
    subjects = [event["letter"]["subject"] for event in received]  # type: ignore[index]
    assert subjects[-LETTERS:] == [f"Letter {number}" for number in range(LETTERS)]
    opened = await postroom.events("tickets", "TicketOpened")
    ticketed = [event["letter"]["message_id"] for event in opened]  # type: ignore[index]
    assert len(set(ticketed)) == len(ticketed) == books.ticketed
    assert await verify(postroom.database_url) == []


@asynccontextmanager
async def always_balanced(postroom: Postroom) -> AsyncIterator[None]:
    """The ledger is read again and again, and balances each time."""
    seen: list[Ledger] = []
    enough = asyncio.Event()

    async def watch() -> None:
        while not enough.is_set():
            with suppress(ServiceUnavailable):  # ingest is killed meanwhile
                seen.append(await postroom.ledger())
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        enough.set()
        await watching
    assert len(seen) > 5
    assert all(books.balanced for books in seen)


async def send_while_ingest_is_killed(postroom: Postroom) -> None:
    for number in range(LETTERS):
        message = message_with(("a.txt", b"Hello"), number=number)
        await asyncio.to_thread(postroom.send, message)  # the ledger is watched meanwhile
        if number in {20, 40}:
            postroom.kill("ingest")
            await until(lambda: takes_mail(postroom))
            await asyncio.to_thread(postroom.send, message)  # as a client does that has not heard our 250


async def what_is_held_is_shown(postroom: Postroom) -> None:
    async def counted() -> bool:
        return await held_gauge(postroom) == LETTERS

    await until(counted)
    last = (await postroom.events("ingest", "MessageHeld"))[-1]
    path = f"/messages/{last['message_id']}"
    async with api(postroom) as administrator:
        status = (await administrator.get("/status")).json()["scanner"]
        assert status["held"] == LETTERS
        assert status["reason"].startswith("The virus scanner gave no answer: ")

        async def shown() -> bool:
            return (await administrator.get(path)).status_code == 200

        await until(shown)
        custody = (await administrator.get(path)).json()
        assert (custody["state"], custody["reason"]) == ("in_flight", last["reason"])
        assert [step["event"] for step in custody["steps"]] == ["MessageHeld"]
        assert (await administrator.get(f"{path}/raw")).status_code == 200
        assert (await administrator.get(f"{path}/attachments/0")).status_code == 403
        assert "This message waits for the virus scanner." in await page_of(administrator, last["message_id"])


async def takes_mail(postroom: Postroom) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", postroom.smtp_port)
    greeting = await reader.readline()
    writer.close()
    return greeting.startswith(b"220")


async def waiting_messages(postroom: Postroom) -> int:
    db = await asyncpg.connect(postroom.database_url)
    try:
        return int(await db.fetchval("SELECT count(*) FROM ingest.held"))
    finally:
        await db.close()
