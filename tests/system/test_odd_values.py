"""Every call and every page with values that nobody means: they are refused or taken, and nothing fails of them."""

import json
import math
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Collection, Iterator
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from contracts.streams import LARGEST_MESSAGE
from services.gateway import api, pages
from services.gateway.pages.desk.kinds import PAGES
from tests.running import until
from tests.system import test_rights as calls_of_the_api
from tests.system import test_rights_of_pages as forms_of_pages
from tests.system.callers import all_is_read
from tests.system.house import WORKSHOP, House

pytestmark = [pytest.mark.system, pytest.mark.anyio]

LONG = Random(0).randbytes(4000).hex()  # noqa: S311 - the same each time
"""It cannot be packed, so no index of PostgreSQL takes it."""
BEFORE_TIME, AFTER_TIME = "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"
"""In UTC these are in no year that a calendar has."""
WORDS = ["\x00", " ", LONG, f"{LONG}@customers.example", BEFORE_TIME, AFTER_TIME, "0001-01-01", "9999-12-31"]
TEXTS = [*WORDS, str(2**31), str(2**63), "9" * 5000]
IN_JSON = [*WORDS, "\ud800", 2**31, 2**63, math.inf, None, {"\x00": 1}, {"\ud800": 1}]


def cursor(moment: str, identity: object = WORKSHOP) -> str:
    return urlsafe_b64encode(f"{moment} {identity}".encode()).decode()


CURSORS = [
    *TEXTS,
    "AAAA",
    cursor("2026-03-01"),
    cursor("2026-03-01T12:00"),
    cursor("2026-03-01T12:00Z", "x"),
    cursor(BEFORE_TIME),
    cursor(AFTER_TIME),
    cursor("9999-12-31T23:59:59.999999Z"),
    cursor("12345-01-01T00:00Z"),
    urlsafe_b64encode(b"\xff").decode(),
]
READ_BY_HAND: dict[str, dict[str, Any]] = {
    "POST /jobs": {"number": "1", "all": "", "move": "", "assign": "", "set_priority": "high", "add": "lamp"}
    | {"remove": "", "set_category": "", "set_state": "on_hold", "until": ""},
    "POST /views": {"name": "Lamps", "q": "lamp", "box": "", "assignee": "me", "contact": "", "tag": "lamp"},
    "POST /rules/draft/rules/{place}": {"name": "Lamps", "called": "", "written_as": "rows", "do": "save"}
    | {"field": "subject", "header": "", "operator": "contains", "value": "lamp", "condition": "true"}
    | {"priority": "", "tags": "", "disposition": "deliver", "reason": "", "owner": "", "alert": ""}
    | {"copies": "", "acknowledgement": "", "category": "", "ticketbox": "", "seen_version": "1"},
}
"""Fields of forms that no signature of a function names."""
THINGS: dict[str, dict[str, Any]] = {
    "teams": {"name": "Second level", "member_ids": []},
    "people": {
        "name": "Anna",
        "email": "anna@odd.example",
        "role": "agent",
        "capacity": 5,
        "skills": ["lamps"],
    },
    "calendars": {
        "name": "Odd hours",
        "time_zone": "Europe/Berlin",
        "week": {"monday": [{"begin": "09:00", "end": "17:00"}]},
        "holidays": {"country": "DE"},
        "days": [{"date": "2026-12-24", "name": "Christmas Eve"}],
    },
    "policies": {"name": "Odd", "order": 900, "tags": ["odd"], "targets": {"first_response": 60}}
    | {"warn_minutes_before": 30},
    "fields": {"name": "Serial number", "key": "serial", "type": "choice", "choices": ["one", "two"]},
    "categories": {"name": "Lamps"},
    "views": {"name": "Odd lamps", "parameters": {"view": "open"}},
    "organisations": {"name": "Odd Lamps", "domains": ["odd-lamps.example"], "note": "Pays late."},
    "templates": {"name": "Odd greetings", "text": "Hello {customer}", "language": "de"},
    "automations": {"name": "Odd", "active": False, "when": {"minutes": 60, "moment": "pending"}}
    | {"then": {"add_tags": ["late"]}},
    "ticketboxes": {
        "name": "Workshop",
        "addresses": ["workshop@example.com"],
        "distribution": {"method": "manual", "tell_after_minutes": 60},
        "follow_up": {"close_after_days": 14},
        "first_response_seconds": 3600,
    },
}
OPEN = {"POST /sign-out", "POST /sign-in", "GET /forms/{box_id}", "POST /forms/{box_id}"}
"""For strangers: see below."""


class Described:
    """The calls and pages that there are, as FastAPI knows them."""

    def __init__(self) -> None:
        app = FastAPI()
        app.include_router(api.router)
        app.include_router(pages.router)
        self._description = app.openapi()
        self.calls = {
            f"{method.upper()} {path}": operation
            for path, operations in self._description["paths"].items()
            for method, operation in operations.items()
        }

    def parameters(self, call: str) -> list[tuple[str, str]]:
        """Where each is, and its name."""
        return [(one["in"], one["name"]) for one in self.calls[call].get("parameters", [])]

    def fields(self, call: str) -> set[str]:
        """What the body of a call may name."""
        contents = self.calls[call].get("requestBody", {}).get("content", {}).values()
        return {name for content in contents for name in self._properties(content.get("schema", {}))}

    def _properties(self, schema: dict[str, Any]) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield from schema.get("properties", {})
        for one in schema.get("oneOf", []):
            yield from self._properties(one)


class Asked:
    """What an administrator is answered; what fails is kept."""

    def __init__(self, house: House) -> None:
        self._client = house.clients["administrator"]
        self._client.headers["Connection"] = "close"  # whose answer is 500, the next is cut off
        self.failed: list[str] = []

    async def ask(self, what: str, call: str, path: str, **sent: Any) -> None:
        try:
            async with self._client.stream(call.partition(" ")[0], path, **sent) as answer:
                status = str(answer.status_code)
        except httpx.TransportError as error:
            status = repr(error)
        if not status.startswith(("2", "3", "4")):
            self.failed.append(f"{call}: {what}: {status}")

    async def say(self, call: str, path: str, said: dict[str, Any], more: Collection[str] = ()) -> None:
        """A call with one thing in its JSON that is odd."""
        for odd in IN_JSON:
            for where, body in variants(said, odd, more):
                content = json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                await self.ask(f"{where} is {shown(odd)}", call, path, content=content, headers=headers)

    async def enter(self, call: str, path: str, entered: dict[str, Any], more: Collection[str] = ()) -> None:
        """A form with one field that is odd."""
        for odd in TEXTS:
            for field in {*entered, *more}:
                await self.ask(f"{field} is {shown(odd)}", call, path, data={**entered, field: odd})


def variants(said: object, odd: object, more: Collection[str] = ()) -> Iterator[tuple[str, object]]:
    """What is said with one thing in it that is odd, and where it is."""
    match said:
        case dict():
            for name in {*said, *more}:
                for where, one in variants(said.get(name), odd):
                    yield f"{name}.{where}", {**said, name: one}
        case list():
            for at, value in enumerate(said):
                for where, one in variants(value, odd):
                    yield f"{at}.{where}", [*said[:at], one, *said[at + 1 :]]
    yield "it", odd


def shown(odd: object) -> str:
    return ascii(odd)[:40]


@pytest.fixture(scope="module")
def described() -> Described:
    return Described()


@pytest.fixture
async def asked(house: House) -> AsyncIterator[Asked]:
    """Nothing may fail by the end; and what was taken, every service has read."""
    asked = Asked(house)
    yield asked
    assert asked.failed == [], "\n".join(asked.failed)
    await until(lambda: all_is_read(house.clients["administrator"]))


def lifelike_path(house: House, call: str, **odd: str) -> str:
    if call in forms_of_pages.TABLE:
        return forms_of_pages.path_of(house, call, **odd)
    return house.path(call, **odd)


async def test_no_address_of_any_call_or_page_ends_in_an_error(
    house: House, described: Described, asked: Asked
) -> None:
    for call in described.calls.keys() - OPEN:
        for place, name in described.parameters(call):
            for odd in CURSORS if name == "cursor" else TEXTS:
                what, written = f"{name} is {shown(odd)}", quote(odd, safe="")
                if place == "path":
                    await asked.ask(what, call, lifelike_path(house, call, **{name: written}))
                elif place == "query":
                    path = lifelike_path(house, call)
                    sign = "&" if "?" in path else "?"
                    await asked.ask(what, call, f"{path}{sign}{name}={written}")


async def test_no_body_of_any_call_ends_in_an_error(house: House, described: Described, asked: Asked) -> None:
    for call in calls_of_the_api.TABLE:
        body = await calls_of_the_api.body_of(house, call)
        if body is not None:
            await asked.say(call, house.path(call), body, described.fields(call))


async def test_no_form_of_any_page_ends_in_an_error(house: House, described: Described, asked: Asked) -> None:
    administrator = house.clients["administrator"]
    await administrator.post("/rules/draft/begin")
    for page in forms_of_pages.TABLE:
        if page.startswith("POST"):
            entered = {**forms_of_pages.form_of(house, page), **READ_BY_HAND.get(page, {})}
            path = forms_of_pages.path_of(house, page)
            await asked.enter(page, path, entered, described.fields(page))
    draft = (await administrator.get("/api/v1/rulesets/draft")).json()["version"]
    await administrator.delete("/api/v1/rulesets/draft", params={"expected_draft_version": draft})
    for view in (await administrator.get("/api/v1/desk/views")).json()["items"]:
        if view["name"] in {"Lamps", *TEXTS}:
            await administrator.delete(f"/api/v1/desk/views/{view['id']}")


async def test_no_thing_of_the_desk_ends_in_an_error(house: House, asked: Asked) -> None:
    administrator = house.clients["administrator"]
    for kind, thing in THINGS.items():
        path = f"/desk/{kind}/{WORKSHOP if kind == 'ticketboxes' else uuid4()}"
        made = await administrator.put(f"/api/v1{path}", json=thing)
        assert made.status_code == 200, made.text
        await asked.say(f"PUT {kind}", f"/api/v1{path}", {**thing, "expected_version": 1})
        await asked.enter(f"POST {kind}", path, dict.fromkeys((one.name for one in PAGES[kind].fields), ""))
        if kind != "ticketboxes":
            assert (await administrator.delete(f"/api/v1{path}")).status_code == 204


async def test_json_that_nobody_can_read_is_refused(house: House, asked: Asked) -> None:
    for path in (f"/api/v1/tickets/{house.number}/notes", f"/api/v1/desk/ticketboxes/{WORKSHOP}"):
        call = "PUT" if "desk" in path else "POST"
        for kind in ("application/json", "text/plain"):
            for content in (b"\xff", b"[" * 100_000, b"9" * 5000, b'{"text": "\\ud800"}', b"{", b""):
                headers = {"Content-Type": kind}
                await asked.ask(f"{content[:20]!r}", call, path, content=content, headers=headers)


async def test_more_than_the_broker_takes_is_refused_with_what_to_do(house: House) -> None:
    path = f"/api/v1/tickets/{house.number}/state"
    held = {"state": "on_hold", "reason": "x" * LARGEST_MESSAGE}
    answer = await house.clients["administrator"].post(path, json=held)
    assert answer.status_code == 422
    assert "too much at once" in answer.json()["detail"]


async def test_a_character_that_cannot_be_kept_is_named_with_its_place(house: House) -> None:
    administrator = house.clients["administrator"]
    note = await administrator.post(f"/api/v1/tickets/{house.number}/notes", json={"text": "Hel\x00lo"})
    assert (note.status_code, note.headers["Content-Type"]) == (422, "application/problem+json")
    assert note.json()["detail"] == "This cannot be understood: text: must not contain the character U+0000."
    page = await administrator.get("/letters", params={"q": "\x00"})
    assert page.status_code == 422
    assert "q: must not contain the character U+0000" in page.text


async def test_nothing_that_a_stranger_sends_ends_in_an_error(house: House) -> None:
    box = WORKSHOP
    charset = "multipart/form-data; boundary=x; charset=utf-7"
    field = 'Content-Disposition: form-data; name="{}"\r\n\r\n+2AA-\r\n'
    halves = "".join(f"--x\r\n{field.format(name)}" for name in ("email", "password", "mark", "message"))
    headers = {"Content-Type": charset}
    async with httpx.AsyncClient(base_url=house.postroom.url) as stranger:
        for text in ("\x00", LONG):
            for sent in (
                stranger.get("/sign-in", params={"to": text}),
                stranger.post("/sign-in", data={"email": text, "password": "x"}),
                stranger.get(f"/forms/{quote(text)}"),
                stranger.get(f"/forms/{box}", params={"lang": text}),
                stranger.post(f"/forms/{box}", data={"email": text, "mark": text, "message": text}),
                stranger.get(f"/static/{quote(text)}"),
            ):
                assert (await sent).status_code < 500
        for path in ("/sign-in", f"/forms/{box}"):
            answer = await stranger.post(path, content=f"{halves}--x--\r\n", headers=headers)
            assert (answer.status_code, path) == (422 if path == "/sign-in" else 400, path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", b"["),
        ("Origin", b"http://["),
        ("Referer", b"http://["),
        ("HX-Current-URL", b"http://["),
        ("traceparent", b"\xff"),
        ("Cookie", b'postroom="\\000"'),
        ("Accept-Language", b"de;q=9"),
        ("Authorization", b"Bearer \xff"),
        ("Idempotency-Key", b"\xff"),
        ("Last-Event-ID", b"9" * 5000),
    ],
)
async def test_no_header_ends_in_an_error(house: House, name: str, value: bytes) -> None:
    more = {"HX-Request": "true"} if name == "HX-Current-URL" else {}
    async with httpx.AsyncClient(base_url=house.postroom.url) as stranger:
        for method, path in (("GET", "/tickets"), ("POST", "/sign-out"), ("POST", "/sign-in")):
            headers = {**more, name: value}
            data = (
                {"email": "x@y.example", "password": "x"} if path == "/sign-in" and name == "Origin" else None
            )
            answer = await stranger.request(method, path, headers=headers, data=data)  # type: ignore[arg-type]
            assert answer.status_code < 500, (method, path)
