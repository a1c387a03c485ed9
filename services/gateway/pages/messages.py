"""Letters: what came in, what became of it, and how it looked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from chassis.requests import blob
from services.gateway import messages, safe_html
from services.gateway.guard import Here, SeenMessage, Signed
from services.gateway.pages.rendering import page
from services.gateway.problems import NotFound

router = APIRouter()
MOST_HTML = 2 * 1024 * 1024
"""Bytes of HTML that are shown; more than that no person wrote."""


@router.get("/letters")
async def letters(
    request: Request, here: Here, who: Signed, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Everything that came in, the newest first."""
    async with here.service.pool.acquire() as db:
        found = await messages.page_of_messages(db, who.person.sight, before, 50)
    return page(request, "letters.html", who, letters=found, before=before)


@router.get("/letters/{message_id}")
async def custody(request: Request, here: Here, who: Signed, message_id: SeenMessage) -> Response:
    """Everything that happened to one message."""
    async with here.service.pool.acquire() as db:
        found = await messages.custody(db, message_id)
    return page(request, "custody.html", who, custody=found)


@router.get("/letters/{message_id}/html")
async def html(here: Here, _: Signed, message_id: SeenMessage) -> Response:
    """The letter's HTML, made harmless, for a frame."""
    async with here.service.pool.acquire() as db:
        received = await messages.received(db, message_id)
    if received.html_sha256 is None:
        raise NotFound("This message has no HTML.")
    content = b""
    async for piece in blob(here.service.nats, received.html_sha256):
        content += piece
        if len(content) > MOST_HTML:
            break
    images = {
        attachment.content_id.strip("<>"): f"/api/v1/messages/{message_id}/attachments/{number}?inline=true"
        for number, attachment in enumerate(received.attachments)
        if attachment.content_id
    }
    shown = safe_html.page(content[:MOST_HTML].decode(errors="replace"), images)
    return HTMLResponse(shown, headers={"Content-Security-Policy": safe_html.POLICY})
