"""Where mail comes in, and how a website offers it."""

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway import desk
from services.gateway.guard import Here, Signed
from services.gateway.pages.rendering import page
from services.gateway.representations import BoxItem

router = APIRouter()


@router.get("/ticketboxes")
async def ticketboxes(request: Request, here: Here, who: Signed) -> Response:
    """Each ticketbox with its addresses and its form."""
    settings = here.service.settings
    async with here.service.pool.acquire() as db:
        boxes = await desk.boxes(db, who.person.sight, settings.forms)
    site = str(request.base_url).rstrip("/")
    snippets = {box.id: snippet(site, box) for box in boxes if box.form}
    return page(
        request,
        "ticketboxes.html",
        who,
        boxes=boxes,
        site=site,
        snippets=snippets,
        ancestors=settings.form_ancestors,
    )


def snippet(site: str, box: BoxItem) -> str:
    """What a website puts where the form shall be."""
    return (
        f'<iframe src="{escape(f"{site}{box.form}")}" title="{escape(box.name)}" '
        'width="100%" height="860" frameborder="0" loading="lazy"></iframe>'
    )
