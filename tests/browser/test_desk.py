"""The desk in a real browser: forms that say what is wrong, a history with the way back, saved lists, presence."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from services.gateway.pages.desk.kinds import PAGES
from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def saved(page: Page) -> None:
    await expect(page.get_by_role("status").filter(has_text="It is saved")).to_be_visible()


async def test_a_calendar_is_made_mended_changed_put_back_and_removed(context: BrowserContext) -> None:
    page = await sign_in(context)
    await page.get_by_role("link", name="Desk").click()
    await nothing_serious(page)
    await page.get_by_role("link", name="Calendars").click()
    await page.get_by_role("link", name="New calendar").click()
    await page.get_by_label("Name", exact=True).fill("Workshop hours")
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await page.get_by_label("Monday").fill("9:00-12:30, 13:30-18")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("main [role=alert]")).to_contain_text("Nothing is saved yet")
    await expect(page.get_by_label("Monday")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".field", has=page.get_by_label("Monday"))).to_contain_text(
        "Write hours as 09:00-12:30"
    )
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Workshop hours")
    await nothing_serious(page)

    await page.get_by_label("Monday").fill("9:00-12:30, 13:30-18:00")
    await page.get_by_label("Days of your own").fill("2026-12-24 Christmas Eve 09:00-12:00\n2026-12-31")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await saved(page)
    await expect(page.get_by_label("Monday")).to_have_value("09:00-12:30, 13:30-18:00")
    await expect(page.get_by_label("Days of your own")).to_have_value(
        "2026-12-24 Christmas Eve 09:00-12:00\n2026-12-31"
    )

    await page.get_by_label("Time zone").fill("Europe/Nowhere")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("main [role=alert]")).to_contain_text("is no time zone")
    await page.get_by_label("Time zone").fill("UTC")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await saved(page)
    history = page.locator("section", has_text="History")
    await expect(history).to_contain_text("Europe/Berlin → UTC")
    await expect(history).to_contain_text("by Administrator")
    await nothing_serious(page)
    await page.get_by_role("button", name="Put back").click()
    await saved(page)
    await expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")

    await page.get_by_text("Remove this calendar").click()
    await page.get_by_role("button", name="Remove Workshop hours").click()
    await expect(page.get_by_role("status").filter(has_text="is removed")).to_be_visible()
    await expect(page.locator(".things", has_text="Workshop hours")).to_have_count(0)
    await nothing_serious(page)
    await page.get_by_role("button", name="Undo").click()
    await saved(page)
    await page.get_by_text("Remove this calendar").click()
    await page.get_by_role("button", name="Remove Workshop hours").click()


async def test_the_way_back_from_a_what_if_leads_to_the_form_with_what_was_tried(
    context: BrowserContext,
) -> None:
    page = await sign_in(context)
    await page.goto("/desk/policies/new")
    await page.get_by_label("Name", exact=True).fill("Promise")
    await page.get_by_label("First response in minutes").fill("45")
    await page.get_by_label("Tickets of the last").select_option("6")
    await page.get_by_role("button", name="What if").click()
    await expect(page.locator("h1")).to_contain_text("What if")
    await page.get_by_role("link", name="Back").click()
    await expect(page.get_by_role("region", name="What was tried")).to_contain_text(
        "Nothing of this is saved"
    )
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Promise")
    await expect(page.get_by_label("First response in minutes")).to_have_value("45")
    await expect(page.get_by_label("Tickets of the last")).to_have_value("6")
    await nothing_serious(page)


async def test_two_people_who_change_the_same_thing_do_not_overwrite_each_other(
    context: BrowserContext,
) -> None:
    page = await sign_in(context)
    await page.goto("/desk/ticketboxes")
    await page.get_by_role("link", name="Support").click()
    other = await context.new_page()
    await other.goto(page.url)
    for form, words in ((page, "First"), (other, "Second")):
        await form.get_by_label("Signature").fill(words)
        await form.get_by_role("button", name="Save", exact=True).last.click()
    await saved(page)
    await expect(other.locator("main [role=alert]")).to_contain_text(
        "Someone changed this after you opened it"
    )
    await expect(other.get_by_label("Signature")).to_have_value("Second")
    await page.get_by_label("Signature").fill("")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await saved(page)
    await expect(page.get_by_label("To put it into a website")).to_contain_text("<iframe")


async def test_every_kind_has_a_form_that_opens(context: BrowserContext) -> None:
    page = await sign_in(context)
    for kind, about in PAGES.items():
        await page.goto(f"/desk/{kind}")
        await expect(page.locator("h1")).to_have_text(about.title)
        if kind != "views":
            await page.get_by_role("link", name=f"New {about.one}").click()
            await expect(page.get_by_label("Name", exact=True)).to_be_visible()
            await nothing_serious(page)


async def test_a_list_is_saved_shared_renamed_and_removed(context: BrowserContext) -> None:
    page = await sign_in(context)
    await page.goto("/tickets?view=solved&q=lamp")
    await page.get_by_text("Save this list").click()
    await page.locator("#save-list").get_by_label("Name").fill("Lamps that are done")
    await page.locator("#save-list").get_by_label("for everyone").check()
    await page.locator("#save-list").get_by_role("button", name="Save").click()
    entry = page.get_by_role("link", name="Lamps that are done")
    await expect(entry).to_have_attribute("aria-current", "page")
    await expect(entry).to_contain_text("shared")
    await nothing_serious(page)
    await page.goto("/tickets")
    await page.get_by_role("link", name="Lamps that are done").click()
    await page.wait_for_url("**/tickets?*q=lamp*")
    await page.get_by_text("Change this saved list").click()
    await page.locator("#save-list").get_by_label("Name").fill("Old lamps")
    await page.locator("#save-list").get_by_label("for everyone").uncheck()
    await page.locator("#save-list").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="Old lamps")).not_to_contain_text("shared")
    await page.get_by_text("Change this saved list").click()
    await page.locator("#save-list").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("link", name="Old lamps")).to_have_count(0)


async def test_a_presence_is_given_an_end(context: BrowserContext) -> None:
    page = await sign_in(context)
    menu = page.get_by_role("banner").locator(".menu")
    await menu.locator("summary").click()
    await menu.get_by_label("Away").check()
    await menu.get_by_label("until").fill("2099-01-31T12:00")
    await nothing_serious(page)
    await menu.get_by_role("button", name="Save").click()
    await expect(menu.locator(".presence.away")).to_be_visible()
    await menu.locator("summary").click()
    await expect(menu.locator(".panel")).to_contain_text("away until")
    await menu.get_by_label("Available").check()
    await menu.get_by_role("button", name="Save").click()
    await expect(menu.locator(".presence.available")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_desk_fits_a_telephone(browser: Browser, shared_postroom: Postroom, scheme: str) -> None:
    opened = await window(browser, shared_postroom, scheme, 390)
    page = await sign_in(opened)
    for address in (
        "/desk",
        "/desk/people",
        "/desk/ticketboxes/new",
        "/desk/policies/new",
        "/desk/people/new",
    ):
        await page.goto(address)
        wide: int = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, address
        await nothing_serious(page)
    await opened.close()
