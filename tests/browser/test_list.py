"""The list of tickets in a real browser: narrowed, saved, and changed in bulk."""

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import needs_chromium
from tests.browser.pages import nothing_serious, sign_in
from tests.running import BEARER, Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def searched(page: Page, postroom: Postroom, first: int, count: int, word: str) -> None:
    """The page shows a search for new tickets."""
    numbers = range(first, first + count)
    postroom.send(*(letter(number, subject=f"{word} {number}") for number in numbers))
    await expect(page.locator(".row", has_text=f"{word} {first + count - 1}")).to_be_visible()
    await page.goto(f"/tickets?q={word}")
    await expect(page.locator(".row")).to_have_count(count)


@pytest.mark.parametrize(
    ("enter", "first", "word"), [("Enter", 3000, "Gramophone"), ("Control+Enter", 3050, "Phonograph")]
)
async def test_tickets_are_selected_with_the_keyboard_changed_and_given_back(
    context: BrowserContext, shared_postroom: Postroom, enter: str, first: int, word: str
) -> None:
    page = await sign_in(context)
    await searched(page, shared_postroom, first, 3, word)
    await expect(page.locator("#acts")).not_to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("[data-selected]")).to_have_text("2 selected")
    acts = page.get_by_role("group", name="What to do with the selected tickets")
    await acts.get_by_label("Priority").select_option("urgent")
    await acts.get_by_label("Add a tag").fill("recall")
    await nothing_serious(page)
    await acts.get_by_label("Add a tag").press(enter)
    notice = page.locator("#job-notice")
    await expect(notice).to_contain_text("2 changed")
    await nothing_serious(page)
    await expect(page.locator(".row", has_text="recall")).to_have_count(2)
    await expect(page.locator(".row :checked")).to_have_count(0)
    await page.keyboard.press("z")
    await expect(notice).to_contain_text("Undo: 2 changed")
    await expect(page.locator(".row", has_text="recall")).to_have_count(0)
    await notice.get_by_role("link", name="Details").click()
    await expect(page.locator("#job")).to_contain_text("done")
    await nothing_serious(page)
    await page.get_by_role("link", name="All jobs").click()
    await expect(page.locator(".things")).to_contain_text("Priority urgent, tags: add recall")
    await nothing_serious(page)


async def test_what_a_job_was_refused_is_told(context: BrowserContext, shared_postroom: Postroom) -> None:
    page = await sign_in(context)
    await searched(page, shared_postroom, 3010, 2, "Harpsichord")
    await page.locator(".row a").first.click()
    await page.wait_for_url("**/tickets/*")
    into = await page.locator("#ticket").get_attribute("data-number")
    await page.goto("/tickets?q=Harpsichord")
    await page.locator(".row a").last.click()
    await page.wait_for_url("**/tickets/*")
    await page.keyboard.press("m")
    await page.get_by_label("Merge into ticket").fill(into or "")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=f"into {into}").click()
    await expect(page.locator(".banner")).to_be_visible()
    await page.goto("/tickets?q=Harpsichord")
    await page.get_by_label("All on this page").check()
    await page.get_by_label("State").select_option("solved")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#job-notice")).to_contain_text("1 changed, 1 refused")
    await page.locator("#job-notice").get_by_role("link", name="Details").click()
    await expect(page.locator("#job")).to_contain_text("was merged into another one")


@pytest.fixture
async def no_saved_lists(shared_postroom: Postroom) -> None:
    """What other tests saved is gone: a key opens the first list, or the second, of all."""
    async with httpx.AsyncClient(base_url=f"{shared_postroom.url}/api/v1", headers=BEARER) as api:
        for view in (await api.get("/desk/views")).json()["items"]:
            assert (await api.delete(f"/desk/views/{view['id']}")).status_code == 204


@pytest.mark.usefixtures("no_saved_lists")
async def test_a_narrowed_list_is_saved_renamed_moved_counted_and_removed(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await searched(page, shared_postroom, 3020, 2, "Theremin")
    await page.get_by_label("All on this page").check()
    await page.get_by_label("Add a tag").last.fill("theremin")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#job-notice")).to_contain_text("2 changed")
    await page.goto("/tickets")
    for name in ("Instruments", "Instruments, the oldest"):
        await page.keyboard.press("f")
        await page.locator("#narrow-menu").get_by_label("Tag").fill("theremin")
        if "oldest" in name:
            await page.locator("#narrow-menu").get_by_label("First").select_option("Who waits longest")
        await nothing_serious(page)
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator(".row")).to_have_count(2)
        await expect(page.locator(".narrowed")).to_contain_text("tag theremin")
        await page.get_by_text("Save this list").click()
        await page.get_by_label("Name").fill(name)
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("h1")).to_have_text(name)
        await page.goto("/tickets")
    saved = page.get_by_label("Saved lists").get_by_role("link")
    await expect(saved).to_have_text(["Instruments 2", "Instruments, the oldest 2"], use_inner_text=False)
    await nothing_serious(page)
    await page.keyboard.press("2")
    await expect(page.locator("h1")).to_have_text("Instruments, the oldest")
    await page.get_by_text("Change this saved list").click()
    await page.get_by_role("button", name="Move up").click()
    await expect(saved.first).to_contain_text("the oldest")
    await page.get_by_text("Change this saved list").click()
    await page.get_by_label("Name").fill("Longest")
    await page.get_by_label("for everyone").check()
    await page.get_by_role("button", name="Save").click()
    await expect(saved.first).to_contain_text("Longest shared")
    for _ in range(2):
        await page.goto("/tickets")
        await page.keyboard.press("1")
        await page.get_by_text("Change this saved list").click()
        await page.get_by_role("button", name="Remove").click()
        await page.wait_for_url("**/tickets")
    await expect(saved).to_have_count(0)
    # What narrows a list is taken away where it stands.
    await page.goto("/tickets?tag=theremin&priority=high")
    await expect(page.locator(".empty")).to_be_visible()
    await page.locator(".narrowed a", has_text="priority high").click()
    await expect(page.locator(".row")).to_have_count(2)


async def test_on_a_phone_a_list_is_changed_too(context: BrowserContext, shared_postroom: Postroom) -> None:
    page = await sign_in(context)
    await searched(page, shared_postroom, 3030, 2, "Ocarina")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator(".row input").first.check()
    await nothing_serious(page)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_label("Add a tag").fill("small")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#job-notice")).to_contain_text("1 changed")
    await expect(page.locator(".row", has_text="small")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_on_a_phone_menus_are_reached_and_close_again(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await searched(page, shared_postroom, 3040, 1, "Sitar")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.locator("#narrow-menu summary").click()
    await expect(page.locator("#narrow-menu").get_by_label("Priority")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("#narrow-menu .panel")).not_to_be_visible()
    await page.locator(".row input").check()
    me = page.locator("header .menu")
    await me.locator("summary").click()
    await me.get_by_role("button", name="Sign out").click(trial=True)
    await page.keyboard.press("Escape")
    await expect(me.locator(".panel")).not_to_be_visible()
    await me.locator("summary").click()
    await page.locator("h1").click(position={"x": 2, "y": 2})
    await expect(me.locator(".panel")).not_to_be_visible()
