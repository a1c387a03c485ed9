"""Saved lists on the pages: what they ask for may be gone, and others change them too."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.running import BEARER, Postroom

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def client(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared_postroom.url, headers=BEARER, timeout=30) as opened:
        yield opened


async def put(client: httpx.AsyncClient, path: str, **fields: object) -> None:
    answer = await client.put(f"/api/v1/desk/{path}", json=fields)
    assert answer.status_code == 200, answer.text


async def test_a_list_of_an_organisation_that_was_removed_is_empty_and_can_be_removed(
    client: httpx.AsyncClient,
) -> None:
    organisation_id, view_id = uuid4(), uuid4()
    organisation, view = f"organisations/{organisation_id}", f"views/{view_id}"
    await put(client, organisation, name=f"Lamps {organisation_id}")
    await put(client, view, name="Lamps", parameters={"organisation": str(organisation_id)})
    assert (await client.delete(f"/api/v1/desk/{organisation}")).status_code == 204

    shown = await client.get("/tickets", params={"organisation": str(organisation_id)})
    assert shown.status_code == 200
    assert "from an organisation that was removed" in shown.text
    assert "No ticket is like that." in shown.text
    assert f'action="/views/{view_id}"' in shown.text
    unknown = await client.get("/api/v1/tickets", params={"organisation": str(organisation_id)})
    assert unknown.status_code == 404

    removed = await client.post(f"/views/{view_id}", data={"then": "remove"})
    assert removed.status_code == 303
    assert (await client.get(f"/api/v1/desk/{view}")).status_code == 404


async def test_of_two_lists_that_show_the_same_ones_own_is_changed(client: httpx.AsyncClient) -> None:
    me = (await client.get("/api/v1/me")).json()["id"]
    own, shared, parameters = uuid4(), uuid4(), {"view": "all", "tag": uuid4().hex}
    await put(client, f"views/{shared}", name=f"Everyone's {shared}", parameters=parameters)
    await put(client, f"views/{own}", name=f"Mine {own}", owner_id=me, parameters=parameters)
    shown = await client.get("/tickets", params=parameters)
    assert f'action="/views/{own}"' in shown.text
    for view_id in (own, shared):
        assert (await client.delete(f"/api/v1/desk/views/{view_id}")).status_code == 204


@pytest.mark.parametrize("then", ["save", "remove"])
async def test_a_list_that_somebody_changed_meanwhile_stays_as_it_is(
    client: httpx.AsyncClient, then: str
) -> None:
    view_id, parameters = uuid4(), {"view": "all", "tag": uuid4().hex}
    await put(client, f"views/{view_id}", name=f"Lamps {view_id}", parameters=parameters)
    assert 'name="seen_version" value="1"' in (await client.get("/tickets", params=parameters)).text
    await put(client, f"views/{view_id}", name=f"Shades {view_id}", parameters=parameters)

    wish = {"then": then, "name": f"Bulbs {view_id}", "shared": "true"}
    late = await client.post(f"/views/{view_id}", data={**wish, "seen_version": "1"})
    assert late.status_code == 409
    assert (await client.get(f"/api/v1/desk/views/{view_id}")).json()["name"] == f"Shades {view_id}"
    assert (await client.post(f"/views/{view_id}", data={**wish, "seen_version": "2"})).status_code == 303
