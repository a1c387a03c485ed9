"""Bulk jobs by `/api/v1`."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.running import Postroom, until
from tests.system.callers import arrived, client, colleague, lines

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def ended(api: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    async def done() -> dict[str, Any] | None:
        found: dict[str, Any] = (await api.get(f"/bulk-jobs/{job['job_id']}")).json()
        return found if found["state"] != "running" else None

    found = await until(done)
    assert isinstance(found, dict)
    return found


async def start(api: httpx.AsyncClient, status: int = 202, **new: object) -> dict[str, Any]:
    answer = await api.post("/bulk-jobs", json=new)
    assert answer.status_code == status, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def test_all_that_match_a_query_are_changed_and_given_back(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    numbers = await arrived(api, shared_postroom, 2000, 3, "recall")
    job = await start(
        api,
        query={"tag": "recall", "state": "open"},
        actions=[
            {"do": "priority", "priority": "urgent"},
            {"do": "tags", "add": ["checked"], "remove": ["recall"]},
            {"do": "state", "state": "solved"},
        ],
    )
    assert (job["total"], job["selection"]) == (3, "open, tag recall")
    job = await ended(api, job)
    assert (job["state"], job["changed"], job["refused"]) == ("done", 3, 0)

    async def shown() -> bool:
        return {one["number"] for one in await lines(api, tag="checked", state="solved")} == set(numbers)

    await until(shown)
    events = (await api.get(f"/tickets/{numbers[0]}/events")).json()["items"]
    by_job = [one for one in events if one["actor"] == f"job:{job['job_id']}"]
    assert [one["type"] for one in by_job if one["type"] != "DeadlinesChanged"] == [
        "PriorityChanged",
        "TagsChanged",
        "TicketSolved",
    ]
    me = (await api.get("/me")).json()["id"]
    assert by_job[0]["data"]["changed_by"] == me

    # One of them is changed again: it keeps that, and the others get back what the job changed.
    assert (await api.post(f"/tickets/{numbers[0]}/priority", json={"priority": "low"})).status_code == 201
    undone = await ended(api, (await api.post(f"/bulk-jobs/{job['job_id']}/undo")).json())
    assert (undone["changed"], undone["refused"], undone["undoes_id"]) == (2, 1, job["job_id"])
    (refused,) = undone["refused_tickets"]
    assert (refused["number"], refused["code"]) == (numbers[0], "changed_since")
    assert "priority" in refused["detail"]

    async def given_back() -> bool:
        found = await lines(api, tag="recall", state="open", priority="normal")
        return {one["number"] for one in found} == set(numbers[1:])

    await until(given_back)
    assert (await api.get(f"/bulk-jobs/{job['job_id']}")).json()["undone_by_id"] == undone["job_id"]


async def test_a_job_has_the_rights_of_who_started_it_for_each_ticket(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    numbers = await arrived(api, shared_postroom, 2010, 2, "rights")
    (box,) = [one for one in (await api.get("/ticketboxes")).json()["items"] if one["name"] == "Support"]
    other = uuid4()
    assert (
        await api.put(
            f"/desk/ticketboxes/{other}", json={"name": "Annex", "addresses": ["annex@example.com"]}
        )
    ).status_code == 200
    rights = [{"ticketbox_id": box["id"], "right": "see"}, {"ticketbox_id": str(other), "right": "answer"}]
    rika_id, token = await colleague(api, shared_postroom, "Rika", rights=rights)
    assert (
        await api.post(f"/tickets/{numbers[0]}/ticketbox", json={"ticketbox": str(other)})
    ).status_code == 201
    async with client(shared_postroom, token) as rika:
        job = await ended(
            rika, await start(rika, query={"tag": "rights"}, actions=[{"do": "priority", "priority": "high"}])
        )
        assert (job["changed"], job["refused"]) == (1, 1)
        (refused,) = job["refused_tickets"]
        assert (refused["number"], refused["code"]) == (numbers[1], "forbidden")
        assert job["refusals"] == {refused["detail"]: 1}
    # What others started is nobody's business but that of supervisors.
    _, another = await colleague(api, shared_postroom, "Otto")
    async with client(shared_postroom, another) as otto:
        assert (await otto.get(f"/bulk-jobs/{job['job_id']}")).status_code == 404
        assert (await otto.post(f"/bulk-jobs/{job['job_id']}/undo")).status_code == 404
        assert (await otto.get("/bulk-jobs")).json()["items"] == []
    assert (await api.get(f"/bulk-jobs/{job['job_id']}")).status_code == 200
    back = await start(api, tickets=[numbers[0]], actions=[{"do": "move", "ticketbox_id": box["id"]}])
    assert (await ended(api, back))["changed"] == 1
    assert (await api.delete(f"/desk/people/{rika_id}")).status_code == 204
    assert (await api.delete(f"/desk/ticketboxes/{other}")).status_code == 204


async def test_the_same_job_with_the_same_key_is_done_once(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    await arrived(api, shared_postroom, 2020, 1, "once")
    # It empties the list that it is started from.
    body = {"query": {"tag": "once"}, "actions": [{"do": "tags", "remove": ["once"]}]}
    key = {"Idempotency-Key": "k"}
    first = (await api.post("/bulk-jobs", json=body, headers=key)).json()
    assert (await ended(api, first))["changed"] == 1
    again = await api.post("/bulk-jobs", json=body, headers=key)
    assert (again.status_code, again.json()["job_id"], again.json()["changed"]) == (202, first["job_id"], 1)


async def test_a_job_without_tickets_or_with_nonsense_is_refused(api: httpx.AsyncClient) -> None:
    action = {"do": "priority", "priority": "high"}
    assert "No ticket" in (await start(api, 422, query={"tag": "nobody-has-it"}, actions=[action]))["detail"]
    await start(api, 422, actions=[action])
    await start(api, 422, query={}, actions=[])
    await start(api, 422, query={"colour": "blue"}, actions=[action])
    assert (await api.get(f"/bulk-jobs/{uuid4()}")).status_code == 404
