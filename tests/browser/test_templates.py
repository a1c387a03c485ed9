"""Templates in a real browser: found, chosen and inserted by the keyboard, filled by the server."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import needs_chromium
from tests.browser.pages import nothing_serious, opened, sign_in
from tests.running import BEARER, Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture
async def templates(shared_postroom: Postroom) -> AsyncIterator[None]:
    """Two of them."""
    async with httpx.AsyncClient(base_url=f"{shared_postroom.url}/api/v1", headers=BEARER) as api:
        paths = [f"/desk/templates/{uuid4()}" for _ in range(2)]
        for path, thing in zip(
            paths,
            (
                {"name": "Delay", "text": "Hello {customer},\n\nit comes on Monday."},
                {"name": "Return of a lamp", "text": "Please write {number} on the parcel.\n{agent}"},
            ),
            strict=True,
        ):
            assert (await api.put(path, json=thing)).status_code == 200
        yield
        for path in paths:
            await api.delete(path)


@pytest.mark.usefixtures("templates")
async def test_an_answer_begins_with_a_template_that_is_found_by_the_keyboard(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 870, "My lamp is late")
    await page.keyboard.press("i")
    search = page.get_by_role("combobox", name="Find a template")
    await expect(search).to_be_focused()
    options = page.locator("#template-list").get_by_role("option")
    await expect(options).to_have_count(2)
    await nothing_serious(page)
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    text = page.locator("#reply-text")
    await expect(text).to_be_focused()
    await expect(text).to_have_value("Hello Kim Customer,\n\nit comes on Monday.")

    await page.keyboard.type("\nAnd: ")
    await page.keyboard.press("Control+.")
    await page.keyboard.type("parcel")
    await page.keyboard.press("Enter")
    await expect(text).to_have_value(
        "Hello Kim Customer,\n\nit comes on Monday."
        f"\nAnd: Please write {number} on the parcel.\nAdministrator"
    )
    await expect(page.locator("#draft-reply")).to_contain_text("Draft saved")


@pytest.mark.usefixtures("templates")
async def test_the_menu_of_templates_closes_and_the_answer_goes_on(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 871, "My lamp is dark")
    await page.keyboard.press("r")
    await page.keyboard.type("Hello")
    await page.keyboard.press("Control+.")
    await page.keyboard.type("piano")
    await expect(page.locator("#template-list")).to_contain_text("No template has these words")
    await nothing_serious(page)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator("#template-list")).not_to_be_visible()
    await page.keyboard.type(" Kim")
    await expect(page.locator("#reply-text")).to_have_value("Hello Kim")

    await page.get_by_text("Template…").click()
    await expect(page.get_by_role("combobox", name="Find a template")).to_be_focused()
    await page.get_by_role("option", name="Delay").click()
    await expect(page.locator("#reply-text")).to_have_value(
        "Hello KimHello Kim Customer,\n\nit comes on Monday."
    )
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await expect(page.get_by_text("Template…")).not_to_be_visible()
