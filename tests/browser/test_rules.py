"""An administrator changes the rules in a real browser. Whatever the console complains of fails the test."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.browser.conftest import needs_chromium, watched
from tests.browser.pages import looks_good, nothing_serious, sign_in
from tests.running import BEARER, Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("rules"))
    running.start()
    yield running
    running.close()


@pytest.fixture
async def context(browser: Browser, postroom: Postroom) -> AsyncIterator[BrowserContext]:
    async with watched(browser, postroom, refusals=("422",)) as opened:
        yield opened


async def test_a_rule_is_built_from_rows_tried_and_put_in_force(
    context: BrowserContext, postroom: Postroom
) -> None:
    postroom.send(letter(1, subject="Invoice 1"))
    page = await sign_in(context)
    await page.get_by_role("link", name="Rules").click()
    await expect(page.get_by_role("heading", name="Rules")).to_be_visible()
    await looks_good(page)
    await page.get_by_role("button", name="Change the rules").click()
    await page.get_by_role("link", name="Add a rule").click()

    await page.get_by_label("Name", exact=True).fill("Invoices")
    await page.get_by_label("Field").select_option("lower.subject")
    await page.get_by_label("Value").fill("Invoice")
    await page.get_by_role("button", name="Add a row").click()
    second = page.get_by_role("group", name="Row 2")
    await second.get_by_label("Field").select_option("headers")
    await second.get_by_label("Its name").fill("x-spam")
    await second.get_by_label("Is asked").select_option("is not")
    await second.get_by_label("Value").fill("yes")
    await second.get_by_label("Value").blur()
    written = 'message.lower.subject.contains("invoice") && message.headers["x-spam"] != "yes"'
    await expect(page.locator("#condition")).to_contain_text(written)
    await page.get_by_label("Priority").select_option("high")
    await page.get_by_label("Tags, with commas").fill("Invoice, money")
    await looks_good(page)
    await page.get_by_role("button", name="Keep in the draft").last.click()

    await expect(page.locator(".rule-list")).to_contain_text("Invoices")
    await expect(page.locator(".differences")).to_contain_text("added")
    earlier = page.get_by_role("button", name="Ask “Invoices” earlier")
    await earlier.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".rule-list > li").first).to_contain_text("Invoices")
    await expect(page.get_by_role("button", name="Ask “Invoices” later")).to_be_focused()
    await looks_good(page)
    await page.get_by_role("button", name="Take “Invoices” out").click()
    await expect(page.get_by_role("status").filter(has_text="“Invoices” is out.")).to_be_visible()
    await expect(page.locator(".rule-list")).not_to_contain_text("Invoices")
    await looks_good(page)
    await page.keyboard.press("z")
    await expect(page.locator(".rule-list > li").first).to_contain_text("Invoices")

    await page.get_by_role("button", name="Start a dry run").click()
    await expect(page.locator("#dry-run .mark").first).to_have_text("done", timeout=30_000)
    await expect(page.locator("#dry-run")).to_contain_text("Invoice 1")
    await expect(page.locator("#dry-run")).to_contain_text("priority: normal → high")
    await looks_good(page)
    await page.get_by_role("link", name="Back to the draft").click()

    await page.get_by_label("Why").fill("Invoices are urgent")
    await page.get_by_role("button", name="Publish as version 2").click()
    await expect(page.locator("main")).to_contain_text("Version 2, in force since")
    await expect(page.locator("table")).to_contain_text("Invoices")


async def test_what_is_chosen_before_the_script_is_there_counts(
    context: BrowserContext, postroom: Postroom
) -> None:
    page = await sign_in(context)
    await page.goto("/rules")
    await page.get_by_role("button", name="Change the rules").click()
    script_may_come = asyncio.Event()

    async def hold(route: Route) -> None:
        await script_may_come.wait()
        await route.continue_()

    await page.route("**/static/htmx*", hold)
    await page.goto("/rules/draft/new", wait_until="commit")
    await page.get_by_label("Field").select_option("headers")
    script_may_come.set()
    await page.get_by_label("Its name").fill("x-spam")
    async with httpx.AsyncClient(base_url=postroom.url, headers=BEARER) as api:
        draft = (await api.get("/api/v1/rulesets/draft")).json()
        seen = {"expected_draft_version": draft["version"]}
        assert (await api.delete("/api/v1/rulesets/draft", params=seen)).status_code == 204


async def test_cel_is_checked_as_it_is_written_and_a_bad_condition_is_not_published(
    context: BrowserContext,
) -> None:
    page = await sign_in(context)
    await page.goto("/rules")
    await page.get_by_role("button", name="Change the rules").click()
    await page.get_by_role("link", name="Add a rule").click()
    await page.get_by_label("Name", exact=True).fill("Many files")
    await page.get_by_role("button", name="Write CEL instead").click()
    await page.get_by_label("CEL over").fill("message.nothing == 1")
    await page.get_by_role("button", name="Check it").click()
    await expect(page.get_by_role("alert")).to_contain_text("a message has no such field")
    await page.get_by_role("button", name="Keep in the draft").last.click()
    await expect(page.locator(".rule-list")).to_contain_text("Its condition cannot be used")
    await page.get_by_label("Why").fill("Try")
    await page.get_by_role("button", name="Publish as version").click()
    await expect(page.get_by_role("heading", name="This cannot be done as it is")).to_be_visible()
    await nothing_serious(page)
    await page.get_by_role("link", name="Back to the page before").click()
    await page.get_by_role("button", name="Throw it away").click()
    await expect(page.get_by_role("button", name="Change the rules")).to_be_visible()


async def test_an_earlier_version_is_put_in_force_again(context: BrowserContext) -> None:
    page = await sign_in(context)
    await page.goto("/rules/versions")
    await looks_good(page)
    await page.get_by_role("link", name="1", exact=True).click()
    await looks_good(page)
    await page.get_by_label("Why").fill("It was not urgent")
    await page.get_by_role("button", name="Put version 1 in force again").click()
    await expect(page.locator("main")).to_contain_text("back to version 1")


async def test_without_a_script_everything_works_too(browser: Browser, postroom: Postroom) -> None:
    context = await browser.new_context(base_url=postroom.url, java_script_enabled=False)
    page = await sign_in(context)
    await page.goto("/rules")
    await page.get_by_role("button", name="Change the rules").click()
    await page.get_by_role("link", name="Add a rule").click()
    await page.get_by_label("Name", exact=True).fill("Plain")
    await page.get_by_label("Value").fill("x")
    await page.get_by_role("button", name="Add a row").click()
    await page.get_by_role("button", name="Remove row 2").click()
    await page.get_by_role("button", name="Keep in the draft").last.click()
    await expect(page.locator(".rule-list")).to_contain_text('message.from.contains("x")')
    await page.get_by_role("button", name="Throw it away").click()
    await context.close()
