"""A house with people in it, for tests of what each of them may do."""

from collections.abc import AsyncIterator

import pytest

from tests.running import Postroom
from tests.system import house as houses


@pytest.fixture
async def house(shared_postroom: Postroom) -> AsyncIterator[houses.House]:
    """The stack with its people, and a letter in the ticketbox Workshop."""
    async with houses.opened(shared_postroom) as built:
        yield built
