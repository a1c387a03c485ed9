"""Members, the presence of others and tags in use, in a real browser."""

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
async def api(shared_postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{shared_postroom.url}/api/v1/", headers=BEARER) as client:
        yield client


async def test_somebody_joins_a_ticketbox_and_is_set_away(
    context: BrowserContext, api: httpx.AsyncClient
) -> None:
    ours, other, person = (str(uuid4()) for _ in range(3))
    for box in (ours, other):
        thing = {"name": f"Box {box}", "addresses": [f"{box}@example.com"]}
        assert (await api.put(f"desk/ticketboxes/{box}", json=thing)).status_code == 200
    name = f"Chloé {person[:8]}"
    rights = [{"ticketbox_id": other, "right": "answer"}]
    chloe = {"name": name, "email": f"{person}@example.com", "role": "agent", "rights": rights}
    assert (await api.put(f"desk/people/{person}", json=chloe)).status_code == 200

    page = await sign_in(context)
    await page.goto(f"/desk/ticketboxes/{ours}")
    members = page.get_by_role("region", name="Members")
    await members.get_by_label("Add").select_option(name)
    await members.get_by_role("button", name="Add").click()
    hers = members.get_by_role("listitem").filter(has_text=name)
    await expect(hers.get_by_label("What they may do")).to_have_value("answer")
    await nothing_serious(page)
    await hers.get_by_label("What they may do").select_option("see")
    await hers.get_by_role("button").click()
    await expect(hers.get_by_label("What they may do")).to_have_value("see")

    await hers.get_by_role("link", name=name).click()
    presence = page.get_by_role("region", name="Presence")
    await expect(presence).to_contain_text("Off")
    await nothing_serious(page)
    await presence.get_by_label("Is").select_option("away")
    await presence.get_by_label("until").fill("2099-01-31T12:00")
    await presence.get_by_role("button", name="Say so").click()
    await expect(presence).to_contain_text("Away until")
    await expect(presence).to_contain_text("2099")


async def test_tags_in_use_are_suggested_where_tags_are_written(
    context: BrowserContext, shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    page = await sign_in(context)
    tag = f"tag-{uuid4().hex[:8]}"
    number = await opened(page, shared_postroom, 875, "Which tag is it?")
    assert (await api.post(f"tickets/{number}/tags", json={"add": [tag]})).status_code == 201
    await expect(page.locator(".facts")).to_contain_text(tag)
    await page.keyboard.press("t")
    await expect(page.locator(f"#tags option[value={tag}]")).to_have_count(1)

    await page.goto("/desk/policies/new")
    beside = page.get_by_label("Tags: add one in use")
    await beside.focus()
    await expect(page.locator(f"#tags option[value={tag}]")).to_have_count(1)
    await beside.fill(tag)
    await page.keyboard.press("Enter")
    await beside.fill("other")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Tags", exact=True)).to_have_value(f"{tag}\nother")
    await expect(beside).to_have_value("")
    await nothing_serious(page)
