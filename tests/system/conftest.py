"""Who calls the API: its administrator, or everyone in a house."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.running import TOKEN, Postroom
from tests.system import house as houses
from tests.system.callers import client


@pytest.fixture
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    """The API, called by the administrator."""
    async with client(shared_postroom, TOKEN) as opened:
        yield opened


@pytest.fixture
async def house(shared_postroom: Postroom) -> AsyncIterator[houses.House]:
    """The stack with its people, and a letter in the ticketbox Workshop."""
    async with houses.opened(shared_postroom) as built:
        yield built
