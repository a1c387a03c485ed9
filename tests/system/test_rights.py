"""Every call of the API with every role, and what people do not see."""

import json
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx
import pytest

from contracts.stream_ids import contact_id
from postroom.people import change_password
from tests.running import PASSWORD, letter, until
from tests.system.house import (
    ACTORS,
    ADMINISTERING,
    ALL,
    ANSWERING,
    MANAGING,
    SEEING,
    WORKSHOP,
    ZOO,
    House,
    set_thing,
    token_for,
)

pytestmark = [pytest.mark.system, pytest.mark.anyio]

TABLE: dict[str, str] = {
    "GET /api/v1/tickets": ALL,
    "GET /api/v1/tickets/{number}": SEEING,
    "GET /api/v1/tickets/{number}/events": SEEING,
    "GET /api/v1/tickets/{number}/coming": SEEING,
    "POST /api/v1/tickets/next": "yes yes yes 403 403 403 yes",
    "POST /api/v1/tickets/{number}/replies": ANSWERING,
    "POST /api/v1/tickets/{number}/replies/{reply_id}/retry": ANSWERING,
    "POST /api/v1/tickets/{number}/notes": ANSWERING,
    "POST /api/v1/tickets/{number}/assignment": ANSWERING,
    "POST /api/v1/tickets/{number}/state": ANSWERING,
    "POST /api/v1/tickets/{number}/priority": ANSWERING,
    "POST /api/v1/tickets/{number}/tags": ANSWERING,
    "POST /api/v1/tickets/{number}/fields": ANSWERING,
    "POST /api/v1/tickets/{number}/category": ANSWERING,
    "POST /api/v1/tickets/{number}/watchers": ANSWERING,
    "POST /api/v1/tickets/{number}/tasks": ANSWERING,
    "PATCH /api/v1/tickets/{number}/tasks/{task_id}": ANSWERING,
    "PUT /api/v1/tickets/{number}/tasks/{task_id}": ANSWERING,
    "DELETE /api/v1/tickets/{number}/tasks/{task_id}": ANSWERING,
    "POST /api/v1/tickets/{number}/tasks/{task_id}/undo": ANSWERING,
    "GET /api/v1/tasks": ALL,
    "POST /api/v1/tickets/{number}/ticketbox": ANSWERING,
    "POST /api/v1/tickets/{number}/undo": ANSWERING,
    "POST /api/v1/tickets/{number}/links": ANSWERING,
    "DELETE /api/v1/tickets/{number}/links/{link}/{other}": ANSWERING,
    "POST /api/v1/tickets/{number}/merge": ANSWERING,
    "POST /api/v1/tickets/{number}/merge/undo": "yes yes yes 403 404 422 yes",
    "POST /api/v1/tickets/{number}/split": ANSWERING,
    "POST /api/v1/tickets/{number}/letters/move": ANSWERING,
    "GET /api/v1/tickets/{number}/templates": ANSWERING,
    "GET /api/v1/tags": ALL,
    "GET /api/v1/contacts": ALL,
    "POST /api/v1/contacts": "yes yes yes 403 404 yes yes",
    "GET /api/v1/contacts/{contact_id}": SEEING,
    "PUT /api/v1/contacts/{contact_id}": "yes yes yes 403 404 yes yes",
    "GET /api/v1/contacts/{contact_id}/history": SEEING,
    "GET /api/v1/contacts/{contact_id}/events": SEEING,
    "POST /api/v1/contacts/{contact_id}/addresses": "yes yes yes 403 404 yes yes",
    "DELETE /api/v1/contacts/{contact_id}/addresses/{address}": "yes yes yes 403 404 yes yes",
    "POST /api/v1/contacts/{contact_id}/merge": "yes yes yes 403 404 yes yes",
    "POST /api/v1/contacts/{contact_id}/merge/undo": "yes yes yes 403 404 yes yes",
    "GET /api/v1/contacts/{contact_id}/export": "yes yes 403 403 403 403 403",
    "GET /api/v1/contacts/{contact_id}/export.zip": "yes yes 403 403 403 403 403",
    "GET /api/v1/organisations": ALL,
    "GET /api/v1/organisations/{organisation_id}": ALL,
    "GET /api/v1/tickets/{number}/drafts/{kind}": SEEING,
    "PUT /api/v1/tickets/{number}/drafts/{kind}": "yes yes yes 403 404 yes yes",
    "DELETE /api/v1/tickets/{number}/drafts/{kind}": "yes yes yes 403 404 yes yes",
    "POST /api/v1/tickets/{number}/drafts/{kind}/undo": "yes yes yes 403 404 yes yes",
    "GET /api/v1/drafts": ALL,
    "GET /api/v1/tickets/{number}/visitors": SEEING,
    "PUT /api/v1/tickets/{number}/visitors/me": SEEING,
    "DELETE /api/v1/tickets/{number}/visitors/me": SEEING,
    "POST /api/v1/bulk-jobs": "yes yes yes 403 422 yes yes",
    "GET /api/v1/bulk-jobs": ALL,
    "GET /api/v1/bulk-jobs/{job_id}": "yes yes 404 404 404 404 404",
    "DELETE /api/v1/bulk-jobs/{job_id}": "yes yes 404 403 404 404 404",
    "POST /api/v1/bulk-jobs/{job_id}/undo": "yes yes 404 403 404 404 404",
    "GET /api/v1/messages": ALL,
    "POST /api/v1/messages": "yes yes yes 403 422 403 yes",
    "GET /api/v1/messages/{message_id}": SEEING,
    "GET /api/v1/messages/{message_id}/raw": SEEING,
    "GET /api/v1/messages/{message_id}/text": SEEING,
    "GET /api/v1/messages/{message_id}/attachments/{number}": SEEING,
    "POST /api/v1/messages/{message_id}/release": MANAGING,
    "POST /api/v1/messages/{message_id}/discard": MANAGING,
    "POST /api/v1/messages/{message_id}/reading": MANAGING,
    "GET /api/v1/reports": ALL,
    "GET /api/v1/reports/{name}": ALL,
    "GET /api/v1/desk/{kind}": ALL,
    "POST /api/v1/desk/automations/trial": ADMINISTERING,
    "GET /api/v1/desk/{kind}/{thing_id}": SEEING,
    "PUT /api/v1/desk/{kind}/{thing_id}": MANAGING,
    "DELETE /api/v1/desk/{kind}/{thing_id}": ADMINISTERING,
    "GET /api/v1/desk/{kind}/{thing_id}/history": SEEING,
    "GET /api/v1/desk/ticketboxes/{ticketbox_id}/members": SEEING,
    "PUT /api/v1/desk/ticketboxes/{ticketbox_id}/members/{person_id}": "yes yes 403 403 404 403 yes",
    "PUT /api/v1/people/{person_id}/presence": "yes yes 403 403 403 403 403",
    "GET /api/v1/rulesets": MANAGING,
    "GET /api/v1/rulesets/in-force": MANAGING,
    "GET /api/v1/rulesets/figures": MANAGING,
    "GET /api/v1/rulesets/{version}": MANAGING,
    "POST /api/v1/rulesets/condition": MANAGING,
    "POST /api/v1/rulesets": ADMINISTERING,
    "POST /api/v1/rulesets/{version}/roll-back": ADMINISTERING,
    "PUT /api/v1/rulesets/draft": MANAGING,
    "GET /api/v1/rulesets/draft": MANAGING,
    "POST /api/v1/rulesets/draft/publication": ADMINISTERING,
    "POST /api/v1/dry-runs": MANAGING,
    "GET /api/v1/dry-runs": MANAGING,
    "GET /api/v1/dry-runs/{dry_run_id}": MANAGING,
    "DELETE /api/v1/dry-runs/{dry_run_id}": MANAGING,
    "DELETE /api/v1/rulesets/draft": MANAGING,
    "POST /api/v1/rulesets/draft/undo": MANAGING,
    "POST /api/v1/what-ifs": MANAGING,
    "GET /api/v1/what-ifs": MANAGING,
    "GET /api/v1/what-ifs/{what_if_id}": MANAGING,
    "DELETE /api/v1/what-ifs/{what_if_id}": MANAGING,
    "POST /api/v1/erasures": ADMINISTERING,
    "GET /api/v1/erasures": ADMINISTERING,
    "GET /api/v1/erasures/preview": ADMINISTERING,
    "GET /api/v1/erasures/{erasure_id}": ADMINISTERING,
    "GET /api/v1/ledger": ALL,
    "GET /api/v1/status": ALL,
    "POST /api/v1/parked/{service}/{parked_id}/replay": ADMINISTERING,
    "GET /api/v1/people": ALL,
    "GET /api/v1/ticketboxes": ALL,
    "GET /api/v1/me": ALL,
    "POST /api/v1/me/presence": "yes yes yes 403 yes yes yes",
    "PUT /api/v1/me/presence": "yes yes yes 403 yes yes yes",
    "GET /api/v1/live": ALL,
}
"""For each actor: yes, or the status with which it is refused. 404: it does not exist for them."""
BODIES: dict[str, Any] = {
    "POST /api/v1/tickets/{number}/replies": {"text": "Soon.", "expected_version": 999},
    "POST /api/v1/tickets/{number}/notes": {"text": "Seen."},
    "POST /api/v1/tickets/{number}/assignment": {"assignee": None},
    "POST /api/v1/tickets/{number}/state": {"state": "solved"},
    "POST /api/v1/tickets/{number}/priority": {"priority": "high"},
    "POST /api/v1/tickets/{number}/tags": {"add": ["lamp"]},
    "POST /api/v1/tickets/{number}/fields": {"fields": {}},
    "POST /api/v1/tickets/{number}/category": {"category": None},
    "POST /api/v1/tickets/{number}/watchers": {"add": []},
    "POST /api/v1/tickets/{number}/tasks": {"text": "Call the workshop"},
    "PATCH /api/v1/tickets/{number}/tasks/{task_id}": {"done": True},
    "PUT /api/v1/tickets/{number}/tasks/{task_id}": {"text": "Call the workshop"},
    "POST /api/v1/tickets/{number}/ticketbox": {"ticketbox": str(WORKSHOP)},
    "PUT /api/v1/tickets/{number}/drafts/{kind}": {"text": "Half a sente"},
    "PUT /api/v1/tickets/{number}/visitors/me": {"doing": "looking"},
    "POST /api/v1/bulk-jobs": {"query": {"box": str(WORKSHOP)}, "actions": [{"do": "priority", "priority": "high"}]},
    "POST /api/v1/messages": {
        "from": {"address": "kim@customers.example"}, "box": str(WORKSHOP), "subject": "Mine", "text": "Hello"
    },
    "POST /api/v1/rulesets/condition": {"condition": "true"},
    "POST /api/v1/rulesets": {
        "rules": [], "default_ticketbox_id": str(WORKSHOP), "reason": "Try", "expected_version": 999
    },
    "POST /api/v1/rulesets/{version}/roll-back": {"reason": "Try", "expected_version": 999},
    "PUT /api/v1/rulesets/draft": {"rules": [], "default_ticketbox_id": str(WORKSHOP)},
    "POST /api/v1/rulesets/draft/publication": {
        "reason": "Try", "expected_version": 999, "expected_draft_version": 999
    },
    "POST /api/v1/dry-runs": {"days": 1, "rules": [], "default_ticketbox_id": str(WORKSHOP)},
    "POST /api/v1/what-ifs": {"things": [{"kind": "policy", "id": str(uuid4()), "name": "Tried"}], "months": 1},
    "PUT /api/v1/desk/{kind}/{thing_id}": {"name": "Workshop", "addresses": ["workshop@example.com"]},
    "POST /api/v1/desk/automations/trial": {
        "when": {"minutes": 60, "moment": "pending"}, "then": {"state": "solved"}
    },
    "POST /api/v1/erasures": {"addresses": ["nobody@customers.example"], "reason": "Try"},
    "POST /api/v1/tickets/next": {"box": str(WORKSHOP)},
    "POST /api/v1/me/presence": {"presence": "off"},
    "PUT /api/v1/me/presence": {"presence": "off"},
    "PUT /api/v1/people/{person_id}/presence": {"presence": "off"},
    "PUT /api/v1/desk/ticketboxes/{ticketbox_id}/members/{person_id}": {"right": "see"},
}  # fmt: skip
MAY_BE_MISSING = {
    "POST /api/v1/tickets/{number}/replies/{reply_id}/retry",
    "POST /api/v1/parked/{service}/{parked_id}/replay",
    "GET /api/v1/dry-runs/{dry_run_id}",
    "DELETE /api/v1/dry-runs/{dry_run_id}",
    "GET /api/v1/what-ifs/{what_if_id}",
    "DELETE /api/v1/what-ifs/{what_if_id}",
    "POST /api/v1/rulesets/draft/undo",
    "GET /api/v1/erasures/{erasure_id}",
    "GET /api/v1/tickets/{number}/drafts/{kind}",
    "POST /api/v1/tickets/{number}/drafts/{kind}/undo",
}
"""What they ask for is not there for anybody."""
WITH_ITSELF = {
    "POST /api/v1/tickets/{number}/links": ["number"],
    "DELETE /api/v1/tickets/{number}/links/{link}/{other}": [],
    "POST /api/v1/tickets/{number}/merge": ["into"],
    "POST /api/v1/tickets/{number}/merge/undo": [],
    "POST /api/v1/tickets/{number}/split": ["messages"],
    "POST /api/v1/tickets/{number}/letters/move": ["messages", "to"],
}
"""A ticket with one letter cannot be linked to itself, merged or parted: 422 for who may. The fields of the body."""
OF_CONTACTS = {
    "POST /api/v1/contacts": ["addresses"],
    "PUT /api/v1/contacts/{contact_id}": ["addresses"],
    "POST /api/v1/contacts/{contact_id}/addresses": ["address"],
    "POST /api/v1/contacts/{contact_id}/merge": ["into"],
}
"""The fields of their bodies."""
BY_ITSELF = {
    "DELETE /api/v1/contacts/{contact_id}/addresses/{address}",
    "POST /api/v1/contacts/{contact_id}/merge",
    "POST /api/v1/contacts/{contact_id}/merge/undo",
}
"""A contact with one address cannot be parted, nor merged with itself: 422 for who may."""
TOO_LATE = {
    "POST /api/v1/contacts",
    "POST /api/v1/messages/{message_id}/release",
    "POST /api/v1/messages/{message_id}/discard",
    "POST /api/v1/rulesets",
    "POST /api/v1/rulesets/{version}/roll-back",
    "PUT /api/v1/rulesets/draft",
    "POST /api/v1/rulesets/draft/publication",
    "DELETE /api/v1/rulesets/draft",
    "POST /api/v1/tickets/next",
}
"""409 for who may: the card is there, the message was delivered long ago, other rules are in force, there is a
draft, no ticket waits."""


async def test_every_call_does_for_every_role_what_its_rights_say(house: House) -> None:
    described = (await house.clients["administrator"].get("/api/v1/openapi.json")).json()["paths"]
    calls = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert calls == set(TABLE), "each call has its line in the table of this test"
    wrong = []
    for call, line in TABLE.items():
        for actor, expected in reversed([*zip(ACTORS, line.split(), strict=True)]):
            status = await status_of(house, actor, call)
            right = is_allowed(call, status) if expected == "yes" else status == int(expected)
            if not right:
                wrong.append(f"{call} as {actor}: {status} instead of {expected}")
    assert wrong == []


def is_allowed(call: str, status: int) -> bool:
    harmless = {404: MAY_BE_MISSING, 409: TOO_LATE, 422: {*WITH_ITSELF, *BY_ITSELF}}
    return status < 300 or call in harmless.get(status, ())


async def status_of(house: House, actor: str, call: str) -> int:
    body = await body_of(house, call)
    async with house.clients[actor].stream(call.partition(" ")[0], house.path(call), json=body) as answer:
        if answer.headers.get("Content-Type") == "application/problem+json":
            await answer.aread()
            assert answer.json()["code"], call
        return answer.status_code


async def body_of(house: House, call: str) -> Any:
    """What a call says that is understood; what it uses up is made first."""
    body = BODIES.get(call)
    if "{task_id}" in call:
        house.task_id = await a_task(house)
    if "{job_id}" in call:
        house.job_id = await a_job(house)
    if call == "POST /api/v1/tickets/{number}/undo":
        body = {"command_id": await a_change(house)}
    if call in WITH_ITSELF:
        itself = {"messages": [house.message_id]}
        body = {field: itself.get(field, house.number) for field in WITH_ITSELF[call]}
    if call in OF_CONTACTS:
        known = {
            "addresses": [house.customer],
            "address": house.customer,
            "into": str(contact_id(house.customer)),
        }
        body = {field: known[field] for field in OF_CONTACTS[call]}
    return body


async def a_task(house: House) -> UUID:
    """Something to be done in the ticket."""
    path = f"/api/v1/tickets/{house.number}/tasks"
    added = await house.clients["administrator"].post(path, json={"text": "Call the workshop"})
    return UUID(added.json()["id"])


async def a_change(house: House) -> str:
    """The command by which the administrator changed the ticket."""
    path = f"/api/v1/tickets/{house.number}/tags"
    changed = await house.clients["administrator"].post(path, json={"add": [f"tag-{uuid4()}"]})
    return str(changed.json()["command_id"])


async def a_job(house: House) -> UUID:
    """A job of the administrator that has changed tickets and is done."""
    admin = house.clients["administrator"]
    tag = {"do": "tags", "add": [f"tag-{uuid4()}"]}
    wanted = {"query": {"box": str(WORKSHOP)}, "actions": [tag]}
    job_id = (await admin.post("/api/v1/bulk-jobs", json=wanted)).json()["job_id"]

    async def done() -> bool:
        return bool((await admin.get(f"/api/v1/bulk-jobs/{job_id}")).json()["state"] == "done")

    await until(done)
    return UUID(job_id)


async def test_what_is_out_of_sight_is_in_no_list_search_report_or_count(house: House) -> None:
    limited, reader = house.clients["limited"], house.clients["reader"]
    for client, seen in ((limited, False), (reader, True)):
        tickets = (await client.get("/api/v1/tickets")).json()["items"]
        assert (house.number in [one["number"] for one in tickets]) is seen
        assert {one["box"]["name"] for one in tickets} <= {"Workshop", "Zoo"}
        found = (await client.get("/api/v1/tickets", params={"q": "quagga"})).json()["items"]
        assert (house.number in [one["number"] for one in found]) is seen
        assert (
            bool((await client.get("/api/v1/tickets", params={"q": str(house.number)})).json()["items"])
            is seen
        )
        contacts = (await client.get("/api/v1/contacts", params={"q": house.customer})).json()["items"]
        assert bool(contacts) is seen
        messages = (await client.get("/api/v1/messages", params={"limit": 200})).json()["items"]
        assert (house.message_id in [one["message_id"] for one in messages]) is seen
        assert all(one["ticket"] for one in messages), "mail that is in no ticketbox yet is for who sees all"
        boxes = [one["name"] for one in (await client.get("/api/v1/ticketboxes")).json()["items"]]
        assert boxes == (["Workshop", "Zoo"] if seen else ["Zoo"])
        assert [
            one["name"] for one in (await client.get("/api/v1/desk/ticketboxes")).json()["items"]
        ] == boxes
        for page in (f"/tickets/{house.number}", f"/letters/{house.message_id}"):
            assert (await client.get(page)).status_code == (200 if seen else 404)
        listed = (await client.get("/tickets")).text
        assert ("Quagga" in listed) is seen
        assert "Support" not in listed
        assert ("Quagga" in (await client.get("/letters")).text) is seen

    async def counted() -> bool:
        path = "/api/v1/reports/inbound_messages_by_ticketbox"
        rows = (await reader.get(path)).json()["rows"]
        return (
            bool(rows)
            and [row[0] for row in rows] == ["Workshop"]
            and not (await limited.get(path)).json()["rows"]
        )

    await until(counted)
    for report in ("first_response_time_by_agent", "busiest_day_of_the_week"):
        assert (await limited.get(f"/api/v1/reports/{report}")).json()["totals"][1] in (0, None)


async def test_whoever_may_answer_is_offered_to_move_a_ticket_on_its_page_and_to_correct_its_way(
    house: House,
) -> None:
    for actor, offered in (("supervisor", True), ("agent", True), ("reader", False)):
        page = (await house.clients[actor].get(f"/tickets/{house.number}")).text
        assert (f'hx-post="/tickets/{house.number}/ticketbox"' in page) is offered, actor
    moved = {"box": str(ZOO), "correction": "true"}
    answer = await house.clients["agent"].post(f"/tickets/{house.number}/ticketbox", data=moved)
    assert (answer.status_code, "the wrong way is counted" in answer.text) == (200, True), answer.text


async def test_a_letter_that_changed_its_ticketbox_is_for_those_who_see_where_it_is(house: House) -> None:
    admin, limited = house.clients["administrator"], house.clients["limited"]
    async with await a_person(house, "workshop") as workshop:
        files = [f"/api/v1/messages/{house.message_id}{rest}" for rest in ("", "/raw", "/attachments/0")]

        async def given(client: httpx.AsyncClient) -> set[int]:
            return {(await client.get(path)).status_code for path in (*files, f"/letters/{house.message_id}")}

        async def found(client: httpx.AsyncClient, q: str) -> list[int]:
            items = (await client.get("/api/v1/tickets", params={"q": q})).json()["items"]
            return [one["number"] for one in items]

        word = (await admin.get(f"/api/v1/tickets/{house.number}")).json()["subject"].split()[1]
        there = await a_ticket_in_the_zoo(house)
        assert (await given(workshop), await given(limited)) == ({200}, {404})

        moved = {"messages": [house.message_id], "to": there}
        answer = await admin.post(f"/api/v1/tickets/{house.number}/letters/move", json=moved)
        assert answer.status_code == 201, answer.text
        assert (await given(workshop), await given(limited)) == ({404}, {200})
        assert (await found(workshop, word), await found(limited, word)) == ([], [there])
        history = f"/api/v1/contacts/{contact_id(house.customer)}/history"
        assert house.message_id not in (await workshop.get(history)).text

        # What goes on in another ticket is in both.
        merged = await admin.post(f"/api/v1/tickets/{there}/merge", json={"into": house.number})
        assert merged.status_code == 201, merged.text
        assert (await given(workshop), await given(limited)) == ({200}, {200})
        assert await found(workshop, word) == [house.number]


async def a_person(house: House, name: str) -> httpx.AsyncClient:
    """Somebody who may answer in the first ticketbox only."""
    admin = house.clients["administrator"]
    person_id = house.people[name] = uuid4()
    email = f"{name}-{person_id}@example.com"
    rights = [{"ticketbox_id": str(WORKSHOP), "right": "answer"}]
    await set_thing(admin, "people", person_id, name=name, email=email, role="agent", rights=rights)
    headers = {"Authorization": f"Bearer {await token_for(house.postroom, email)}"}
    return httpx.AsyncClient(base_url=admin.base_url, headers=headers, timeout=30)


async def a_ticket_in_the_zoo(house: House) -> int:
    """A ticket of the same customer in the other ticketbox; and a second letter in the first, so that one may leave."""
    admin = house.clients["administrator"]
    events = (await admin.get(f"/api/v1/tickets/{house.number}/events")).json()["items"]
    first = events[0]["data"]["letter"]["internet_message_id"]
    for number, box, about in ((901, "workshop", {"In-Reply-To": first}), (902, "zoo", {})):
        message = letter(number, subject="Once more", sender=house.customer, **about)
        message.replace_header("To", f"{box}@example.com")
        message.replace_header("Message-ID", f"<{uuid4()}@customers.example>")
        house.postroom.send(message)

    async def there() -> int | None:
        wanted = {"contact": house.customer, "state": "open"}
        items = (await admin.get("/api/v1/tickets", params=wanted)).json()["items"]
        numbers = [one["number"] for one in items if one["box"]["name"] == "Zoo"]
        letters = [one["letters"] for one in items if one["number"] == house.number]
        return numbers[0] if numbers and letters == [2] else None

    number = await until(there)
    assert isinstance(number, int)
    return number


async def test_live_events_tell_only_what_may_be_seen(house: House) -> None:
    heard: dict[str, list[int]] = {"limited": [], "reader": []}

    async def listen(actor: str) -> None:
        async with house.clients[actor].stream("GET", "/api/v1/live") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and "number" in line:
                    heard[actor].append(json.loads(line[6:])["number"])

    async with anyio.create_task_group() as tasks:
        for actor in heard:
            tasks.start_soon(listen, actor)
        await anyio.sleep(1)
        note = {"text": "Something happens."}
        assert (
            await house.clients["agent"].post(f"/api/v1/tickets/{house.number}/notes", json=note)
        ).status_code == 201

        async def told() -> bool:
            return house.number in heard["reader"]

        await until(told)
        tasks.cancel_scope.cancel()
    assert heard["limited"] == []


async def test_who_has_left_is_signed_out_at_once_and_does_not_come_back_with_an_old_token(
    house: House,
) -> None:
    admin, person_id = house.clients["administrator"], house.people["agent"]
    path = f"/api/v1/desk/people/{person_id}"
    person = (await admin.get(path)).json()
    version = person.pop("version")
    db = await asyncpg.connect(house.postroom.database_url)
    await change_password(db, person["email"], PASSWORD)
    await db.close()
    base = str(admin.base_url)
    async with httpx.AsyncClient(base_url=base) as browser:
        form = {"email": person["email"], "password": PASSWORD}
        assert (await browser.post("/sign-in", data=form)).status_code == 303
        assert (await browser.get("/api/v1/me")).json()["presence"] == "available"

        streaming = anyio.Event()
        cut = anyio.Event()

        async def listen() -> None:
            async with house.clients["agent"].stream("GET", "/api/v1/live") as stream:
                async for _ in stream.aiter_lines():
                    streaming.set()
            cut.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await streaming.wait()
            left = await admin.put(path, json={**person, "active": False, "expected_version": version})
            assert left.status_code == 200, left.text
            with anyio.fail_after(10):
                await cut.wait()
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await house.clients["agent"].get("/api/v1/me")).status_code == 401
        assert "do not belong together" in (await browser.post("/sign-in", data=form)).text
        people = (await admin.get("/api/v1/people")).json()["items"]
        assert str(person_id) not in [one["id"] for one in people]

        assert (await admin.put(path, json=person)).status_code == 200
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await house.clients["agent"].get("/api/v1/me")).status_code == 401
        assert (await browser.post("/sign-in", data=form)).status_code == 303


async def test_people_are_told_their_rights(house: House) -> None:
    me = (await house.clients["reader"].get("/api/v1/me")).json()
    assert me["rights"] == {str(WORKSHOP): "see", str(ZOO): "answer"}
    assert (me["role"], me["presence"]) == ("agent", "off")
