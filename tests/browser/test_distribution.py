"""Distribution in a real browser: the next ticket by a key, and why it is mine."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from contracts.desk import Distribution, DistributionMethod, Ticketbox
from tests import crowd
from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def waiting(postroom: Postroom, number: int) -> Ticketbox:
    """A ticketbox without distribution, in which tickets wait."""
    box = crowd.box("Pull", Distribution(method=DistributionMethod.PULL))
    await crowd.set_desk(postroom, [box])
    await crowd.open_tickets(postroom, [box], number)
    return box


async def test_a_key_gives_the_next_ticket_which_says_why_it_is_mine(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    box = await waiting(shared_postroom, 1)
    await page.goto(f"/tickets?view=unassigned&box={box.id}")
    await expect(page.locator(".row")).to_have_count(1)
    await nothing_serious(page)
    await page.keyboard.press("g")
    await page.wait_for_url("**/tickets/*")
    await expect(page.get_by_label("Owner")).not_to_have_value("")
    await page.get_by_text("Why you?").click()
    await expect(page.locator(".about")).to_contain_text("the most urgent that waited")
    await nothing_serious(page)
    await page.goto(f"/tickets?view=unassigned&box={box.id}")
    await page.get_by_role("button", name="Next ticket").click()
    await expect(page.locator("#notice")).to_contain_text("No ticket waits for you")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_next_ticket_fits_a_telephone(
    browser: Browser, shared_postroom: Postroom, scheme: str
) -> None:
    opened = await window(browser, shared_postroom, scheme, 390)
    page = await sign_in(opened)
    box = await waiting(shared_postroom, 2)
    await page.goto(f"/tickets?view=unassigned&box={box.id}")
    await expect(page.get_by_role("button", name="Next ticket")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await nothing_serious(page)
    await opened.close()
