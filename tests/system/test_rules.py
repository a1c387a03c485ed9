"""Rules on the whole stack: draft, dry run, publish, mail is routed, a wrong way is corrected, roll back."""

from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from contracts.commands import OPERATOR, CreateTicketbox, Done
from postroom.people import make_token
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]
ORDERS = uuid4()
Json = dict[str, Any]


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("rules"))
    running.start()
    yield running
    running.close()


@pytest.fixture
async def api(postroom: Postroom) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{postroom.http_port}"
    async with httpx.AsyncClient(base_url=base, headers=BEARER, timeout=30) as client:
        yield client


async def ticket_of(api: httpx.AsyncClient, address: str) -> Json:
    async def there() -> Json | None:
        items = (await api.get("/api/v1/tickets", params={"contact": address})).json()["items"]
        return items[0] if items else None

    item = await until(there)
    assert isinstance(item, dict)
    found: Json = (await api.get(f"/api/v1/tickets/{item['number']}")).json()
    return found


async def in_force(api: httpx.AsyncClient) -> Json:
    found: Json = (await api.get("/api/v1/rulesets/in-force")).json()
    return found


async def test_a_draft_is_tried_published_and_rolled_back(api: httpx.AsyncClient, postroom: Postroom) -> None:
    created = CreateTicketbox(
        command_id=uuid4(),
        actor_id=OPERATOR,
        ticketbox_id=ORDERS,
        name="Orders",
        addresses=("orders@example.com",),
    )
    assert isinstance(await postroom.command(created), Done)
    me = (await api.get("/api/v1/people")).json()["items"][0]
    postroom.send(letter(1, subject="Invoice 1"))
    postroom.send(letter(2, subject="Something else"))
    before = await ticket_of(api, "kim1@customers.example")
    await ticket_of(api, "kim2@customers.example")
    assert before["box"]["name"] == "Support"
    assert "address points" in before["why_here"]

    now = await in_force(api)
    invoices = {
        "name": "Invoices",
        "condition": 'message.lower.subject.contains("invoice")',
        "ticketbox_id": str(ORDERS),
        "priority": "high",
        "tags": ["invoice"],
        "assignee_id": me["id"],
        "acknowledgement": "We have your invoice, as {number}.",
        "forward_to": ["books@accountant.example"],
        "alert": [me["id"]],
        "stop": False,
    }
    broken = {"name": "Score", "condition": "int(message.subject) > 3", "tags": ["never"]}
    draft = {
        "rules": [*now["rules"], invoices, broken],
        "default_ticketbox_id": now["default_ticketbox_id"],
        "expected_version": 0,
    }
    written = await api.put("/api/v1/rulesets/draft", json=draft)
    assert written.status_code == 200, written.text
    stale = await api.put("/api/v1/rulesets/draft", json=draft)
    assert stale.status_code == 409
    shown = (await api.get("/api/v1/rulesets/draft")).json()
    assert [(one["rule"], one["change"]) for one in shown["differences"]] == [
        ("Invoices", "added"),
        ("Score", "added"),
    ]

    await until(lambda: _distribution_knows(postroom, tickets=2))
    await _tried(api)
    wish = {"reason": "Invoices go to Orders", "expected_version": now["version"]}
    reviewed = {**wish, "expected_draft_version": shown["version"]}
    again = await api.put("/api/v1/rulesets/draft", json={**draft, "expected_version": shown["version"]})
    unseen = await api.post("/api/v1/rulesets/draft/publication", json=reviewed)
    assert (unseen.status_code, unseen.json()["code"]) == (409, "changed_meanwhile")
    reviewed["expected_draft_version"] = again.json()["version"]
    published = await api.post("/api/v1/rulesets/draft/publication", json=reviewed)
    assert published.status_code == 201, published.text
    assert published.json() == {"version": now["version"] + 1}
    assert (await api.get("/api/v1/rulesets/draft")).status_code == 404  # it is in force

    await until(lambda: _routed_by(api, postroom, now["version"] + 1))
    postroom.send(letter(3, subject="INVOICE 3"))
    ticket = await ticket_of(api, "kim3@customers.example")
    assert ticket["box"]["name"] == "Orders"
    assert (ticket["priority"], ticket["tags"], ticket["assignee"]["id"]) == ("high", ["invoice"], me["id"])
    assert "“Invoices” matched" in ticket["why_here"]
    assert ticket["routing"]["rules"][0]["matched"] == {"lower.subject": "invoice 3"}
    assert list(ticket["routing"]["no_answer"]) == ["Score"]
    await _told(api, postroom, ticket)

    figures = (await api.get("/api/v1/rulesets/figures")).json()["items"]
    hits = {(one["ruleset_version"], one["rule"]): one for one in figures}
    assert hits[now["version"] + 1, "Invoices"]["hits"] == 1
    assert hits[now["version"] + 1, "Score"]["failures"] >= 1

    await _corrected(api, ticket, now)
    await _rolled_back(api, now, me)


async def _distribution_knows(postroom: Postroom, tickets: int) -> bool:
    """Whether router has heard of so many tickets: before, it does not know that a letter opened one."""
    db = await asyncpg.connect(postroom.database_url)
    known = await db.fetchval("SELECT count(*) FROM router.ticket")
    await db.close()
    return bool(known >= tickets)


async def _tried(api: httpx.AsyncClient) -> None:
    run = await dry_run(api)
    assert run["run"]["state"] == "done", run
    assert run["run"]["examined"] == 2
    assert run["run"]["summary"]["moved"] == {"Support → Orders": 1}
    assert run["run"]["summary"]["failures"] == {"Score": 2}
    (change,) = run["changes"]["items"]
    assert (change["subject"], change["after"]["rules"]) == ("Invoice 1", ["Invoices"])
    assert {"ticketbox", "priority", "tags", "owner", "copies", "alerts", "acknowledgement"} == set(
        change["kinds"]
    )


async def _corrected(api: httpx.AsyncClient, ticket: Json, now: Json) -> None:
    move = {"ticketbox": now["default_ticketbox_id"], "correction": True}
    moved = await api.post(f"/api/v1/tickets/{ticket['number']}/ticketbox", json=move)
    assert moved.status_code == 201, moved.text
    assert (await ticket_of(api, "kim3@customers.example"))["box"]["name"] == "Support"

    async def counted() -> bool:
        rows = (await api.get("/api/v1/reports/misrouting_by_rule")).json()["rows"]
        return ["Invoices", 1, 0, 1, 100.0] in rows

    await until(counted)


async def _rolled_back(api: httpx.AsyncClient, now: Json, me: Json) -> None:
    back = {"reason": "It was wrong", "expected_version": now["version"] + 1}
    rolled = await api.post(f"/api/v1/rulesets/{now['version']}/roll-back", json=back)
    assert rolled.json() == {"version": now["version"] + 2}
    again = await in_force(api)
    assert (again["rules"], again["rolls_back_to"]) == (now["rules"], now["version"])
    items = (await api.get("/api/v1/rulesets")).json()["items"]
    assert [(one["version"], one["reason"]) for one in items[:2]] == [
        (now["version"] + 2, "It was wrong"),
        (now["version"] + 1, "Invoices go to Orders"),
    ]
    assert items[0]["author"]["id"] == me["id"]
    page = (await api.get(f"/rules/versions/{now['version'] + 1}")).text
    assert "held: 1<" in page.partition("<b>Invoices</b>")[2], "what a version did stays with it"


async def dry_run(api: httpx.AsyncClient) -> Json:
    started = await api.post("/api/v1/dry-runs", json={"days": 3})
    assert started.status_code == 202, started.text
    path = f"/api/v1/dry-runs/{started.json()['dry_run_id']}"

    async def ended() -> Json | None:
        run: Json = (await api.get(path)).json()
        return run if run["run"]["state"] not in {"waiting", "running"} else None

    run = await until(ended)
    assert isinstance(run, dict)
    return run


async def _routed_by(api: httpx.AsyncClient, postroom: Postroom, version: int) -> bool:
    """Whether router knows a version: a probe is routed by it."""
    number = 1000 + len(await postroom.events("ingest", "MessageReceived"))
    postroom.send(letter(number, subject="Probe"))
    ticket = await ticket_of(api, f"kim{number}@customers.example")
    return bool(ticket["routing"]["ruleset_version"] == version)


async def _told(api: httpx.AsyncClient, postroom: Postroom, ticket: Json) -> None:
    """The acknowledgement, the copy and the alert have left."""

    async def left() -> dict[str, Any] | None:
        folder = postroom.data / "outgoing" / "new"
        mail = [message_from_bytes(path.read_bytes(), policy=default) for path in folder.iterdir()]
        by_recipient = {str(message["To"]): message for message in mail}
        return by_recipient if len(by_recipient) >= 3 else None

    mail = await until(left)
    assert isinstance(mail, dict)
    thanks = next(message for to, message in mail.items() if "kim3@" in to)
    assert f"We have your invoice, as {ticket['number']}." in thanks.get_body(("plain",)).get_content()
    copy = mail["books@accountant.example"]
    (attached,) = copy.iter_attachments()
    assert attached.get_content()["Subject"] == "INVOICE 3"
    assert copy["Auto-Submitted"] == "auto-generated"
    assert "“Invoices” wants you to know" in mail["admin@example.com"].get_content()
    message_id = ticket["conversation"][0]["letter"]["message_id"]

    async def in_custody() -> bool:
        steps = (await api.get(f"/api/v1/messages/{message_id}")).json()["steps"]
        return [step["event"] for step in steps].count("NoticeSent") == 2

    await until(in_custody)


async def test_a_rule_that_cannot_be_used_is_named_and_nothing_is_published(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    wish = {
        "rules": [{"name": "Broken", "condition": "message.nothing == 1"}],
        "default_ticketbox_id": now["default_ticketbox_id"],
        "reason": "Try",
        "expected_version": now["version"],
    }
    refused = await api.post("/api/v1/rulesets", json=wish)
    assert refused.status_code == 422
    assert "“Broken”" in refused.json()["detail"]
    assert (await in_force(api))["version"] == now["version"]


async def test_rules_published_meanwhile_are_looked_at_first(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    wish = {
        "rules": now["rules"],
        "default_ticketbox_id": now["default_ticketbox_id"],
        "reason": "Late",
        "expected_version": now["version"] - 1,
    }
    assert (await api.post("/api/v1/rulesets", json=wish)).status_code == 409


async def test_a_draft_that_was_changed_meanwhile_is_not_thrown_away(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    late = {"name": "Late", "condition": "message.local.hour >= 22", "tags": ["late"]}
    draft = {"rules": [late], "default_ticketbox_id": now["default_ticketbox_id"]}
    read = (await api.put("/api/v1/rulesets/draft", json=draft)).json()["version"]
    again = {**draft, "comment": "Mine", "expected_version": read}
    changed = (await api.put("/api/v1/rulesets/draft", json=again)).json()["version"]
    refused = await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": read})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert refused.json()["detail"] == "Someone changed the draft after you opened it. Reload the page."
    assert (await api.get("/api/v1/rulesets/draft")).json()["comment"] == "Mine"
    dropped = await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": changed})
    assert dropped.status_code == 204, dropped.text
    assert (await api.get("/api/v1/rulesets/draft")).status_code == 404


async def test_a_draft_that_was_thrown_away_comes_back_as_it_was(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    night = {"name": "Night", "condition": "message.local.hour >= 22", "tags": ["night"]}
    draft = {"rules": [night], "default_ticketbox_id": now["default_ticketbox_id"], "comment": "Nights"}
    await api.put("/api/v1/rulesets/draft", json=draft)
    was = (await api.get("/api/v1/rulesets/draft")).json()
    dropped = await api.post("/rules/draft/drop", data={"draft_version": was["version"]})
    assert dropped.status_code == 303, dropped.text
    assert "Bring it back" in (await api.get("/rules")).text
    back = await api.post("/api/v1/rulesets/draft/undo")
    assert (back.status_code, back.json()) == (201, {"version": was["version"] + 2}), back.text
    assert "Bring it back" not in (await api.get("/rules")).text
    found = (await api.get("/api/v1/rulesets/draft")).json()
    assert found == {**was, "version": was["version"] + 2, "changed_at": found["changed_at"]}
    await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": found["version"]})


async def test_a_draft_does_not_come_back_after_another_was_begun(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    night = {"name": "Night", "condition": "message.local.hour >= 22", "tags": ["night"]}
    draft = {"rules": [night], "default_ticketbox_id": now["default_ticketbox_id"]}
    version = (await api.put("/api/v1/rulesets/draft", json=draft)).json()["version"]
    await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": version})
    begun = (await api.put("/api/v1/rulesets/draft", json={**draft, "rules": []})).json()["version"]
    assert (await api.post("/api/v1/rulesets/draft/undo")).status_code == 404
    assert (await api.get("/api/v1/rulesets/draft")).json()["version"] == begun
    await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": begun})


async def test_whoever_begins_a_draft_goes_on_with_that_of_a_colleague(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    assert "Change the rules" in (await api.get("/rules")).text
    night = {"name": "Night", "condition": "message.local.hour >= 22", "tags": ["night"]}
    draft = {"rules": [night], "default_ticketbox_id": now["default_ticketbox_id"]}
    key = {"Idempotency-Key": str(uuid4())}
    written = await api.put("/api/v1/rulesets/draft", json=draft, headers=key)

    begun = await api.post("/rules/draft/begin")
    assert (begun.status_code, begun.headers["Location"]) == (303, "/rules/draft")
    for unseen in ({}, {"expected_version": 0}, {"expected_version": None}):
        refused = await api.put("/api/v1/rulesets/draft", json={**draft, "rules": [], **unseen})
        assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    repeated = await api.put("/api/v1/rulesets/draft", json=draft, headers=key)
    assert (repeated.status_code, repeated.json()) == (200, written.json())

    there = (await api.get("/api/v1/rulesets/draft")).json()
    assert ([one["name"] for one in there["rules"]], there["version"]) == (
        ["Night"],
        written.json()["version"],
    )
    dropped = await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": there["version"]})
    assert dropped.status_code == 204
    await api.post("/rules/draft/begin")
    begun_now = (await api.get("/api/v1/rulesets/draft")).json()
    assert begun_now["rules"] == now["rules"]
    await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": begun_now["version"]})


async def test_only_the_rules_that_were_shown_are_taken_up_into_the_draft(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    night = {"name": "Night", "condition": "message.local.hour >= 22", "tags": ["night"]}
    draft = {"rules": [night], "default_ticketbox_id": now["default_ticketbox_id"]}
    version = (await api.put("/api/v1/rulesets/draft", json=draft)).json()["version"]

    async def published(reason: str, seen: int) -> int:
        rules = {"rules": now["rules"], "default_ticketbox_id": now["default_ticketbox_id"]}
        answer = await api.post(
            "/api/v1/rulesets", json={**rules, "reason": reason, "expected_version": seen}
        )
        newest: int = answer.json()["version"]
        return newest

    shown = await published("Shown", now["version"])
    page = (await api.get("/rules/draft")).text
    assert f'name="based_on" value="{shown}"' in page
    unseen = await published("Not shown", shown)
    taken = await api.post("/rules/draft/take-up", data={"seen_version": version, "based_on": shown})
    assert taken.status_code == 303, taken.text
    assert (await api.get("/api/v1/rulesets/draft")).json()["based_on"] == shown
    assert (
        f"Version {unseen} came into force after this draft was begun" in (await api.get("/rules/draft")).text
    )
    await api.delete("/api/v1/rulesets/draft", params={"expected_draft_version": version + 1})


async def test_rows_become_a_condition_and_come_back(api: httpx.AsyncClient) -> None:
    rows = [{"field": "lower.subject", "operator": "contains", "value": "Invoice"}]
    built = (await api.post("/api/v1/rulesets/condition", json={"rows": rows})).json()
    assert built["condition"] == 'message.lower.subject.contains("invoice")'
    assert built["rows"] == [{**rows[0], "value": "invoice"}]
    wrong = await api.post("/api/v1/rulesets/condition", json={"condition": "message.size"})
    assert "neither true nor false" in wrong.json()["problem"]


async def test_a_rule_stays_in_its_form_when_somebody_changed_the_draft_meanwhile(
    api: httpx.AsyncClient,
) -> None:
    now = await in_force(api)

    async def drafted(*names: str, seen: int | None = None) -> int:
        rules = [{"name": name, "condition": "false", "tags": ["x"]} for name in names]
        draft = {
            "rules": rules,
            "default_ticketbox_id": now["default_ticketbox_id"],
            "expected_version": seen,
        }
        version: int = (await api.put("/api/v1/rulesets/draft", json=draft)).json()["version"]
        return version

    def typed(version: int, called: str, name: str) -> dict[str, str]:
        condition = 'message.subject == "A long one"'
        said = {"written_as": "cel", "condition": condition, "name": name, "called": called, "do": "save"}
        return {**said, "seen_version": str(version)}

    seen = await drafted("Lamps", "Shades")
    changed = await drafted("Bulbs", "Lamps", "Shades", seen=seen)
    for place, called, name, found in (("new", "", "Cables", "new"), ("0", "Lamps", "All lamps", "1")):
        answer = await api.post(f"/rules/draft/rules/{place}", data=typed(seen, called, name))
        assert answer.status_code == 409
        assert "message.subject == &#34;A long one&#34;" in answer.text
        assert f'name="seen_version" value="{changed}"' in answer.text
        assert f'action="/rules/draft/rules/{found}"' in answer.text

    without = await drafted("Bulbs", "Shades", seen=changed)
    gone = await api.post("/rules/draft/rules/1", data=typed(changed, "Lamps", "All lamps"))
    assert (gone.status_code, "“Lamps” is not in it any more" in gone.text) == (409, True)
    assert 'action="/rules/draft/rules/new"' in gone.text
    kept = await api.post("/rules/draft/rules/new", data=typed(without, "", "All lamps"))
    assert kept.status_code == 303
    names = [one["name"] for one in (await api.get("/api/v1/rulesets/draft")).json()["rules"]]
    assert names == ["Bulbs", "Shades", "All lamps"]


async def test_a_dry_run_can_be_cancelled(api: httpx.AsyncClient) -> None:
    now = await in_force(api)
    wish = {"days": 3, "rules": now["rules"], "default_ticketbox_id": now["default_ticketbox_id"]}
    started = (await api.post("/api/v1/dry-runs", json=wish)).json()["dry_run_id"]
    assert (await api.delete(f"/api/v1/dry-runs/{started}")).status_code == 204
    run = (await api.get(f"/api/v1/dry-runs/{started}")).json()["run"]
    assert run["state"] in {"cancelled", "done"}


async def test_a_dry_run_is_listed_with_the_rules_in_force_though_there_is_no_draft_any_more(
    api: httpx.AsyncClient,
) -> None:
    if (left := await api.get("/api/v1/rulesets/draft")).status_code == 200:
        await api.post("/rules/draft/drop", data={"draft_version": left.json()["version"]})
    assert (await api.post("/rules/draft/begin")).status_code == 303
    started = await api.post("/rules/draft/dry-run", data={"days": 1})
    link = f'<a href="{started.headers["location"]}">'
    assert link in (await api.get("/rules/draft")).text
    draft = (await api.get("/api/v1/rulesets/draft")).json()
    assert (await api.post("/rules/draft/drop", data={"draft_version": draft["version"]})).status_code == 303
    assert link in (await api.get("/rules")).text


async def test_agents_see_no_rules_and_try_none(api: httpx.AsyncClient, postroom: Postroom) -> None:
    await postroom.add_person("Agnes")
    db = await asyncpg.connect(postroom.database_url)
    token = await make_token(db, "agnes@example.com")
    await db.close()
    headers = {"Authorization": f"Bearer {token}"}

    async def is_known() -> bool:
        return (await api.get("/api/v1/tickets", headers=headers)).status_code == 200

    await until(is_known)
    for method, path in (
        ("GET", "/api/v1/rulesets"),
        ("GET", "/api/v1/rulesets/draft"),
        ("PUT", "/api/v1/rulesets/draft"),
        ("POST", "/api/v1/rulesets"),
        ("POST", "/api/v1/dry-runs"),
        ("GET", "/api/v1/dry-runs"),
    ):
        body: Json = {"rules": [], "default_ticketbox_id": str(ORDERS), "reason": "x", "expected_version": 1}
        answer = await api.request(method, path, json=body if method != "GET" else None, headers=headers)
        assert answer.status_code == 403, (method, path, answer.text)
