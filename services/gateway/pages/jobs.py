"""Bulk jobs: begun from the list of tickets, followed, stopped and undone."""

from collections.abc import Iterator
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from contracts.bulk import Assign, BulkAction, Categorise, Move, Prioritise, SetState, Tag
from contracts.queries import BulkJob
from contracts.tickets import State
from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Here, Signed
from services.gateway.gateway import Gateway
from services.gateway.numbers import number_in
from services.gateway.pages import entered
from services.gateway.pages.rendering import is_partial, page
from services.gateway.pieces import Asked
from services.gateway.tickets import jobs
from services.gateway.tickets.jobs import Wish
from services.gateway.tickets.list_query import query_of
from services.gateway.tickets.ticket_lists import Filter

router = APIRouter()
NOBODY = "none"
"""As the value of a choice, where an empty one changes nothing."""


@router.post("/jobs")
async def start(request: Request, here: Here, who: Signed, wish: Wish) -> Response:
    """Do what the form says to the tickets that are ticked, or to all of the list."""
    form = await request.form()
    actions = list(_actions(form))
    if form.get("all"):
        query = query_of(request.query_params)
        wanted, said = await jobs.asked_for(here, who.person, query)
        words = ", ".join([query.title, *said])
    else:
        ticked = (number_in(str(one)) for one in form.getlist("number"))
        numbers = tuple(number for number in ticked if number is not None)
        words, wanted = jobs.selected(len(numbers)), Filter(numbers=numbers, merged=True)
    answer = await _notice(request, here, who, await wish.start(wanted, actions, words))
    answer.headers["HX-Trigger"] = "selection-done"
    return answer


def _actions(form: FormData) -> Iterator[BulkAction]:
    """What is filled in; a ticket is moved first, since its owner must be one of the new ticketbox.

    Raises:
        Unprocessable: some of it cannot be understood.
    """

    def said(name: str) -> str:
        return str(form.get(name, "")).strip()

    if box := entered.identity(said("move")):
        yield Move(ticketbox_id=box)
    if owner := said("assign"):
        yield Assign(agent_id=None if owner == NOBODY else entered.identity(owner))
    if priority := entered.priority(said("set_priority")):
        yield Prioritise(priority=priority)
    add, remove = said("add"), said("remove")
    if add or remove:
        yield Tag(add=(add,) if add else (), remove=(remove,) if remove else ())
    if category := said("set_category"):
        yield Categorise(category_id=None if category == NOBODY else entered.identity(category))
    if state := entered.state(said("set_state")):
        yield SetState(state=state, until=entered.moment(said("until")) if state is State.ON_HOLD else None)


@router.get("/jobs")
async def job_list(request: Request, here: Here, who: Signed) -> Response:
    """The last jobs."""
    found = await jobs.every(here, who.person)
    names = await jobs.names(here)
    lines = [(job, jobs.sentences(job.actions, names)) for job in found]
    return page(request, "jobs.html", who, lines=lines, names=names)


@router.get("/jobs/{job_id}")
async def job_page(
    request: Request,
    here: Here,
    who: Signed,
    job_id: UUID,
    piece: Asked,
    *,
    notice: bool = False,
) -> Response:
    """How far a job is, as a page, or as a notice on the list."""
    found = await jobs.find(here, who.person, job_id, piece)
    if notice:
        return await _notice(request, here, who, found)
    names = await jobs.names(here)
    return page(
        request,
        "_job.html" if is_partial(request) else "job.html",
        who,
        job=found,
        actions=jobs.sentences(found.actions, names),
        names=names,
        next=piece.following([one.place for one in found.refused_tickets]),
    )


async def _notice(request: Request, here: Gateway, who: SignedIn, job: BulkJob) -> Response:
    actions = jobs.sentences(job.actions, await jobs.names(here))
    return page(request, "_job_notice.html", who, job=job, actions=actions)


@router.post("/jobs/{job_id}/cancel")
async def cancel(request: Request, here: Here, who: Signed, wish: Wish, job_id: UUID) -> Response:
    """Let it do nothing more."""
    await wish.cancel(job_id)
    return await _notice(request, here, who, await jobs.find(here, who.person, job_id))


@router.post("/jobs/{job_id}/undo")
async def undo(request: Request, here: Here, who: Signed, wish: Wish, job_id: UUID) -> Response:
    """Give each ticket back what it changed."""
    return await _notice(request, here, who, await wish.undo(job_id))
