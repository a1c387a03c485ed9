"""What is said of people beside their form: where they are members, and whether they are there."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from contracts.people import Presence, Right
from services.gateway.access.guard import Here, Signed, Writer, command_id_of
from services.gateway.desk import members
from services.gateway.desk import presence as presences
from services.gateway.desk.presence import Saying
from services.gateway.pages import entered

router = APIRouter()


@router.post("/desk/ticketboxes/{ticketbox_id}/members")
async def let(
    request: Request,
    here: Here,
    who: Signed,
    ticketbox_id: UUID,
    member: Annotated[UUID, Form()],
    right: Annotated[Right | Literal[""], Form()] = "",
) -> Response:
    """Let somebody see or answer in the ticketbox, or no longer."""
    await members.let(
        here, who.person, command_id_of(request, who.person), ticketbox_id, member, right or None
    )
    return RedirectResponse(f"/desk/ticketboxes/{ticketbox_id}#members-title", 303)


@router.post("/people/{person_id}/presence")
async def presence(
    request: Request,
    here: Here,
    person: Writer,
    person_id: UUID,
    presence: Annotated[Presence, Form()],
    until: Annotated[str, Form()] = "",
) -> Response:
    """Say of somebody whether they take tickets now, and for how long."""
    saying = Saying(person_id, presence, entered.moment(until))
    await presences.set_presence(here, person.person_id, command_id_of(request, person), saying)
    return Response(headers={"HX-Refresh": "true"})
