"""The pages of the desk for people who do not see all of it."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import httpx
import pytest

from contracts.desk import Category, Distribution, Ticketbox
from contracts.people import BoxRight, Right, Role
from contracts.service_levels import Policy
from tests.running import Postroom
from tests.system.test_presence import on_the_desk, sign_in, someone

pytestmark = [pytest.mark.system, pytest.mark.anyio]


class ThingForm(HTMLParser):
    """What a browser sends of the form of a thing that nobody touched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._inside, self._name = False, ""
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self._inside = has.get("class") == "thing" if tag == "form" else self._inside
        if not self._inside:
            return
        name = has.get("name", "")
        match tag:
            case "input" if name and (has.get("type") != "checkbox" or "checked" in has):
                self.sent.setdefault(name, []).append(has.get("value", ""))
            case "select":
                self._name = name
            case "option" if self._name not in self.sent or "selected" in has:  # or else the first
                self.sent[self._name] = [has["value"]]
            case "textarea":
                self._name, self._text = name, ""
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea" and self._text is not None:
            self.sent[self._name], self._text = [self._text.removeprefix("\n")], None


def a_ticketbox(distribution: Distribution = Distribution()) -> Ticketbox:  # noqa: B008 - it is frozen
    box_id = uuid4()
    addresses = (f"{box_id}@example.com",)
    return Ticketbox(id=box_id, name=f"Box {box_id}", addresses=addresses, distribution=distribution)


async def test_what_somebody_does_not_see_is_not_lost_when_they_save_the_form(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    support = a_ticketbox()
    orders = a_ticketbox(Distribution(overflow_after_minutes=60, overflow_to=support.id))
    await on_the_desk(shared_postroom, support, orders)
    manages_orders = BoxRight(ticketbox_id=orders.id, right=Right.MANAGE)
    carla = await someone(shared_postroom, api, Role.SUPERVISOR, manages_orders)
    browser = await sign_in(shared_postroom, carla)
    page = f"/desk/ticketboxes/{orders.id}"
    shown = (await browser.get(page)).text
    assert f'value="{support.id}" selected>{support.name}<' in shown
    saved = await browser.post(page, data=ThingForm(shown).sent)
    assert (saved.status_code, saved.headers.get("Location")) == (303, f"{page}?saved=true")
    assert (await api.get(page)).json()["version"] == 1, "nothing was changed"


async def test_categories_of_the_same_name_are_offered_with_what_they_are_below(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    above = [Category(id=uuid4(), name=f"{word} {uuid4()}") for word in ("Delivery", "Payment")]
    late = [Category(id=uuid4(), name="Late", parent_id=one.id) for one in above]
    await on_the_desk(shared_postroom, *above, *late)
    browser = await sign_in(shared_postroom, await someone(shared_postroom, api, Role.ADMINISTRATOR))
    shown = (await browser.get("/tickets")).text
    options = [words for words in re.split("[<>]", shown) if words.strip().endswith(" / Late")]
    assert {words.strip() for words in options} >= {f"{one.name} / Late" for one in above}
    for one in (*late, *above):
        assert (await api.delete(f"/desk/categories/{one.id}")).status_code == 204


async def test_a_list_that_was_ones_own_before_it_was_shared_has_its_page_and_history_without_that_time(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    bela, anna = await someone(shared_postroom, api), await someone(shared_postroom, api)
    hers, his = await sign_in(shared_postroom, anna), await sign_in(shared_postroom, bela)
    path = f"/desk/views/{uuid4()}"
    own = {"name": f"Secret {uuid4()}", "owner_id": str(bela.id), "parameters": {"view": "mine"}}
    shared = {**own, "name": f"Open {uuid4()}", "owner_id": None}
    for view in (own, shared, {**shared, "order": 5}):
        assert (await api.put(path, json=view)).status_code == 200

    page, past = await hers.get(path), (await hers.get(f"/api/v1{path}/history")).json()["items"]
    assert (page.status_code, own["name"] in page.text) == (200, False)
    assert [(one["version"], one["what"]) for one in past] == [(3, "changed"), (2, "changed")]
    assert [[field["field"] for field in one["differences"]] for one in past] == [["order"], []]
    assert len((await his.get(f"/api/v1{path}/history")).json()["items"]) == 3, "he saw it all the time"

    assert (await api.put(path, json=own)).status_code == 200
    for gone in (path, f"/api/v1{path}/history"):
        assert (await hers.get(gone)).status_code == 404


async def test_who_manages_a_ticketbox_tries_a_service_level_on_its_page_and_does_not_save_it(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    policy = Policy(id=uuid4(), name=f"Promise {uuid4()}", order=900)
    await on_the_desk(shared_postroom, policy)
    carla = await someone(shared_postroom, api, Role.SUPERVISOR)
    anna = await someone(shared_postroom, api)
    page = f"/desk/policies/{policy.id}"
    browser = await sign_in(shared_postroom, carla)
    shown = (await browser.get(page)).text
    save = '<button class="primary">Save</button>'
    assert ("What if …" in shown, save in shown, '<fieldset class="all">' in shown) == (True, False, True)
    form = {**ThingForm(shown).sent, "targets.first_response": "30", "months": "1"}
    tried = await browser.post(f"{page}/what-if", data=form)
    assert (tried.status_code, tried.headers["Location"].startswith("/what-ifs/")) == (303, True)
    assert (await browser.post(page, data=form)).status_code == 403
    hers = (await (await sign_in(shared_postroom, anna)).get(page)).text
    assert ("What if …" in hers, '<fieldset class="all" disabled>' in hers) == (False, True)
    assert (await api.delete(page)).status_code == 204


async def test_what_was_tried_is_found_again_where_it_belongs_by_who_may_try(
    shared_postroom: Postroom, api: httpx.AsyncClient
) -> None:
    tried = Policy(id=uuid4(), name=f"Promise {uuid4()}").model_dump(mode="json")
    started = (await api.post("/what-ifs", json={"things": [tried], "months": 1})).json()["what_if_id"]
    carla = await sign_in(shared_postroom, await someone(shared_postroom, api, Role.SUPERVISOR))
    anna = await sign_in(shared_postroom, await someone(shared_postroom, api))
    listed = f'<a href="/what-ifs/{started}">'
    for browser, kind, found in (
        (carla, "policies", True),
        (carla, "calendars", False),
        (anna, "policies", False),
    ):
        assert (listed in (await browser.get(f"/desk/{kind}")).text) is found
