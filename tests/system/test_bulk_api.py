"""Bulk jobs, drafts, visits and lists by `/api/v1`."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx
import pytest

from postroom.people import make_token
from tests.running import TOKEN, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    async with client(shared_postroom, TOKEN) as opened:
        yield opened


def client(postroom: Postroom, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=headers, timeout=30)


async def colleague(
    api: httpx.AsyncClient, postroom: Postroom, name: str, **fields: object
) -> tuple[str, str]:
    """Someone new: their id, and a token."""
    person_id = uuid4()
    email = f"{name.lower()}-{person_id}@example.com"
    body = {"name": name, "email": email, "role": "agent", **fields}
    assert (await api.put(f"/desk/people/{person_id}", json=body)).status_code == 200
    db = await asyncpg.connect(postroom.database_url)
    try:
        return str(person_id), await make_token(db, email)
    finally:
        await db.close()


async def arrived(api: httpx.AsyncClient, postroom: Postroom, first: int, count: int, tag: str) -> list[int]:
    """New tickets with a tag."""
    for number in range(first, first + count):
        postroom.send(letter(number))
    numbers = []
    for number in range(first, first + count):

        async def there(address: str = f"kim{number}@customers.example") -> int | None:
            items = (await api.get("/tickets", params={"contact": address})).json()["items"]
            return items[0]["number"] if items else None

        numbers.append(await until(there))
        tagged = await api.post(f"/tickets/{numbers[-1]}/tags", json={"add": [tag]})
        assert tagged.status_code == 201
    return numbers  # type: ignore[return-value]


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


async def lines(api: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get("/tickets", params=query)).json()["items"]
    return items


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


async def test_people_hear_at_once_who_is_at_a_ticket(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2060, 1, "visits")
    _, token = await colleague(api, shared_postroom, "Vera")
    told: list[int] = []

    async def listen() -> None:
        async with api.stream("GET", "/live", params={"visits": "true"}) as stream:
            event = ""
            async for line in stream.aiter_lines():
                event = line.removeprefix("event: ") if line.startswith("event: ") else event
                if event == "visit" and line.startswith("data: "):
                    told.append(json.loads(line[6:])["number"])

    async with client(shared_postroom, token) as vera, anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await anyio.sleep(0.5)
        path = f"/tickets/{number}/visitors"
        assert (await vera.put(f"{path}/me", json={"doing": "looking"})).json()["items"] == []
        await until(lambda: _told(told, 1))
        assert [one["name"] for one in (await api.get(path)).json()["items"]] == ["Vera"]
        await vera.put(f"{path}/me", json={"doing": "looking"})  # she is there still: no news
        await vera.put(f"{path}/me", json={"doing": "answering"})
        await until(lambda: _told(told, 2))
        assert (await api.get(path)).json()["items"][0]["doing"] == "answering"
        assert (await vera.get(path)).json()["items"] == []
        assert (await vera.delete(f"{path}/me")).status_code == 204
        await until(lambda: _told(told, 3))
        assert (await api.get(path)).json()["items"] == []
        tasks.cancel_scope.cancel()
    assert told == [number] * 3


async def _told(told: list[int], times: int) -> bool:
    return len(told) >= times


async def test_whoever_is_gone_without_a_word_is_forgotten(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    (number,) = await arrived(api, shared_postroom, 2070, 1, "gone")
    _, token = await colleague(api, shared_postroom, "Gil")
    async with client(shared_postroom, token) as gil:
        await gil.put(f"/tickets/{number}/visitors/me", json={"doing": "answering"})
    db = await asyncpg.connect(shared_postroom.database_url)
    await db.execute("UPDATE gateway.visit SET until = until - interval '45 seconds'")
    await db.close()
    assert (await api.get(f"/tickets/{number}/visitors")).json()["items"] == []


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
