"""Drafts by `/api/v1`: their author's own, on every device, until they are sent."""

import httpx
import pytest

from tests.running import Postroom
from tests.system.callers import arrived, client, colleague

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def test_a_draft_is_there_on_every_device_until_it_is_sent(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2030, 1, "drafts")
    path = f"/tickets/{number}/drafts/reply"
    assert (await api.get(path)).status_code == 404
    first = (await api.put(path, json={"text": "Half a sente"})).json()
    assert (await api.get(path)).json()["text"] == "Half a sente"
    second = (
        await api.put(path, json={"text": "Half a sentence", "expected_version": first["version"]})
    ).json()
    # The other device has not seen that.
    refused = await api.put(path, json={"text": "Something else", "expected_version": first["version"]})
    assert refused.status_code == 409
    assert refused.json()["draft"]["text"] == "Half a sentence"
    assert second["version"] == refused.json()["version"]
    assert (await api.get("/drafts")).json()["items"][0]["number"] == number

    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.post(f"{path}/undo")).json()["text"] == "Half a sentence"

    answer = {"text": "Half a sentence, and the rest.", "expected_version": 999}
    assert (await api.post(f"/tickets/{number}/replies", json=answer)).status_code == 201
    assert (await api.get(path)).status_code == 404
    assert (await api.post(f"{path}/undo")).status_code == 404


async def test_who_empties_a_draft_does_not_throw_away_what_was_written_elsewhere(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2035, 1, "emptied")
    path = f"/tickets/{number}/drafts/reply"
    first = (await api.put(path, json={"text": "Half a sente"})).json()["version"]
    longer = {"text": "Half a sentence", "expected_version": first}
    second = (await api.put(path, json=longer)).json()["version"]
    refused = await api.put(path, json={"text": "", "expected_version": first})
    assert (refused.status_code, refused.json()["code"]) == (409, "written_elsewhere")
    assert (refused.json()["version"], refused.json()["draft"]["text"]) == (second, "Half a sentence")
    assert (await api.get(path)).json()["text"] == "Half a sentence"
    assert (await api.put(path, json={"text": "", "expected_version": second})).status_code == 200
    assert (await api.get(path)).status_code == 404


async def test_drafts_are_their_authors_own(api: httpx.AsyncClient, shared_postroom: Postroom) -> None:
    (number,) = await arrived(api, shared_postroom, 2040, 1, "own")
    _, token = await colleague(api, shared_postroom, "Dora")
    async with client(shared_postroom, token) as dora:
        assert (await dora.put(f"/tickets/{number}/drafts/note", json={"text": "Mine"})).status_code == 200
        assert (await api.get(f"/tickets/{number}/drafts/note")).status_code == 404
        assert number not in [one["number"] for one in (await api.get("/drafts")).json()["items"]]
        note = {"text": "Another's note ends no draft of hers."}
        assert (await api.post(f"/tickets/{number}/notes", json=note)).status_code == 201
        assert (await dora.get(f"/tickets/{number}/drafts/note")).json()["text"] == "Mine"
