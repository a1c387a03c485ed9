"""What people see when something is wrong: a page like the others, with a way on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

import httpx
import pytest

from contracts import desk
from contracts.people import Presence, Role
from services.gateway.access import accounts
from services.gateway.access.accounts import Person, SignedIn
from services.gateway.gateway import Gateway
from services.gateway.watch import Attention
from services.gateway.web import application
from tests.events import NOON

pytestmark = pytest.mark.anyio
ANNA = Person(desk.Person(id=uuid4(), name="Anna", email="anna@example.com", role=Role.AGENT), Presence.OFF)


class Pool:
    """Connections to a database that knows nothing, or is away."""

    def __init__(self, away: Exception | None = None) -> None:
        self.away = away
        self.acquired = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[object]:
        self.acquired += 1
        if self.away:
            raise self.away
        yield object()


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> dict[str, SignedIn]:
    """Who has which session."""
    sessions = {"hers": SignedIn(ANNA, "csrf")}

    async def by_session(_: object, token: str, __: object) -> SignedIn | None:
        return sessions.get(token)

    monkeypatch.setattr(accounts, "by_session", by_session)
    return sessions


@pytest.fixture
async def browser(pool: Pool, who: dict[str, SignedIn]) -> AsyncIterator[httpx.AsyncClient]:
    """That of Anna, who is signed in."""
    service = SimpleNamespace(pool=pool, clock=lambda: NOON)
    watch = SimpleNamespace(attention=Attention())
    gateway = SimpleNamespace(service=service, feed=SimpleNamespace(position=0), watch=watch)
    app = httpx.ASGITransport(application(cast("Gateway", gateway)), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=app, base_url="http://postroom", cookies={"postroom": "hers"}
    ) as client:
        yield client


ERRORS = [
    ("GET", "/no-such-page", 404, "There is nothing at this address."),
    ("GET", "/erasures", 403, "Only administrators can do this."),
    ("POST", "/presence", 403, "This page is from an earlier session. Reload it, then try again."),
    ("GET", "/presence", 405, "GET is not possible at this address."),
    ("GET", "/desk/lamps", 422, "This cannot be understood: kind:"),
    ("GET", "/tickets", 500, "Something went wrong here. It has been logged; try again in a moment."),
]


@pytest.mark.parametrize(("method", "path", "status", "words"), ERRORS)
async def test_an_error_leaves_the_navigation_to_who_is_signed_in(
    browser: httpx.AsyncClient, pool: Pool, method: str, path: str, status: int, words: str
) -> None:
    answer = await browser.request(method, path)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert '<nav aria-label="Main">' in answer.text
    assert 'value="available"' in answer.text, "the menu of oneself works"
    if status != 500:
        assert pool.acquired == 1, "who it is was asked for once"


async def test_an_error_leads_back_to_the_page_of_ours_that_one_came_from(browser: httpx.AsyncClient) -> None:
    ours, others = "http://postroom/desk/people", "http://postroom.example/desk"
    said = [(await browser.get("/lost", headers={"Referer": page})).text for page in (ours, others)]
    assert f'href="{ours}">Back to the page before</a>' in said[0]
    assert "Back to the page before" not in said[1]
    itself = await browser.get("/lost", headers={"Referer": "http://postroom/lost"})
    assert "Back to the page before" not in itself.text


async def test_without_a_session_an_error_is_a_plain_page(browser: httpx.AsyncClient) -> None:
    browser.cookies.clear()
    answer = await browser.get("/no-such-page")
    assert (answer.status_code, "<nav" in answer.text) == (404, False)
    assert "There is nothing at this address." in answer.text


async def test_an_error_of_the_database_does_not_ask_it_again(browser: httpx.AsyncClient, pool: Pool) -> None:
    pool.away = ConnectionRefusedError("no database")
    for number, (path, status) in enumerate([("/tickets", 503), ("/no-such-page", 404)], 1):
        answer = await browser.get(path)
        assert (answer.status_code, "<nav" in answer.text) == (status, False)
        assert pool.acquired == number


async def test_an_error_of_the_navigation_itself_is_told_on_a_plain_page(
    browser: httpx.AsyncClient, who: dict[str, SignedIn]
) -> None:
    who["hers"] = SignedIn(cast("Person", object()), "csrf")
    for path in ("/tickets", "/no-such-page"):
        answer = await browser.get(path)
        assert (answer.status_code, "<nav" in answer.text) == (500, False)
        assert "It has been logged" in answer.text


async def test_programs_are_told_as_problem_details_that_a_method_is_not_possible(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.delete("/api/v1/reports")
    assert (answer.status_code, answer.json()["code"]) == (405, "not_allowed")
    assert "GET" in answer.headers["Allow"]
