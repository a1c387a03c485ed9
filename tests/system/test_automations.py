"""Automations through every service: by the API, on the pages, and in the mail that leaves."""

import email
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.commands import OPERATOR, ChangeDesk, SetThing
from contracts.desk import Ticketbox
from contracts.people import Person, Role
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]
BOX, SARA = uuid4(), uuid4()


@pytest.fixture
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    things = (
        Ticketbox(id=BOX, name="Lamps", addresses=("lamps@example.com",)),
        Person(id=SARA, name="Sara", email="sara.lamps@example.com", role=Role.SUPERVISOR),
    )
    changes = tuple(SetThing(thing=thing) for thing in things)
    await shared_postroom.command(ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes))
    async with httpx.AsyncClient(base_url=shared_postroom.url, headers=BEARER, timeout=30) as client:
        yield client


async def put(api: httpx.AsyncClient, automation_id: UUID, **about: object) -> None:
    answer = await api.put(f"/api/v1/desk/automations/{automation_id}", json=about)
    assert answer.status_code == 200, answer.text


async def opened(postroom: Postroom, api: httpx.AsyncClient) -> int:
    """A letter came, and its ticket is shown; returns its number."""
    subject = f"Numbat {uuid4().hex[:8]}"
    message = letter(1, subject=subject, sender=f"kim{uuid4().hex[:8]}@customers.example")
    message.replace_header("To", "lamps@example.com")
    message.replace_header("Message-ID", f"<{uuid4()}@customers.example>")

    async def taken() -> bool:
        postroom.send(message)
        return True

    await until(taken)

    async def shown() -> int | None:
        items = (await api.get("/api/v1/tickets", params={"box": str(BOX)})).json()["items"]
        return next((item["number"] for item in items if item["subject"] == subject), None)

    number = await until(shown)
    assert isinstance(number, int)
    return number


def mail_to(postroom: Postroom, address: str) -> list[EmailMessage]:
    found = []
    for path in (postroom.data / "outgoing" / "new").iterdir():
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        if address in str(message["To"]):
            found.append(message)
    return found


async def sentences(api: httpx.AsyncClient, number: int) -> list[str]:
    ticket: dict[str, Any] = (await api.get(f"/api/v1/tickets/{number}")).json()
    return [entry["sentence"] for entry in ticket["conversation"]]


async def test_an_automation_tells_people_and_reminds_the_customer_and_the_ticket_shows_it(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    await put(
        api,
        uuid4(),
        name="At once",
        when={"minutes": 0, "moment": "open", "clock": "wall"},
        tickets={"ticketbox_ids": [str(BOX)]},
        then={
            "raise_to": "high",
            "remind": "Your number is {number}.",
            "tell_ids": [str(SARA)],
            "words": "Look!",
        },
    )
    number = await opened(shared_postroom, api)

    async def ran() -> bool:
        return "reminded the customer" in await sentences(api, number)

    await until(ran)
    said = await sentences(api, number)
    assert any("“At once” ran" in one and one.endswith("Told: Sara.") for one in said)
    assert "The priority became high" in said

    async def mailed() -> bool:
        return any(
            f"Ticket {number}" in str(one["Subject"]) for one in mail_to(shared_postroom, "sara.lamps@")
        )

    await until(mailed)
    events = (await api.get(f"/api/v1/tickets/{number}/events")).json()["items"]
    actors = {one["actor"] for one in events if one["type"] in {"AutomationRan", "PriorityChanged"}}
    assert actors == {"automation:At once"}
    address = next(one["data"]["contact"]["address"] for one in events if one["type"] == "TicketOpened")

    async def reminded() -> bool:
        return bool(mail_to(shared_postroom, address))

    await until(reminded)
    (reminder,) = mail_to(shared_postroom, address)
    assert reminder["Auto-Submitted"] == "auto-replied"
    assert f"Your number is {number}." in reminder.get_body(("plain",)).get_content()  # type: ignore[union-attr]

    async def recorded() -> bool:
        events = (await api.get(f"/api/v1/tickets/{number}/events")).json()["items"]
        return any(one["type"] == "DeliveryRecorded" for one in events)

    await until(recorded)
    assert (await api.get(f"/api/v1/tickets/{number}")).json()["undelivered"] == 0

    async def counted() -> bool:
        rows = (await api.get("/api/v1/reports/automatic_answers")).json()["rows"]
        return any(row[0] == "Lamps" and row[3] >= 1 for row in rows)

    await until(counted)


async def test_what_comes_next_is_on_the_ticket_and_a_dry_look_counts_it(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    later = {
        "name": "Later",
        "when": {"minutes": 600, "moment": "open", "clock": "wall"},
        "tickets": {"ticketbox_ids": [str(BOX)], "tags": []},
        "then": {"state": "solved"},
    }
    number = await opened(shared_postroom, api)

    async def tried() -> dict[str, Any]:
        answer = await api.post("/api/v1/desk/automations/trial", json=later)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    assert (await tried())["at_once"] == 0
    assert (await tried())["later"] >= 1
    assert (await tried())["sentence"] == "10 hours after it became open, in Lamps: solve it"
    await put(api, uuid4(), **later)

    async def coming() -> list[dict[str, Any]]:
        items = (await api.get(f"/api/v1/tickets/{number}/coming")).json()["items"]
        return [one for one in items if one["automation"] == "Later"]

    (item,) = await until(coming)  # type: ignore[misc]
    assert item["sentence"] == "Later: solve it"
    page = (await api.get(f"/tickets/{number}")).text
    assert "Later: solve it" in page
    solved = await api.post(f"/api/v1/tickets/{number}/state", json={"state": "solved"})
    assert solved.status_code == 201
    items = (await api.get(f"/api/v1/tickets/{number}/coming")).json()["items"]
    assert [one["sentence"] for one in items] == ["It closes by itself"]


async def test_an_automation_that_does_nothing_or_is_half_written_is_refused_with_words(
    api: httpx.AsyncClient,
) -> None:
    nothing = {"name": "Idle", "when": {"minutes": 1, "moment": "open"}}
    answer = await api.put(f"/api/v1/desk/automations/{uuid4()}", json=nothing)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "“Idle” does nothing yet: say what shall happen."
    answer = await api.post(
        "/api/v1/desk/automations/trial", json={"when": {"minutes": -1, "moment": "soon"}}
    )
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"when.minutes", "when.moment"}
