"""Saved lists of tickets: made from the list, kept beside it."""

from typing import Annotated, Literal, assert_never
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from contracts.desk import View
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, Signed, command_id_of
from services.gateway.desk import things
from services.gateway.problems import Unprocessable
from services.gateway.tickets import views
from services.gateway.tickets.list_query import query_of

router = APIRouter()


def _list_of(view: View) -> RedirectResponse:
    return RedirectResponse(f"/tickets?{urlencode(view.parameters)}", 303)


def _named(name: str) -> str:
    if not name.strip():
        raise Unprocessable("Give the list a name, then save it.")
    return name.strip()


def _owner(person: Person, shared: str | None) -> UUID | None:
    return None if shared else person.person_id


@router.post("/views")
async def save(
    request: Request,
    here: Here,
    who: Signed,
    name: Annotated[str, Form(max_length=200)] = "",
    shared: Annotated[str | None, Form()] = None,
) -> Response:
    """Save the list that is shown."""
    parameters = query_of(await request.form()).parameters
    owner_id = _owner(who.person, shared)
    async with here.service.pool.acquire() as db:
        order = views.last_of(await views.every(db, who.person), owner_id)
    view = View(id=uuid4(), name=_named(name), owner_id=owner_id, order=order, parameters=parameters)
    await things.put(here, who.person, command_id_of(request, who.person), view, None)
    return _list_of(view)


@router.post("/views/{view_id}")
async def change(
    request: Request,
    here: Here,
    who: Signed,
    view_id: UUID,
    then: Annotated[Literal["save", "remove", "up", "down"], Form()],
    seen_version: Annotated[int | None, Form()] = None,
    name: Annotated[str, Form(max_length=200)] = "",
    shared: Annotated[str | None, Form()] = None,
) -> Response:
    """Rename a saved list, share it or keep it to oneself, give it another place, or remove it."""
    async with here.service.pool.acquire() as db:
        found = await things.find(db, who.person, "views", view_id)
    assert isinstance(found.thing, View)  # noqa: S101 - it was looked for among the views
    command_id = command_id_of(request, who.person)
    match then:
        case "remove":
            await things.remove(here, who.person, command_id, "views", view_id, seen_version)
            return RedirectResponse("/tickets", 303)
        case "up" | "down":
            await views.move(here, who.person, command_id, view_id, -1 if then == "up" else 1)
            return _list_of(found.thing)
        case "save":
            changed = {"name": _named(name), "owner_id": _owner(who.person, shared)}
            view = found.thing.model_copy(update=changed)
            await things.put(here, who.person, command_id, view, seen_version or found.version)
            return _list_of(view)
        case _:
            assert_never(then)
