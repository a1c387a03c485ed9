"""Letters: their custody, their bytes and their files."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from services.gateway import messages
from services.gateway.gateway import Gateway
from services.gateway.guard import Here, SeenMessage, Signed
from services.gateway.problems import BadRequest, NotFound
from services.gateway.representations import Custody, MessageItem, Page

router = APIRouter(tags=["messages"])

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser can show and not run."""


@router.get("/messages")
async def list_messages(
    here: Here, who: Signed, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[MessageItem]:
    """Letters as they came in, the newest first, each with what became of it."""
    if cursor is not None and not cursor.isdecimal():
        raise BadRequest("This cursor is none of ours; begin again without one.")
    async with here.service.pool.acquire() as db:
        return await messages.page_of_messages(db, who.person.sight, int(cursor) if cursor else None, limit)


@router.get("/messages/{message_id}")
async def get_message(here: Here, _: Signed, message_id: SeenMessage) -> Custody:
    """A message's custody: each step with its time, service and evidence. Answers of ours have one too, by reply id."""
    async with here.service.pool.acquire() as db:
        return await messages.custody(db, message_id)


@router.get("/messages/{message_id}/raw")
async def get_raw(here: Here, _: Signed, message_id: SeenMessage) -> StreamingResponse:
    """The bytes as received."""
    async with here.service.pool.acquire() as db:
        received = await messages.received(db, message_id)
    return await download(here, received.sha256, f"{message_id}.eml", "message/rfc822")


@router.get("/messages/{message_id}/text")
async def get_text(here: Here, _: Signed, message_id: SeenMessage) -> StreamingResponse:
    """The whole text, however long it is."""
    async with here.service.pool.acquire() as db:
        received = await messages.received(db, message_id)
    if received.text_sha256 is None:
        encoded = received.text.encode()
        return _response(iter([encoded]), "text.txt", "text/plain; charset=utf-8")
    return await download(here, received.text_sha256, "text.txt", "text/plain; charset=utf-8")


@router.get("/messages/{message_id}/attachments/{number}")
async def get_attachment(
    here: Here, _: Signed, message_id: SeenMessage, number: int, *, inline: bool = False
) -> StreamingResponse:
    """A file of a message, to be saved; with `inline`, images are shown."""
    async with here.service.pool.acquire() as db:
        received = await messages.received(db, message_id)
    if not 0 <= number < len(received.attachments):
        raise NotFound("This message has no such attachment.")
    attachment = received.attachments[number]
    if inline and attachment.type in SHOWN_INLINE:
        return await download(here, attachment.sha256, attachment.name, attachment.type, inline=True)
    # Its own type would let a browser guess what to do with it.
    return await download(here, attachment.sha256, attachment.name, "application/octet-stream")


async def download(
    gateway: Gateway, sha256: str, name: str, media_type: str, *, inline: bool = False
) -> StreamingResponse:
    """Stored bytes as a file that no browser runs."""
    return _response(await gateway.blob(sha256), name, media_type, inline=inline)


def _response(content: object, name: str, media_type: str, *, inline: bool = False) -> StreamingResponse:
    how = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name or 'file', safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=86400, immutable",
    }
    return StreamingResponse(content, media_type=media_type, headers=headers)  # type: ignore[arg-type]
