"""A ticket as it stood at any moment, on the whole stack."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.running import Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]
Json = dict[str, Any]


async def arrived(api: httpx.AsyncClient, address: str) -> int:
    async def there() -> int | None:
        items = (await api.get("/tickets", params={"contact": address})).json()["items"]
        return items[0]["number"] if items else None

    number = await until(there)
    assert isinstance(number, int)
    return number


async def stood(api: httpx.AsyncClient, number: int, event: str) -> Json:
    """The ticket as it stood right after an event."""
    events = (await api.get(f"/tickets/{number}/events")).json()["items"]
    at = next(item["recorded_at"] for item in events if item["type"] == event)
    answer = await api.get(f"/tickets/{number}", params={"as_of": at})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_a_ticket_is_told_as_it_stood_with_what_was_in_force_and_left_of_its_clocks(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    boxes = (await api.get("/ticketboxes")).json()["items"]
    box = next(one["id"] for one in boxes if one["name"] == "Support")
    policy_id, calendar_id = uuid4(), uuid4()
    always = {day: [{"begin": "00:00", "end": "24:00"}] for day in ("monday", "tuesday", "wednesday",
              "thursday", "friday", "saturday", "sunday")}  # fmt: skip
    calendar = {"name": "Always 900", "time_zone": "Europe/Berlin", "week": always}
    policy = {"name": "Tested 900", "order": 1, "tags": ["t900"], "targets": {"resolution": 600},
              "calendar_id": str(calendar_id)}  # fmt: skip
    assert (await api.put(f"/desk/calendars/{calendar_id}", json=calendar)).status_code == 200
    assert (await api.put(f"/desk/policies/{policy_id}", json=policy)).status_code == 200
    shared_postroom.send(letter(900))
    number = await arrived(api, "kim900@customers.example")
    path = f"/tickets/{number}"
    me = (await api.get("/me")).json()["id"]
    await api.post(f"{path}/tags", json={"add": ["t900"]})
    await api.post(f"{path}/assignment", json={"assignee": me})
    await api.post(f"{path}/state", json={"state": "pending"})
    # What is configured later says nothing about then.
    slower = {**policy, "name": "Renamed 900", "targets": {"resolution": 6000}}
    assert (await api.put(f"/desk/policies/{policy_id}", json=slower)).status_code == 200
    await api.post(f"{path}/tags", json={"remove": ["t900"]})

    tagged = await stood(api, number, "TagsChanged")
    assert (tagged["state"], tagged["tags"]) == ("open", ["t900"])
    assert (await stood(api, number, "TicketOpened"))["assignee"] is None
    then = tagged["as_of"]
    assert (then["policy"]["name"], then["policy"]["version"]) == ("Tested 900", 1)
    assert then["calendar"]["name"] == "Always 900"
    assert then["ruleset_version"] >= 1
    (clock,) = then["clocks"]
    assert (clock["target"], clock["missed"]) == ("resolution", False)
    assert 590 * 60 < clock["left_seconds"] <= 600 * 60
    pending = await stood(api, number, "TicketSetPending")
    assert (pending["state"], pending["assignee"]["id"]) == ("pending", me)
    (clock,) = pending["as_of"]["clocks"]
    assert clock["due_at"] is None
    assert clock["left_seconds"] > 590 * 60
    now = (await api.get(path)).json()
    assert (now["tags"], now["as_of"]) == ([], None)
    assert now["box"]["id"] == box


async def test_a_merged_ticket_is_told_as_it_stood_before_and_after(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    numbers = []
    for one in (901, 902):
        shared_postroom.send(letter(one))
        numbers.append(await arrived(api, f"kim{one}@customers.example"))
    merged, other = numbers
    await api.post(f"/tickets/{merged}/merge", json={"into": other})
    await api.post(f"/tickets/{merged}/merge/undo", json={})
    assert (await stood(api, merged, "TicketMerged"))["merged_into"] == other
    assert (await stood(api, merged, "TicketOpened"))["merged_into"] is None
    absorbed = await stood(api, other, "TicketAbsorbed")
    assert absorbed["absorbed"] == [merged]
    assert len([entry for entry in absorbed["conversation"] if entry["letter"]]) == 2
    assert (await stood(api, other, "AbsorptionUndone"))["absorbed"] == []


async def test_a_moment_before_the_beginning_to_come_or_none_is_told(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(903))
    number = await arrived(api, "kim903@customers.example")
    before = await api.get(f"/tickets/{number}", params={"as_of": "2020-01-01T00:00:00Z"})
    assert before.status_code == 404
    began = (await api.get(f"/tickets/{number}")).json()["opened_at"]
    assert datetime.fromisoformat(before.json()["began_at"]) - datetime.fromisoformat(began) < timedelta(
        seconds=60
    )
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for bad in (tomorrow.isoformat(), "yesterday", "2026-03-02T12:00:00"):
        answer = await api.get(f"/tickets/{number}", params={"as_of": bad})
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    page = await api.get(f"{shared_postroom.url}/tickets/{number}", params={"as_of": "2020-01-01T00:00:00Z"})
    assert page.status_code == 404
    assert "it began at" in page.text


async def test_on_the_page_of_a_past_moment_nothing_can_be_done(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(904))
    number = await arrived(api, "kim904@customers.example")
    at = (await api.get(f"/tickets/{number}")).json()["changed_at"]
    page = (await api.get(f"{shared_postroom.url}/tickets/{number}", params={"as_of": at})).text
    assert "As it stood on" in page
    assert '<a href="/rules/versions/' in page
    assert "hx-post" not in page.partition("<main")[2].partition("</main")[0]
    assert "composer" not in page
