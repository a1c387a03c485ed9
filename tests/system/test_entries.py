"""What nobody can mean is refused with a sentence, by API and by the forms of pages; it fails nowhere."""

import json
from typing import Any

import httpx
import pytest

from tests.system.house import WORKSHOP, House

pytestmark = [pytest.mark.system, pytest.mark.anyio]
NO_NUMBER = 2**63
"""No `bigint` of PostgreSQL, so no ticket's number and no place in a log."""
NO_VERSION = 2**31
"""No `integer`, so no version."""
BEFORE_TIME = "0001-01-01T00:00+14:00"
"""In UTC this is in no year that a calendar has."""
NO_DIGITS = "9" * 5000
"""So many Python itself does not read."""

HELD = {"do": "state", "state": "on_hold"}
URGENT = {"do": "priority", "priority": "urgent"}
NUMBERS: list[tuple[str, Any, int]] = [
    ("POST /api/v1/tickets/{number}/links", {"number": NO_NUMBER}, 422),
    ("POST /api/v1/tickets/{number}/merge", {"into": NO_NUMBER}, 422),
    ("POST /api/v1/tickets/{number}/letters/move", {"messages": ["{message_id}"], "to": NO_NUMBER}, 422),
    ("POST /api/v1/tickets/{number}/state", {"state": "on_hold", "until_solved": NO_NUMBER}, 422),
    ("POST /api/v1/bulk-jobs", {"actions": [URGENT], "tickets": [NO_NUMBER]}, 422),
    ("GET /api/v1/bulk-jobs/{job_id}?cursor={no_version}", None, 200),
    ("GET /api/v1/live?after={no_number}", None, 422),
    ("GET /api/v1/rulesets/{no_version}", None, 404),
    (
        "POST /api/v1/rulesets/{no_version}/roll-back",
        {"reason": "Back", "expected_version": 1},
        404,
    ),
    (
        "PUT /api/v1/rulesets/draft",
        {"rules": [], "default_ticketbox_id": "{box}", "based_on": NO_VERSION},
        422,
    ),
    ("PUT /api/v1/tickets/{number}/drafts/note", {"text": "Se", "expected_version": NO_VERSION}, 422),
    ("GET /tickets?q={no_number}", None, 200),
    ("GET /rules/versions/{no_version}", None, 404),
    ("POST /rules/versions/{no_version}/roll-back", {"seen_version": "1", "reason": "Back"}, 404),
    ("POST /tickets/{number}/drafts/note", {"text": "Se", "version": str(NO_VERSION)}, 422),
    ("POST /tickets/{number}/merge/undo", {"shown": str(NO_NUMBER)}, 422),
    ("POST /jobs", {"number": str(NO_NUMBER), "set_priority": "high"}, 422),
    ("POST /jobs", {"number": NO_DIGITS, "set_priority": "high"}, 422),
]
"""A request, what is sent with it, and the status of its answer."""
ENTRIES: list[tuple[str, Any, int]] = [
    ("POST /api/v1/tickets/{number}/state", {"state": "on_hold", "until": BEFORE_TIME}, 422),
    ("POST /api/v1/bulk-jobs", {"actions": [{**HELD, "until": BEFORE_TIME}], "tickets": []}, 422),
    ("POST /jobs", {"number": "{number}", "set_priority": "x"}, 422),
    ("POST /jobs", {"number": "{number}", "set_state": "x"}, 422),
    ("POST /jobs", {"number": "{number}", "assign": "x"}, 422),
    ("POST /jobs", {"number": "{number}", "set_state": "on_hold", "until": "soon"}, 422),
    ("POST /jobs", {"number": "{number}", "set_state": "on_hold", "until": BEFORE_TIME}, 422),
    ("POST /jobs", {"number": "{number}", "set_state": "on_hold", "until": "2099-01-01T08:00"}, 200),
    ("POST /presence", {"presence": "away", "until": BEFORE_TIME}, 422),
    ("POST /tickets/{number}/tasks", {"text": "Call", "due_on": "soon"}, 422),
    ("POST /tickets/{number}/state", {"state": "on_hold", "until": "day", "day": "2026-01-01"}, 422),
    ("POST /erasures", {"address": " ", "confirmation": " ", "reason": "Asked"}, 422),
    ("POST /api/v1/erasures", {"addresses": [" "], "reason": "Asked"}, 422),
    ("PUT /api/v1/me/presence", {"presence": "away", "until": BEFORE_TIME}, 422),
    ("GET /api/v1/reports/misrouting_by_rule?as_of=0001-01-01T00:00%2B14:00", None, 422),
    ("GET /api/v1/tickets/{number}?as_of=0001-01-01T00:00%2B14:00", None, 422),
    ("POST /api/v1/rulesets/condition", {"condition": "message.headers['\\q'] == ''"}, 200),
    ("POST /tickets/{number}/category", {"category": "x"}, 422),
    ("POST /desk/ticketboxes/{box}", {"name": "Workshop", "version": "x"}, 422),
]
OF_THE_DRAFT: list[tuple[str, Any, int]] = [
    ("POST /rules/draft/take-up", {"seen_version": "{draft}", "based_on": str(NO_VERSION)}, 422),
    (
        "POST /rules/draft/rules/{no_digits}",
        {"seen_version": "{draft}", "name": "Lamps", "do": "save"},
        404,
    ),
    ("POST /rules/draft/rules/new", {"seen_version": "x", "name": "Lamps", "do": "save"}, 422),
    ("POST /rules/draft/move", {"seen_version": "{draft}", "index": "0", "by": str(NO_NUMBER)}, 303),
]


async def test_numbers_that_no_database_holds_are_of_nothing_that_there_is(house: House) -> None:
    assert await otherwise(house, NUMBERS) == []


async def test_entries_that_say_nothing_are_refused(house: House) -> None:
    assert await otherwise(house, ENTRIES) == []


async def test_the_draft_of_the_rules_stands_numbers_that_no_database_holds(house: House) -> None:
    client, path = house.clients["administrator"], "/api/v1/rulesets/draft"
    await client.post("/rules/draft/begin")
    begun = (await client.get(path)).json()
    rules = {"rules": [{"name": "Lamps", "condition": "true"}], "default_ticketbox_id": str(WORKSHOP)}
    draft = (await client.put(path, json={**rules, "expected_version": begun["version"]})).json()["version"]
    assert await otherwise(house, OF_THE_DRAFT, draft=draft) == []
    moved = (await client.get(path)).json()["version"]
    assert (await client.delete(path, params={"expected_draft_version": moved})).status_code == 204


async def otherwise(house: House, requests: list[tuple[str, Any, int]], **more: object) -> list[str]:
    """What an administrator is answered, where it is not what is said."""
    client, found = house.clients["administrator"], []
    client.headers["Connection"] = "close"  # whose answer is 500, the next is cut off
    new = {"actions": [URGENT], "tickets": [house.number]}
    job = (await client.post("/api/v1/bulk-jobs", json=new)).json()
    known = {
        "number": house.number,
        "message_id": house.message_id,
        "box": WORKSHOP,
        "job_id": job["job_id"],
        "no_number": NO_NUMBER,
        "no_version": NO_VERSION,
        "no_digits": NO_DIGITS,
        **more,
    }
    for request, sent, status in requests:
        answer = await _answer(client, request, sent, {name: str(value) for name, value in known.items()})
        if answer.status_code != status:
            found.append(f"{request[:80]} with {str(sent)[:80]}: {answer.status_code} instead of {status}")
    return found


async def _answer(
    client: httpx.AsyncClient, request: str, sent: Any, known: dict[str, str]
) -> httpx.Response:
    def filled(text: str) -> str:
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    method, path = filled(request).split()
    if sent is None:
        return await client.request(method, path)
    said = json.loads(filled(json.dumps(sent)))
    kind = "json" if path.startswith("/api/") else "data"
    return await client.request(method, path, **{kind: said})
