"""A ticket's whole life by `/api/v1`: states, descriptions, links, merges and letters."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from contracts.model import LONGEST_WRITING
from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


class Desk:
    """One customer's ticket."""

    def __init__(self, api: httpx.AsyncClient, number: int) -> None:
        self.api, self.number = api, number

    @classmethod
    async def ticket(cls, api: httpx.AsyncClient, postroom: Postroom, letter_number: int) -> "Desk":
        postroom.send(letter(letter_number))
        address = f"kim{letter_number}@customers.example"

        async def there() -> int | None:
            items = (await api.get("/tickets", params={"contact": address})).json()["items"]
            return items[0]["number"] if items else None

        number = await until(there)
        assert isinstance(number, int)
        return cls(api, number)

    async def do(self, what: str, status: int = 201, **wanted: object) -> dict:  # type: ignore[type-arg]
        answer = await self.api.post(f"/tickets/{self.number}/{what}", json=wanted)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def read(self) -> dict:  # type: ignore[type-arg]
        return (await self.api.get(f"/tickets/{self.number}")).json()  # type: ignore[no-any-return]

    async def letters(self, at_least: int = 1) -> list[str]:
        """Ids of the letters that are in it, when they are so many."""

        async def there() -> list[str] | None:
            letters = await self._letters()
            return letters if len(letters) >= at_least else None

        found = await until(there)
        assert isinstance(found, list)
        return found

    async def _letters(self) -> list[str]:
        entries = (await self.read())["conversation"]
        return [entry["letter"]["message_id"] for entry in entries if entry["letter"]]


async def test_a_ticket_waits_for_the_customer_until_he_writes(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 700)
    await ticket.do("state", state="pending")
    assert (await ticket.read())["state"] == "pending"
    shared_postroom.send(
        letter(701, sender="kim700@customers.example", In_Reply_To="<letter-700@customers.example>")
    )

    async def opened_again() -> bool:
        return (await ticket.read())["state"] == "open"  # type: ignore[no-any-return]

    await until(opened_again)
    assert "opened the ticket again" in str((await ticket.read())["conversation"])


async def test_thanks_leave_a_solved_ticket_solved_and_the_agent_can_say_otherwise(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 712)
    await ticket.do("state", state="solved")
    again = {"sender": "kim712@customers.example", "In_Reply_To": "<letter-712@customers.example>"}
    thanks = letter(713, subject="Re: Where is order 712?", **again)
    thanks.set_content("Thank you so much!\n")
    shared_postroom.send(thanks)
    await ticket.letters(at_least=2)
    assert ((await ticket.read())["state"], (await ticket.read())["only_thanks"]) == ("solved", True)
    page = await api.get(f"http://127.0.0.1:{shared_postroom.http_port}/tickets/{ticket.number}")
    assert "only says thanks" in page.text
    assert "more_than_thanks" in page.text
    await ticket.do("state", status=422, state="pending", more_than_thanks=True)
    button = {"state": "open", "more_than_thanks": "true"}
    assert (await api.post(f"{page.url}/state", data=button)).status_code == 200
    opened = await ticket.read()
    assert (opened["state"], opened["only_thanks"]) == ("open", False)
    thanked = [entry["letter"]["received_at"] for entry in opened["conversation"] if entry["letter"]][-1]
    assert opened["waiting_since"] == thanked, "it waits as any other letter does"
    assert "says more than thanks" in str(opened["conversation"])
    await ticket.do("state", state="solved")
    await ticket.do("state", status=422, state="open", more_than_thanks=True)  # there are no thanks any more


async def test_an_answer_a_note_and_a_task_have_an_end(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 795)
    endless = "a" * (LONGEST_WRITING + 1)
    for what in ({"replies": {"expected_version": 1}}, {"notes": {}}, {"tasks": {}}):
        ((path, more),) = what.items()
        refused = await ticket.do(path, status=422, text=endless, **more)
        assert "at most 1000000 characters" in refused["detail"]
    await ticket.do("notes", text=endless[1:])


@pytest.mark.parametrize(("state", "letters"), [("solved", 714), ("closed", 716)])
async def test_who_has_not_seen_a_letter_does_not_solve_or_close_it_away(
    api: httpx.AsyncClient, shared_postroom: Postroom, state: str, letters: int
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, letters)
    seen = (await ticket.read())["version"]
    sender, first = f"kim{letters}@customers.example", f"<letter-{letters}@customers.example>"
    shared_postroom.send(letter(letters + 1, sender=sender, In_Reply_To=first))
    await ticket.letters(at_least=2)
    refused = await ticket.do("state", 409, state=state, expected_version=seen)
    assert refused["code"] == "outdated"
    assert [entry["type"] for entry in refused["unseen"] if "letter" in entry] == ["CustomerReplied"]
    page = f"http://127.0.0.1:{shared_postroom.http_port}/tickets/{ticket.number}/state"
    shown = await api.post(page, data={"state": state, "seen_version": seen})
    assert (shown.status_code, "A letter of the customer came" in shown.text) == (409, True)
    await ticket.do("state", state=state, expected_version=refused["version"])
    assert (await ticket.read())["state"] == state


async def test_a_hold_has_an_end_and_a_reason_and_its_end_cannot_be_past(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 702)
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    await ticket.do("state", state="on_hold", until=tomorrow.isoformat(), reason="Parts are on their way")
    held = await ticket.read()
    assert (held["state"], held["hold_reason"]) == ("on_hold", "Parts are on their way")
    assert datetime.fromisoformat(held["held_until"]) == tomorrow
    await ticket.do("state", 422, state="on_hold", until="2020-01-01T00:00:00Z")
    await ticket.do("state", 422, state="pending", reason="none of its business")
    listed = (await api.get("/tickets", params={"state": "on_hold"})).json()["items"]
    assert ticket.number in [item["number"] for item in listed]
    await ticket.do("state", state="closed")
    assert (await ticket.read())["state"] == "closed"
    await ticket.do("state", state="open")
    await ticket.do("state", 409, state="open")


async def test_the_button_beside_what_was_done_gives_back_what_was(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 718)
    path = f"http://127.0.0.1:{shared_postroom.http_port}/tickets/{ticket.number}"
    me = (await api.get("/people")).json()["items"][0]["id"]
    await ticket.do("assignment", assignee=me)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=4)
    await ticket.do("state", state="on_hold", until=until.isoformat(), reason="Parts are on their way")

    async def standing() -> tuple[object, ...]:
        now = await ticket.read()
        return (
            now["state"],
            now["held_until"],
            now["hold_reason"],
            now["assignee"],
            now["priority"],
            now["tags"],
        )

    before = await standing()
    for what, form in {
        "state": {"state": "solved"},
        "state ": {"state": "closed"},
        "state  ": {"state": "pending"},
        "priority": {"priority": "urgent"},
        "tags": {"add": "vip"},
        "assignment": {"assignee": ""},
    }.items():
        done = await api.post(f"{path}/{what.strip()}", data=form)
        assert done.status_code == 200, done.text
        assert await standing() != before
        values = re.search(r"/undo\" hx-vals='(.*?)'", done.text)
        assert values is not None
        undone = await api.post(f"{path}/undo", data=json.loads(html.unescape(values[1])))
        assert (undone.status_code, "It is as it was before." in undone.text) == (200, True), undone.text
        assert await standing() == before


async def test_by_api_a_write_is_undone_by_the_id_that_its_answer_has(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 719)
    await ticket.do("state", state="pending")
    solved = (await ticket.do("state", state="solved"))["command_id"]
    await ticket.do("undo", command_id=solved)
    assert (await ticket.read())["state"] == "pending"
    await ticket.do("undo", 404, command_id=str(uuid4()))
    solved = (await ticket.do("state", state="solved"))["command_id"]
    await ticket.do("state", state="open")
    assert (await ticket.do("undo", 409, command_id=solved))["code"] == "changed_since"


async def test_priority_tags_watchers_and_tasks_are_said_and_listed(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 703)
    me = (await api.get("/people")).json()["items"][0]["id"]
    await ticket.do("priority", priority="urgent")
    await ticket.do("tags", add=["Big Customer", "lamp"])
    await ticket.do("tags", remove=["lamp"])
    await ticket.do("watchers", add=[me])
    await ticket.do("watchers", 404, add=[str(uuid4())])
    await ticket.do("category", category=None)
    await ticket.do("category", 404, category=str(uuid4()))
    await ticket.do("fields", 404, fields={"no_such_field": "x"})
    task = await ticket.do("tasks", text="Call the workshop", owner=me, due_on="2027-01-04")
    done = await api.patch(f"/tickets/{ticket.number}/tasks/{task['id']}", json={"done": True})
    assert done.status_code == 200
    said = await ticket.read()
    assert (said["priority"], said["tags"]) == ("urgent", ["big-customer"])
    assert [one["id"] for one in said["watchers"]] == [me]
    assert [(one["text"], one["done"]) for one in said["tasks"]] == [("Call the workshop", True)]
    listed = (await api.get("/tickets", params={"tag": "big-customer", "priority": "urgent"})).json()["items"]
    assert [item["number"] for item in listed] == [ticket.number]


async def test_custom_fields_are_filled_in_read_and_emptied(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 724)
    mark = uuid4().hex[:8]
    order, bought = f"order_{mark}", f"bought_{mark}"
    paths = {order: f"/desk/fields/{uuid4()}", bought: f"/desk/fields/{uuid4()}"}
    for key, kind in ((order, "number"), (bought, "date")):
        made = await api.put(paths[key], json={"name": key, "key": key, "type": kind})
        assert made.status_code == 200, made.text

    async def values() -> list[object]:
        found = {one["key"]: one["value"] for one in (await ticket.read())["fields"]}
        return [found[order], found[bought]]

    assert await values() == [None, None]
    await ticket.do("fields", fields={order: "4711", bought: "2026-03-02"})
    assert await values() == [4711, "2026-03-02"]
    assert (await ticket.do("fields", 422, fields={order: "many"}))["code"] == "invalid"
    emptied = await ticket.do("fields", fields={order: None})
    assert await values() == [None, "2026-03-02"]
    await ticket.do("undo", command_id=emptied["command_id"])
    assert await values() == [4711, "2026-03-02"]
    page = f"http://127.0.0.1:{shared_postroom.http_port}/tickets/{ticket.number}"
    saved = await api.post(f"{page}/fields/{order}", data={"value": "4712"})
    back = re.search(r"/undo\" hx-vals='(.*?)'", saved.text)
    assert back is not None, saved.text
    assert await values() == [4712, "2026-03-02"]
    await api.post(f"{page}/undo", data=json.loads(html.unescape(back[1])))
    assert await values() == [4711, "2026-03-02"]
    for path in paths.values():
        assert (await api.delete(path)).status_code == 204


async def test_a_link_is_on_both_tickets_and_goes_from_both(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    child = await Desk.ticket(api, shared_postroom, 704)
    parent = await Desk.ticket(api, shared_postroom, 705)
    await child.do("links", number=parent.number, link="parent")
    assert (await child.read())["links"] == [{"number": parent.number, "link": "parent"}]
    assert (await parent.read())["links"] == [{"number": child.number, "link": "child"}]
    gone = await api.delete(f"/tickets/{parent.number}/links/child/{child.number}")
    assert gone.status_code == 200
    assert (await child.read())["links"] == (await parent.read())["links"] == []


async def test_a_merged_ticket_is_shown_in_the_other_one_and_the_undo_gives_it_back(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    one = await Desk.ticket(api, shared_postroom, 706)
    other = await Desk.ticket(api, shared_postroom, 707)
    (letter_of_one,) = await one.letters()
    key = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):
        merged = await api.post(f"/tickets/{one.number}/merge", json={"into": other.number}, headers=key)
        assert merged.status_code == 201
    assert (await one.read())["merged_into"] == other.number
    assert letter_of_one in await other.letters()
    assert (await other.read())["absorbed"] == [one.number]
    listed = (await api.get("/tickets", params={"limit": 200})).json()["items"]
    assert one.number not in [item["number"] for item in listed]
    refused = await one.do("notes", 409, text="Too late")
    assert refused["code"] == "merged"
    again = {"sender": "kim706@customers.example", "In_Reply_To": "<letter-706@customers.example>"}
    shared_postroom.send(letter(7060, **again))
    *_, meanwhile = await other.letters(at_least=3)

    await one.do("merge/undo")
    assert (await one.read())["merged_into"] is None
    assert letter_of_one not in await other.letters()
    assert await one.letters() == [letter_of_one, meanwhile]
    came_back = (await one.read())["conversation"][-1]["letter"]
    assert came_back["threaded_by"].startswith("it was written to this ticket while that was merged")
    await one.do("merge/undo", 422)


async def test_letters_are_split_off_moved_and_brought_back(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 708)
    shared_postroom.send(
        letter(709, sender="kim708@customers.example", In_Reply_To="<letter-708@customers.example>")
    )
    first, second = await ticket.letters(at_least=2)
    await ticket.do("split", 422, messages=[first, second])
    split = await ticket.do("split", messages=[second], subject="Another matter")
    new = Desk(api, split["new_number"])
    assert ((await new.read())["subject"], await new.letters()) == ("Another matter", [second])
    assert await ticket.letters() == [first]
    gone = [entry for entry in (await ticket.read())["conversation"] if entry["type"] == "CustomerReplied"]
    assert [entry["ticket"] for entry in gone] == [new.number]
    await new.do("merge", into=ticket.number)
    assert await ticket.letters() == [first, second]

    other = await Desk.ticket(api, shared_postroom, 710)
    await ticket.do("letters/move", messages=[second], to=other.number)
    assert second in await other.letters()
    await other.do("letters/move", messages=[second], to=ticket.number)
    assert await ticket.letters() == [first, second]


async def test_a_note_mentions_colleagues_by_name_and_they_watch_the_ticket(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 711)
    await ticket.do("notes", text="@administrator please look at this.")
    said = await ticket.read()
    assert [one["name"] for one in said["watchers"]] == ["Administrator"]
    assert [
        [one["name"] for one in entry["mentions"]] for entry in said["conversation"] if entry["note"]
    ] == [["Administrator"]]


async def test_who_is_mentioned_gets_the_note_and_hears_of_the_next_letter_and_lists_what_they_watch(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket, other = [await Desk.ticket(api, shared_postroom, number) for number in (716, 717)]
    wanda, team = await shared_postroom.add_person("Wanda"), uuid4()
    members = {"name": "Workshop team", "member_ids": [str(wanda)]}
    assert (await api.put(f"/desk/teams/{team}", json=members)).status_code == 200
    await ticket.do("notes", text="@Wanda please look at this.")
    await other.do("watchers", add=[str(team)])
    sender = "Kim Customer <kim716@customers.example>"
    shared_postroom.send(letter(718, sender=sender, In_Reply_To="<letter-716@customers.example>"))

    async def told() -> list[str]:
        notices = await shared_postroom.events("tickets", "NoticeReleased")
        mine = {one["notice_id"]: str(one["subject"]) for one in notices if one["person_id"] == str(wanda)}
        sent = [one["notice_id"] for one in await shared_postroom.events("notify", "NoticeSent")]
        return [subject for notice_id, subject in mine.items() if notice_id in sent]

    async def both() -> bool:
        return len(await told()) == 2

    await until(both)
    assert await told() == [
        f"Ticket {ticket.number}: Administrator mentions you",
        f"Ticket {ticket.number}: Kim Customer wrote",
    ]
    for watcher, watched in ((wanda, {ticket.number, other.number}), (team, {other.number})):
        listed = (await api.get("/tickets", params={"watcher": str(watcher)})).json()["items"]
        assert {item["number"] for item in listed} == watched
    assert (await api.get("/tickets", params={"watcher": "me"})).status_code == 200
    assert (await api.get("/tickets", params={"watcher": "none"})).status_code == 422


async def test_tasks_are_listed_by_owner_and_day_changed_and_removed(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    ticket = await Desk.ticket(api, shared_postroom, 720)
    otto, team = await shared_postroom.add_person("Otto"), uuid4()
    members = {"name": "Otto's team", "member_ids": [str(otto)]}
    assert (await api.put(f"/desk/teams/{team}", json=members)).status_code == 200
    someday = await ticket.do("tasks", text="Tidy up", owner=str(otto))
    monday = await ticket.do("tasks", text="Call", owner=str(team), due_on="2027-01-04")
    sunday = await ticket.do("tasks", text="Write", owner=str(otto), due_on="2027-01-03")

    async def listed(**wanted: object) -> list[str]:
        asked = {"owner": str(otto), **wanted}
        return [one["id"] for one in (await api.get("/tasks", params=asked)).json()["items"]]  # type: ignore[arg-type]

    assert await listed() == [sunday["id"], monday["id"], someday["id"]]
    assert await listed(due="2027-01-03") == [sunday["id"]]
    assert await listed(owner=str(team)) == [monday["id"]]
    first = (await api.get("/tasks", params={"owner": str(otto), "limit": 2})).json()
    assert await listed(cursor=first["next"]) == [someday["id"]]
    assert (first["items"][0]["text"], first["items"][0]["ticket"]["number"]) == ("Write", ticket.number)

    path = f"/tickets/{ticket.number}/tasks"
    assert (await api.patch(f"{path}/{sunday['id']}", json={"done": True})).status_code == 200
    assert await listed(done="false") == [monday["id"], someday["id"]]
    changed = {"text": "Call again", "owner": str(otto), "due_on": "2027-02-01"}
    assert (await api.put(f"{path}/{monday['id']}", json=changed)).status_code == 200
    assert (await api.delete(f"{path}/{someday['id']}")).status_code == 200
    assert await listed(done="false") == [monday["id"]]
    assert [(one["text"], one["due_on"]) for one in (await ticket.read())["tasks"]] == [
        ("Call again", "2027-02-01"),
        ("Write", "2027-01-03"),
    ]

    other = await Desk.ticket(api, shared_postroom, 721)
    await ticket.do("merge", into=other.number)
    (merged,) = (await api.get("/tasks", params={"owner": str(otto), "done": "false"})).json()["items"]
    assert merged["ticket"]["merged_into"] == other.number
    assert (await api.patch(f"{path}/{monday['id']}", json={"done": True})).status_code == 200
    assert await listed(done="false") == []
    assert (await api.get("/tasks", params={"owner": "somebody"})).status_code == 422


async def test_a_ticket_is_on_hold_until_a_linked_one_is_solved(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    order, parts = [await Desk.ticket(api, shared_postroom, number) for number in (722, 723)]
    wait = {"state": "on_hold", "until_solved": parts.number}
    await order.do("state", 422, **wait)
    await order.do("links", number=parts.number, link="child")
    await order.do("state", 422, **wait, until="2099-01-01T00:00:00Z")
    await order.do("state", **wait, reason="Parts first")
    held = await order.read()
    assert (held["state"], held["held_for"], held["held_until"]) == ("on_hold", parts.number, None)
    page = await api.get(f"{shared_postroom.url}/tickets/{order.number}")
    assert f'until <a href="/tickets/{parts.number}">ticket {parts.number}</a> is solved' in page.text
    await parts.do("state", state="solved")
    opened = await order.read()
    assert (opened["state"], opened["held_for"]) == ("open", None)
    said = [entry["sentence"] for entry in opened["conversation"]]
    assert said[-2:] == [
        f"put the ticket on hold until ticket {parts.number} is solved: Parts first",
        "The hold ended, so the ticket is open again",
    ]
