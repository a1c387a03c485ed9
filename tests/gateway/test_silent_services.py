"""A ticket's page does without services that do not answer."""

import asyncio
from typing import cast
from uuid import uuid4

import pytest

from chassis.requests import M
from contracts.queries import GetTransport, GetWhatComes
from contracts.requests import Query
from services.gateway.gateway import Gateway
from services.gateway.pages.tickets import known_elsewhere
from services.gateway.problems import Unavailable

pytestmark = pytest.mark.anyio


class Silent:
    """Whom nobody answers, once as many ask as should."""

    def __init__(self, asking: int) -> None:
        self.asked: dict[type[Query], float] = {}
        self._all = asyncio.Barrier(asking)

    async def ask(self, query: Query, _: type[M], __: str | None = None, timeout_seconds: float = 8) -> M:
        self.asked[type(query)] = timeout_seconds
        async with asyncio.timeout(5):
            await self._all.wait()
        raise Unavailable("tickets does not answer")


async def test_a_page_asks_all_at_once_and_waits_for_a_second() -> None:
    silent = Silent(2)
    known = await known_elsewhere(cast("Gateway", silent), uuid4(), whole=True)
    assert known == (None, None)
    assert silent.asked == {GetWhatComes: 1, GetTransport: 1}


async def test_a_part_of_a_page_does_not_ask_where_answers_go() -> None:
    silent = Silent(1)
    assert await known_elsewhere(cast("Gateway", silent), uuid4(), whole=False) == (None, None)
    assert silent.asked == {GetWhatComes: 1}
