"""What a supervisor does with mail that was stopped, in a real browser."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests import stopping
from tests.browser.conftest import needs_chromium, watched, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]

number = iter(range(70_000, 80_000))


@pytest.fixture
async def context(browser: Browser, stopping_postroom: Postroom) -> AsyncIterator[BrowserContext]:
    async with watched(browser, stopping_postroom) as opened:
        yield opened


def send(postroom: Postroom, subject: str, **headers: str) -> str:
    """A new letter; returns its whole subject."""
    named = f"{subject}, number {next(number)}"
    postroom.send(letter(int(named.rpartition(" ")[2]), subject=named, **headers))
    return named


async def row(page: Page, subject: str) -> None:
    await expect(page.locator(".row", has_text=subject)).to_be_visible(timeout=15_000)


async def test_a_quarantined_letter_appears_by_itself_and_is_let_through_with_the_keyboard(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await page.get_by_role("link", name="Letters").click()
    await page.get_by_label("States").get_by_role("link", name="Quarantined").click()
    subject = send(stopping_postroom, stopping.QUARANTINED)
    await row(page, subject)
    await expect(page.locator("#waiting")).to_be_visible()
    await nothing_serious(page)

    await page.keyboard.press("j")
    await expect(page.locator(".row a:focus")).to_contain_text(subject)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(subject)
    await expect(page.locator(".why")).to_contain_text("Money that nobody expects")
    await expect(page.locator(".custody-steps")).to_contain_text("127.0.0.1")
    await nothing_serious(page)
    await page.keyboard.press("a")
    await expect(page.locator("#notice")).to_contain_text("let through")
    # The ticket comes without a reload.
    await expect(page.locator(".facts")).to_contain_text("in a ticket")
    await nothing_serious(page)
    await page.keyboard.press("u")
    await page.wait_for_url("**/letters?state=quarantined*")


async def test_letters_are_selected_deleted_and_brought_back(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await page.goto("/letters?state=quarantined")
    first, second, third = (send(stopping_postroom, stopping.QUARANTINED) for _ in range(3))
    for subject in (first, second, third):
        await row(page, subject)
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("[data-selected]")).to_have_text("2 selected")
    # What comes meanwhile does not take the selection away.
    send(stopping_postroom, stopping.QUARANTINED)
    await page.wait_for_timeout(1500)
    await expect(page.locator("[data-selected]")).to_have_text("2 selected")
    await page.keyboard.press("d")
    await expect(page.locator("#notice")).to_contain_text("2 letters are deleted.")
    await expect(page.locator(".row", has_text=third)).to_have_count(0)
    await nothing_serious(page)
    await page.get_by_role("button", name="Bring back").click()
    await expect(page.locator("#notice")).to_contain_text("2 letters are let through.")
    await page.goto("/letters?state=ticketed")
    await row(page, third)
    await row(page, second)


async def test_what_failed_says_why_and_is_tried_again_when_the_cause_is_mended(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await page.goto("/letters?state=failed")
    subject = send(stopping_postroom, stopping.UNROUTABLE)
    await page.locator(".row a", has_text=subject).click()
    await expect(page.locator(".why")).to_contain_text("too much for the rules")
    await nothing_serious(page)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#notice")).to_contain_text("stays parked")
    await stopping.mend_rules(stopping_postroom)
    try:
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator(".facts")).to_contain_text("in a ticket")
    finally:
        await stopping.break_rules(stopping_postroom)


async def test_what_a_stopped_letter_looks_like_is_shown_without_images_and_links(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    subject = f"{stopping.QUARANTINED}, number {next(number)}"
    message = letter(int(subject.rpartition(" ")[2]), subject=subject)
    message.add_alternative(
        '<p>Press <a href="https://evil.example/">here</a></p><img src="https://tracker.example/open.gif">',
        subtype="html",
    )
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.pdf.exe")
    stopping_postroom.send(message)
    page = await sign_in(context)
    await page.goto("/letters?state=quarantined")
    await page.locator(".row a", has_text=subject).click()
    await expect(page.locator(".files")).to_contain_text("invoice.pdf.exe application/octet-stream, 2 B")
    await page.get_by_text("Show as it was designed, without images and links").click()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("Press here")).to_be_visible()
    assert await frame.locator("img[src], a[href]").count() == 0


async def test_a_letter_that_reads_the_same_says_so(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    page = await sign_in(context)
    subject = send(stopping_postroom, "An ordinary letter")
    await page.goto("/letters")
    await page.locator(".row a", has_text=subject).click()
    await page.get_by_role("button", name="Read again").click()
    await expect(page.locator("#notice")).to_contain_text("It reads the same as before")


async def put_behind(page: Page, *, hidden: bool) -> None:
    """As if another tab were looked at, or this one again."""
    await page.evaluate(
        "hidden => Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })", hidden
    )
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_mail_that_is_stuck_is_an_alarm_on_every_page_until_it_moves(
    context: BrowserContext, stopping_postroom: Postroom
) -> None:
    page = await sign_in(context)
    behind = await context.new_page()
    await behind.goto("/tickets")
    await put_behind(behind, hidden=True)
    db = await asyncpg.connect(stopping_postroom.database_url)
    message_id = await db.fetchval(
        """
        UPDATE ingest.ledger
        SET state = 'in_flight', since = now() - interval '2 minutes'
        WHERE message_id = (SELECT message_id FROM ingest.ledger WHERE state = 'ticketed' LIMIT 1)
        RETURNING message_id
        """
    )
    alarm = page.get_by_role("alert")
    await expect(alarm).to_contain_text("1 letter is stuck", timeout=15_000)
    await nothing_serious(page)
    await put_behind(behind, hidden=False)
    await expect(behind.get_by_role("alert")).to_contain_text("1 letter is stuck")
    await behind.close()
    await page.goto("/status")
    await expect(page.locator("#status")).to_contain_text("1 stuck")
    await db.execute("UPDATE ingest.ledger SET state = 'ticketed' WHERE message_id = $1", message_id)
    await expect(alarm).to_have_count(0, timeout=15_000)
    await db.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_lists_and_letters_fit_every_screen(
    browser: Browser, stopping_postroom: Postroom, scheme: str, width: int
) -> None:
    opened = await window(browser, stopping_postroom, scheme, width)
    page = await sign_in(opened)
    subject = send(stopping_postroom, stopping.QUARANTINED)
    for address in ("/letters", "/letters?state=quarantined", "/letters?state=suppressed&q=nothing"):
        await page.goto(address)
        await nothing_serious(page)
    await page.goto("/letters?state=quarantined")
    await page.locator(".row a", has_text=subject).click()
    await expect(page.locator("h1")).to_have_text(subject)
    await nothing_serious(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await opened.close()
