"""What one sees in a real browser while Postroom does not answer, or a proxy before it does so in its place."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import again, opened, sign_in
from tests.running import Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture
async def context(browser: Browser, shared_postroom: Postroom) -> AsyncIterator[BrowserContext]:
    """Its console may complain: of an answer that is none."""
    opened = await window(browser, shared_postroom, "light")
    yield opened
    await opened.close()


async def a_proxy_answers(page: Page, address: str) -> None:
    await page.route(address, lambda route: route.fulfill(status=502, body="<h1>502 Bad Gateway</h1>"))


async def test_a_page_that_a_proxy_answers_for_stays_and_follows_again_later(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 3100, "Behind a proxy")
    await a_proxy_answers(page, f"**/tickets/{number}")
    async with page.expect_response(lambda answer: answer.status == 502):
        shared_postroom.send(letter(3101, **again(3101, 3100, "Behind a proxy")))
    await page.wait_for_timeout(300)
    await expect(page.locator(".entry.letter")).to_have_count(1)
    await expect(page.locator("#notice")).to_be_empty()
    await page.unroute_all()
    shared_postroom.send(letter(3102, **again(3102, 3100, "Behind a proxy")))
    await expect(page.locator(".entry.letter")).to_have_count(3)


@pytest.mark.parametrize("missing", ["a proxy answers", "no network"])
async def test_what_was_not_done_is_told_and_does_not_look_done(
    context: BrowserContext, shared_postroom: Postroom, missing: str
) -> None:
    page = await sign_in(context)
    await opened(
        page, shared_postroom, {"a proxy answers": 3110, "no network": 3111}[missing], f"When {missing}"
    )
    await page.locator("#reply-text").fill("They leave tomorrow.")
    await expect(page.locator("#draft-reply")).to_contain_text("Draft saved.")
    if missing == "no network":
        await context.set_offline(True)
    else:
        await a_proxy_answers(page, "**/priority")
        await a_proxy_answers(page, "**/replies")
    await page.get_by_label("Priority").select_option("high")
    await expect(page.get_by_role("alert")).to_contain_text("Postroom does not answer")
    await expect(page.get_by_label("Priority")).to_have_value("normal")
    await page.get_by_role("button", name="Close", exact=True).click()
    await page.locator("#reply-text").press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Postroom does not answer")
    await expect(page.locator("#reply-text")).to_have_value("They leave tomorrow.")
    await expect(page.locator(".entry.letter")).to_have_count(1)
