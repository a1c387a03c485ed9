"""What other service levels would have meant for past tickets, on the whole stack."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.service_levels import Policy
from tests.running import BEARER, Postroom, until
from tests.system.test_desk_pages import ThingForm

pytestmark = [pytest.mark.system, pytest.mark.anyio]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    """A whole Postroom with some months of history."""
    running = Postroom(tmp_path_factory.mktemp("history"))
    running.start()
    environment = {**os.environ, "POSTROOM_DATABASE_URL": running.database_url}
    command = [sys.executable, "-m", "postroom", "load", "--tickets", "60", "--seed", "1", "--days", "40"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    yield running
    running.close()


@pytest.fixture
async def api(postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=BEARER) as client:
        yield client


async def finished(api: httpx.AsyncClient, what_if_id: str) -> Json:
    async def ended() -> Json | None:
        found: Json = (await api.get(f"/what-ifs/{what_if_id}")).json()
        return None if found["run"]["state"] in {"waiting", "running"} else found

    found = await until(ended)
    assert isinstance(found, dict)
    return found


async def policy(api: httpx.AsyncClient) -> Json:
    """The one that most tickets have."""
    found = (await api.get("/desk/policies")).json()["items"]
    return next(one for one in found if one["name"] == "Standard")


async def test_a_policy_that_is_not_in_force_is_tried_on_past_tickets(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    standard = await policy(api)
    version = standard.pop("version")
    stricter = {**standard, "kind": "policy", "targets": {**standard["targets"], "first_response": 10}}
    started = (await api.post("/what-ifs", json={"things": [stricter], "months": 2})).json()["what_if_id"]
    found = await finished(api, started)
    run = found["run"]
    assert (run["state"], run["error"], run["examined"], run["total"]) == ("done", None, 60, 60)
    # By what is in force nothing else was missed than what was written down when it was missed.
    recorded = {
        (event["ticket_id"], event["target"]) for event in await postroom.events("tickets", "SLABreached")
    }
    assert run["summary"]["before"] == len(recorded) > 5
    assert run["summary"]["after"] == run["summary"]["before"] + run["summary"]["added"]
    assert sum(row["after"] for row in run["summary"]["rows"]) == run["summary"]["after"]
    added = found["changes"]["items"]
    assert {(one["change"], one["target"]) for one in added} == {("added", "first_response")}
    for one in added[:3]:
        ticket = (await api.get(f"/tickets/{one['ticket']}")).json()
        assert ticket["subject"] == one["subject"]
        assert "first_response" not in ticket["missed"]
    avoided = (await api.get(f"/what-ifs/{started}", params={"kind": "avoided"})).json()["changes"]["items"]
    assert avoided == []
    page = await api.get(f"{postroom.url}/what-ifs/{started}")
    assert f'<a href="/tickets/{added[0]["ticket"]}">' in page.text
    assert (await policy(api))["version"] == version  # nothing was saved


async def test_what_a_colleague_saved_meanwhile_is_not_undone_by_putting_a_trial_in_force(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    found = await policy(api)
    standard = {name: value for name, value in found.items() if name != "version"}
    tried = {**standard, "kind": "policy", "targets": {**standard["targets"], "first_response": 20}}
    started = (await api.post("/what-ifs", json={"things": [tried], "months": 1})).json()["what_if_id"]
    page = f"{postroom.url}/what-ifs/{started}"
    version = f'name="version" value="{found["version"]}"'
    assert version in (await api.get(page)).text
    renamed = {**standard, "name": "Standard, renamed"}
    changed = await api.put(f"/desk/policies/{standard['id']}", json=renamed)
    assert changed.status_code == 200
    form = {"thing_id": standard["id"], "version": found["version"]}
    assert (await api.post(f"{page}/save", data=form)).status_code == 409
    assert (await api.get(f"/desk/policies/{standard['id']}")).json()["name"] == "Standard, renamed"
    assert version not in (await api.get(page)).text  # whoever looks again sees what would be undone
    again = {**form, "version": found["version"] + 1}
    assert (await api.post(f"{page}/save", data=again)).status_code == 303
    assert (await api.get(f"/desk/policies/{standard['id']}")).json()["name"] == "Standard"


async def test_the_way_back_from_a_what_if_leads_to_the_form_with_what_was_tried(
    api: httpx.AsyncClient, postroom: Postroom
) -> None:
    standard = await policy(api)
    version, promise_id = standard.pop("version"), str(uuid4())
    changed = {**standard, "targets": {**standard["targets"], "first_response": 25}}
    new = {"id": promise_id, "name": "Promise", "order": 99, "targets": {"first_response": 25}}
    for tried, seen, words in (
        (changed, version, "differs from what is in force:"),
        (new, 0, "There is none like it yet."),
    ):
        asked = {"things": [{**tried, "kind": "policy"}], "months": 6}
        started = (await api.post("/what-ifs", json=asked)).json()["what_if_id"]
        back = f"/desk/policies/{tried['id']}/what-if/{started}"
        assert f'<a class="back" href="{back}"' in (await api.get(f"{postroom.url}/what-ifs/{started}")).text
        shown = (await api.get(f"{postroom.url}{back}")).text
        assert "Nothing of this is saved." in shown
        assert words in shown
        form = ThingForm(shown).sent
        assert (form["name"], form["targets.first_response"]) == ([tried["name"]], ["25"])
        assert (form["version"], form["months"]) == ([str(seen)], ["6"])

    page = f"{postroom.url}/desk/policies/{promise_id}"
    assert (await api.get(page)).status_code == 404
    assert (await api.post(page, data=form)).status_code == 303
    again = await api.get(f"{postroom.url}{back}")
    assert again.headers.get("Location") == f"/desk/policies/{promise_id}", "it is in force by now"
    assert (await api.delete(f"/desk/policies/{promise_id}")).status_code == 204
    elsewhere = f"{postroom.url}/desk/calendars/{promise_id}/what-if/{started}"
    assert (await api.get(elsewhere)).status_code == 404


async def test_what_could_not_be_saved_cannot_be_tried(api: httpx.AsyncClient) -> None:
    tried = {"kind": "policy", "id": str(uuid4()), "name": "Broken", "calendar_id": str(uuid4())}
    answer = await api.post("/what-ifs", json={"things": [tried]})
    assert answer.status_code == 422
    assert "calendar" in answer.json()["detail"]
    for wrong in ({**tried, "kind": "ticketbox"}, {**tried, "target": {}}, {**tried, "id": "x"}):
        assert (await api.post("/what-ifs", json={"things": [wrong]})).status_code == 422
    assert (await api.get(f"/what-ifs/{uuid4()}")).status_code == 404


async def test_a_what_if_can_be_cancelled_and_is_listed(api: httpx.AsyncClient) -> None:
    tried = Policy(id=uuid4(), name="Cancelled").model_dump(mode="json")
    started = (await api.post("/what-ifs", json={"things": [tried], "months": 24})).json()["what_if_id"]
    assert (await api.delete(f"/what-ifs/{started}")).status_code == 204
    found = await finished(api, started)
    assert found["run"]["state"] in {"cancelled", "done"}
    assert started in [one["what_if_id"] for one in (await api.get("/what-ifs")).json()["items"]]
