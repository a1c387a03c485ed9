"""Distribution through the whole stack: by letter, page and API."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.desk import Distribution, DistributionMethod, Ticketbox
from contracts.people import Presence
from tests import crowd
from tests.running import BEARER, Postroom, until
from tests.system.callers import all_is_read

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{shared_postroom.http_port}"
    async with httpx.AsyncClient(base_url=base, headers=BEARER, timeout=30) as client:
        # Whoever is there, by whatever test, may be given what a test wants to see wait.
        await crowd.send_home(shared_postroom)
        yield client
        await client.put("/api/v1/me/presence", json={"presence": "off"})


async def tickets_in(api: httpx.AsyncClient, box: Ticketbox, number: int) -> list[dict[str, Any]]:
    async def there() -> list[dict[str, Any]] | None:
        items = (await api.get("/api/v1/tickets", params={"box": str(box.id)})).json()["items"]
        return items if len(items) >= number else None

    found = await until(there)
    assert isinstance(found, list)
    return found


async def test_the_next_ticket_is_the_most_urgent_and_then_mine(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    box = crowd.box("Pull", Distribution(method=DistributionMethod.PULL))
    await crowd.set_desk(shared_postroom, [box])
    await crowd.open_tickets(shared_postroom, [box], 3)
    urgent = (await tickets_in(api, box, 3))[1]["number"]
    assert (
        await api.post(f"/api/v1/tickets/{urgent}/priority", json={"priority": "high"})
    ).status_code == 201

    await until(lambda: all_is_read(api))  # router gives by what it has heard
    asked = {"box": str(box.id)}
    await api.put("/api/v1/me/presence", json={"presence": "away"})

    async def refused() -> bool:
        answer = await api.post("/api/v1/tickets/next", json=asked)
        return answer.status_code == 409 and answer.json()["code"] == "not_there"

    await until(refused)
    await api.put("/api/v1/me/presence", json={"presence": "available"})
    key = {"Idempotency-Key": str(uuid4())}

    async def given() -> dict[str, Any] | None:
        answer = await api.post("/api/v1/tickets/next", json=asked, headers=key)
        return answer.json() if answer.status_code == 201 else None

    first = await until(given)
    assert isinstance(first, dict)
    assert first["number"] == urgent
    assert (await given() or {})["number"] == urgent, "a repeat gives the same one"

    ticket = (await api.get(f"/api/v1/tickets/{urgent}")).json()
    assert ticket["why_owner"]["method"] == "pull"
    assert re.fullmatch(r"the most urgent that waited, \d+ open before", ticket["why_owner"]["why"])
    page = (await api.get(f"/tickets/{urgent}")).text
    assert f"who asked for the next one: {ticket['why_owner']['why']}" in page
    for _ in range(2):
        assert (await api.post("/api/v1/tickets/next", json=asked)).status_code == 201
    none = await api.post("/api/v1/tickets/next", json=asked)
    assert (none.status_code, none.json()["code"]) == (409, "nothing_waits")


async def test_a_ticket_that_nobody_takes_overflows_supervisors_hear_of_it_and_who_comes_gets_it(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    second = crowd.box("Second", Distribution(method=DistributionMethod.LEAST_LOADED, tell_after_minutes=0))
    first = crowd.box("First", Distribution(overflow_after_minutes=0, overflow_to=second.id))
    people = crowd.agents(2, [second], capacity=5)
    await crowd.set_desk(shared_postroom, [second, first, *people])
    await crowd.open_tickets(shared_postroom, [first], 1)
    (item,) = await tickets_in(api, second, 1)

    async def told() -> bool:
        alerts = await shared_postroom.events("router", "AlertReleased")
        return any(
            one["subject"] == f"Alert: ticket {item['number']} waits in {second.name}" for one in alerts
        )

    await until(told)
    await crowd.come(shared_postroom, people[:1])

    async def owned() -> dict[str, Any] | None:
        ticket = (await api.get(f"/api/v1/tickets/{item['number']}")).json()
        return ticket if ticket["assignee"] else None

    ticket = await until(owned)
    assert isinstance(ticket, dict)
    assert ticket["assignee"]["id"] == str(people[0].id)
    assert ticket["why_owner"]["why"] == "0 of 5 tickets"
    passed_over = {one["person"]["id"]: one["why"] for one in ticket["why_owner"]["passed_over"]}
    assert passed_over.get(str(people[1].id), "off") == "off"  # a few are named, of however many there are
    said = [entry["sentence"] for entry in ticket["conversation"]]
    assert f"Nobody took it in time, so it went to {second.name}" in said
    assert "The ticket went to Agent 0 as the one with the most time: 0 of 5 tickets" in said
    assert len([one for one in said if "Nobody took it" in one]) == 1
    await crowd.come(shared_postroom, people[:1], Presence.OFF)
    await crowd.remove(shared_postroom, people)


async def test_who_left_the_house_gives_the_ticket_back_and_the_next_one_gets_it(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    box = crowd.box("Leaving", Distribution(method=DistributionMethod.LEAST_LOADED))
    people = crowd.agents(2, [box])
    await crowd.set_desk(shared_postroom, [box, *people])
    await crowd.come(shared_postroom, people[:1])
    await crowd.open_tickets(shared_postroom, [box], 1)
    (item,) = await tickets_in(api, box, 1)

    async def owner() -> str | None:
        ticket = (await api.get(f"/api/v1/tickets/{item['number']}")).json()
        return ticket["assignee"]["id"] if ticket["assignee"] else None

    await until(owner)
    await crowd.come(shared_postroom, people[1:])
    await crowd.set_desk(shared_postroom, [people[0].model_copy(update={"active": False})])

    async def handed_over() -> bool:
        return await owner() == str(people[1].id)

    await until(handed_over)
    await crowd.remove(shared_postroom, people)
