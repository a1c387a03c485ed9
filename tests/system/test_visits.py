"""Who is at a ticket, with one page or with several, as the others hear of it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.gateway.live import VISITS
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
