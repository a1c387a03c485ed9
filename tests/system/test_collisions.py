"""Two people who answer one ticket at the same time, by `/api/v1`."""

import json

import httpx
import pytest

from tests.running import Postroom
from tests.system.callers import arrived, client, colleague

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def test_an_answer_that_has_not_seen_a_colleagues_is_refused_with_what_came_and_a_tag_refuses_nothing(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2050, 1, "collision")
    seen = (await api.get(f"/tickets/{number}")).json()["version"]
    _, token = await colleague(api, shared_postroom, "Carla")
    async with client(shared_postroom, token) as carla:
        answer = {"text": "Carla's answer", "expected_version": seen}
        assert (await carla.post(f"/tickets/{number}/replies", json=answer)).status_code == 201
        assert (await carla.post(f"/tickets/{number}/tags", json={"add": ["seen"]})).status_code == 201
    mine = {"text": "My answer", "expected_version": seen}
    refused = await api.post(f"/tickets/{number}/replies", json=mine)
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "outdated"
    assert "Carla answered" in problem["detail"]
    assert "Carla's answer" in json.dumps(problem["unseen"])
    assert "tag" in problem["unseen"][-1]["sentence"]
    again = mine | {"expected_version": problem["version"]}
    sent = await api.post(f"/tickets/{number}/replies", json=again)
    assert sent.status_code == 201
    # A tag since then is no reason.
    await api.post(f"/tickets/{number}/tags", json={"add": ["late"]})
    third = {"text": "One more", "expected_version": sent.json()["version"]}
    assert (await api.post(f"/tickets/{number}/replies", json=third)).status_code == 201
    assert "You answered" in (await api.post(f"/tickets/{number}/replies", json=third)).json()["detail"]
