"""Who may do what in a ticketbox."""

from uuid import UUID

from fastapi import APIRouter, Request

from contracts.people import Right
from services.gateway.access.guard import Here, Signed, command_id_of
from services.gateway.bodies import Body
from services.gateway.desk import members
from services.gateway.representations.basics import Page
from services.gateway.representations.desk import MemberItem

router = APIRouter(prefix="/desk/ticketboxes/{ticketbox_id}/members", tags=["desk"])


@router.get("")
async def list_members(here: Here, who: Signed, ticketbox_id: UUID) -> Page[MemberItem]:
    """Whoever may at least see it, by name; `by` says whether by their role, or by rights of their own."""
    async with here.service.pool.acquire() as db:
        return Page(items=await members.members(db, who.person, ticketbox_id), next=None)


class NewRight(Body):
    """`right` null: none any more."""

    right: Right | None


@router.put("/{person_id}")
async def put_member(
    request: Request, here: Here, who: Signed, ticketbox_id: UUID, person_id: UUID, new: NewRight
) -> NewRight:
    """Let somebody see or answer here, or no longer: who manages the ticketbox. Administrators also let manage."""
    command_id = command_id_of(request, who.person)
    await members.let(here, who.person, command_id, ticketbox_id, person_id, new.right)
    return new
