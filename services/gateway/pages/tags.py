"""What fields for tags suggest."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.access.guard import Here, Signed
from services.gateway.pages.rendering import page
from services.gateway.tickets import tags

router = APIRouter()


@router.get("/tags")
async def suggestions(request: Request, here: Here, who: Signed) -> Response:
    """The tags in use, once a page needs them."""
    async with here.service.pool.acquire() as db:
        found = await tags.in_use(db, who.person.sight)
    answer = page(request, "_tags.html", who, tags=found)
    # All tickets are counted for it, and every ticket's page asks.
    answer.headers.update({"Cache-Control": "private, max-age=300", "Vary": "Cookie"})
    return answer
