"""An administrator has a person erased in a real browser. Whatever the console complains of fails the test."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import needs_chromium, watched
from tests.browser.pages import looks_good, sign_in
from tests.erasing import ADDRESS, HOME, OFFICE, Desk, write_down, write_history
from tests.running import Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("erasure"))
    running.start()
    yield running
    running.close()


async def test_a_person_is_erased_from_the_tickets_page_once_the_address_is_typed_again(
    browser: Browser, postroom: Postroom
) -> None:
    desk = Desk(postroom)
    await write_history(desk)
    number = (await desk.ticket_of(ADDRESS))["number"]
    contact_id = await write_down(desk)
    async with watched(browser, postroom) as context:
        page = await sign_in(context)
        await page.goto(f"/contacts/{contact_id}")
        await page.get_by_role("link", name="Erase this person's data…").click()
        for address in (ADDRESS, HOME, OFFICE):
            await expect(page.get_by_label("The person's addresses")).to_have_value(re.compile(address))

        await page.goto(f"/tickets/{number}")
        await page.get_by_role("link", name="Erase this person's data…").click()

        await expect(page.get_by_text("2, with 1 file")).to_be_visible()
        await expect(page.get_by_text("name, note, remarks")).to_contain_text(OFFICE)
        await looks_good(page)
        await page.get_by_label("Why").fill("Request 2026-117")
        await page.get_by_label("to confirm").fill("somebody@else.example")
        await page.get_by_role("button", name="Erase for good").click()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing was erased.")
        assert await postroom.events("tickets", "ErasureRequested") == []

        await expect(page.get_by_label("Why")).to_have_value("Request 2026-117")
        await page.get_by_label("to confirm").fill(ADDRESS.upper())
        await page.get_by_role("button", name="Erase for good").click()
        await expect(page.get_by_role("heading", name="Erasure")).to_be_visible()
        done = page.get_by_role("heading").get_by_text("done")
        for _ in range(60):
            if await done.count():
                break
            await page.wait_for_timeout(1000)
            await page.reload()
        await looks_good(page)

        await page.goto(f"/tickets/{number}")
        await expect(page.get_by_text(re.compile("erased .* by Administrator"))).to_be_visible()
        await expect(page.locator("#customer")).to_have_count(0)
    await desk.http.aclose()
