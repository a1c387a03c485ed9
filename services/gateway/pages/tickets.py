"""The list of tickets, and one ticket: where agents spend their day."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from chassis.database import Connection
from contracts.desk import Category, Organisation, Right, Ticketbox
from contracts.queries import GetTransport, Transport
from contracts.router import Priority
from services.gateway import desk, drafts, messages, tickets, views, visits
from services.gateway.accounts import Person, SignedIn
from services.gateway.api.tickets import Number, Wish
from services.gateway.doing import Outdated
from services.gateway.forms import references
from services.gateway.gateway import Gateway
from services.gateway.guard import Here, Signed, Writer
from services.gateway.list_query import TITLES, ListQuery, query_of
from services.gateway.lists import COUNTED
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import Conflict, Unavailable
from services.gateway.tickets import Filter

router = APIRouter()
PAGE = 50
MOST_COUNTED = 12
"""Saved lists that are counted."""


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/tickets", 303)


@router.get("/tickets")
async def ticket_list(request: Request, here: Here, who: Signed, cursor: str | None = None) -> Response:
    """The list, or only its lines if a page that is open asks for them."""
    query = query_of(request.query_params)
    async with here.service.pool.acquire() as db:
        if query.q and not is_partial(request) and (named := await _named(db, who.person, query.q)):
            return RedirectResponse(named, 303)
        wanted = query.filter(who.person.person_id)
        data = {
            "query": query,
            "titles": TITLES,
            "tickets": await tickets.page_of_tickets(db, who.person.sight, wanted, cursor, PAGE),
            "number": await tickets.count(db, who.person.sight, wanted),
            "counts": {
                name: await _count(db, who.person, ListQuery(view=name))
                for name in ("mine", "unassigned", "open")
            },
            "counted": COUNTED,
            "cursor": cursor,
            "drafts": await drafts.numbers(db, who.person),
            "here": query.address(cursor=cursor),
            **await _saved(db, who.person, query),
            **await _offered(db, here, who.person, query),
        }
    return page(request, "_tickets.html" if is_partial(request) else "tickets.html", who, **data)


async def _named(db: Connection, person: Person, q: str) -> str | None:
    """The page of the ticket whose number someone typed, or of the letter whose reference it is."""
    number = q.strip().lstrip("#")
    if number.isdecimal() and len(number) < 18 and await tickets.exists(db, person.sight, int(number)):
        return f"/tickets/{int(number)}"
    if (ids := references.range_of(q)) and (letter := await messages.one_between(db, person.sight, *ids)):
        return f"/letters/{letter}"
    return None


async def _count(db: Connection, person: Person, query: ListQuery) -> int:
    return await tickets.count(db, person.sight, query.filter(person.person_id))


async def _saved(db: Connection, person: Person, query: ListQuery) -> dict[str, object]:
    """Saved lists, in order; the first ones with how many tickets they have, if that is quickly told."""
    saved = await views.every(db, person)
    counted = {
        one.id: await _count(db, person, kept)
        for one in saved[:MOST_COUNTED]
        if (kept := views.query_in(one)) is not None and kept.q is None
    }
    return {
        "saved": saved,
        "saved_counts": counted,
        "current": next((one for one in saved if views.query_in(one) == query), None),
        "may_share": person.may_share,
    }


async def _offered(db: Connection, here: Gateway, person: Person, query: ListQuery) -> dict[str, object]:
    """What a list can be narrowed by, and tickets given."""
    words = query.words(await desk.referred(db))
    return {
        "boxes": await desk.boxes(db, person.sight),
        "people": await desk.people(db, here.service.clock()),
        "organisations": await desk.every(db, Organisation),
        "categories": await desk.every(db, Category),
        "priorities": [one.value for one in Priority],
        "narrowed": {name: said for name, said in words.items() if name not in {"q", "box"}},
    }


@router.get("/tickets/{number}")
async def ticket_page(request: Request, here: Here, who: Signed, number: Number) -> Response:
    """A ticket, or only its conversation if a page that is open asks for it."""
    return await show_ticket(request, here, who, number)


@dataclass(frozen=True, slots=True)
class Undo:
    """The way back of what was done: what is posted, and to which ticket."""

    number: int
    what: str
    values: Mapping[str, str | list[str]]


async def show_ticket(
    request: Request,
    here: Gateway,
    who: SignedIn,
    number: int,
    *,
    done: str | None = None,
    undo: Undo | None = None,
) -> Response:
    async with here.service.pool.acquire() as db:
        opened = await tickets.open_ticket(db, who.person.sight, number)
        ticket = tickets.ticket_of(opened, await tickets.routing_of(db, opened.events))
        people = await desk.people(db, here.service.clock())
        answering = await desk.who_may_answer(db, ticket.box.id)
        boxes = await desk.every(db, Ticketbox)
        written = {kind: await drafts.one(db, who.person, number, kind) for kind in drafts.KINDS}
        present = await visits.others(db, who.person, number, here.service.clock())
        earlier = await tickets.page_of_tickets(
            db, who.person.sight, Filter(contact=ticket.contact.address, merged=True), None, 8
        )
    template = "_ticket.html" if is_partial(request) else "ticket.html"
    return page(
        request,
        template,
        who,
        ticket=ticket,
        people=[person for person in people if person.id in answering],
        may_answer=who.person.may(Right.ANSWER, ticket.box.id),
        may_move=who.person.may(Right.MANAGE, ticket.box.id),
        other_boxes=[box for box in boxes if box.id != ticket.box.id],
        earlier=[item for item in earlier.items if item.number != number],
        drafts=written,
        present=present,
        outgoing=await _outgoing(here) if template == "ticket.html" else None,
        categories=opened.choices.categories,
        watching=[*opened.choices.teams, *people],
        priorities=[one.value for one in Priority],
        done=done,
        undo=undo,
    )


async def _outgoing(here: Gateway) -> str | None:
    """Where answers go if no relay is set, so that nobody believes that a customer got one."""
    try:
        transport = await asyncio.wait_for(here.ask(GetTransport(), Transport), 1)
    except (Unavailable, TimeoutError):
        return None
    return transport.target if transport.kind == "maildir" else None


@router.post("/tickets/{number}/replies")
async def reply(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    text: Annotated[str, Form()] = "",
    seen_version: Annotated[int, Form()] = 0,
    then: Annotated[Literal["keep", "solve"], Form()] = "keep",
) -> Response:
    """Send the answer."""
    try:
        await wish.reply(text, seen_version, solve=then == "solve")
    except Conflict as conflict:
        return show_unseen(request, who, conflict, "Send anyway")
    done = (
        "Your answer is on its way, and the ticket is solved."
        if then == "solve"
        else "Your answer is on its way."
    )
    answer = await show_ticket(
        request,
        here,
        who,
        wish.number,
        done=done,
        undo=Undo(wish.number, "state", {"state": "open"}) if then == "solve" else None,
    )
    answer.headers["HX-Trigger"] = "composer-sent"
    return answer


def show_unseen(request: Request, who: SignedIn, conflict: Conflict, again: str | None = None) -> Response:
    """What came meanwhile; `again` is the button that does it all the same."""
    unseen = conflict.unseen if isinstance(conflict, Outdated) else ()
    answer = page(request, "_unseen.html", who, conflict=conflict, unseen=unseen, again=again)
    answer.status_code = conflict.status
    answer.headers["HX-Retarget"] = "#notice"
    answer.headers["HX-Reswap"] = "innerHTML"
    answer.headers["HX-Trigger"] = "ticket-changed"
    return answer


@router.post("/tickets/{number}/notes")
async def note(
    request: Request, here: Here, who: Signed, wish: Wish, text: Annotated[str, Form()] = ""
) -> Response:
    """Save the note."""
    await wish.note(text)
    answer = await show_ticket(request, here, who, wish.number, done="The note is saved.")
    answer.headers["HX-Trigger"] = "composer-sent"
    return answer


@router.post("/tickets/{number}/assignment")
async def assignment(
    request: Request, here: Here, who: Signed, wish: Wish, assignee: Annotated[str, Form()] = ""
) -> Response:
    """Give the ticket to someone, or back to everyone."""
    await wish.assign(tickets.identity(assignee) if assignee else None)
    return await show_ticket(
        request,
        here,
        who,
        wish.number,
        done="The ticket has a new owner." if assignee else "The ticket is given back.",
    )


@router.post("/tickets/{number}/replies/{reply_id}/retry")
async def retry(request: Request, here: Here, who: Signed, _: Writer, wish: Wish, reply_id: UUID) -> Response:
    """Send an answer again that did not arrive."""
    await wish.retry(reply_id)
    return await show_ticket(request, here, who, wish.number, done="The answer is sent again.")
