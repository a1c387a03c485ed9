"""The list of tickets, and one ticket: where agents spend their day."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import AwareDatetime
from starlette.responses import RedirectResponse, Response

from chassis.database import Connection
from contracts.desk import AnyThing, Right, Ticketbox
from contracts.desk import View as SavedView
from contracts.queries import GetTransport, Transport
from contracts.router import Priority
from services.gateway import automations, contacts, desk, messages, organisations, past, things, tickets
from services.gateway.accounts import Person, SignedIn
from services.gateway.api.tickets import Number, Wish
from services.gateway.forms import references
from services.gateway.gateway import Gateway
from services.gateway.guard import Here, Signed, Writer, command_id_of
from services.gateway.lists import COUNTED
from services.gateway.next_ticket import next_ticket
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import Conflict, Unavailable
from services.gateway.tickets import Filter

router = APIRouter()
PAGE = 50
BESIDE = 8
"""Tickets of the same customer that are listed beside one."""
View = Literal["mine", "unassigned", "open", "pending", "on_hold", "solved", "closed", "all"]
TITLES: dict[str, str] = {
    "mine": "My open tickets",
    "unassigned": "Nobody's tickets",
    "open": "All open tickets",
    "pending": "Waiting for customers",
    "on_hold": "On hold",
    "solved": "Solved tickets",
    "closed": "Closed tickets",
    "all": "All tickets",
}


def filter_of(view: str, person: Person, box: UUID | None = None, q: str | None = None) -> Filter:
    """What a view shows."""
    match view:
        case "mine":
            return Filter(box=box, q=q, state="open", assignee=person.person_id)
        case "unassigned":
            return Filter(box=box, q=q, state="open", unassigned=True)
        case "open" | "pending" | "on_hold" | "solved" | "closed":
            return Filter(box=box, q=q, state=view)
        case _:
            return Filter(box=box, q=q)


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/tickets", 303)


@router.get("/tickets")
async def ticket_list(
    request: Request,
    here: Here,
    who: Signed,
    view: View | None = None,
    box: UUID | None = None,
    contact: UUID | None = None,
    organisation: UUID | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    cursor: str | None = None,
) -> Response:
    """The list, or only its lines if a page that is open asks for them."""
    # A search looks everywhere, unless someone says otherwise.
    view = view or ("all" if q or contact or organisation else "open")
    async with here.service.pool.acquire() as db:
        of = await _customers(db, who.person, contact, organisation)
        wanted = replace(
            filter_of(view, who.person, box, q or None), contact=contact, organisation=of.membership
        )
        number = (q or "").strip().lstrip("#")
        named = int(number) if number.isdecimal() and len(number) < 18 and not is_partial(request) else None
        if named is not None and await tickets.exists(db, who.person.sight, named):
            return RedirectResponse(f"/tickets/{named}", 303)
        if (
            q
            and (ids := references.range_of(q))
            and (letter := await messages.one_between(db, who.person.sight, *ids))
        ):
            return RedirectResponse(f"/letters/{letter}", 303)
        items = await tickets.page_of_tickets(db, who.person.sight, wanted, cursor, PAGE)
        counts = {
            name: await tickets.count(db, who.person.sight, filter_of(name, who.person))
            for name in ("mine", "unassigned", "open")
        }
        boxes = await desk.boxes(db, who.person.sight)
        saved = [one.thing for one in await things.every(db, who.person, "views")]
    narrowed = {"contact": contact, "organisation": organisation}
    parameters = {
        name: str(value) for name, value in ({"view": view, "box": box, "q": q} | narrowed).items() if value
    }
    data = {
        "saved": saved,
        "parameters": parameters,
        "current": next((one for one in saved if shows(one, parameters)), None),
        "may_share": who.person.may_share,
        "view": view,
        "titles": TITLES,
        "box": box,
        "boxes": boxes,
        "q": q or "",
        "of": of,
        "narrowed": "".join(f"&{name}={value}" for name, value in narrowed.items() if value),
        "tickets": items,
        "counts": counts,
        "counted": COUNTED,
        "cursor": cursor,
        "here": str(request.url.include_query_params().path)
        + (f"?{request.url.query}" if request.url.query else ""),
    }
    return page(request, "_tickets.html" if is_partial(request) else "tickets.html", who, **data)


@dataclass(frozen=True, slots=True)
class Customers:
    """Whose tickets a list has: `href` leads to them; all None: everyone's."""

    name: str | None = None
    href: str | None = None
    membership: organisations.Membership | None = None


async def _customers(
    db: Connection, person: Person, contact: UUID | None, organisation: UUID | None
) -> Customers:
    if contact is not None:
        found = await contacts.detail(db, person.sight, contact)
        return Customers(found.name or found.addresses[0], f"/contacts/{found.id}")
    if organisation is not None:
        known = await organisations.read(db)
        membership = known.membership(organisation)
        return Customers(known.by_id[organisation].name, f"/organisations/{organisation}", membership)
    return Customers()


def shows(saved: AnyThing, parameters: Mapping[str, str]) -> bool:
    """Whether a saved view is the list with these parameters."""
    return isinstance(saved, SavedView) and dict(saved.parameters) == dict(parameters)


@router.post("/tickets/next")
async def take_next(
    request: Request, here: Here, person: Writer, box: Annotated[UUID | None, Form()] = None
) -> Response:
    """The most urgent ticket that waits is mine, and opens."""
    taken = await next_ticket(here, person, command_id_of(request, person), box)
    return Response(headers={"HX-Redirect": f"/tickets/{taken.number}"})


@router.get("/tickets/{number}")
async def ticket_page(
    request: Request, here: Here, who: Signed, number: Number, as_of: AwareDatetime | None = None
) -> Response:
    """A ticket, or only its conversation if a page that is open asks for it; or how it stood at a moment."""
    if as_of is not None:
        return await show_past(request, here, who, number, as_of)
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
        ticket = tickets.ticket_of(opened, await tickets.routing_of(db, opened))
        people = await desk.people(db, here.service.clock())
        answering = await desk.who_may_answer(db, ticket.box.id)
        boxes = await desk.every(db, Ticketbox)
        contact = await contacts.of_address(db, who.person.sight, ticket.contact.address)
        others = [
            await tickets.page_of_tickets(db, who.person.sight, wanted, None, BESIDE)
            for wanted in (
                Filter(contact=ticket.contact.address, state="open"),
                Filter(contact=ticket.contact.address, merged=True),
            )
        ]
    moments = past.moments(opened.events, ticket.conversation)
    template = "_ticket.html" if is_partial(request) else "ticket.html"
    return page(
        request,
        template,
        who,
        ticket=ticket,
        moments=moments,
        moment_shown=len(moments),
        people=[person for person in people if person.id in answering],
        may_answer=who.person.may(Right.ANSWER, ticket.box.id),
        may_move=who.person.may(Right.MANAGE, ticket.box.id),
        other_boxes=[box for box in boxes if box.id != ticket.box.id],
        contact=contact,
        waiting=[item for item in others[0].items if item.number != number],
        earlier=[item for item in others[1].items if item.number != number and item not in others[0].items],
        outgoing=await _outgoing(here) if template == "ticket.html" else None,
        categories=opened.choices.categories,
        watching=[*opened.choices.teams, *people],
        priorities=[one.value for one in Priority],
        done=done,
        undo=undo,
        coming=await automations.coming(here, opened.summary.ticket_id),
    )


async def show_past(request: Request, here: Gateway, who: SignedIn, number: int, as_of: datetime) -> Response:
    """A ticket as it stood: to be looked at, and nothing else."""
    sight = who.person.sight
    async with here.service.pool.acquire() as db:
        whole = await tickets.open_ticket(db, sight, number)
        opened = await tickets.open_ticket_as_of(db, sight, number, as_of, here.service.clock())
        ticket = tickets.ticket_of(opened, await tickets.routing_of(db, opened))
        contact = await contacts.of_address(db, sight, ticket.contact.address)
    moments = past.moments(whole.events, tickets.ticket_of(whole).conversation)
    return page(
        request,
        "ticket.html",
        who,
        ticket=ticket,
        moments=moments,
        moment_shown=sum(one.at <= as_of for one in moments) - 1,
        may_answer=False,
        may_move=False,
        contact=contact,
        waiting=[],
        coming=[],
        earlier=[],
        categories=opened.choices.categories,
        done=None,
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
        return show_unseen(request, who, wish.number, conflict)
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


def show_unseen(request: Request, who: SignedIn, number: int, conflict: Conflict) -> Response:
    answer = page(request, "_unseen.html", who, conflict=conflict, number=number)
    answer.status_code = conflict.status
    answer.headers["HX-Retarget"] = "#notice"
    answer.headers["HX-Reswap"] = "innerHTML"
    # The conversation shows what is new, beside the words that are kept.
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
