"""What agents see of who wrote a letter, in a real browser."""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import needs_chromium, window
from tests.browser.pages import nothing_serious, sign_in
from tests.running import Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    """One that believes the relay in front of it."""
    running = Postroom(
        tmp_path_factory.mktemp("sender"),
        POSTROOM_AUTHENTICATION="trust",
        POSTROOM_TRUSTED_AUTHSERV_IDS="mx.example.com",
        POSTROOM_TRUSTED_UPSTREAMS="127.0.0.0/8",
    )
    running.start()
    yield running
    running.close()


def examined(number: int, dmarc: str) -> EmailMessage:
    message = letter(number, subject=f"With DMARC {dmarc}")
    message["Authentication-Results"] = (
        f"mx.example.com; spf={dmarc} smtp.mailfrom=customers.example; dmarc={dmarc} header.from=customers.example"
    )
    return message


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_a_sender_who_failed_is_pointed_out_and_one_who_passed_has_a_quiet_mark(
    browser: Browser, postroom: Postroom, scheme: str, width: int
) -> None:
    context = await window(browser, postroom, scheme, width)
    page = await sign_in(context)
    for number, dmarc in enumerate(("fail", "pass")):
        postroom.send(examined(width * 10 + len(scheme) * 2 + number, dmarc))
    await page.locator(".row a", has_text="With DMARC fail").first.click()
    warning = page.locator(".entry.letter details.problem")
    await expect(warning).to_contain_text("The sender could not be verified: customers.example")
    await warning.locator("summary").click()
    await expect(warning.locator(".results")).to_contain_text("DMARC")
    await expect(page.locator(".entry.letter .mark", has_text="verified")).to_have_count(0)
    await nothing_serious(page)
    await page.locator(".custody").first.click()
    await expect(page.locator(".steps")).to_contain_text("By the word of mx.example.com")
    await nothing_serious(page)
    await page.goto("/tickets")
    await page.locator(".row a", has_text="With DMARC pass").first.click()
    await expect(page.locator(".entry.letter .mark", has_text="verified")).to_be_visible()
    await expect(page.locator(".entry.letter details.problem")).to_have_count(0)
    await nothing_serious(page)
    await context.close()
