"""What-ifs: service levels that are not in force, tried on past tickets."""

from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, JsonValue

from contracts.trials import WhatIf
from services.gateway.access.guard import Here
from services.gateway.bodies import Body
from services.gateway.pieces import Asked
from services.gateway.representations.basics import Page, Representation
from services.gateway.trials import what_ifs
from services.gateway.trials.trials import Kind, TrialView
from services.gateway.trials.what_ifs import MissedItem, Planner, Wish

router = APIRouter(prefix="/what-ifs", tags=["service levels"])


class NewWhatIf(Body):
    """`things` are policies and calendars as the desk takes them, each with its `kind` and `id`.

    One with the id of one that is in force takes its place; another is added.
    """

    things: list[dict[str, JsonValue]] = Field(min_length=1, max_length=100)
    months: int = Field(default=3, ge=1, le=24)


class StartedWhatIf(Representation):
    what_if_id: UUID


@router.post("", status_code=202)
async def post_what_if(wish: Wish, new: NewWhatIf) -> StartedWhatIf:
    """Try service levels on the tickets of the last months, without any effect. It is worked on in the background."""
    tried = [what_ifs.understood(described) for described in new.things]
    return StartedWhatIf(what_if_id=await wish.start(tried, new.months))


@router.get("")
async def list_what_ifs(here: Here, _: Planner) -> Page[WhatIf]:
    """The last what-ifs with their sums, the newest first."""
    return Page(items=list(await what_ifs.latest(here)), next=None)


@router.get("/{what_if_id}")
async def get_what_if(
    here: Here, person: Planner, what_if_id: UUID, piece: Asked, kind: Kind = None
) -> TrialView[WhatIf, MissedItem]:
    """A what-if: progress and sums, and target by target what would be otherwise."""
    return await what_ifs.one(here, person, what_if_id, kind, piece)


@router.delete("/{what_if_id}", status_code=204)
async def cancel_what_if(wish: Wish, what_if_id: UUID) -> Response:
    """Let a what-if end where it is."""
    await wish.cancel(what_if_id)
    return Response(status_code=204)
