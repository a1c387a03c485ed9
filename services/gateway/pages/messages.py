"""Letters: what came in, what became of it, how it looked, and what people do with what was stopped."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from contracts.queries import Parked
from contracts.standing import MessageState
from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Here, SeenMessage, Signed
from services.gateway.access.sight import may_see_message
from services.gateway.gateway import Gateway
from services.gateway.lists import COUNTED
from services.gateway.messages import messages, safe_html
from services.gateway.messages.custody import custody, way
from services.gateway.messages.deciding import Deciding, Decision, Many, Wish, parked_of
from services.gateway.messages.messages import Filter
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import NotFound, Unprocessable

router = APIRouter()
PAGE = 50
MOST_HTML = 2 * 1024 * 1024
"""Bytes of HTML that are shown; more than that no person wrote."""
TITLES: dict[MessageState | None, str] = {
    None: "All letters",
    MessageState.QUARANTINED: "Quarantined",
    MessageState.FAILED: "Failed",
    MessageState.IN_FLIGHT: "In flight",
    MessageState.SUPPRESSED: "Suppressed",
    MessageState.TICKETED: "In tickets",
}
COUNTED_STATES = (MessageState.QUARANTINED, MessageState.FAILED, MessageState.IN_FLIGHT)


def filter_of(
    state: Annotated[MessageState | None, Query()] = None,
    reason: Annotated[str | None, Query(max_length=1000)] = None,
    source: Annotated[str | None, Query(max_length=1000)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Filter:
    """What the address of a list asks for."""
    return Filter(state=state, reason=reason or None, source=source or None, q=q or None)


Wanted = Annotated[Filter, Depends(filter_of)]


@router.get("/letters")
async def letters(
    request: Request, here: Here, who: Signed, wanted: Wanted, cursor: str | None = None
) -> Response:
    """The book of messages, or only its lines if a page that is open asks for them."""
    return await _list(request, here, who, wanted, cursor)


async def _list(
    request: Request,
    here: Gateway,
    who: SignedIn,
    wanted: Filter,
    cursor: str | None = None,
    *,
    done: str | None = None,
    undo: Sequence[UUID] = (),
) -> Response:
    async with here.service.pool.acquire() as db:
        found = await messages.page_of_messages(db, who.person.sight, wanted, cursor, PAGE)
        counts = {state: await messages.count(db, who.person.sight, state) for state in COUNTED_STATES}
        sources = await messages.sources(db)
        reasons = await messages.reasons(db, who.person.sight, wanted.state) if wanted.state else []
    return page(
        request,
        "_letters.html" if is_partial(request) else "letters.html",
        who,
        letters=found,
        wanted=wanted,
        titles=TITLES,
        counts=counts,
        counted=COUNTED,
        sources={source: way(source) for source in sources},
        reasons=reasons,
        cursor=cursor,
        done=done,
        undo=undo,
    )


@router.post("/letters/{what}")
async def decide_many(
    request: Request,
    here: Here,
    who: Signed,
    decision: Decision,
    wanted: Wanted,
    what: Literal["release", "discard"],
    message_id: Annotated[list[UUID] | None, Form()] = None,
) -> Response:
    """Let through or delete the letters that were selected."""
    if not message_id:
        raise Unprocessable("Nothing is selected. Select letters first, with x or the mouse.")
    wish: Wish = Deciding.release if what == "release" else Deciding.discard
    many = await decision.each(message_id, wish)
    undo = many.done if what == "discard" else ()
    return await _list(request, here, who, wanted, done=_told(what, many, len(message_id)), undo=undo)


def _told(what: Literal["release", "discard"], many: Many, asked: int) -> str:
    """What became of the letters that were selected, as a sentence or two."""
    said = []
    if many.done:
        said.append(f"{_letters(len(many.done))} {'let through' if what == 'release' else 'deleted'}.")
    if many.refused:
        said.append(f"{_letters(asked - len(many.done))} left as they were: {' '.join(many.refused)}")
    return " ".join(said)


def _letters(number: int) -> str:
    return "1 letter is" if number == 1 else f"{number} letters are"


@router.get("/letters/{message_id}")
async def letter(request: Request, here: Here, who: Signed, message_id: SeenMessage) -> Response:
    """One letter, or only what may have changed of it if a page that is open asks for it."""
    return await _letter(request, here, who, message_id)


async def _letter(
    request: Request,
    here: Gateway,
    who: SignedIn,
    message_id: UUID,
    *,
    done: str | None = None,
    undo: bool = False,
) -> Response:
    async with here.service.pool.acquire() as db:
        found = await custody(db, message_id)
        decides = await may_see_message(db, who.person.manages, message_id)
    parked: list[tuple[str, Parked]] = []
    if found.state == MessageState.FAILED and decides:
        parked = await parked_of(here, message_id)
    return page(
        request,
        "_letter.html" if is_partial(request) else "letter.html",
        who,
        custody=found,
        decides=decides,
        parked=parked,
        done=done,
        undo=undo,
    )


@router.post("/letters/{message_id}/release")
async def release(
    request: Request, here: Here, who: Signed, decision: Decision, message_id: SeenMessage
) -> Response:
    """Let the letter through."""
    await decision.release(message_id)
    return await _letter(request, here, who, message_id, done="The letter is let through to its ticketbox.")


@router.post("/letters/{message_id}/discard")
async def discard(
    request: Request, here: Here, who: Signed, decision: Decision, message_id: SeenMessage
) -> Response:
    """Delete the letter."""
    await decision.discard(message_id)
    return await _letter(request, here, who, message_id, done="The letter is deleted.", undo=True)


@router.post("/letters/{message_id}/reading")
async def read_again(
    request: Request, here: Here, who: Signed, decision: Decision, message_id: SeenMessage
) -> Response:
    """Read the letter again."""
    read = await decision.read_again(message_id)
    done = "The letter is read anew." if read.changed else "It reads the same as before: nothing is changed."
    return await _letter(request, here, who, message_id, done=done)


@router.post("/letters/{message_id}/replay")
async def replay(
    request: Request, here: Here, who: Signed, decision: Decision, message_id: SeenMessage
) -> Response:
    """Try again what failed."""
    await decision.replay(message_id)
    return await _letter(request, here, who, message_id, done="This time it went well.")


@router.get("/attention")
async def attention(request: Request, who: Signed) -> Response:
    """What a person must look at, for a page that is open."""
    return page(request, "_attention_news.html", who)


@router.get("/letters/{message_id}/html")
async def html(here: Here, who: Signed, message_id: SeenMessage) -> Response:
    """The letter's HTML, made harmless, for a frame; without any image until it is in a ticket."""
    async with here.service.pool.acquire() as db:
        state = (await messages.item(db, who.person.sight, message_id)).state
        received = await messages.received(db, message_id)
    if received.html_sha256 is None:
        raise NotFound("This message has no HTML.")
    content = b""
    async for piece in await here.blob(received.html_sha256):
        content += piece
        if len(content) > MOST_HTML:
            break
    images = {
        attachment.content_id.strip("<>"): f"/api/v1/messages/{message_id}/attachments/{number}?inline=true"
        for number, attachment in enumerate(received.attachments)
        if attachment.content_id
    }
    stopped = state != MessageState.TICKETED
    shown = safe_html.page(content[:MOST_HTML].decode(errors="replace"), None if stopped else images)
    return HTMLResponse(shown, headers={"Content-Security-Policy": safe_html.POLICY})
