"""Contacts and organisations by `/api/v1`: cards, moves, merges and their ways back, history, export."""

import json
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest

from contracts.stream_ids import contact_id
from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


class Post:
    """People of this test alone, and what they write."""

    def __init__(self, api: httpx.AsyncClient, postroom: Postroom) -> None:
        self.api, self.postroom, self.mark = api, postroom, uuid4().hex[:8]

    def address(self, name: str, domain: str = "") -> str:
        return f"{name}@{domain or self.mark + '.example'}"

    async def writes(self, sender: str, **headers: str) -> str:
        """A letter; returns its Message-ID when it is in a ticket."""
        identity = f"<{uuid4()}@mail.example>"
        message = letter(1, sender=sender, **headers)
        message.replace_header("Message-ID", identity)
        message.replace_header("Subject", f"Lamp {identity[1:9]}")
        self.postroom.send(message)

        async def there() -> bool:
            found = (await self.api.get("/messages", params={"q": identity[1:9]})).json()["items"]
            return any(one["ticket"] for one in found)

        await until(there)
        return identity

    async def contact(self, address: str) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            items = (await self.api.get("/contacts", params={"address": address})).json()["items"]
            return items[0] if items else None

        found = await until(there)
        assert isinstance(found, dict)
        return found

    async def do(self, method: str, path: str, status: int = 201, **body: object) -> Any:
        answer = await self.api.request(method, path, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def tickets(self, **params: str) -> list[int]:
        items = (await self.api.get("/tickets", params=params)).json()["items"]
        return sorted(item["number"] for item in items)


@pytest.fixture
def post(api: httpx.AsyncClient, shared_postroom: Postroom) -> Post:
    return Post(api, shared_postroom)


async def test_who_writes_is_a_contact_that_a_search_finds(post: Post) -> None:
    address = post.address("rosa.feld")
    await post.writes(f"Rosa Feld <{address}>")
    contact = await post.contact(address)
    assert (contact["id"], contact["version"]) == (str(contact_id(address)), 0)
    assert (contact["name"], contact["addresses"]) == ("Rosa Feld", [address])
    for q in (f"ros {post.mark}", f"feld {post.mark[:5]}", address):
        found = (await post.api.get("/contacts", params={"q": q})).json()["items"]
        assert [one["id"] for one in found] == [contact["id"]]


async def test_a_card_is_kept_and_changed_with_the_version_that_was_seen(post: Post) -> None:
    address = post.address("kim")
    made = await post.do("POST", "/contacts", addresses=[address], name="Kim", remarks={"customer": "4711"})
    assert (made["id"], made["version"], made["remarks"]) == (
        str(contact_id(address)), 1, {"customer": "4711"}
    )  # fmt: skip
    path = f"/contacts/{made['id']}"
    changed = await post.do(
        "PUT", path, 200, addresses=[address], name="Kim Berg", note="Calls.", expected_version=1
    )
    assert (changed["name"], changed["note"], changed["version"], changed["remarks"]) == (
        "Kim Berg",
        "Calls.",
        2,
        {},
    )
    refused = await post.do("PUT", path, 409, addresses=[address], expected_version=1)
    assert refused["code"] == "changed_meanwhile"
    events = (await post.api.get(f"{path}/events")).json()["items"]
    assert [one["type"] for one in events] == ["ContactAdded", "ContactChanged"]


async def test_a_card_that_is_there_is_not_begun_again(post: Post, api: httpx.AsyncClient) -> None:
    rosa, home = post.address("rosa"), post.address("rosa.at.home")
    begun = {"addresses": [rosa, home], "name": "Rosa", "note": "Calls."}
    key = {"Idempotency-Key": uuid4().hex}
    made = await api.post("/contacts", json=begun, headers=key)
    path = f"/contacts/{made.json()['id']}"
    before = (await api.get(path)).json()

    refused = await post.do("POST", "/contacts", 409, addresses=[rosa], name="Rosa Feld")
    assert refused["code"] == "already_there"
    assert "PUT" in refused["detail"]
    assert (await api.get(path)).json() == before
    again = await api.post("/contacts", json=begun, headers=key)
    assert (again.status_code, again.json()["note"]) == (201, "Calls.")


async def test_letters_from_both_addresses_are_one_history_until_the_merge_is_undone(post: Post) -> None:
    work, home = post.address("lee"), post.address("lee", f"home-{post.mark}.example")
    first = await post.writes(work)
    await post.writes(home)
    one, other = (await post.contact(work))["id"], (await post.contact(home))["id"]
    apart = await post.tickets(contact=work)
    merged = await post.do("POST", f"/contacts/{one}/merge", into=other)
    assert (merged["id"], set(merged["addresses"])) == (other, {work, home})
    assert [item["id"] for item in merged["merged"]] == [one]
    both = await post.tickets(contact=other)
    assert len(both) == 2
    assert both == await post.tickets(contact=work)
    # Meanwhile they answer their own letter from home.
    answer = await post.writes(home, In_Reply_To=first)
    assert answer
    assert await post.tickets(contact=other) == both
    assert (await post.do("GET", f"/contacts/{one}", 200))["id"] == other
    parted = await post.do("POST", f"/contacts/{one}/merge/undo")
    assert (parted["id"], parted["addresses"]) == (one, [work])
    assert await post.tickets(contact=one) == apart
    history = (await post.api.get(f"/contacts/{other}/history")).json()["items"]
    assert sum(entry["type"] in {"TicketOpened", "CustomerReplied"} for entry in history) >= 2


async def test_an_address_moves_and_goes_home(post: Post) -> None:
    kim, extra, lee = (post.address(name) for name in ("kim", "extra", "lee"))
    one = await post.do("POST", "/contacts", addresses=[kim, extra])
    other = await post.do("POST", "/contacts", addresses=[lee])
    refused = await post.do("PUT", f"/contacts/{other['id']}", 409, addresses=[lee, extra])
    assert refused["code"] == "already_there"
    taken = await post.do("POST", f"/contacts/{other['id']}/addresses", address=extra)
    assert set(taken["addresses"]) == {lee, extra}
    assert (await post.do("GET", f"/contacts/{one['id']}", 200))["addresses"] == [kim]
    left = await post.do("DELETE", f"/contacts/{other['id']}/addresses/{extra}", 200)
    assert left["addresses"] == [lee]
    assert (await post.contact(extra))["id"] == str(contact_id(extra))


async def test_people_belong_to_an_organisation_by_domain_or_by_choice(post: Post) -> None:
    organisation = str(uuid4())
    domain = f"{post.mark}.example"
    await post.do(
        "PUT", f"/desk/organisations/{organisation}", 200, name=f"Firm {post.mark}", domains=[domain]
    )
    inside, below, friend = (
        post.address("in"),
        post.address("below", f"shop.{domain}"),
        post.address(f"friend-{post.mark}", "gmail.com"),
    )
    for sender in (inside, below, friend):
        await post.writes(sender)
    contact = await post.contact(friend)
    assert contact["organisation"] is None
    await post.do("PUT", f"/contacts/{contact['id']}", 200, addresses=[friend], organisation_id=organisation)
    members = (await post.api.get("/contacts", params={"organisation": organisation})).json()["items"]
    assert {one for member in members for one in member["addresses"]} == {inside, below, friend}
    assert {member["organisation"]["id"] for member in members} == {organisation}
    assert len(await post.tickets(organisation=organisation)) == 3
    shop = str(uuid4())
    await post.do(
        "PUT", f"/desk/organisations/{shop}", 200, name=f"Shop {post.mark}", domains=[f"shop.{domain}"]
    )
    assert len(await post.tickets(organisation=organisation)) == 2
    assert len(await post.tickets(organisation=shop)) == 1
    public = await post.do(
        "PUT", f"/desk/organisations/{uuid4()}", 422, name=f"All {post.mark}", domains=["gmail.com"]
    )
    assert "everyone" in public["detail"]


async def test_the_same_name_in_one_organisation_is_suggested_and_nothing_is_merged(post: Post) -> None:
    organisation = str(uuid4())
    await post.do(
        "PUT",
        f"/desk/organisations/{organisation}",
        200,
        name=f"Firm {post.mark}",
        domains=[f"{post.mark}.example"],
    )
    name = f"Ro {post.mark}"
    one = await post.do("POST", "/contacts", addresses=[post.address("ro")], name=name)
    other = await post.do("POST", "/contacts", addresses=[post.address("ro.feld")], name=name)
    suggested = (await post.do("GET", f"/contacts/{one['id']}", 200))["same_person"]
    assert [item["id"] for item in suggested] == [other["id"]]


async def test_the_history_is_searched_and_comes_in_pages(post: Post) -> None:
    address = post.address("mo")
    for _ in range(3):
        await post.writes(address)
    contact = await post.contact(address)
    path, seen, cursor = f"/contacts/{contact['id']}/history", [], None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await post.api.get(path, params=params)).json()
        seen += [(entry["ticket"], entry["version"]) for entry in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) >= 3
    (number, *_) = await post.tickets(contact=address)
    await post.do("POST", f"/tickets/{number}/notes", text=f"Zebra {post.mark}")
    found = (await post.api.get(path, params={"q": f"zebra {post.mark}"})).json()["items"]
    assert [(entry["type"], entry["ticket"]) for entry in found] == [("NoteAdded", number)]


async def test_an_export_has_what_we_answered_in_the_ticket_that_theirs_was_merged_into(post: Post) -> None:
    rosa, bob = post.address("rosa"), post.address("bob")
    await post.writes(bob)
    await post.writes(rosa)
    (hers,), (his,) = await post.tickets(contact=rosa), await post.tickets(contact=bob)
    await post.do("POST", f"/tickets/{his}/notes", text=f"Bob's alone {post.mark}")
    await post.do("POST", f"/tickets/{hers}/merge", into=his)
    both = await post.do("GET", f"/tickets/{his}", 200)
    assert both["recipient"]["address"] == rosa
    answer = {"text": f"Dear Rosa {post.mark}", "expected_version": both["version"]}
    await post.do("POST", f"/tickets/{his}/replies", **answer)

    contact = await post.contact(rosa)
    document = json.loads((await post.api.get(f"/contacts/{contact['id']}/export")).content)
    (answer,) = document["answers_in_other_tickets"]
    assert (answer["ticket"], answer["type"]) == (his, "ReplyReleased")
    assert answer["data"]["letter"]["text"].startswith(f"Dear Rosa {post.mark}")
    assert [one["ticket"]["number"] for one in document["tickets"]] == [hers]
    assert f"Bob's alone {post.mark}" not in json.dumps(document)


async def test_an_export_has_all_that_is_held(post: Post) -> None:
    address = post.address("ex")
    message = letter(1, sender=address)
    message.replace_header("Message-ID", f"<{uuid4()}@mail.example>")
    message.add_attachment(b"a plan", maintype="text", subtype="plain", filename="plan.txt")
    post.postroom.send(message)
    contact = await post.contact(address)
    (number,) = await post.tickets(contact=address)
    await post.do("POST", f"/tickets/{number}/notes", text="Is a good customer.")
    document = json.loads((await post.api.get(f"/contacts/{contact['id']}/export")).content)
    assert document["contact"]["addresses"] == [address]
    assert document["tickets_out_of_sight"] == 0
    ((ticket,), (custody,)) = document["tickets"], document["messages"]
    assert ticket["ticket"]["number"] == number
    assert [entry["note"] for entry in ticket["ticket"]["conversation"] if entry["note"]] == [
        "Is a good customer."
    ]
    assert custody["letter"]["attachments"][0]["name"] == "plan.txt"
    assert {step["service"] for step in custody["steps"]} >= {"ingest", "router", "tickets"}
    with ZipFile(BytesIO((await post.api.get(f"/contacts/{contact['id']}/export.zip")).content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"contact.json", f"messages/{custody['message_id']}.eml"}
        assert json.loads(archive.read("contact.json"))["contact"] == document["contact"]
        assert b"plan.txt" in archive.read(f"messages/{custody['message_id']}.eml")
