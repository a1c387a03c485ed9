"""`/api/v1`, as programs use it."""

import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from html import escape
from uuid import uuid4

import anyio
import httpx
import pytest

from tests.running import BEARER, PASSWORD, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    base = shared_postroom.url
    async with httpx.AsyncClient(base_url=base, headers=BEARER) as client:
        yield client


async def arrived(api: httpx.AsyncClient, address: str, letters: int = 1) -> dict[str, object]:
    """The ticket of a customer, when it has so many letters."""

    async def there() -> dict[str, object] | None:
        items = (await api.get("/api/v1/tickets", params={"contact": address})).json()["items"]
        return next((item for item in items if item["letters"] >= letters), None)

    found = await until(there)
    assert isinstance(found, dict)
    return found


async def test_a_program_reads_answers_notes_assigns_and_solves(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(100))
    item = await arrived(api, "kim100@customers.example")
    path = f"/api/v1/tickets/{item['number']}"
    ticket = (await api.get(path)).json()
    assert ticket["conversation"][0]["letter"]["from"]["name"] == "Kim Customer"
    assert "100 lamps" in ticket["conversation"][0]["letter"]["text"]

    answer = {"text": "They leave tomorrow.", "expected_version": ticket["version"]}
    key = {"Idempotency-Key": str(uuid4())}
    first = await api.post(f"{path}/replies", json=answer, headers=key)
    again = await api.post(f"{path}/replies", json=answer, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert (await api.post(f"{path}/notes", json={"text": "A regular."})).status_code == 201
    assert (await api.post(f"{path}/assignment", json={"assignee": "me"})).status_code == 201
    assert (await api.post(f"{path}/state", json={"state": "solved"})).status_code == 201

    ticket = (await api.get(path)).json()
    kinds = [event["type"] for event in (await api.get(f"{path}/events")).json()["items"]]
    assert kinds.count("ReplySubmitted") == 1
    assert ticket["state"] == "solved"
    assert ticket["assignee"]["name"] == "Administrator"

    async def sent() -> bool:
        conversation = (await api.get(path)).json()["conversation"]
        return any(entry["reply"] and entry["reply"]["delivery"]["state"] == "sent" for entry in conversation)

    await until(sent)


async def test_an_answer_that_has_not_seen_the_newest_letter_gets_409_with_what_is_new(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(101))
    item = await arrived(api, "kim101@customers.example")
    shared_postroom.send(
        letter(102, sender="kim101@customers.example", In_Reply_To="<letter-101@customers.example>")
    )
    await arrived(api, "kim101@customers.example", letters=2)
    answer = {"text": "Hello", "expected_version": item["version"]}
    refused = await api.post(f"/api/v1/tickets/{item['number']}/replies", json=answer)
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "outdated"
    assert "102 lamps" in json.dumps(problem["unseen"])


async def test_lists_go_on_where_they_ended(api: httpx.AsyncClient, shared_postroom: Postroom) -> None:
    shared_postroom.send(*(letter(number) for number in range(110, 115)))
    await arrived(api, "kim114@customers.example")
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = (
            await api.get("/api/v1/tickets", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [item["number"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) >= 5


async def test_words_of_a_letter_find_its_ticket(api: httpx.AsyncClient, shared_postroom: Postroom) -> None:
    shared_postroom.send(letter(120, subject="Xylophone stand"))
    item = await arrived(api, "kim120@customers.example")

    async def found(words: str) -> list[int]:
        items = (await api.get("/api/v1/tickets", params={"q": words})).json()["items"]
        return [one["number"] for one in items]

    assert await found("xylophone") == [item["number"]]
    assert await found(str(item["number"])) == [item["number"]]
    assert await found("nothing like this anywhere") == []


async def test_the_ledger_and_the_custody_of_a_message_add_up(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    message = letter(130)
    shared_postroom.send(message)
    item = await arrived(api, "kim130@customers.example")
    ledger = (await api.get("/api/v1/ledger")).json()
    assert ledger["balanced"]
    settled = (
        ledger["ticketed"] + sum(ledger["suppressed"].values()) + ledger["quarantined"] + ledger["failed"]
    )
    assert ledger["accepted"] == settled + ledger["in_flight"]
    ticket = (await api.get(f"/api/v1/tickets/{item['number']}")).json()
    message_id = ticket["conversation"][0]["letter"]["message_id"]
    custody = (await api.get(f"/api/v1/messages/{message_id}")).json()
    assert [step["event"] for step in custody["steps"]] == [
        "MessageReceived",
        "MessageRouted",
        "TicketOpened",
    ]
    assert custody["state"] == "ticketed"
    raw = (await api.get(f"/api/v1/messages/{message_id}/raw")).content
    assert raw.replace(b"\r\n", b"\n").startswith(message.as_bytes().splitlines()[0])


async def test_an_attachment_comes_back_as_a_file_that_no_browser_runs(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    message: EmailMessage = letter(140)
    message.add_attachment(
        b"<script>alert(1)</script>", maintype="text", subtype="html", filename="prix d'été.html"
    )
    shared_postroom.send(message)
    item = await arrived(api, "kim140@customers.example")
    ticket = (await api.get(f"/api/v1/tickets/{item['number']}")).json()
    (file,) = ticket["conversation"][0]["letter"]["attachments"]
    answer = await api.get(file["url"])
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_ticket_is_shown_as_it_stood_at_a_moment(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(150))
    item = await arrived(api, "kim150@customers.example")
    path = f"/api/v1/tickets/{item['number']}"
    before = (await api.get(path)).json()["changed_at"]
    await api.post(f"{path}/state", json={"state": "solved"})
    assert (await api.get(path)).json()["state"] == "solved"
    assert (await api.get(path, params={"as_of": before})).json()["state"] == "open"


async def test_what_happens_is_told_at_once_and_what_was_missed_is_told_again(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    async def listen(last: str | None, wanted: int) -> list[tuple[str | None, dict[str, object]]]:
        heard: list[tuple[str | None, dict[str, object]]] = []
        headers = {"Last-Event-ID": last} if last else {}
        identity = None
        async with api.stream("GET", "/api/v1/live", headers=headers, timeout=30) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    identity = line[4:]
                if line.startswith("data: "):
                    heard.append((identity, json.loads(line[6:])))
                    if len(heard) >= wanted:
                        break
        return heard

    heard: list[tuple[str | None, dict[str, object]]] = []

    async def hear() -> None:
        heard.extend(await listen(None, 2))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hear)
        await anyio.sleep(1)
        shared_postroom.send(letter(160))
        shared_postroom.send(letter(161))
    assert {event["type"] for _, event in heard} <= {"TicketOpened", "TicketAssigned"}
    first_id = heard[0][0]
    assert await listen(first_id, 1) == heard[1:2]


async def test_reports_come_as_json_and_as_csv(api: httpx.AsyncClient, shared_postroom: Postroom) -> None:
    shared_postroom.send(letter(170))
    await arrived(api, "kim170@customers.example")
    names = [one["name"] for one in (await api.get("/api/v1/reports")).json()["items"]]
    assert names == [
        "inbound_messages_by_ticketbox",
        "first_response_time_by_agent",
        "busiest_day_of_the_week",
        "misrouting_by_rule",
        "automatic_answers",
    ]
    path = "/api/v1/reports/inbound_messages_by_ticketbox"

    async def counted() -> bool:
        rows = (await api.get(path)).json()["rows"]
        return bool(rows and rows[0][0] == "Support" and rows[0][1] >= 1)

    await until(counted)
    table = await api.get(path, params={"from": "2026-03-01", "to": "2026-04-01", "format": "csv"})
    assert table.text.startswith("ticketbox,messages,")
    assert f"{names[0]}_2026-03-01_2026-03-31.csv" in table.headers["Content-Disposition"]
    wrong = await api.get(path, params={"from": "2026-02-01", "to": "2026-01-01"})
    assert wrong.status_code == 422
    assert (await api.get("/api/v1/reports/none")).status_code == 404


async def test_nobody_comes_in_without_a_token_or_from_another_site(
    api: httpx.AsyncClient, shared_postroom: Postroom
) -> None:
    base = shared_postroom.url
    async with httpx.AsyncClient(base_url=base) as stranger:
        unknown = await stranger.get("/api/v1/tickets")
        assert unknown.status_code == 401
        assert unknown.headers["Content-Type"] == "application/problem+json"
        assert (await stranger.get("/tickets")).headers["Location"] == "/sign-in?to=%2Ftickets"
        form = {"email": "admin@example.com", "password": PASSWORD}
        foreign = await stranger.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        assert (await stranger.post("/sign-in", data=form)).status_code == 303
        assert (await stranger.get("/api/v1/tickets")).status_code == 200
        for headers in ({}, {"X-CSRF-Token": "guessed"}, {"Origin": "https://elsewhere.example"}):
            refused = await stranger.post("/api/v1/me/presence", json={"presence": "away"}, headers=headers)
            assert refused.status_code == 403
    wrong = await api.get("/api/v1/tickets", headers={"Authorization": "Bearer nonsense"})
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("asked", "headers", "to"),
    [
        ("/tickets?view=all&q=a+b", {}, "/tickets?view=all&q=a+b"),
        (
            "/attention",
            {"HX-Request": "true", "HX-Current-URL": "https://desk.example/tasks?x=1"},
            "/tasks?x=1",
        ),
    ],
)
async def test_who_signs_in_goes_on_to_the_page_that_was_asked_for(
    shared_postroom: Postroom, asked: str, headers: dict[str, str], to: str
) -> None:
    async with httpx.AsyncClient(base_url=shared_postroom.url) as stranger:
        sent = (await stranger.get(asked, headers=headers)).headers
        form = await stranger.get(sent.get("Location") or sent["HX-Redirect"])
        assert "Sign in to go on." in form.text
        assert f'name="to" value="{escape(to)}"' in form.text
        data = {"email": "admin@example.com", "password": PASSWORD, "to": to}
        assert (await stranger.post("/sign-in", data=data)).headers["Location"] == to


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "",
    ],
)
async def test_nobody_is_led_to_another_site_by_signing_in(shared_postroom: Postroom, to: str) -> None:
    async with httpx.AsyncClient(base_url=shared_postroom.url) as stranger:
        data = {"email": "admin@example.com", "password": PASSWORD, "to": to}
        assert (await stranger.post("/sign-in", data=data)).headers["Location"] == "/tickets"


async def test_guessing_a_password_is_slowed_down(shared_postroom: Postroom) -> None:
    base = shared_postroom.url
    async with httpx.AsyncClient(base_url=base) as guesser:
        for _ in range(6):
            answer = await guesser.post("/sign-in", data={"email": "nobody@example.com", "password": "guess"})
        assert "Wait" in answer.text


async def test_the_description_of_the_api_names_every_call(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/api/v1/openapi.json")).json()["paths"]
    for path in (
        "/api/v1/ledger",
        "/api/v1/messages/{message_id}",
        "/api/v1/messages/{message_id}/raw",
        "/api/v1/tickets",
        "/api/v1/tickets/{number}",
        "/api/v1/tickets/{number}/events",
        "/api/v1/tickets/{number}/replies",
        "/api/v1/tickets/{number}/notes",
        "/api/v1/tickets/{number}/assignment",
        "/api/v1/tickets/{number}/state",
        "/api/v1/reports",
        "/api/v1/reports/{name}",
        "/api/v1/live",
    ):
        assert path in paths
