"""The members of a ticketbox: who they are, and who lets them in."""

import re
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.desk import Ticketbox
from contracts.people import BoxRight, Right, Role
from tests.running import Postroom
from tests.system.test_presence import on_the_desk, sign_in, someone

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def boxes(shared_postroom: Postroom) -> tuple[Ticketbox, Ticketbox]:
    both = [
        Ticketbox(id=(box_id := uuid4()), name=f"Box {box_id}", addresses=(f"{box_id}@example.com",))
        for _ in range(2)
    ]
    await on_the_desk(shared_postroom, *both)
    return both[0], both[1]


def right(box: Ticketbox, what: Right) -> BoxRight:
    return BoxRight(ticketbox_id=box.id, right=what)


async def rights_in(api: httpx.AsyncClient, box: Ticketbox) -> dict[UUID, tuple[str, str]]:
    answer = await api.get(f"/desk/ticketboxes/{box.id}/members")
    assert answer.status_code == 200, answer.text
    return {UUID(one["id"]): (one["right"], one["by"]) for one in answer.json()["items"]}


async def test_a_ticketbox_says_who_its_members_are_and_why(
    shared_postroom: Postroom, api: httpx.AsyncClient, boxes: tuple[Ticketbox, Ticketbox]
) -> None:
    ours, other = boxes
    everywhere = await someone(shared_postroom, api, Role.ANALYST)
    here = await someone(shared_postroom, api, Role.AGENT, right(ours, Right.ANSWER))
    elsewhere = await someone(shared_postroom, api, Role.AGENT, right(other, Right.MANAGE))
    found = await rights_in(api, ours)
    assert found[everywhere.id] == ("see", "role")
    assert found[here.id] == ("answer", "rights")
    assert elsewhere.id not in found


async def test_a_ticketbox_that_gives_tickets_says_which_members_have_no_limit(
    shared_postroom: Postroom, api: httpx.AsyncClient, boxes: tuple[Ticketbox, Ticketbox]
) -> None:
    ours, _ = boxes

    async def member(what: Right, capacity: int | None) -> str:
        person_id = str(uuid4())
        rights = [{"ticketbox_id": str(ours.id), "right": what}]
        person = {"name": "Anna", "email": f"{person_id}@example.com", "role": "agent", "rights": rights}
        answer = await api.put(f"/desk/people/{person_id}", json={**person, "capacity": capacity})
        assert answer.status_code == 200, answer.text
        return person_id

    endless, limited, reader = (
        await member(Right.ANSWER, None),
        await member(Right.ANSWER, 5),
        await member(Right.SEE, None),
    )
    found = (await api.get(f"/desk/ticketboxes/{ours.id}/members")).json()["items"]
    assert {one["id"]: one["capacity"] for one in found if one["by"] == "rights"} == {
        endless: None,
        limited: 5,
        reader: None,
    }

    async def without_limit(method: str) -> set[str]:
        box = {"name": ours.name, "addresses": ours.addresses, "distribution": {"method": method}}
        assert (await api.put(f"/desk/ticketboxes/{ours.id}", json=box)).status_code == 200
        page = (await api.get(f"{shared_postroom.url}/desk/ticketboxes/{ours.id}")).text
        said = re.findall(r'<a href="/desk/people/([^"]+)">.*no limit', page)
        return {endless, limited, reader} & set(said)

    assert await without_limit("skills") == {endless}
    assert await without_limit("pull") == set()


async def test_who_manages_a_ticketbox_lets_people_in_and_out(
    shared_postroom: Postroom, api: httpx.AsyncClient, boxes: tuple[Ticketbox, Ticketbox]
) -> None:
    ours, other = boxes
    manager = await someone(shared_postroom, api, Role.AGENT, right(ours, Right.MANAGE))
    anna = await someone(shared_postroom, api, Role.AGENT, right(other, Right.ANSWER))
    browser = await sign_in(shared_postroom, manager)
    path = f"/api/v1/desk/ticketboxes/{ours.id}/members/{anna.id}"
    assert (await browser.put(path, json={"right": "see"})).status_code == 200
    assert (await rights_in(api, ours))[anna.id] == ("see", "rights")
    assert (await browser.put(path, json={"right": "manage"})).status_code == 403
    assert (await browser.put(path, json={"right": None})).status_code == 200
    assert anna.id not in await rights_in(api, ours)
    not_theirs = f"/api/v1/desk/ticketboxes/{other.id}/members/{anna.id}"
    assert (await browser.put(not_theirs, json={"right": None})).status_code == 404

    page = f"/desk/ticketboxes/{ours.id}"
    added = await browser.post(f"{page}/members", data={"member": str(anna.id), "right": "answer"})
    assert added.headers["Location"] == f"{page}#members-title"
    assert (await rights_in(api, ours))[anna.id] == ("answer", "rights")
    assert f'value="{anna.id}"' in (await browser.get(page)).text


async def test_nobody_comes_to_see_everything_by_leaving_the_last_ticketbox(
    shared_postroom: Postroom, api: httpx.AsyncClient, boxes: tuple[Ticketbox, Ticketbox]
) -> None:
    ours, _ = boxes
    anna = await someone(shared_postroom, api, Role.AGENT, right(ours, Right.ANSWER))
    everywhere = await someone(shared_postroom, api)
    for person, said in ((anna, "the only ticketbox"), (everywhere, "follows from the role")):
        refused = await api.put(f"/desk/ticketboxes/{ours.id}/members/{person.id}", json={"right": None})
        assert (refused.status_code, said in refused.json()["detail"]) == (422, True)


async def test_who_manages_a_ticketbox_writes_templates_for_it_and_not_for_others(
    shared_postroom: Postroom, api: httpx.AsyncClient, boxes: tuple[Ticketbox, Ticketbox]
) -> None:
    ours, other = boxes
    manager = await someone(shared_postroom, api, Role.AGENT, right(ours, Right.MANAGE))
    browser = await sign_in(shared_postroom, manager)
    assert f'value="{ours.id}" checked' in (await browser.get("/desk/templates/new")).text
    page = f"/desk/templates/{uuid4()}"
    form = {"name": f"Hello {uuid4()}", "text": "Hello {customer}", "ticketbox_ids": [str(ours.id)]}
    saved = await browser.post(page, data=form)
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{page}?saved=true")
    for boxes_of_it in ([str(other.id)], []):
        refused = await browser.post(page, data=form | {"version": "1", "ticketbox_ids": boxes_of_it})
        assert (refused.status_code, "Only who manages every ticketbox" in refused.text) == (403, True)
    assert (await api.delete(page)).status_code == 204
