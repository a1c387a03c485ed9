"""Who is at a ticket, with one page or with several, as the others hear of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx
import pytest

from services.gateway.live import VISITS
from tests.running import Postroom, until
from tests.system.callers import arrived, client, colleague
from tests.system.house import House

pytestmark = [pytest.mark.system, pytest.mark.anyio]
DESK, LAPTOP = uuid4(), uuid4()
"""Two windows of one agent."""


class Visits:
    """What an agent's windows say, what of it is news, and what a colleague sees."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._path = f"/tickets/{house.number}/visit"
        self.told = 0

    async def come(self, page: UUID, doing: str) -> None:
        said = {"doing": doing, "page_id": str(page)}
        answer = await self._house.clients["agent"].post(self._path, data=said)
        assert answer.status_code == 200, answer.text

    async def go(self, page: UUID) -> None:
        answer = await self._house.clients["agent"].post(f"{self._path}/end", data={"page_id": str(page)})
        assert answer.status_code == 204, answer.text

    async def seen(self) -> list[tuple[str, str]]:
        path = f"/api/v1/tickets/{self._house.number}/visitors"
        items = (await self._house.clients["supervisor"].get(path)).json()["items"]
        return [(one["name"], one["doing"]) for one in items]

    async def news(self) -> int:
        """How often it was told since this was asked last."""
        await asyncio.sleep(0.3)
        told, self.told = self.told, 0
        return told


@pytest.fixture
async def visits(house: House) -> AsyncIterator[Visits]:
    built = Visits(house)

    def hear(_: object, __: int, ___: str, number: object) -> None:
        built.told += number == str(house.number)

    db = await asyncpg.connect(house.postroom.database_url)
    await db.add_listener(VISITS, hear)
    yield built
    await db.close()


async def test_who_answers_in_one_window_and_looks_in_another_answers(visits: Visits) -> None:
    await visits.come(DESK, "answering")
    assert await visits.news() == 1
    await visits.come(LAPTOP, "looking")
    await visits.come(DESK, "answering")
    assert await visits.news() == 0
    assert await visits.seen() == [("Agent", "answering")]


async def test_who_closes_one_of_two_windows_is_still_there(visits: Visits) -> None:
    await visits.come(DESK, "looking")
    await visits.come(LAPTOP, "answering")
    assert await visits.news() == 2
    await visits.go(LAPTOP)
    assert await visits.news() == 1
    assert await visits.seen() == [("Agent", "looking")]
    await visits.come(LAPTOP, "looking")
    await visits.go(LAPTOP)
    assert await visits.news() == 0
    await visits.go(DESK)
    assert await visits.news() == 1
    assert await visits.seen() == []


async def test_people_hear_at_once_who_is_at_a_ticket(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2060, 1, "visits")
    _, token = await colleague(api, shared_postroom, "Vera")
    told: list[int] = []

    async def listen() -> None:
        async with api.stream("GET", "/live", params={"visits": "true"}) as stream:
            event = ""
            async for line in stream.aiter_lines():
                event = line.removeprefix("event: ") if line.startswith("event: ") else event
                if event == "visit" and line.startswith("data: "):
                    told.append(json.loads(line[6:])["number"])

    async with client(shared_postroom, token) as vera, anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await anyio.sleep(0.5)
        path = f"/tickets/{number}/visitors"
        assert (await vera.put(f"{path}/me", json={"doing": "looking"})).json()["items"] == []
        await until(lambda: _told(told, 1))
        assert [one["name"] for one in (await api.get(path)).json()["items"]] == ["Vera"]
        await vera.put(f"{path}/me", json={"doing": "looking"})  # she is there still: no news
        await vera.put(f"{path}/me", json={"doing": "answering"})
        await until(lambda: _told(told, 2))
        assert (await api.get(path)).json()["items"][0]["doing"] == "answering"
        assert (await vera.get(path)).json()["items"] == []
        assert (await vera.delete(f"{path}/me")).status_code == 204
        await until(lambda: _told(told, 3))
        assert (await api.get(path)).json()["items"] == []
        tasks.cancel_scope.cancel()
    assert told == [number] * 3


async def _told(told: list[int], times: int) -> bool:
    return len(told) >= times


async def test_whoever_is_gone_without_a_word_is_forgotten(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2070, 1, "gone")
    _, token = await colleague(api, shared_postroom, "Gil")
    async with client(shared_postroom, token) as gil:
        await gil.put(f"/tickets/{number}/visitors/me", json={"doing": "answering"})
    db = await asyncpg.connect(shared_postroom.database_url)
    await db.execute("UPDATE gateway.visit SET until = until - interval '45 seconds'")
    await db.close()
    assert (await api.get(f"/tickets/{number}/visitors")).json()["items"] == []
