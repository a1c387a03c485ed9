"""Lists of tickets by `/api/v1`."""

from uuid import uuid4

import httpx
import pytest

from tests.running import Postroom
from tests.system.callers import arrived, lines

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def test_lists_are_narrowed_and_sorted(api: httpx.AsyncClient, shared_postroom: Postroom) -> None:
    numbers = await arrived(api, shared_postroom, 2080, 3, "narrow")
    lamps, organisation = uuid4(), uuid4()
    assert (await api.put(f"/desk/categories/{lamps}", json={"name": f"Lamps {lamps}"})).status_code == 200
    body = {"name": f"Customers {organisation}", "domains": ["customers.example"]}
    assert (await api.put(f"/desk/organisations/{organisation}", json=body)).status_code == 200
    await api.post(f"/tickets/{numbers[1]}/category", json={"category": str(lamps)})

    async def found(**query: str) -> list[int]:
        return [one["number"] for one in await lines(api, tag="narrow", **query)]

    assert await found(category=str(lamps)) == [numbers[1]]
    assert await found(organisation=str(organisation), sort="opened") == numbers[::-1]
    assert (await api.get("/tickets", params={"organisation": str(uuid4())})).status_code == 404
    assert await found(sort="waiting") == numbers
    page = (await api.get("/tickets", params={"tag": "narrow", "sort": "waiting", "limit": 2})).json()
    rest = await found(sort="waiting", cursor=page["next"])
    assert [one["number"] for one in page["items"]] + rest == numbers
    assert await found(due="overdue") == []
    assert (await api.get("/tickets", params={"assignee": "somebody"})).status_code == 422
    await api.delete(f"/desk/organisations/{organisation}")
    await api.delete(f"/desk/categories/{lamps}")
