"""Tasks in a real browser: at a ticket, and over all of them."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, opened, sign_in
from tests.running import Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def test_a_task_gets_an_owner_and_a_day_and_is_changed_and_removed(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 880, "To be worked on")
    # What gets shorter lets a page jump at its end.
    await page.set_viewport_size({"width": 1280, "height": 560})
    new, tasks = page.locator("#task-form"), page.locator(".task-list li")
    await new.get_by_label("Add a task").fill("Ask the painter")
    await new.get_by_label("Whose task it is").select_option("Administrator (you)")
    await new.get_by_label("Due on").fill("2020-01-31")
    await new.get_by_role("button", name="Add").click()
    await expect(tasks).to_contain_text(["Ask the painter Administrator overdue"])
    await expect(new.get_by_label("Add a task")).to_have_value("")

    await tasks.locator("summary").click()
    await nothing_serious(page)
    await tasks.get_by_label("What is to be done").fill("Write to the painter")
    await tasks.get_by_label("Due on").fill("")
    await tasks.get_by_role("button", name="Save").click()
    await expect(tasks).to_contain_text(["Write to the painter Administrator"])
    await expect(tasks.get_by_role("button", name="Save")).to_be_hidden()

    await tasks.locator("summary").click()
    await tasks.get_by_role("button", name="Remove").click()
    await expect(tasks).to_have_count(0)
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(tasks).to_contain_text(["Write to the painter Administrator"])


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_my_tasks_are_ticked_with_the_keyboard_and_one_that_was_ticked_by_mistake_comes_back(
    browser: Browser, shared_postroom: Postroom, scheme: str, width: int
) -> None:
    context = await window(browser, shared_postroom, scheme, width)
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 861 + width, f"With a task at {width}")
    if width < 960:
        await page.locator("#about-fold summary").click()
    new = page.locator("#task-form")
    await new.get_by_label("Add a task").fill(f"Paint it {scheme}")
    await new.get_by_label("Whose task it is").select_option("Administrator (you)")
    await new.get_by_label("Due on").fill("2020-01-01")
    await new.get_by_role("button", name="Add").click()
    await expect(page.locator(".task-list li")).to_have_count(1)

    await page.get_by_role("link", name="Tasks").click()
    row = page.locator(".tasks .row", has_text=f"Paint it {scheme}")
    await expect(row).to_contain_text("overdue")
    await nothing_serious(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await row.get_by_role("link").focus()
    await page.keyboard.press("x")
    await expect(row).to_have_count(0)
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(row).to_be_visible()
    await row.get_by_role("link").click()
    await page.wait_for_url(f"**/tickets/{number}")
    await context.close()
