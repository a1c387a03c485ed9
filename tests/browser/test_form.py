"""A stranger writes by a form, in a real browser: alone, without script, and inside another site's page."""

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import needs_chromium
from tests.browser.pages import nothing_serious, sign_in
from tests.running import BEARER, Postroom

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]
PATIENT_MILLISECONDS = 3100


@pytest.fixture(scope="module")
def form(shared_postroom: Postroom) -> str:
    base = shared_postroom.url
    boxes = httpx.get(f"{base}/api/v1/ticketboxes", headers=BEARER).json()
    support = next(box for box in boxes["items"] if box["name"] == "Support")
    return f"{base}{support['form']}"


class Visiting:
    """Contexts of visitors; whatever the console complains of, a policy's violation too, is kept."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []

    async def page(self, **options: object) -> Page:
        # Each visitor has an address of his own, so that nobody waits for somebody else.
        headers = {"X-Forwarded-For": f"2001:db8:{uuid4().hex[:4]}::1"}
        context = await self.browser.new_context(extra_http_headers=headers, **options)  # type: ignore[arg-type]
        context.on("console", lambda said: self.hear(said.type, said.text))
        context.on("weberror", lambda wrong: self.hear("error", str(wrong.error)))
        self.contexts.append(context)
        return await context.new_page()

    def hear(self, kind: str, text: str) -> None:
        # A page with what is to be mended has the status 422 or 429, and a browser complains of any such status.
        if kind in {"error", "warning"} and "status of 4" not in text:
            self.complaints.append(text)


@pytest.fixture
async def visiting(browser: Browser) -> AsyncIterator[Visiting]:
    visitors = Visiting(browser)
    yield visitors
    for context in visitors.contexts:
        await context.close()
    assert visitors.complaints == []


async def fill(page: Page, **words: str) -> None:
    filled = {
        "email": "kim@customers.example",
        "subject": "A question",
        "message": "Is there a blue one?",
        **words,
    }
    for name, text in filled.items():
        await page.locator(f"#{name}").fill(text)


async def test_a_stranger_without_script_writes_and_an_agent_finds_it_by_the_reference(
    visiting: Visiting, form: str
) -> None:
    page = await visiting.page(java_script_enabled=False, locale="en-GB")
    await page.goto(form)
    await fill(page, subject="Written without script")
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    reference = await page.locator(".reference").inner_text()
    assert await page.context.cookies() == []

    base = form.partition("/forms/")[0]
    agent = await visiting.browser.new_context(base_url=base)
    desk = await sign_in(agent)
    await desk.get_by_role("searchbox").fill(reference)
    await desk.keyboard.press("Enter")
    await expect(desk.locator("h1")).to_have_text("Written without script")
    await expect(desk.locator(".steps")).to_contain_text("a web form, support@example.com")
    await agent.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_state_of_a_form_is_there_for_everyone(
    visiting: Visiting, form: str, scheme: str, width: int
) -> None:
    page = await visiting.page(
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        locale="de-DE" if width < 400 else "en-GB",
    )
    await page.goto(form)
    await nothing_serious(page)
    await fill(page, email="kim", subject="", message="Kept")
    await page.locator("button").click()
    await expect(page.locator("#answer")).to_be_focused()
    await expect(page.locator("#message")).to_have_value("Kept")
    await nothing_serious(page)
    await page.locator("#answer a").first.click()
    await expect(page.locator("#email")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await fill(page)
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    await page.locator("button").click()
    await expect(page.locator(".reference")).to_be_visible()
    await expect(page.locator("#answer")).to_be_focused()
    await nothing_serious(page)
    await page.locator("#answer a").click()
    await expect(page.locator("#message")).to_have_value("")


async def test_who_is_too_quick_presses_once_more_and_loses_nothing(visiting: Visiting, form: str) -> None:
    page = await visiting.page(locale="fr-FR")
    await page.goto(form)
    await fill(page, message="Vite")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#answer")).to_contain_text("rapide")
    await expect(page.locator("#message")).to_have_value("Vite")
    await nothing_serious(page)
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.get_by_role("heading", name="Merci")).to_be_visible()


async def test_the_trap_is_out_of_the_way_of_people_and_catches_programs(
    visiting: Visiting, form: str
) -> None:
    page = await visiting.page()
    await page.goto(form)
    assert "website" not in str(await page.locator("main").aria_snapshot())
    reached = []
    await page.locator("#email").focus()
    for _ in range(6):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id"))
    assert reached[:3] == ["subject", "message", "files"]
    box = await page.locator("#website").bounding_box()
    assert box is not None
    seen = await page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y)?.id", [box["x"] + 5, box["y"] + 5]
    )
    assert seen != "website"

    await fill(page, subject="Buy now")
    await page.evaluate("document.getElementById('website').value = 'https://spam.example'")
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    await page.locator("button").click()
    await expect(page.locator(".reference")).to_be_visible()
    agent = await visiting.browser.new_context(base_url=form.partition("/forms/")[0])
    desk = await sign_in(agent)
    await desk.get_by_role("link", name="Letters").click()
    row = desk.locator(".row", has_text="Buy now")
    await expect(row).to_contain_text("quarantined")
    await expect(row).to_contain_text("honeypot")
    await agent.close()


async def test_who_writes_too_often_is_asked_to_wait_and_keeps_his_words(
    visiting: Visiting, form: str
) -> None:
    page = await visiting.page(locale="es-ES")
    await page.goto(form)
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    sent = {
        "email": "kim@customers.example",
        "subject": "Hola",
        "mark": await page.locator("[name=mark]").input_value(),
    }
    for number in range(5):
        answer = await page.request.post(form, form={**sent, "message": f"Hola {number}"})
        assert answer.status == 200
    await fill(page, message="Hola otra vez")
    await page.locator("button").click()
    await expect(page.locator("#answer")).to_contain_text("espere")
    await expect(page.locator("#message")).to_have_value("Hola otra vez")
    await nothing_serious(page)


@pytest.fixture
def website(form: str) -> Iterator[str]:
    """Another site, with the form in its page: http://127.0.0.1 may embed it, http://localhost may not."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            frame = f"<iframe title=Form width=700 height=900 src={form}></iframe>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><html lang=en><title>Shop</title><body>{frame}".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


async def test_a_site_that_may_embed_the_form_has_it_in_its_page(
    visiting: Visiting, form: str, website: str
) -> None:
    page = await visiting.page(locale="en-GB")
    await page.goto(website)
    frame = page.frame_locator("iframe")
    await frame.locator("#email").fill("kim@customers.example")
    await frame.locator("#subject").fill("From the shop")
    await frame.locator("#message").fill("Hello")
    await page.wait_for_timeout(PATIENT_MILLISECONDS)
    await frame.get_by_role("button", name="Send").click()
    await expect(frame.locator(".reference")).to_be_visible()


async def test_a_site_that_may_not_embed_the_form_shows_nothing_of_it(
    visiting: Visiting, form: str, website: str
) -> None:
    page = await visiting.page()
    await page.goto(website.replace("127.0.0.1", "localhost"))
    await page.wait_for_timeout(1000)
    assert await page.frame_locator("iframe").locator("#email").count() == 0
    assert any("frame-ancestors" in one for one in visiting.complaints)
    visiting.complaints.clear()


async def test_an_administrator_finds_each_form_and_how_to_embed_it(visiting: Visiting, form: str) -> None:
    page = await visiting.page(base_url=form.partition("/forms/")[0])
    desk = await sign_in(page.context)
    await desk.get_by_role("link", name="Status").click()
    await desk.get_by_role("link", name="ticketboxes and their forms").click()
    await expect(desk.locator("h1")).to_have_text("Ticketboxes")
    await desk.get_by_role("link").filter(has=desk.get_by_text("Support", exact=True)).click()
    await expect(desk.get_by_label("To put it into a website")).to_have_value(
        f'<iframe src="{form}" title="Support" width="100%" height="860" frameborder="0" loading="lazy"></iframe>'
    )
    await nothing_serious(desk)
    await desk.get_by_role("link", name=form).click()
    await expect(desk.locator("h1")).to_have_text("Write to Support")
