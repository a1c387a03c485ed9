"""Tasks over all tickets; each is added, changed and done at its ticket."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.gateway.access.guard import Here, Signed
from services.gateway.lists import Limit
from services.gateway.representations.basics import Page
from services.gateway.representations.tickets import TaskLine
from services.gateway.tickets import task_lists
from services.gateway.tickets.task_lists import TaskQuery, Wanted

router = APIRouter(tags=["tickets"])


@router.get("/tasks")
async def list_tasks(
    here: Here,
    who: Signed,
    query: Annotated[TaskQuery, Depends()],
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[TaskLine]:
    """Tasks of the tickets that you see: what is due first at the head, what has no day at the end."""
    async with here.service.pool.acquire() as db:
        wanted = Wanted(query, who.person.person_id)
        return await task_lists.page_of_tasks(db, who.person.sight, wanted, cursor, limit)
