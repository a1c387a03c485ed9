"""The desk by API: things are put whole, refused with the words for each field, and put back."""

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx
import pytest

from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def test_a_thing_is_put_read_listed_changed_and_removed_and_its_history_brings_it_back(
    api: httpx.AsyncClient,
) -> None:
    path = f"/desk/calendars/{uuid4()}"
    hours = {
        "name": "Shop hours",
        "time_zone": "Europe/Berlin",
        "week": {"monday": [{"begin": "09:00", "end": "17:00"}]},
    }
    made = await api.put(path, json=hours)
    assert made.status_code == 200, made.text
    assert made.json()["version"] == 1
    assert (await api.get(path)).json() == made.json()
    assert "Shop hours" in [one["name"] for one in (await api.get("/desk/calendars")).json()["items"]]

    changed = await api.put(path, json={**hours, "time_zone": "UTC", "expected_version": 1})
    assert changed.json()["version"] == 2
    late = await api.put(path, json={**hours, "expected_version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert (await api.put(path, json={**hours, "time_zone": "UTC"})).json()["version"] == 2, (
        "it was so already"
    )

    assert (await api.delete(path.replace("calendars", "teams"))).status_code == 404, "it is no team"
    late = await api.delete(path, params={"expected_version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert (await api.delete(path, params={"expected_version": 2})).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404
    past = (await api.get(f"{path}/history")).json()["items"]
    assert [(one["version"], one["what"]) for one in past] == [(3, "removed"), (2, "changed"), (1, "added")]
    assert past[1]["differences"] == [{"field": "time_zone", "before": "Europe/Berlin", "after": "UTC"}]
    assert past[0]["actor"]["name"] == "Administrator"

    again = await api.put(path, json={**past[1]["thing"], "expected_version": 3})
    assert again.json()["time_zone"] == "UTC"
    past = (await api.get(f"{path}/history")).json()["items"]
    assert past[0]["what"] == "put back"
    assert (await api.delete(path)).status_code == 204


async def test_a_template_is_offered_filled_in_where_it_belongs(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    subject = f"Okapi {uuid4().hex[:8]}"
    shared_postroom.send(letter(910, subject=subject))

    async def opened() -> dict[str, Any] | None:
        items = (await api.get("/tickets", params={"q": subject})).json()["items"]
        return items[0] if items else None

    ticket = await until(opened)
    assert isinstance(ticket, dict)
    boxes = (await api.get("/desk/ticketboxes")).json()["items"]
    elsewhere = [box["id"] for box in boxes if box["id"] != ticket["box"]["id"]] or [str(uuid4())]
    if len(boxes) == 1:
        other = {"name": "Elsewhere", "addresses": ["elsewhere@example.com"]}
        assert (await api.put(f"/desk/ticketboxes/{elsewhere[0]}", json=other)).status_code == 200
    here, there = f"/desk/templates/{uuid4()}", f"/desk/templates/{uuid4()}"
    text = "Hello {customer}, {subject} is {number}. {agent}"
    made = await api.put(here, json={"name": "Okapi here", "text": text})
    assert made.status_code == 200, made.text
    only = {"name": "Okapi there", "text": text, "ticketbox_ids": elsewhere[:1]}
    assert (await api.put(there, json=only)).status_code == 200
    offered = await api.get(f"/tickets/{ticket['number']}/templates", params={"q": "okapi"})
    assert [one["text"] for one in offered.json()["items"]] == [
        f"Hello Kim Customer, {subject} is {ticket['number']}. Administrator"
    ]
    wrong = await api.put(here, json={"name": "Okapi here", "text": "Hello {custmer}"})
    assert (wrong.status_code, "{custmer} is filled by nothing" in wrong.json()["detail"]) == (422, True)
    for path in (here, there):
        assert (await api.delete(path)).status_code == 204


async def test_tags_in_use_are_listed_with_their_tickets_and_what_the_desk_waits_for(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    subject, used, wanted = f"Tapir {uuid4().hex[:8]}", f"used-{uuid4().hex[:8]}", f"Wanted {uuid4().hex[:8]}"
    shared_postroom.send(letter(911, subject=subject))

    async def opened() -> dict[str, Any] | None:
        items = (await api.get("/tickets", params={"q": subject})).json()["items"]
        return items[0] if items else None

    ticket = await until(opened)
    assert isinstance(ticket, dict)
    added = await api.post(f"/tickets/{ticket['number']}/tags", json={"add": [used.upper()]})
    assert added.status_code == 201
    policy = f"/desk/policies/{uuid4()}"
    assert (await api.put(policy, json={"name": wanted, "tags": [wanted]})).status_code == 200
    found = {one["tag"]: one["tickets"] for one in (await api.get("/tags")).json()["items"]}
    assert (found[used], found[wanted.lower().replace(" ", "-")]) == (1, 0)
    listed = await api.get("/tickets", params={"tag": used.upper()})
    assert [one["number"] for one in listed.json()["items"]] == [ticket["number"]]
    assert (await api.delete(policy)).status_code == 204


async def test_what_is_wrong_is_told_for_each_field(api: httpx.AsyncClient) -> None:
    path = f"/desk/calendars/{uuid4()}"
    wrong = await api.put(
        path, json={"name": "", "zone": "UTC", "week": {"monday": [{"begin": "9", "end": "10:00"}]}}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert set(wrong.json()["errors"]) == {"name", "zone", "time_zone", "week.monday.0.begin"}
    nowhere = await api.put(path, json={"name": "Nowhere", "time_zone": "Europe/Nowhere"})
    assert (nowhere.status_code, "no time zone" in nowhere.json()["detail"]) == (422, True)
    other = await api.put(path, json={"id": str(uuid4()), "name": "A", "time_zone": "UTC"})
    assert other.status_code == 422
    assert (await api.put(path, content="{")).status_code == 422
    assert (await api.put(path, json=[])).status_code == 422
    assert (
        await api.put(path, json={"name": "A", "time_zone": "UTC", "expected_version": "1"})
    ).status_code == 422
    assert (await api.get("/desk/lamps")).status_code == 422
    taken = await api.put(
        f"/desk/ticketboxes/{uuid4()}", json={"name": "S", "addresses": ["support@example.com"]}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "already_there")


async def test_the_rules_in_force_keep_their_ticketbox(api: httpx.AsyncClient) -> None:
    boxes = (await api.get("/desk/ticketboxes")).json()["items"]
    support = next(box for box in boxes if box["name"] == "Support")
    refused = await api.delete(f"/desk/ticketboxes/{support['id']}")
    assert refused.status_code == 422
    assert "The ruleset refers to a ticketbox" in refused.json()["detail"]


async def test_the_last_administrator_stays(api: httpx.AsyncClient) -> None:
    me = (await api.get("/me")).json()["id"]
    person = (await api.get(f"/desk/people/{me}")).json()
    version = person.pop("version")
    left = await api.put(f"/desk/people/{me}", json={**person, "active": False, "expected_version": version})
    assert left.status_code == 422
    assert (await api.get("/me")).status_code == 200


async def test_a_presence_has_an_end_and_is_no_change_of_the_person(api: httpx.AsyncClient) -> None:
    me = (await api.get("/me")).json()["id"]
    version = (await api.get(f"/desk/people/{me}")).json()["version"]
    end = datetime.now(UTC) + timedelta(seconds=2)
    away = await api.put("/me/presence", json={"presence": "away", "until": end.isoformat()})
    assert away.status_code == 200, away.text
    told = (await api.get("/me")).json()
    assert (told["presence"], datetime.fromisoformat(told["until"])) == ("away", end)
    assert (await api.get(f"/desk/people/{me}")).json()["version"] == version
    past = (
        await api.put("/me/presence", json={"presence": "away", "until": "2020-01-01T00:00:00Z"})
    ).status_code
    assert past == 422

    async def back() -> bool:
        now = (await api.get("/me")).json()
        return (now["presence"], now["until"]) == ("available", None)

    await until(back, 10)
    assert (await api.post("/me/presence", json={"presence": "off"})).status_code == 201


async def test_views_are_ones_own_unless_they_are_shared(api: httpx.AsyncClient) -> None:
    me = (await api.get("/me")).json()["id"]
    path = f"/desk/views/{uuid4()}"
    view = {"name": "Mine and open", "owner_id": me, "parameters": {"view": "mine"}}
    assert (await api.put(path, json=view)).status_code == 200
    twice = await api.put(f"/desk/views/{uuid4()}", json=view)
    assert twice.status_code == 409
    assert (await api.delete(path)).status_code == 204


async def test_a_rebuilt_read_model_has_the_same_desk(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    gone = f"/desk/teams/{uuid4()}"
    await api.put(gone, json={"name": "Gone"})
    await api.delete(gone)

    async def kept() -> list[list[tuple[object, ...]]]:
        db = await asyncpg.connect(shared_postroom.database_url)
        tables = [
            await db.fetch("SELECT kind, id, version, thing::text, removed FROM gateway.thing ORDER BY 1, 2"),
            await db.fetch("SELECT * FROM gateway.attendance ORDER BY 1"),
        ]
        await db.close()
        return [[tuple(row) for row in rows] for rows in tables]

    before = await kept()
    rebuild = [sys.executable, "-m", "postroom", "rebuild", "inbox"]
    environment = {**os.environ, "POSTROOM_DATABASE_URL": shared_postroom.database_url}
    ran = await anyio.run_process(rebuild, env=environment)
    assert b"events" in ran.stdout
    assert await kept() == before
    assert (await api.get("/me")).status_code == 200, "sessions and tokens are not part of it"


async def test_the_description_has_the_fields_of_every_kind(api: httpx.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()["paths"]["/api/v1/desk/{kind}/{thing_id}"]
    bodies = described["put"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert {body["title"] for body in bodies} >= {"Ticketbox", "Person", "Calendar", "Policy"}
    for body in bodies:
        assert "expected_version" in body["properties"]
        assert "id" not in body["properties"]
        assert "$ref" not in str(body)
