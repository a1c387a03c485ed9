"""Bulk jobs: the same for many tickets at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from contracts.bulk import MOST_ACTIONS, BulkAction
from contracts.queries import BulkJob
from services.gateway.access.guard import Here, Signed
from services.gateway.bodies import Body, exactly
from services.gateway.numbers import TicketNumber
from services.gateway.pieces import Asked
from services.gateway.problems import Unprocessable
from services.gateway.representations.basics import Page
from services.gateway.tickets import jobs
from services.gateway.tickets.jobs import Wish
from services.gateway.tickets.ticket_lists import Filter
from services.gateway.tickets.ticket_query import TicketQuery

router = APIRouter(tags=["bulk jobs"])
MOST_NUMBERS = 10_000


class NewJob(Body):
    """Either all tickets that match a `query`, as it matches now, or those with `tickets` as their numbers."""

    actions: Annotated[
        list[Annotated[BulkAction, exactly(BulkAction)]], Field(min_length=1, max_length=MOST_ACTIONS)
    ]
    query: TicketQuery | None = None
    tickets: Annotated[list[TicketNumber] | None, Field(max_length=MOST_NUMBERS)] = None


@router.post("/bulk-jobs", status_code=202)
async def post_job(here: Here, wish: Wish, new: NewJob) -> BulkJob:
    """Do something to many tickets. It is worked on in the background, with your rights for each ticket."""
    if (new.query is None) == (new.tickets is None):
        raise Unprocessable("Send a query or the numbers of tickets.")
    if new.query is not None:
        wanted, words = await jobs.asked_for(here, wish.person, new.query)
        return await wish.start(wanted, new.actions, ", ".join(words) or "all tickets")
    numbers = tuple(new.tickets or ())
    return await wish.start(Filter(numbers=numbers, merged=True), new.actions, jobs.selected(len(numbers)))


@router.get("/bulk-jobs")
async def list_jobs(here: Here, who: Signed) -> Page[BulkJob]:
    """Your last jobs, the newest first; supervisors and administrators get everyone's."""
    return Page(items=list(await jobs.every(here, who.person)), next=None)


@router.get("/bulk-jobs/{job_id}")
async def get_job(here: Here, who: Signed, job_id: UUID, piece: Asked) -> BulkJob:
    """How far a job is. `refused_tickets` is a piece: the `place` of its last one is the `cursor` of the next."""
    return await jobs.find(here, who.person, job_id, piece)


@router.delete("/bulk-jobs/{job_id}", status_code=204)
async def cancel_job(wish: Wish, job_id: UUID) -> Response:
    """Let a job do nothing more. What it has done stays, and can be undone."""
    await wish.cancel(job_id)
    return Response(status_code=204)


@router.post("/bulk-jobs/{job_id}/undo", status_code=202)
async def undo_job(wish: Wish, job_id: UUID) -> BulkJob:
    """Give each ticket back what a job changed, unless it changed again since: that is a job of its own."""
    return await wish.undo(job_id)
