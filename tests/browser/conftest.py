"""A real browser."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.running import Postroom

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("POSTROOM_REQUIRE_BROWSER"),
    reason="there is no chromium on this machine",
)


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """One for all: each test has windows of its own in it, which share nothing."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        await running.close()


async def window(browser: Browser, postroom: Postroom, scheme: str, width: int = 1280) -> BrowserContext:
    """A browser that is at a Postroom, on a light or dark screen as many pixels wide."""
    return await browser.new_context(
        base_url=postroom.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
    )


@asynccontextmanager
async def watched(
    browser: Browser, postroom: Postroom, refusals: tuple[str, ...] = ("409", "422")
) -> AsyncIterator[BrowserContext]:
    """The same on a light screen; whatever the console complains of fails the test, but for these statuses."""
    opened = await window(browser, postroom, "light")
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    opened.on("weberror", lambda wrong: complaints.append(str(wrong.error)))
    yield opened
    await opened.close()
    assert [one for one in complaints if not any(status in one for status in refusals)] == []


@pytest.fixture
async def context(browser: Browser, shared_postroom: Postroom) -> AsyncIterator[BrowserContext]:
    async with watched(browser, shared_postroom) as opened:
        yield opened
