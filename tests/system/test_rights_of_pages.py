"""Every page, and every form on it, with every role."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from contracts.stream_ids import contact_id
from services.gateway import pages
from tests.system.house import (
    ACTORS,
    ADMINISTERING,
    ALL,
    ANSWERING,
    MANAGING,
    ORGANISATION,
    SEEING,
    WORKSHOP,
    House,
)

pytestmark = [pytest.mark.system, pytest.mark.anyio]

WRITING = "yes yes yes 403 yes yes yes"
"""Who answers anywhere."""
KEEPING = "yes yes yes 403 404 yes yes"
"""Who answers anywhere, of what they see."""

TRIED = uuid4()
"""A policy."""
OPEN = {
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "GET /forms/{box_id}",
    "POST /forms/{box_id}",
}
"""For who has not signed in."""
TABLE: dict[str, str] = {
    "POST /presence": WRITING,
    "GET /": ALL,
    "GET /tickets": ALL,
    "POST /tickets/next": "yes yes yes 403 403 403 yes",
    "GET /tickets/{number}": SEEING,
    "POST /tickets/{number}/replies": ANSWERING,
    "POST /tickets/{number}/notes": ANSWERING,
    "POST /tickets/{number}/assignment": ANSWERING,
    "POST /tickets/{number}/replies/{reply_id}/retry": ANSWERING,
    "POST /tickets/{number}/state": ANSWERING,
    "POST /tickets/{number}/priority": ANSWERING,
    "POST /tickets/{number}/tags": ANSWERING,
    "POST /tickets/{number}/fields/{key}": ANSWERING,
    "POST /tickets/{number}/category": ANSWERING,
    "POST /tickets/{number}/watchers": ANSWERING,
    "POST /tickets/{number}/tasks": ANSWERING,
    "POST /tickets/{number}/tasks/{task_id}": ANSWERING,
    "POST /tickets/{number}/tasks/{task_id}/change": ANSWERING,
    "POST /tickets/{number}/tasks/{task_id}/remove": ANSWERING,
    "POST /tickets/{number}/tasks/{task_id}/undo": ANSWERING,
    "POST /tickets/{number}/undo": ANSWERING,
    "GET /tickets/{number}/templates": ANSWERING,
    "GET /tags": ALL,
    "GET /tasks": ALL,
    "POST /tasks/{number}/{task_id}": ANSWERING,
    "POST /tickets/{number}/ticketbox": ANSWERING,
    "POST /tickets/{number}/links": ANSWERING,
    "POST /tickets/{number}/links/remove": ANSWERING,
    "GET /tickets/{number}/merge": SEEING,
    "POST /tickets/{number}/merge": ANSWERING,
    "POST /tickets/{number}/merge/undo": "yes yes yes 403 404 422 yes",
    "POST /tickets/{number}/split": ANSWERING,
    "POST /tickets/{number}/letters/move": ANSWERING,
    "POST /tickets/{number}/drafts/{kind}": KEEPING,
    "POST /tickets/{number}/drafts/{kind}/discard": KEEPING,
    "POST /tickets/{number}/drafts/{kind}/undo": KEEPING,
    "GET /tickets/{number}/visitors": SEEING,
    "POST /tickets/{number}/visit": SEEING,
    "POST /tickets/{number}/visit/end": SEEING,
    "GET /jobs": ALL,
    "POST /jobs": WRITING,
    "GET /jobs/{job_id}": ALL,
    "POST /jobs/{job_id}/cancel": WRITING,
    "POST /jobs/{job_id}/undo": WRITING,
    "POST /views": ALL,
    "POST /views/{view_id}": ALL,
    "GET /contacts": ALL,
    "POST /contacts": KEEPING,
    "GET /contacts/by-address": SEEING,
    "GET /contacts/{contact_id}": SEEING,
    "POST /contacts/{contact_id}": KEEPING,
    "POST /contacts/{contact_id}/addresses": KEEPING,
    "POST /contacts/{contact_id}/addresses/part": KEEPING,
    "POST /contacts/{contact_id}/merge": KEEPING,
    "POST /contacts/{contact_id}/merge/undo": KEEPING,
    "GET /organisations": ALL,
    "GET /organisations/names": ALL,
    "GET /organisations/{organisation_id}": ALL,
    "GET /letters": ALL,
    "POST /letters/{what}": MANAGING,
    "GET /letters/{message_id}": SEEING,
    "POST /letters/{message_id}/release": MANAGING,
    "POST /letters/{message_id}/discard": MANAGING,
    "POST /letters/{message_id}/reading": MANAGING,
    "POST /letters/{message_id}/replay": MANAGING,
    "GET /attention": ALL,
    "GET /letters/{message_id}/html": SEEING,
    "GET /reports": ALL,
    "GET /reports/{name}": ALL,
    "GET /rules": MANAGING,
    "GET /rules/versions": MANAGING,
    "GET /rules/versions/{version}": MANAGING,
    "POST /rules/versions/{version}/roll-back": ADMINISTERING,
    "POST /rules/draft/begin": MANAGING,
    "GET /rules/draft": MANAGING,
    "POST /rules/draft/default": MANAGING,
    "POST /rules/draft/rules/{place}": MANAGING,
    "POST /rules/draft/move": MANAGING,
    "POST /rules/draft/remove": MANAGING,
    "POST /rules/draft/put-back": MANAGING,
    "POST /rules/draft/take-up": MANAGING,
    "POST /rules/draft/publish": ADMINISTERING,
    "GET /rules/draft/rules/{index}": MANAGING,
    "GET /rules/draft/new": MANAGING,
    "POST /rules/draft/dry-run": MANAGING,
    "POST /rules/draft/drop": MANAGING,
    "POST /rules/draft/bring-back": MANAGING,
    "GET /rules/dry-runs/{dry_run_id}": MANAGING,
    "POST /rules/dry-runs/{dry_run_id}/cancel": MANAGING,
    "GET /status": ALL,
    "POST /status/parked/{service}/{parked_id}/replay": ADMINISTERING,
    "POST /desk/automations/{thing_id}/trial": ADMINISTERING,
    "GET /desk": ALL,
    "GET /ticketboxes": ALL,
    "GET /desk/{kind}": ALL,
    "GET /desk/{kind}/new": ALL,
    "GET /desk/{kind}/{thing_id}": SEEING,
    "POST /desk/{kind}/{thing_id}": MANAGING,
    "POST /desk/{kind}/{thing_id}/what-if": MANAGING,
    "GET /desk/{kind}/{thing_id}/what-if/{what_if_id}": MANAGING,
    "POST /desk/{kind}/{thing_id}/history/{version}": "yes yes 403 403 404 403 yes",
    "POST /desk/{kind}/{thing_id}/remove": ADMINISTERING,
    "POST /desk/ticketboxes/{ticketbox_id}/members": "yes yes 403 403 404 403 yes",
    "POST /people/{person_id}/presence": "yes yes 403 403 403 403 403",
    "GET /erasures": ADMINISTERING,
    "POST /erasures": ADMINISTERING,
    "GET /erasures/new": ADMINISTERING,
    "GET /erasures/{erasure_id}": ADMINISTERING,
    "GET /what-ifs/{what_if_id}": MANAGING,
    "POST /what-ifs/{what_if_id}/cancel": MANAGING,
    "POST /what-ifs/{what_if_id}/save": ADMINISTERING,
}
"""For each actor: yes, or the status with which it is refused. 404: it does not exist for them."""
FORMS: dict[str, dict[str, Any]] = {
    "POST /presence": {"presence": "off"},
    "POST /tickets/next": {"box": str(WORKSHOP)},
    "POST /tickets/{number}/replies": {"text": "Soon.", "seen_version": 999},
    "POST /tickets/{number}/notes": {"text": "Seen."},
    "POST /tickets/{number}/state": {"state": "solved"},
    "POST /tickets/{number}/priority": {"priority": "high"},
    "POST /tickets/{number}/tags": {"add": "lamp"},
    "POST /tickets/{number}/tasks": {"text": "Call the workshop"},
    "POST /tickets/{number}/tasks/{task_id}": {"done": "true"},
    "POST /tickets/{number}/tasks/{task_id}/change": {"text": "Write to the workshop"},
    "POST /tasks/{number}/{task_id}": {"done": "true"},
    "POST /tickets/{number}/undo": {"undone": str(uuid4())},
    "POST /people/{person_id}/presence": {"presence": "off"},
    "POST /tickets/{number}/ticketbox": {"box": str(WORKSHOP)},
    "POST /tickets/{number}/drafts/{kind}": {"text": "Half a sente"},
    "POST /tickets/{number}/visit": {"doing": "looking"},
    "POST /jobs": {"set_priority": "high"},
    "POST /views/{view_id}": {"then": "save", "name": "Mine"},
    "POST /rules/versions/{version}/roll-back": {"seen_version": 999, "reason": "Try"},
    "POST /rules/draft/default": {"seen_version": 999, "box": str(WORKSHOP)},
    "POST /rules/draft/move": {"seen_version": 999, "index": 0, "by": 1},
    "POST /rules/draft/remove": {"seen_version": 999, "index": 0},
    "POST /rules/draft/put-back": {"seen_version": 999},
    "POST /rules/draft/take-up": {"seen_version": 999, "based_on": 999},
    "POST /rules/draft/publish": {"seen_version": 999, "reason": "Try"},
    "POST /rules/draft/drop": {"draft_version": 999},
    "POST /desk/{kind}/{thing_id}": {
        "name": "Workshop",
        "addresses": "workshop@example.com",
        "distribution.method": "round_robin",
        "version": 999,
    },
    "POST /erasures": {"address": "nobody@customers.example", "reason": "Try"},
    "POST /what-ifs/{what_if_id}/save": {"thing_id": str(TRIED), "version": "0"},
}
MISSING = {
    "POST /tickets/{number}/undo",
    "POST /tickets/{number}/tasks/{task_id}/change",
    "POST /tickets/{number}/tasks/{task_id}/remove",
    "POST /tickets/{number}/tasks/{task_id}/undo",
    "POST /tasks/{number}/{task_id}",
    "POST /tickets/{number}/replies/{reply_id}/retry",
    "POST /tickets/{number}/tasks/{task_id}",
    "POST /tickets/{number}/fields/{key}",
    "POST /tickets/{number}/drafts/{kind}/undo",
    "GET /jobs/{job_id}",
    "POST /jobs/{job_id}/cancel",
    "POST /jobs/{job_id}/undo",
    "POST /views/{view_id}",
    "POST /letters/{message_id}/replay",
    "GET /letters/{message_id}/html",
    "GET /rules/draft/rules/{index}",
    "POST /rules/draft/bring-back",
    "GET /rules/dry-runs/{dry_run_id}",
    "POST /rules/dry-runs/{dry_run_id}/cancel",
    "POST /status/parked/{service}/{parked_id}/replay",
    "POST /desk/automations/{thing_id}/trial",
    "GET /erasures/{erasure_id}",
}
"""What they ask for is not there for anybody: 404 for who may, too."""


LEADING_ELSEWHERE = {"GET /", "GET /ticketboxes"}


def every_page() -> set[str]:
    """All that there are: whoever adds one adds a line."""
    app = FastAPI()
    app.include_router(pages.router)
    paths = app.openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


async def test_every_page_does_for_every_role_what_its_rights_say(house: House) -> None:
    assert every_page() == {*TABLE, *OPEN}, "each page has its line in the table of this test"
    administrator, wrong = house.clients["administrator"], []
    tried = {"kind": "policy", "id": str(TRIED), "name": f"Tried {TRIED}"}
    asked = await administrator.post("/api/v1/what-ifs", json={"things": [tried], "months": 1})
    house.what_if_id = UUID(asked.json()["what_if_id"])
    for page, line in TABLE.items():
        for actor, expected in reversed([*zip(ACTORS, line.split(), strict=True)]):
            status = await status_of(house, actor, page)
            allowed = status < 500 and status not in {401, 403, *(() if page in MISSING else (404,))}
            if not (allowed if expected == "yes" else status == int(expected)):
                wrong.append(f"{page} as {actor}: {status} instead of {expected}")
    assert wrong == [], "\n".join(wrong)
    views = (await administrator.get("/api/v1/desk/views")).json()["items"]
    mine = [f"views/{one['id']}" for one in views if one["name"].startswith("List of ")]
    for left in (f"policies/{TRIED}", *mine):
        assert (await administrator.delete(f"/api/v1/desk/{left}")).status_code == 204


async def status_of(house: House, actor: str, page: str) -> int:
    method, form = page.partition(" ")[0], form_of(house, page)
    asked = {"params": form} if method == "GET" and form else {"data": form}
    answer = await house.clients[actor].request(method, path_of(house, page), **asked)  # type: ignore[arg-type]
    return answer.status_code


def form_of(house: House, page: str) -> dict[str, Any]:
    """What a form says that is understood."""
    form = FORMS.get(page, {})
    if "links" in page or "merge" in page or "split" in page or "letters/move" in page:
        itself = dict.fromkeys(("other", "into", "to"), str(house.number))
        form = {**itself, "link": "related", "message_id": house.message_id}
    if "contacts" in page:
        form = {
            "address": house.customer,
            "addresses": house.customer,
            "version": "0",
            "merged": str(contact_id(house.customer)),
        }
    if page.endswith("/members"):
        form = {"member": str(house.people["member"]), "right": "see"}
    if page == "POST /views":
        form = {"name": f"List of {uuid4()}"}
    if page == "POST /jobs":
        form = {**form, "number": str(house.number)}
    if page == "POST /letters/{what}":
        form = {"message_id": house.message_id}
    return form


def path_of(house: House, page: str, **odd: str) -> str:
    path = page.partition(" ")[2]
    if path == "/letters/{what}":
        odd = {"what": "release", **odd}
    if path.endswith("/what-if"):
        odd = {"kind": "policies", "thing_id": str(uuid4()), **odd}
    if path.endswith("/what-if/{what_if_id}"):
        odd = {"kind": "policies", "thing_id": str(TRIED), **odd}
    if path.endswith("/remove") and path.startswith("/desk"):
        odd = {"kind": "organisations", "thing_id": str(ORGANISATION), **odd}
    return house.path(page, **odd)


async def test_nobody_sees_anything_who_has_not_signed_in(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.postroom.url) as stranger:
        for page in TABLE.keys() - LEADING_ELSEWHERE:
            answer = await stranger.request(page.partition(" ")[0], path_of(house, page))
            leads_to = answer.headers.get("Location", "")
            assert (answer.status_code, leads_to.partition("?")[0]) == (303, "/sign-in"), page
