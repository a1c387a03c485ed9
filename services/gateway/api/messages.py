"""Letters: their custody, their bytes and their files."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from contracts.ingest import MessageHeld
from contracts.standing import MessageState
from services.gateway.access.guard import Here, SeenMessage, Signed
from services.gateway.gateway import Gateway
from services.gateway.lists import Limit
from services.gateway.messages import messages
from services.gateway.messages.custody import custody
from services.gateway.messages.deciding import Decision
from services.gateway.messages.messages import Filter
from services.gateway.problems import NotFound, Withheld
from services.gateway.representations.basics import Page
from services.gateway.representations.messages import Custody, MessageItem, ReadAgainResult

router = APIRouter(tags=["messages"])

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser can show and not run."""


@router.get("/messages")
async def list_messages(
    here: Here,
    who: Signed,
    state: MessageState | None = None,
    reason: Annotated[
        str | None, Query(description="Why it is suppressed, quarantined or failed, as the list says it.")
    ] = None,
    source: Annotated[
        str | None, Query(description="`smtp`, `lmtp`, `imap:NAME`, `pop3:NAME`, `form:TICKETBOX` or `api`.")
    ] = None,
    q: Annotated[str | None, Query(description="Words of a message, or its id.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[MessageItem]:
    """The book of messages, the newest first, each with what became of it."""
    wanted = Filter(state=state, reason=reason or None, source=source or None, q=q or None)
    async with here.service.pool.acquire() as db:
        return await messages.page_of_messages(db, who.person.sight, wanted, cursor, limit)


@router.get("/messages/{message_id}")
async def get_message(here: Here, _: Signed, message_id: SeenMessage) -> Custody:
    """A message's custody: each step with its time, service and evidence. Answers of ours have one too, by reply id."""
    async with here.service.pool.acquire() as db:
        return await custody(db, message_id)


@router.post("/messages/{message_id}/release", status_code=201)
async def release(decision: Decision, message_id: SeenMessage) -> MessageItem:
    """Let through a message that is quarantined, suppressed or failed: it goes to its ticketbox.

    For who manages its ticketbox. 409 if it was delivered already. It is `in_flight` until the ticket has it.
    """
    return await decision.release(message_id)


@router.post("/messages/{message_id}/discard", status_code=201)
async def discard(decision: Decision, message_id: SeenMessage) -> MessageItem:
    """Delete a message that is quarantined or failed: it is suppressed with the reason `discarded`.

    For who manages its ticketbox. 409 if it was delivered already. Its bytes are kept; a release brings it back.
    """
    return await decision.discard(message_id)


@router.post("/messages/{message_id}/reading", status_code=201)
async def read_again(decision: Decision, message_id: SeenMessage) -> ReadAgainResult:
    """Read the stored bytes with the reader of this release.

    For who manages its ticketbox. If it reads otherwise than before, the new reading is shown everywhere, and the
    rules decide anew about a message that is quarantined or failed.
    """
    return await decision.read_again(message_id)


@router.get("/messages/{message_id}/raw")
async def get_raw(here: Here, who: Signed, message_id: SeenMessage) -> StreamingResponse:
    """The bytes as received. What the virus scanner does not call clean is for administrators only."""
    async with here.service.pool.acquire() as db:
        message, withheld = await messages.stored(db, message_id)
    if withheld is None:
        return await download(here, message.sha256, f"{message_id}.eml", "message/rfc822")
    if not who.person.may_administer:
        raise Withheld(f"{withheld} Administrators can have it as it was received.")
    # Under this name and type no program opens it by itself.
    return await download(here, message.sha256, f"{message_id}.eml.quarantined", "application/octet-stream")


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
        received, withheld = await messages.stored(db, message_id)
    if isinstance(received, MessageHeld) or withheld is not None:
        raise Withheld(withheld or "")
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
