"""An administrator has a person erased in a real browser. Whatever the console complains of fails the test."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import needs_chromium, watched
from tests.erasing import ADDRESS, Desk, write_history
from tests.running import PASSWORD, Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("erasure"))
    running.start()
    yield running
    running.close()


async def looks_good(page: Page) -> None:
    """Nothing serious for those who use it otherwise, in the light and in the dark; and it fits on a phone."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = await Axe().run(page)
        serious = [one for one in found.response["violations"] if one["impact"] in {"serious", "critical"}]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
    await page.set_viewport_size({"width": 390, "height": 800})
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    await page.set_viewport_size({"width": 1280, "height": 900})


async def test_a_person_is_erased_from_the_tickets_page_once_the_address_is_typed_again(
    browser: Browser, postroom: Postroom
) -> None:
    desk = Desk(postroom)
    await write_history(desk)
    number = (await desk.ticket_of(ADDRESS))["number"]
    async with watched(browser, postroom) as context:
        page = await context.new_page()
        await page.goto("/")
        await page.get_by_label("E-mail address").fill("admin@example.com")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/tickets")
        await page.goto(f"/tickets/{number}")
        await page.get_by_role("link", name="Erase this person's data…").click()

        await expect(page.get_by_text("2, with 1 file")).to_be_visible()
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
    await desk.http.aclose()
