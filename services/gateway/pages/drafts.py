"""What a ticket's page says by itself: what is being written, and that somebody is there; and what it asks for then."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from services.gateway.access.guard import Here, Signed
from services.gateway.numbers import TicketNumber, Version
from services.gateway.pages.rendering import page
from services.gateway.problems import Conflict
from services.gateway.tickets import answer_templates, visits
from services.gateway.tickets.answer_templates import Sought
from services.gateway.tickets.drafts import LONGEST, Draft, Kind
from services.gateway.tickets.tickets import ticket_id_of
from services.gateway.tickets.visits import NO_PAGE, Doing, Visit

router = APIRouter()


@router.post("/tickets/{number}/drafts/{kind}")
async def save(
    draft: Draft,
    kind: Kind,
    text: Annotated[str, Form(max_length=LONGEST)] = "",
    version: Annotated[Version | None, Form()] = None,
) -> Response:
    """Keep what is written so far; without a version, whatever was saved elsewhere."""
    try:
        saved = await draft.save(kind, text, version)
    except Conflict as conflict:
        return JSONResponse(conflict.document(), conflict.status)
    return JSONResponse({"version": saved.version})


@router.post("/tickets/{number}/drafts/{kind}/discard")
async def discard(request: Request, who: Signed, draft: Draft, number: TicketNumber, kind: Kind) -> Response:
    """Throw it away, with a way back."""
    await draft.discard(kind)
    return page(request, "_draft.html", who, number=number, kind=kind, draft=None, restores=True)


@router.post("/tickets/{number}/drafts/{kind}/undo")
async def bring_back(
    request: Request, who: Signed, draft: Draft, number: TicketNumber, kind: Kind
) -> Response:
    """Bring it back."""
    found = await draft.bring_back(kind)
    return page(request, "_draft.html", who, number=number, kind=kind, draft=found, restores=True)


@router.get("/tickets/{number}/templates")
async def templates(
    request: Request, here: Here, who: Signed, number: TicketNumber, q: Sought = ""
) -> Response:
    """What an answer may begin with."""
    async with here.service.pool.acquire() as db:
        found = await answer_templates.offered(db, who.person, number, q)
    return page(request, "_templates.html", who, templates=found, q=q)


@router.get("/tickets/{number}/visitors")
async def visitors(request: Request, here: Here, who: Signed, number: TicketNumber) -> Response:
    """Who else is there."""
    async with here.service.pool.acquire() as db:
        await ticket_id_of(db, who.person.sight, number)
        present = await visits.others(db, who.person, number, here.service.clock())
    return page(request, "_visitors.html", who, present=present)


@router.post("/tickets/{number}/visit")
async def visit(
    request: Request,
    who: Signed,
    visit: Visit,
    doing: Annotated[Doing, Form()] = "looking",
    page_id: Annotated[UUID, Form()] = NO_PAGE,
) -> Response:
    """Say that one is there, and see who else is."""
    return page(request, "_visitors.html", who, present=await visit.come(doing, page_id))


@router.post("/tickets/{number}/visit/end")
async def leave(visit: Visit, page_id: Annotated[UUID, Form()] = NO_PAGE) -> Response:
    """Say that one is there no more."""
    await visit.go(page_id)
    return Response(status_code=204)
