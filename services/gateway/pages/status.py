"""How Postroom itself is."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.access.guard import Administrator, Here, Signed
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import Conflict
from services.gateway.status import replay_parked, status

router = APIRouter()


@router.get("/status")
async def status_page(request: Request, here: Here, who: Signed) -> Response:
    """The ledger, the lag of every consumer, and what is parked."""
    now = await status(here, who.person.sight)
    return page(request, "_status.html" if is_partial(request) else "status.html", who, status=now)


@router.post("/status/parked/{service}/{parked_id}/replay")
async def replay(
    request: Request, here: Here, who: Signed, _: Administrator, service: str, parked_id: UUID
) -> Response:
    """Handle a parked message again."""
    replayed = await replay_parked(here, service, parked_id)
    if not replayed.done:
        raise Conflict("still_parked", f"It failed again and stays parked: {replayed.error}")
    return page(request, "_status.html", who, status=await status(here, who.person.sight))
