"""Automations in a real browser: a form that reads as a sentence, a dry look, and what comes next on the ticket."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import needs_chromium, watched
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def test_an_automation_is_written_looked_at_and_saved_and_a_ticket_says_what_comes(
    browser: Browser, shared_postroom: Postroom
) -> None:
    shared_postroom.send(letter(7_100, subject="Wombat lamp"))
    async with watched(browser, shared_postroom) as context:
        page = await sign_in(context)
        await page.goto("/desk/automations/new")
        await page.get_by_label("Name", exact=True).fill("Nobody answered")
        await page.get_by_label("It runs").fill("soon")
        await page.get_by_role("button", name="How many tickets would it touch now?").click()
        await expect(page.locator("#trial")).to_contain_text("Write whole minutes, such as 90")
        await page.get_by_label("It runs").fill("2880")
        await page.get_by_label("of", exact=True).select_option("wall")
        await page.get_by_label("counted").select_option("unanswered")
        await page.get_by_label("raise the priority to").select_option("urgent")
        await page.get_by_role("group", name="whoever is").get_by_label("a supervisor").check()
        await nothing_serious(page)
        await expect(page.locator("#trial")).not_to_contain_text("2 days")
        await page.get_by_role("button", name="How many tickets would it touch now?").click()
        await expect(page.locator("#trial")).to_contain_text(
            "2 days after the customer wrote, if nobody has answered: "
            "raise the priority to urgent, tell the supervisors"
        )
        await expect(page.locator("#trial")).to_contain_text("Nothing is saved yet")
        await page.get_by_role("button", name="Save", exact=True).last.click()
        await expect(page.get_by_role("status").filter(has_text="It is saved")).to_be_visible()
        await page.goto("/desk/automations")
        await expect(page.get_by_role("main")).to_contain_text("2 days after the customer wrote")
        await page.goto("/tickets?q=Wombat")
        await page.get_by_role("link", name="Wombat lamp").first.click()
        await expect(page.get_by_role("complementary", name="About this ticket")).to_contain_text(
            "Nobody answered: raise the priority to urgent, tell the supervisors"
        )
        await nothing_serious(page)
