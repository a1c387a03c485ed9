"""A ticket in a real browser: it waits, opens again, is described, merged, split, and all of it undone."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import BrowserContext, Route, expect

from tests.browser.conftest import needs_chromium
from tests.browser.pages import again, looks_good, nothing_serious, opened, sign_in
from tests.running import BEARER, Postroom, letter

pytestmark = [pytest.mark.browser, pytest.mark.anyio, needs_chromium]


async def test_a_ticket_waits_for_the_customer_and_his_letter_opens_it(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 800, "Which colour is it?")
    state = page.locator(".facts .mark").first
    await page.keyboard.press("w")
    await expect(state).to_have_text("pending")
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(state).to_have_text("open")
    await page.keyboard.press("w")
    await expect(state).to_have_text("pending")
    shared_postroom.send(letter(801, **again(801, 800, "Which colour is it?")))
    await expect(state).to_have_text("open")
    await expect(page.locator(".event").last).to_contain_text("opened the ticket again")

    await page.keyboard.press("h")
    await page.get_by_label("Why").fill("The painter is away")
    await nothing_serious(page)
    await page.get_by_role("button", name="Until Monday").click()
    await expect(state).to_have_text("on hold")
    await expect(page.locator(".facts")).to_contain_text("The painter is away")
    await page.keyboard.press("o")
    await expect(state).to_have_text("open")


async def test_what_was_on_hold_and_closed_is_on_hold_again_after_undo(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 805, "To be closed too early")
    await page.keyboard.press("h")
    await page.get_by_label("Why").fill("The painter is away")
    await page.get_by_role("button", name="Until Monday").click()
    state = page.locator(".facts .mark").first
    await expect(state).to_have_text("on hold")
    await expect(page.locator(".facts time").first).to_have_text(re.compile(r", \w+ \d+, \d+:\d\d"))
    held = await page.locator(".facts").inner_text()
    await page.locator("#more-menu summary").click()
    async with page.expect_request("**/state") as sent:
        await page.get_by_role("button", name="Close for good").click()
    assert "seen_version=" in ((await sent.value).post_data or ""), (
        "a letter that came meanwhile is not closed away"
    )
    await expect(state).to_have_text(
        "closed"
    )  # live, maybe before the answer: the Undo may still be that of the hold
    await expect(page.locator("#notice")).to_contain_text("The ticket is closed.")
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(state).to_have_text("on hold")
    # Its clocks come a moment later: each event is shown as soon as it is there.
    await expect(page.locator(".facts")).to_have_text(held, use_inner_text=True)


async def test_enter_holds_a_ticket_until_the_day_that_is_filled_in(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 855, "To wait for the painter")
    day = datetime.now(UTC).date() + timedelta(days=20)
    state = page.locator(".facts .mark").first
    await page.keyboard.press("h")
    await page.keyboard.type("The painter is away")
    await page.get_by_label("Until the morning of").fill(day.isoformat())
    await page.keyboard.press("Control+Enter")
    await page.wait_for_timeout(500)
    await expect(state).to_have_text("open")
    await page.keyboard.press("Enter")
    await expect(state).to_have_text("on hold")
    until = page.locator(".facts time").first
    assert (await until.get_attribute("datetime") or "").startswith(day.isoformat())
    await expect(page.locator("#notice")).to_contain_text(f"until the morning of {day:%A, %d %B %Y}")


@pytest.fixture
async def colour(shared_postroom: Postroom) -> AsyncIterator[str]:
    """A custom field."""
    async with httpx.AsyncClient(base_url=f"{shared_postroom.url}/api/v1", headers=BEARER) as api:
        key = f"colour_{uuid4().hex[:8]}"
        path = f"/desk/fields/{uuid4()}"
        assert (await api.put(path, json={"name": f"Colour {key}", "key": key})).status_code == 200
        yield f"Colour {key}"
        await api.delete(path)


async def test_enter_in_a_custom_field_saves_it_where_it_is(
    context: BrowserContext, shared_postroom: Postroom, colour: str
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 856, "To be painted")
    await page.get_by_label(colour).fill("blue")
    await page.get_by_label(colour).press("Enter")
    await expect(page.locator("#notice")).to_contain_text("The field is saved.")
    assert page.url.endswith(f"/tickets/{number}")
    await page.reload()
    await expect(page.get_by_label(colour)).to_have_value("blue")


@pytest.fixture
async def hurry(shared_postroom: Postroom) -> AsyncIterator[str]:
    """A tag of tickets that are warned of as soon as they have it."""
    promise = {
        "name": "Hurry",
        "order": 1,
        "tags": ["hurry"],
        "targets": {"first_response": 600},
        "warn_minutes_before": 600,
    }
    async with httpx.AsyncClient(base_url=f"{shared_postroom.url}/api/v1", headers=BEARER) as api:
        path = f"/desk/policies/{uuid4()}"
        assert (await api.put(path, json=promise)).status_code == 200
        yield "hurry"
        await api.delete(path)


async def test_a_deadline_that_people_were_warned_of_stands_out_on_the_page_and_in_the_list(
    context: BrowserContext, shared_postroom: Postroom, hurry: str
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 890, "Soon to be late")
    await page.keyboard.press("t")
    await page.keyboard.type(hurry)
    await page.keyboard.press("Enter")
    for place in (page.locator(".facts"), page.get_by_label("About this ticket")):
        await expect(place.locator(".mark.due")).to_have_text(re.compile("^soon late, due in (10|9) "))
    await looks_good(page)
    await page.goto("/tickets")
    row = page.locator(".row", has_text="Soon to be late")
    await expect(row.get_by_text("soon late, due in")).to_be_visible()
    await looks_good(page)


async def test_tags_tasks_and_watchers_are_added_where_they_stand(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 810, "To be described")
    about = page.get_by_label("About this ticket")
    await page.keyboard.press("t")
    await page.keyboard.type("Spare Part")
    await page.keyboard.press("Enter")
    await expect(page.locator(".facts")).to_contain_text("spare-part")
    await expect(page.locator("#tag")).to_have_value("")
    await about.get_by_label("Add a task").fill("Ask the workshop")
    await about.get_by_label("Add a task").press("Enter")
    await about.get_by_label("Ask the workshop").check()
    await expect(page.locator(".done-task")).to_contain_text("Ask the workshop")
    await about.get_by_label("Add a watcher").select_option("Administrator")
    await expect(about.get_by_role("button", name="Remove Administrator")).to_be_visible()
    await about.get_by_label("Priority").select_option("urgent")
    await expect(page.locator(".facts")).to_contain_text("urgent")
    await nothing_serious(page)
    await about.get_by_role("button", name="Remove the tag spare-part").click()
    await expect(page.locator(".facts")).not_to_contain_text("spare-part")
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(page.locator(".facts")).to_contain_text("spare-part")


async def test_a_merge_is_looked_at_first_and_undone_afterwards(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    other = await opened(page, shared_postroom, 820, "The first of two")
    number = await opened(page, shared_postroom, 821, "The second of two")
    await page.keyboard.press("m")
    await page.get_by_label("Merge into ticket").fill(other)
    await page.keyboard.press("Enter")
    await expect(page.locator("#merge-preview")).to_contain_text("The first of two")
    await nothing_serious(page)
    await page.get_by_role("button", name=f"Merge {number} into {other}").click()
    await expect(page.locator(".banner")).to_contain_text(f"ticket {other}")
    await expect(page.locator("#composer")).not_to_be_visible()
    await page.locator(".banner a").click()
    await expect(page.locator(".entry.letter")).to_have_count(2)
    await expect(page.locator("#recipient")).to_contain_text("kim821@customers.example")
    await nothing_serious(page)
    await page.get_by_role("button", name=f"Undo the merge of {number}").click()
    await expect(page.locator(".entry.letter")).to_have_count(1)
    await expect(page.locator("#recipient")).to_contain_text("kim820@customers.example")
    await page.goto(f"/tickets/{number}")
    await expect(page.locator("#composer")).to_be_visible()


async def test_a_ticked_letter_becomes_a_ticket_and_comes_back(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await opened(page, shared_postroom, 830, "Two things at once")
    shared_postroom.send(letter(831, **again(831, 830, "Two things at once")))
    await expect(page.locator(".pick")).to_have_count(2)
    await page.locator(".pick").last.check()
    await nothing_serious(page)
    await page.get_by_role("button", name="Make a new ticket of them").click()
    await expect(page.locator(".entry.letter")).to_have_count(1)
    await page.locator("#notice").get_by_role("button", name="Undo").click()
    await expect(page.locator(".entry.letter")).to_have_count(2)


async def test_on_a_phone_the_conversation_comes_before_what_is_said_of_the_ticket(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    await page.set_viewport_size({"width": 390, "height": 844})
    address = f"{'kim.' * 15}kim@customers.example"
    await opened(page, shared_postroom, 840, "From a phone", sender=address)
    await expect(page.locator(".about")).not_to_be_visible()
    await nothing_serious(page)
    await page.get_by_text("About this ticket: owner").click()
    await expect(page.get_by_label("Owner")).to_be_visible()
    await expect(page.locator("#recipient")).to_contain_text(address)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_an_answer_that_was_overtaken_does_not_take_the_page_back(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 808, "Overtaken")
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        held.set()
        await let_go.wait()
        await route.fulfill(response=answer)

    await page.route(f"**/tickets/{number}", hold, times=1)
    shared_postroom.send(letter(809, **again(809, 808, "Overtaken")))
    await held.wait()
    await page.locator("#task-form").get_by_label("Add a task").fill("Call her back")
    await page.locator("#task-form").get_by_role("button", name="Add").click()
    menu = page.locator(".task-list details")
    await menu.locator("summary").click()
    async with page.expect_response(f"**/tickets/{number}"):
        let_go.set()
    await page.wait_for_timeout(500)
    assert await menu.get_attribute("open") is not None


@pytest.mark.parametrize(("first", "other"), [("reply", "note"), ("note", "reply")])
async def test_what_is_written_beside_a_text_that_is_on_its_way_stays(
    context: BrowserContext, shared_postroom: Postroom, first: str, other: str
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, {"reply": 850, "note": 851}[first], f"A {first} and more")
    path = {"reply": "replies", "note": "notes"}[first]
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route(f"**/tickets/{number}/{path}", hold, times=1)
    await page.locator(f"#tab-{first}").click()
    await page.locator(f"#{first}-text").fill("They leave tomorrow.")
    await page.keyboard.press("Control+Enter")
    await page.locator(f"#tab-{other}").click()
    await page.keyboard.type("Ask the workshop")
    let_go.set()
    await expect(page.locator(f".entry.{first}")).to_have_count(1)
    await expect(page.locator(f"#{first}-text")).to_have_value("")
    await expect(page.locator(f"#{other}-text")).to_have_value("Ask the workshop")
    await expect(page.locator(f"#draft-{other}")).to_contain_text("Draft saved.")
    await page.reload()
    await expect(page.locator(f"#{first}-text")).to_have_value("")
    await expect(page.locator(f"#{other}-text")).to_have_value("Ask the workshop")


async def test_who_goes_on_writing_while_an_answer_is_on_its_way_loses_nothing(
    context: BrowserContext, shared_postroom: Postroom
) -> None:
    page = await sign_in(context)
    number = await opened(page, shared_postroom, 852, "To be answered twice")
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route(f"**/tickets/{number}/replies", hold, times=1)
    await page.locator("#reply-text").fill("They leave tomorrow.")
    await page.keyboard.press("Control+Enter")
    await page.locator("#reply-text").fill("And the cable?")
    let_go.set()
    await expect(page.locator(".entry.reply")).to_have_count(1)
    await expect(page.locator("#notice")).to_contain_text("on its way")
    await page.wait_for_timeout(1000)
    await page.reload()
    await expect(page.locator("#reply-text")).to_have_value("And the cable?")
