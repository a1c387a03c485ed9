"""What is to be done, over all tickets: one's own tasks first."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from contracts.desk import Team
from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Here, Signed
from services.gateway.desk import desk
from services.gateway.gateway import Gateway
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import BadRequest
from services.gateway.tickets import task_lists
from services.gateway.tickets.handling import Handle
from services.gateway.tickets.task_lists import TaskQuery, Wanted

router = APIRouter()
PAGE = 50
USUAL = {"owner": "me", "due": "", "done": "false"}


@dataclass(frozen=True, slots=True)
class Undo:
    """The way back: the task of a ticket, and whether it was done before."""

    number: int
    task_id: UUID
    done: bool


def query_of(request: Request) -> dict[str, str]:
    """What the address asks for; what it does not say is as usual, and what it says with nothing is anything."""
    asked = {name: request.query_params.get(name) for name in ("owner", "due", "done")}
    return USUAL | {name: value for name, value in asked.items() if value is not None}


@router.get("/tasks")
async def task_list(request: Request, here: Here, who: Signed, cursor: str | None = None) -> Response:
    """My tasks, or others'."""
    return await _show(request, here, who, cursor)


async def _show(
    request: Request,
    here: Gateway,
    who: SignedIn,
    cursor: str | None,
    done: str | None = None,
    undo: Undo | None = None,
) -> Response:
    asked = query_of(request)
    try:
        query = TaskQuery.model_validate({name: value for name, value in asked.items() if value})
    except ValidationError as error:
        raise BadRequest(f"This list cannot be understood: {error.errors()[0]['msg']}.") from None
    async with here.service.pool.acquire() as db:
        wanted = Wanted(query, who.person.person_id)
        data = {
            "tasks": await task_lists.page_of_tasks(db, who.person.sight, wanted, cursor, PAGE),
            "owners": [*await desk.every(db, Team), *await desk.people(db, here.service.clock())],
        }
    template = "_tasks.html" if is_partial(request) else "tasks.html"
    return page(request, template, who, asked=asked, cursor=cursor, done=done, undo=undo, **data)


@router.post("/tasks/{number}/{task_id}")
async def finish(
    request: Request, here: Here, who: Signed, handle: Handle, task_id: UUID, done: Annotated[bool, Form()]
) -> Response:
    """It is done, or to be done after all; the list is as it is then."""
    await handle.finish_task(task_id, done=done)
    said = "The task is done." if done else "The task is to be done after all."
    return await _show(request, here, who, None, said, Undo(handle.number, task_id, not done))
