"""Two people at one ticket in real browsers, and what each of them writes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from postroom.people import change_password
from tests.browser.conftest import needs_chromium, watched
from tests.browser.pages import nothing_serious, sign_in
from tests.running import BEARER, PASSWORD, Postroom, letter, until

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def ticket(postroom: Postroom, number: int) -> int:
    """The number of a new ticket."""
    postroom.send(letter(number))
    async with httpx.AsyncClient(base_url=postroom.url, headers=BEARER) as api:

        async def there() -> int | None:
            contact = {"contact": f"kim{number}@customers.example"}
            items = (await api.get("/api/v1/tickets", params=contact)).json()["items"]
            return items[0]["number"] if items else None

        found = await until(there)
    assert isinstance(found, int)
    return found


@pytest.fixture
async def two(browser: Browser, shared_postroom: Postroom) -> AsyncIterator[tuple[Page, Page]]:
    """The windows of the administrator and of Berta."""
    person_id = uuid4()
    email = f"berta-{person_id}@example.com"
    async with httpx.AsyncClient(base_url=shared_postroom.url, headers=BEARER) as api:
        person = {"name": "Berta", "email": email, "role": "agent"}
        assert (await api.put(f"/api/v1/desk/people/{person_id}", json=person)).status_code == 200
    db = await asyncpg.connect(shared_postroom.database_url)
    await change_password(db, email, PASSWORD)
    await db.close()
    async with AsyncExitStack() as stack:
        mine = await sign_in(await stack.enter_async_context(watched(browser, shared_postroom)))
        hers = await sign_in(await stack.enter_async_context(watched(browser, shared_postroom)), email)
        yield mine, hers


async def test_they_see_each_other_look_answer_and_go(
    two: tuple[Page, Page], shared_postroom: Postroom
) -> None:
    mine, hers = two
    number = await ticket(shared_postroom, 3100)
    await mine.goto(f"/tickets/{number}")
    await expect(mine.locator("#visitors")).not_to_be_visible()
    await hers.goto(f"/tickets/{number}")
    await expect(mine.locator("#visitors")).to_contain_text("Berta is looking")
    await expect(hers.locator("#visitors")).to_contain_text("Administrator is looking")
    await hers.locator("#reply-text").fill("Dear Kim,")
    await expect(mine.locator("#visitors")).to_contain_text("Berta is answering")
    await nothing_serious(mine)
    await hers.goto("/tickets")
    await expect(mine.locator("#visitors")).not_to_be_visible()


async def test_two_windows_of_one_person_do_not_contradict_each_other(
    browser: Browser, two: tuple[Page, Page], shared_postroom: Postroom
) -> None:
    mine, hers = two
    number = await ticket(shared_postroom, 3105)
    async with watched(browser, shared_postroom) as opened:
        beside = await sign_in(opened)
        for window in (mine, beside, hers):
            await window.goto(f"/tickets/{number}")
        await mine.locator("#reply-text").fill("Dear Kim,")
        await expect(hers.locator("#visitors")).to_contain_text("Administrator is answering")
        said: list[str] = []
        for window in (mine, beside):
            window.on(
                "request", lambda request: said.append(request.url) if "/visit" in request.url else None
            )
        await mine.wait_for_timeout(3000)
        assert len(said) < 4, said
        await expect(hers.locator("#visitors")).to_have_text("Administrator is answering")
    await hers.wait_for_timeout(500)
    await expect(hers.locator("#visitors")).to_have_text("Administrator is answering")


async def test_who_answers_without_having_seen_the_others_answer_sees_it_first(
    two: tuple[Page, Page], shared_postroom: Postroom
) -> None:
    mine, hers = two
    number = await ticket(shared_postroom, 3110)
    await mine.goto(f"/tickets/{number}")
    await hers.goto(f"/tickets/{number}")
    await mine.locator("#reply-text").fill("They leave tomorrow.")
    await hers.locator("#reply-text").fill("They have left.")
    await hers.get_by_role("button", name="Send", exact=True).click()
    await expect(hers.locator(".entry.reply")).to_have_count(1)
    await expect(mine.locator(".newer")).to_be_visible()
    await mine.get_by_role("button", name="Send", exact=True).click()
    notice = mine.locator("#notice")
    await expect(notice).to_contain_text("Berta answered after you opened this ticket")
    await expect(notice).to_contain_text("They have left.")
    await expect(mine.locator("#reply-text")).to_have_value("They leave tomorrow.")
    await nothing_serious(mine)
    await notice.get_by_role("button", name="Send anyway").click()
    await expect(mine.locator(".entry.reply")).to_have_count(2)
    await expect(mine.locator("#reply-text")).to_have_value("")


async def test_what_one_writes_is_there_on_the_other_device_and_is_brought_back_if_discarded(
    browser: Browser, shared_postroom: Postroom
) -> None:
    number = await ticket(shared_postroom, 3120)
    async with AsyncExitStack() as stack:
        desk = await sign_in(await stack.enter_async_context(watched(browser, shared_postroom)))
        phone = await sign_in(await stack.enter_async_context(watched(browser, shared_postroom)))
        await desk.goto(f"/tickets/{number}")
        await desk.locator("#reply-text").fill("Half a sente")
        await expect(desk.locator("#draft-reply")).to_contain_text("Draft saved.")
        await phone.goto("/tickets")
        await expect(phone.locator(f"#t{number}")).to_contain_text("draft")
        await nothing_serious(phone)
        await phone.goto(f"/tickets/{number}")
        await expect(phone.locator("#reply-text")).to_have_value("Half a sente")
        await phone.locator("#reply-text").fill("Half a sentence")
        await expect(phone.locator("#draft-reply")).to_contain_text("Draft saved.")

        # The desk has not seen that: neither text is lost.
        await desk.locator("#reply-text").fill("Another sentence")
        await expect(desk.locator("#draft-reply")).to_contain_text("went on writing this elsewhere")
        await nothing_serious(desk)
        await desk.get_by_role("button", name="Take that text").click()
        await expect(desk.locator("#reply-text")).to_have_value("Half a sentence")

        await desk.locator("#draft-reply").get_by_role("button", name="Discard").click()
        await expect(desk.locator("#reply-text")).to_have_value("")
        await desk.reload()
        await expect(desk.locator("#reply-text")).to_have_value("")
        await phone.reload()
        await expect(phone.locator("#reply-text")).to_have_value("")
        await phone.locator("#reply-text").fill("A new one")
        await expect(phone.locator("#draft-reply")).to_contain_text("Draft saved.")
        await phone.locator("#draft-reply").get_by_role("button", name="Discard").click()
        await phone.locator("#draft-reply").get_by_role("button", name="Undo").click()
        await expect(phone.locator("#reply-text")).to_have_value("A new one")
        await phone.get_by_role("button", name="Send", exact=True).click()
        await expect(phone.locator(".entry.reply")).to_have_count(1)
        await phone.reload()
        await expect(phone.locator("#reply-text")).to_have_value("")
