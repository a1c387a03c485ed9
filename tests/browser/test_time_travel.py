"""A ticket's past in a real browser: the slider goes from moment to moment, and back to now."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.conftest import needs_chromium, watched
from tests.browser.pages import nothing_serious, opened, sign_in
from tests.running import Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def test_arrow_keys_go_through_a_tickets_past_and_the_address_can_be_passed_on(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 860, "A lamp with a past")
    state, slider = page.locator(".facts .mark").first, page.get_by_label("As it stood")
    await page.keyboard.press("w")
    await expect(state).to_have_text("pending")
    await page.keyboard.press("e")
    await expect(state).to_have_text("solved")
    await expect(page.locator("#travel-said")).to_have_text("now")

    # The last moment is that of the solving; the one before it that of waiting.
    await slider.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#travel-said")).to_contain_text("solved")
    await page.wait_for_url(re.compile(r"as_of="))
    await expect(state).to_have_text("solved")
    await expect(slider).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(state).to_have_text("pending")
    await expect(page.locator(".banner")).to_contain_text("As it stood on")
    await expect(page.locator("#composer")).not_to_be_visible()
    await expect(page.get_by_role("button", name="Solve")).to_have_count(0)
    await nothing_serious(page)

    # What happens meanwhile does not disturb who looks at the past.
    shared = page.url
    other = await context.new_page()
    await other.goto(f"/tickets/{number}")
    await other.keyboard.press("o")
    await expect(other.locator(".facts .mark").first).to_have_text("open")
    await expect(state).to_have_text("pending")
    await other.goto(shared)
    await expect(other.locator(".facts .mark").first).to_have_text("pending")
    await other.close()

    await page.get_by_role("link", name="Back to now").click()
    await expect(state).to_have_text("open")
    await expect(page.locator("#composer")).to_be_visible()
    assert page.url.endswith(f"/tickets/{number}")


async def test_on_a_phone_and_in_the_dark_the_past_fits(browser: Browser, shared_postroom: Postroom) -> None:
    async with watched(browser, shared_postroom) as window:
        page = await sign_in(window)
        await opened(page, shared_postroom, 861, "A lamp with a past, on a phone")
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.get_by_label("As it stood").focus()
        await page.keyboard.press("Home")
        await page.wait_for_url(re.compile(r"as_of="))
        await expect(page.locator(".banner")).to_be_visible()
        await nothing_serious(page)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
