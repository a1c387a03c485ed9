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


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        await running.close()


@asynccontextmanager
async def watched(browser: Browser, postroom: Postroom) -> AsyncIterator[BrowserContext]:
    """A browser that is at a Postroom; whatever the console complains of fails the test."""
    opened = await browser.new_context(
        base_url=f"http://127.0.0.1:{postroom.http_port}", viewport={"width": 1280, "height": 900}
    )
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    opened.on("weberror", lambda wrong: complaints.append(str(wrong.error)))
    yield opened
    await opened.close()
    assert [one for one in complaints if "422" not in one and "409" not in one] == []
