"""What people do on many pages: sign in, open a new ticket; and whether a page is there for everyone."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page

from tests.running import PASSWORD, Postroom, letter


async def sign_in(context: BrowserContext, email: str = "admin@example.com") -> Page:
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/tickets")
    return page


async def opened(page: Page, postroom: Postroom, number: int, subject: str, **fields: str) -> str:
    """The number of a new ticket, whose page is there."""
    await page.goto("/tickets")
    postroom.send(letter(number, subject=subject, **fields))
    await page.locator(".row a", has_text=subject).click()
    await page.wait_for_url("**/tickets/*")
    return await page.locator("#ticket").get_attribute("data-number") or ""


def again(number: int, before: int, subject: str) -> dict[str, str]:
    """What a letter has that belongs to the ticket of the one before."""
    return {
        "subject": f"Re: {subject}",
        "sender": f"kim{before}@customers.example",
        "In_Reply_To": f"<letter-{before}@customers.example>",
    }


async def nothing_serious(page: Page) -> None:
    """Nothing keeps those out who use it otherwise."""
    found = await Axe().run(page)
    serious = [one for one in found.response["violations"] if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []


async def looks_good(page: Page) -> None:
    """Nothing serious, in the light and in the dark; and it fits on a phone."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await nothing_serious(page)
    await page.set_viewport_size({"width": 390, "height": 800})
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    await page.set_viewport_size({"width": 1280, "height": 900})
