"""Presence through the whole stack: it follows coming and going, and others say it of who cannot."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from contracts.commands import OPERATOR, ChangeDesk, Done, SetThing
from contracts.desk import AnyThing
from contracts.people import BoxRight, Person, Role
from postroom.people import change_password
from services.gateway.desk.presence import LOOK_SECONDS
from tests.running import PASSWORD, Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


async def on_the_desk(postroom: Postroom, *things: AnyThing) -> None:
    changes = tuple(SetThing(thing=thing) for thing in things)
    done = await postroom.command(ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes))
    assert isinstance(done, Done)


async def someone(
    postroom: Postroom, api: httpx.AsyncClient, role: Role = Role.AGENT, *rights: BoxRight
) -> Person:
    """A person who can sign in."""
    person_id = uuid4()
    person = Person(id=person_id, name="Anna", email=f"{person_id}@example.com", role=role, rights=rights)
    await on_the_desk(postroom, person)
    db = await asyncpg.connect(postroom.database_url)
    try:
        await change_password(db, person.email, PASSWORD)
    finally:
        await db.close()
    await until(lambda: presence_of(api, person_id))
    return person


async def presence_of(api: httpx.AsyncClient, person_id: UUID) -> str | None:
    people = (await api.get("/people")).json()["items"]
    return next((one["presence"] for one in people if one["id"] == str(person_id)), None)


async def sign_in(postroom: Postroom, person: Person) -> httpx.AsyncClient:
    """A browser with a session; whoever has it, closes it."""
    browser = httpx.AsyncClient(base_url=postroom.url, timeout=30)
    answer = await browser.post("/sign-in", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    page = (await browser.get("/tickets")).text
    browser.headers["X-CSRF-Token"] = page.partition('"X-CSRF-Token": "')[2].partition('"')[0]
    return browser


async def say(browser: httpx.AsyncClient, presence: str, until: datetime | None = None) -> None:
    new = {"presence": presence, "until": until.isoformat() if until else None}
    answer = await browser.put("/api/v1/me/presence", json=new)
    assert answer.status_code == 200, answer.text


async def test_who_signs_in_is_available_and_who_signs_out_for_the_last_time_is_off(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna = await someone(shared_postroom, api)
    desk, phone = await sign_in(shared_postroom, anna), await sign_in(shared_postroom, anna)
    assert await presence_of(api, anna.id) == "available"

    await desk.post("/sign-out")
    assert await presence_of(api, anna.id) == "available", "she is still there with her phone"
    await phone.post("/sign-out")
    assert await presence_of(api, anna.id) == "off"


async def test_signing_in_keeps_an_announced_absence(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna = await someone(shared_postroom, api)
    desk = await sign_in(shared_postroom, anna)
    monday = datetime.now(UTC) + timedelta(days=3)
    await say(desk, "off", monday)
    await desk.post("/sign-out")

    again = await sign_in(shared_postroom, anna)
    me = (await again.get("/api/v1/me")).json()
    assert (me["presence"], datetime.fromisoformat(me["until"])) == ("off", monday)


async def test_an_absence_without_an_end_is_over_with_the_next_sign_in(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna = await someone(shared_postroom, api)
    desk = await sign_in(shared_postroom, anna)
    await say(desk, "away")
    await desk.post("/sign-out")
    assert await presence_of(api, anna.id) == "off"
    await sign_in(shared_postroom, anna)
    assert await presence_of(api, anna.id) == "available"


async def test_who_leaves_without_signing_out_is_off_when_the_session_ends(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna, bela = await someone(shared_postroom, api), await someone(shared_postroom, api)
    await sign_in(shared_postroom, anna)
    await sign_in(shared_postroom, bela)
    db = await asyncpg.connect(shared_postroom.database_url)
    try:
        await db.execute(
            "UPDATE gateway.session SET seen_at = seen_at - interval '13 hours' WHERE person_id = $1", anna.id
        )
    finally:
        await db.close()

    async def off() -> bool:
        return await presence_of(api, anna.id) == "off"

    await until(off)
    assert await presence_of(api, bela.id) == "available"


async def test_who_is_not_there_when_an_announced_absence_ends_does_not_become_available(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna = await someone(shared_postroom, api)
    desk = await sign_in(shared_postroom, anna)
    soon = datetime.now(UTC) + timedelta(seconds=LOOK_SECONDS)
    await say(desk, "away", soon)
    await desk.post("/sign-out")
    assert await presence_of(api, anna.id) == "off", "it would end before anybody looks again"


async def test_a_supervisor_says_of_an_agent_who_is_ill_that_nobody_is_there(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    anna = await someone(shared_postroom, api)
    desk = await sign_in(shared_postroom, anna)
    sara = await sign_in(shared_postroom, await someone(shared_postroom, api, Role.SUPERVISOR))
    path = f"/api/v1/people/{anna.id}/presence"
    assert (await sara.put(path, json={"presence": "off"})).status_code == 200
    assert (await desk.get("/api/v1/me")).json()["presence"] == "off"
    page = await sara.get(f"/desk/people/{anna.id}")
    assert 'hx-post="/people/' in page.text
    assert (await sara.post(f"/people/{anna.id}/presence", data={"presence": "away"})).status_code == 200
    assert await presence_of(api, anna.id) == "away"

    me = (await sara.get("/api/v1/me")).json()["id"]
    refused = await desk.put(f"/api/v1/people/{me}/presence", json={"presence": "off"})
    assert (refused.status_code, "Only administrators, and supervisors" in refused.text) == (403, True)
    assert "/presence" not in (await desk.get(f"/desk/people/{me}")).text.replace('hx-post="/presence"', "")
    assert (await sara.put(f"/api/v1/people/{uuid4()}/presence", json={"presence": "off"})).status_code == 404


async def test_who_never_signs_in_says_by_the_api_alone_when_they_are_there(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    await api.put("/me/presence", json={"presence": "available"})
    anna = await someone(shared_postroom, api)
    desk = await sign_in(shared_postroom, anna)
    await desk.post("/sign-out")
    assert (await api.get("/me")).json()["presence"] == "available"
    await api.put("/me/presence", json={"presence": "off"})
