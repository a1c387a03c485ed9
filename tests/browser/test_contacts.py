"""Contacts in a real browser: found by typing, their whole history, merged and parted, from a ticket and back."""

import os
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import BEARER, Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


def write(postroom: Postroom, sender: str, subject: str) -> None:
    message = letter(1, sender=sender, subject=subject)
    message.replace_header("Message-ID", f"<{uuid4()}@mail.example>")
    postroom.send(message)


async def found(page: Page, words: str, name: str) -> None:
    """Type into the list of contacts until somebody is there, and open them with the keyboard."""
    await page.goto("/contacts")
    search, rows = page.get_by_label("Search contacts"), page.locator("#contacts .row")
    for _ in range(10):  # whoever has just written comes to the list a moment later
        await search.fill("nobody yet")
        await expect(page.locator("#contacts .empty")).to_contain_text("Nobody is found", timeout=30_000)
        await search.fill(words)
        with suppress(AssertionError):
            await expect(rows).to_have_count(1)
            break
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/contacts/*")
    await expect(page.locator("h1")).to_have_text(name)


async def test_a_contact_is_found_by_typing_and_two_are_merged_and_parted(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    mark = uuid4().hex[:8]
    page = await sign_in(context)
    write(shared_postroom, f"Rosa {mark} <rosa@{mark}.example>", "The lamp is dark")
    write(shared_postroom, f"Rosa {mark} <rosa@home-{mark}.example>", "The shade is torn")
    await found(page, f"rosa@home-{mark[:5]}", f"Rosa {mark}")
    await expect(page.locator(".timeline .entry.letter")).to_have_count(1)
    await nothing_serious(page)

    await page.get_by_role("button", name=f"Merge rosa@{mark}.example").click()
    await expect(page.locator(".timeline .entry.letter")).to_have_count(2)
    await nothing_serious(page)
    await page.get_by_label("Search the history").type("torn")
    await expect(page.locator(".timeline .entry.letter")).to_have_count(1)
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(page.locator("#notice")).to_contain_text("two contacts again")
    await expect(page.locator(".timeline .entry.letter")).to_have_count(1)

    await page.get_by_text("Change the card").click()
    await page.locator("#card").get_by_label("Name").fill("Rosa Feld")
    await page.locator("#card").get_by_label("Remarks").fill("customer number: K-4711")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("h1")).to_have_text("Rosa Feld")
    await expect(page.locator(".head .evidence")).to_contain_text("K-4711")
    await page.get_by_text("Change the card").click()
    await page.locator("#card").get_by_label("Remarks").fill("no colon")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#notice .problem")).to_contain_text("name: value")

    await page.locator(".timeline .custody").first.click()
    await page.wait_for_url("**/tickets/*")
    await nothing_serious(page)
    await page.keyboard.press("c")
    await page.wait_for_url("**/contacts/*")
    async with page.expect_download() as waiting:
        await page.get_by_text("Export", exact=True).click()
        await page.get_by_role("link", name="As ZIP").click()
    assert (await waiting.value).suggested_filename.endswith(".zip")
    await page.get_by_role("link", name="All tickets").click()
    await expect(page.locator("#tickets .narrowed .mark")).to_contain_text("from Rosa Feld")
    await expect(page.locator(".row")).to_have_count(1)


async def test_an_organisation_is_chosen_by_writing_a_part_of_its_name(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    mark = uuid4().hex[:8]
    page = await sign_in(context)
    write(shared_postroom, f"Rosa {mark} <rosa@{mark}.example>", "The lamp is dark")
    async with httpx.AsyncClient(base_url=shared_postroom.url, headers=BEARER) as api:
        body = {"name": f"Lamps {mark}", "domains": [f"{mark}.example"]}
        (await api.put(f"/api/v1/desk/organisations/{uuid4()}", json=body)).raise_for_status()

    await page.goto("/contacts")
    field = page.get_by_label("Organisation", exact=True)
    await field.press_sequentially(mark[:6])
    await expect(page.locator("#organisations option")).to_have_attribute("value", f"Lamps {mark}")
    await field.fill(f"lamps {mark}")
    await field.press("Enter")
    await expect(page.locator("h1")).to_have_text(f"Contacts of Lamps {mark}")

    await page.goto("/tickets")
    await page.keyboard.press("f")
    narrow = page.locator("#narrow-menu")
    await narrow.get_by_label("Organisation").fill(f"Lamps {mark}")
    await narrow.get_by_role("button", name="Show").click()
    await expect(page.locator("#tickets .narrowed .mark")).to_contain_text(f"from Lamps {mark}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_contacts_and_organisations_fit_every_screen(
    browser: Browser, shared_postroom: Postroom, scheme: str, width: int
) -> None:
    mark = uuid4().hex[:8]
    opened = await window(browser, shared_postroom, scheme, width)
    page = await sign_in(opened)
    for subject in ("Where is the lamp that I ordered?", "And the shade?"):
        write(shared_postroom, f"Rosa {mark} <rosa@{mark}.example>", subject)
    await found(page, f"rosa {mark}", f"Rosa {mark}")
    addresses = [page.url, "/contacts", f"/contacts?q={mark}", "/contacts?q=nobody", "/organisations"]
    for number, address in enumerate(addresses):
        await page.goto(address)
        await nothing_serious(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        if folder := os.environ.get("POSTROOM_SCREENSHOTS"):
            await page.screenshot(path=f"{folder}/contacts-{number}-{scheme}-{width}.png", full_page=True)
    await opened.close()
