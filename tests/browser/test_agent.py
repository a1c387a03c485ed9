"""An agent's day in a real browser. Whatever the console complains of fails the test."""

from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def test_a_wrong_password_is_told_and_the_right_one_opens(context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto("/tickets")
    await nothing_serious(page)
    await page.get_by_label("E-mail address").fill("admin@example.com")
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page = await sign_in(context)
    await page.get_by_text("A", exact=True).first.click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")


async def test_mail_arrives_by_itself_and_is_answered_with_the_keyboard(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    shared_postroom.send(letter(200, subject="Is the blue one back?"))
    row = page.locator(".row", has_text="Is the blue one back?")
    await expect(row).to_be_visible()
    await nothing_serious(page)

    await page.keyboard.press("j")
    await expect(page.locator(".row a:focus")).to_contain_text("Is the blue one back?")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/tickets/*")
    await nothing_serious(page)
    await page.keyboard.press("r")
    await page.keyboard.type("Yes, since this morning.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".entry.reply")).to_contain_text("Yes, since this morning.")
    await expect(page.locator("#notice")).to_contain_text("Your answer is on its way.")
    # What notify says of it comes without a reload, too.
    await expect(page.locator(".entry.reply .mark")).to_have_text("sent")
    await expect(page.locator("#reply-text")).to_have_value("")

    await page.keyboard.press("n")
    await page.keyboard.type("Third time this week that someone asks.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".entry.note")).to_contain_text("Third time")

    await page.locator("h1").click()
    await page.keyboard.press("e")
    await expect(page.locator(".facts .mark").first).to_have_text("solved")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".facts .mark").first).to_have_text("open")

    await page.keyboard.press("u")
    await page.wait_for_url("**/tickets")
    assert any(
        "Yes, since" in path.read_text() for path in (shared_postroom.data / "outgoing" / "new").iterdir()
    )


async def test_a_key_that_is_pressed_before_the_page_is_quite_ready_is_not_lost(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    shared_postroom.send(letter(205, subject="Solved at once"))
    row = page.locator(".row", has_text="Solved at once")
    await expect(row).to_be_visible()
    # htmx asks for its turn without saying when; other scripts say it.
    await page.add_init_script(
        "const soon = setTimeout; window.setTimeout = (work, wait, ...rest) => soon(work, wait ?? 1500, ...rest)"
    )
    await row.get_by_role("link").first.click()
    await page.wait_for_url("**/tickets/*")
    await page.keyboard.press("e")
    await expect(page.locator(".facts .mark").first).to_have_text("solved")
    assert "?" not in page.url


async def test_a_letter_that_comes_while_one_writes_must_be_read_before_the_answer_leaves(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    shared_postroom.send(letter(210, subject="A first question"))
    await page.locator(".row a", has_text="A first question").click()
    await page.locator("#reply-text").fill("Here is the answer.")
    shared_postroom.send(
        letter(
            211,
            subject="Re: A first question",
            sender="kim210@customers.example",
            In_Reply_To="<letter-210@customers.example>",
        )
    )
    await expect(page.locator(".entry.letter")).to_have_count(2)
    await expect(page.locator(".newer")).to_be_visible()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator("#notice")).to_contain_text("A letter of the customer came")
    await expect(page.locator("#reply-text")).to_have_value("Here is the answer.")
    await expect(page.locator("#notice")).to_contain_text("I ordered 211 lamps")
    await page.locator("#notice").get_by_role("button", name="Send anyway").click()
    await expect(page.locator(".entry.reply")).to_contain_text("Here is the answer.")


async def test_a_draft_survives_a_reload(context: BrowserContext, shared_postroom: Postroom) -> None:
    page = await sign_in(context)
    shared_postroom.send(letter(220, subject="Something long"))
    await page.locator(".row a", has_text="Something long").click()
    await page.locator("#reply-text").fill("Half a sente")
    await page.reload()
    await expect(page.locator("#reply-text")).to_have_value("Half a sente")


async def test_designed_mail_is_shown_without_what_could_harm(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    message: EmailMessage = letter(230, subject="In colours")
    message.add_alternative(
        '<p style="color:#060">Hello <b>there</b></p><script>document.body.innerHTML = "taken over"</script>'
        '<img src="https://tracker.example/open.gif"><a href="javascript:alert(1)">press</a>',
        subtype="html",
    )
    shared_postroom.send(message)
    page = await sign_in(context)
    await page.locator(".row a", has_text="In colours").click()
    await page.get_by_text("Show as it was designed").click()
    frame = page.frame_locator("iframe")
    await expect(frame.locator("b")).to_have_text("there")
    assert await frame.locator("script, img[src]").count() == 0
    assert "taken over" not in await frame.locator("body").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_reports_letters_custody_and_status_are_there_for_everyone(
    browser: Browser, shared_postroom: Postroom, scheme: str
) -> None:
    opened = await window(browser, shared_postroom, scheme)
    page = await sign_in(opened)
    shared_postroom.send(letter(240 + len(scheme), subject=f"Counted in {scheme}"))
    await expect(page.locator(".row", has_text=f"Counted in {scheme}")).to_be_visible()
    await nothing_serious(page)
    await page.get_by_role("link", name="Letters").click()
    await nothing_serious(page)
    await page.get_by_role("link", name=f"Counted in {scheme}").click()
    await expect(page.locator(".steps")).to_contain_text("Routed to Support")
    await nothing_serious(page)
    for report in (
        "Inbound messages by ticketbox",
        "First response time by agent",
        "Busiest day of the week",
    ):
        await page.get_by_role("link", name="Reports").click()
        await page.get_by_role("link", name=report).click()
        await expect(page.locator("h1")).to_have_text(report)
        await nothing_serious(page)
    await expect(page.locator("svg[role=img]")).to_be_visible()
    await page.get_by_role("link", name="Status").click()
    await expect(page.locator("#status")).to_contain_text("balanced")
    await nothing_serious(page)
    await page.keyboard.press("?")
    await expect(page.locator("dialog")).to_be_visible()
    await opened.close()
