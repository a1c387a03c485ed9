"""What people write and have not sent, and who is at a ticket now."""

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from contracts.model import Text
from services.gateway.access.guard import Here, Signed
from services.gateway.bodies import Body
from services.gateway.numbers import TicketNumber, Version
from services.gateway.problems import NotFound
from services.gateway.representations.basics import Page
from services.gateway.representations.tickets import DraftItem, Visitor
from services.gateway.tickets import drafts, visits
from services.gateway.tickets.drafts import LONGEST, Draft, Kind
from services.gateway.tickets.tickets import ticket_id_of
from services.gateway.tickets.visits import Doing, Visit

router = APIRouter(tags=["tickets"])


@router.get("/drafts")
async def list_drafts(here: Here, who: Signed) -> Page[DraftItem]:
    """All that you have not sent, the newest first."""
    async with here.service.pool.acquire() as db:
        return Page(items=await drafts.every(db, who.person), next=None)


@router.get("/tickets/{number}/drafts/{kind}")
async def get_draft(here: Here, who: Signed, number: TicketNumber, kind: Kind) -> DraftItem:
    """What you write on a ticket; 404 if there is nothing."""
    async with here.service.pool.acquire() as db:
        await ticket_id_of(db, who.person.sight, number)
        found = await drafts.one(db, who.person, number, kind)
    if found is None:
        raise NotFound("There is no such draft.")
    return found


class NewDraft(Body):
    """With `expected_version`, 409 with what was saved elsewhere since. An empty text discards the draft."""

    text: Text = Field(max_length=LONGEST)
    expected_version: Version | None = None


@router.put("/tickets/{number}/drafts/{kind}")
async def put_draft(draft: Draft, kind: Kind, new: NewDraft) -> DraftItem:
    """Keep what you have written so far. Sending the answer, or saving the note, ends it."""
    return await draft.save(kind, new.text, new.expected_version)


@router.delete("/tickets/{number}/drafts/{kind}", status_code=204)
async def delete_draft(draft: Draft, kind: Kind) -> Response:
    """Throw it away."""
    await draft.discard(kind)
    return Response(status_code=204)


@router.post("/tickets/{number}/drafts/{kind}/undo", status_code=201)
async def bring_back_draft(draft: Draft, kind: Kind) -> DraftItem:
    """Bring back what was thrown away within the last week."""
    return await draft.bring_back(kind)


@router.get("/tickets/{number}/visitors")
async def get_visitors(here: Here, who: Signed, number: TicketNumber) -> Page[Visitor]:
    """Who else is at the ticket now."""
    async with here.service.pool.acquire() as db:
        await ticket_id_of(db, who.person.sight, number)
        found = await visits.others(db, who.person, number, here.service.clock())
    return Page(items=found, next=None)


class NewVisit(Body):
    doing: Doing


@router.put("/tickets/{number}/visitors/me")
async def put_visit(visit: Visit, new: NewVisit) -> Page[Visitor]:
    """Say that you look at the ticket or answer it; it holds for 45 seconds. The answer is who else is there."""
    return Page(items=await visit.come(new.doing), next=None)


@router.delete("/tickets/{number}/visitors/me", status_code=204)
async def delete_visit(visit: Visit) -> Response:
    """Say that you have gone."""
    await visit.go()
    return Response(status_code=204)
