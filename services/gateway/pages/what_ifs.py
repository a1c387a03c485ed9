"""What-ifs: what the form of a policy or a calendar says was tried, and can be put in force."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from contracts.service_levels import Calendar, Policy
from services.gateway.access.guard import Here, Signed, command_id_of
from services.gateway.desk import desk, things
from services.gateway.desk.differences import Difference
from services.gateway.desk.things import Found
from services.gateway.pages.trials import trial_page
from services.gateway.pieces import Asked
from services.gateway.trials import what_ifs
from services.gateway.trials.trials import Kind
from services.gateway.trials.what_ifs import Planner, Wish

router = APIRouter()


@router.get("/what-ifs/{what_if_id}")
async def show(
    request: Request,
    here: Here,
    who: Signed,
    person: Planner,
    what_if_id: UUID,
    piece: Asked,
    kind: Kind = None,
) -> Response:
    """How far a what-if is; and when it is done, what would be otherwise."""
    found = await what_ifs.one(here, person, what_if_id, kind, piece)
    async with here.service.pool.acquire() as db:
        names = await desk.names(db)
        present = {
            one.thing.id: one
            for kind_of_thing in ("policies", "calendars")
            for one in await things.every(db, who.person, kind_of_thing)
        }
    tried = [_tried(what_if_id, thing, present.get(thing.id)) for thing in found.run.things]
    return trial_page(request, who, "what_if.html", found, kind, names=names, tried=tried)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried, beside what is in force. `differences` None: there is none like it yet."""

    thing: Policy | Calendar
    differences: tuple[Difference, ...] | None
    version: int
    """That of what is in force: whoever puts the other in its place has seen nothing newer."""
    address: str
    """The form with what was tried."""


def _tried(what_if_id: UUID, thing: Policy | Calendar, present: Found | None) -> Tried:
    address = f"/desk/{_plural(thing.kind)}/{thing.id}/what-if/{what_if_id}"
    if present is None:
        return Tried(thing, None, 0, address)
    return Tried(thing, things.compared(present.thing, thing), present.version, address)


def _plural(kind: str) -> str:
    return {"policy": "policies", "calendar": "calendars"}[kind]


@router.post("/what-ifs/{what_if_id}/cancel")
async def cancel(wish: Wish, what_if_id: UUID) -> Response:
    """Let it end where it is."""
    await wish.cancel(what_if_id)
    return RedirectResponse(f"/what-ifs/{what_if_id}", 303)


@router.post("/what-ifs/{what_if_id}/save")
async def save(
    request: Request,
    here: Here,
    who: Signed,
    what_if_id: UUID,
    thing_id: Annotated[UUID, Form()],
    version: Annotated[int, Form()],
) -> Response:
    """Put in force what was tried, unless somebody changed since what it was shown beside."""
    found = await what_ifs.one(here, who.person, what_if_id)
    for thing in found.run.things:
        if thing.id == thing_id:
            await things.put(here, who.person, command_id_of(request, who.person), thing, version)
            return RedirectResponse(f"/desk/{_plural(thing.kind)}/{thing.id}?saved=true", 303)
    return RedirectResponse(f"/what-ifs/{what_if_id}", 303)
