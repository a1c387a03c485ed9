"""The list of tickets, and one ticket: where agents spend their day."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from chassis.database import Connection
from contracts.desk import Category, Team, Ticketbox
from contracts.model import LONGEST_WRITING, Instant
from contracts.people import Right
from contracts.queries import GetTransport, Transport
from contracts.router import Priority
from contracts.tickets import State
from services.gateway.access.accounts import Person, SignedIn
from services.gateway.access.guard import Here, Signed, Writer, command_id_of
from services.gateway.contacts import contacts, organisations
from services.gateway.contacts.organisations import Organisations
from services.gateway.desk import automations, desk
from services.gateway.desk.categories import paths
from services.gateway.forms import references
from services.gateway.gateway import Gateway
from services.gateway.lists import COUNTED
from services.gateway.messages import messages
from services.gateway.numbers import TicketNumber, number_in
from services.gateway.pages import entered
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import Conflict, NotFound, Unanswered
from services.gateway.representations.tickets import ComingItem
from services.gateway.tickets import drafts, past, ticket_lists, tickets, views, visits
from services.gateway.tickets.asking import AskingOfTicket
from services.gateway.tickets.doing import Outdated, Wish
from services.gateway.tickets.list_query import TITLES, ListQuery, query_of
from services.gateway.tickets.next_ticket import next_ticket
from services.gateway.tickets.ticket_lists import Filter

router = APIRouter()
PAGE = 50
MOST_COUNTED = 12
"""Saved lists that are counted."""
GLANCE_SECONDS = 1
"""How long a page waits for another service that it can do without."""
BESIDE = 8
"""Tickets of the same customer that are listed beside one."""


@router.get("/")
async def home() -> Response:
    return RedirectResponse("/tickets", 303)


@router.get("/tickets")
async def ticket_list(request: Request, here: Here, who: Signed, cursor: str | None = None) -> Response:
    """The list, or only its lines if a page that is open asks for them."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        asked: dict[str, str] = dict(request.query_params)
        if asked.get("organisation"):
            asked["organisation"] = str(known.identity(asked["organisation"]))
        query = query_of(asked)
        if query.q and not is_partial(request) and (named := await _named(db, who.person, query.q)):
            return RedirectResponse(named, 303)
        wanted = await ticket_lists.sought(db, _filter(who.person, query, known))
        found = await ticket_lists.page_of_tickets(db, who.person.sight, wanted, cursor, PAGE)
        has_others = found.next is not None or cursor is not None
        data = {
            "query": query,
            "titles": TITLES,
            "tickets": found,
            "number": await ticket_lists.count(db, who.person.sight, wanted) if has_others else None,
            "counts": {
                name: await _count(db, who.person, ListQuery(view=name), known)
                for name in ("mine", "unassigned", "open")
            },
            "counted": COUNTED,
            "cursor": cursor,
            "drafts": await drafts.numbers(db, who.person),
            "here": query.address(cursor=cursor),
            **await _saved(db, who.person, query, known),
            **await _offered(db, here, who.person, query, known),
        }
    return page(request, "_tickets.html" if is_partial(request) else "tickets.html", who, **data)


async def _named(db: Connection, person: Person, q: str) -> str | None:
    """The page of the ticket whose number someone typed, or of the letter whose reference it is."""
    number = number_in(q)
    if number is not None and await tickets.exists(db, person.sight, number):
        return f"/tickets/{number}"
    if (ids := references.range_of(q)) and (letter := await messages.one_between(db, person.sight, *ids)):
        return f"/letters/{letter}"
    return None


def _filter(person: Person, query: ListQuery, known: Organisations) -> Filter:
    """Which tickets a list shows: none if it asks for an organisation that was removed."""
    try:
        return query.filter(person.person_id, known)
    except NotFound:
        return Filter(numbers=())


async def _count(db: Connection, person: Person, query: ListQuery, known: Organisations) -> int:
    return await ticket_lists.count(db, person.sight, _filter(person, query, known))


async def _saved(db: Connection, person: Person, query: ListQuery, known: Organisations) -> dict[str, object]:
    """Saved lists, in order; the first ones with how many tickets they have, if that is quickly told."""
    found = await views.every(db, person)
    saved = [one.view for one in found]
    counted = {
        one.id: await _count(db, person, kept, known)
        for one in saved[:MOST_COUNTED]
        if (kept := views.query_in(one)) is not None and kept.q is None
    }
    return {
        "saved": saved,
        "saved_counts": counted,
        # One's own come last, and are meant before everyone's that show the same.
        "current": next((one for one in reversed(found) if views.query_in(one.view) == query), None),
        "may_share": person.may_oversee,
    }


async def _offered(
    db: Connection, here: Gateway, person: Person, query: ListQuery, known: Organisations
) -> dict[str, object]:
    """What a list can be narrowed by, and tickets given."""
    names = dict(await desk.names(db))
    address = query.contact
    if isinstance(address, UUID):
        contact = await contacts.shown(db, person.sight, address)
        names[address], address = contact.name or contact.addresses[0], contact.addresses[0]
    named = known.by_id.get(query.organisation) if query.organisation else None
    if query.organisation and named is None:
        names.pop(query.organisation, None)  # its name would not say why the list is empty
    words = query.words(names)
    return {
        "address": address or "",
        "boxes": await desk.boxes(db, person.sight),
        "people": await desk.people(db, here.service.clock()),
        "teams": await desk.every(db, Team),
        "has_organisations": bool(known.by_id),
        "organisation": named.name if named else "",
        "categories": paths(await desk.every(db, Category)),
        "priorities": [one.value for one in Priority],
        "narrowed": {name: said for name, said in words.items() if name not in {"q", "box"}},
    }


@router.post("/tickets/next")
async def take_next(
    request: Request, here: Here, person: Writer, box: Annotated[UUID | None, Form()] = None
) -> Response:
    """The most urgent ticket that waits is mine, and opens."""
    taken = await next_ticket(here, person, command_id_of(request, person), box)
    return Response(headers={"HX-Redirect": f"/tickets/{taken.number}"})


@router.get("/tickets/{number}")
async def ticket_page(
    request: Request, here: Here, who: Signed, number: TicketNumber, as_of: Instant | None = None
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


def back_from(wish: AskingOfTicket) -> Undo:
    """The way back of a wish that changed the state, the owner, the ticketbox or what else the ticket is."""
    return Undo(wish.number, "undo", {"undone": str(wish.command_id)})


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
        written = {kind: await drafts.one(db, who.person, number, kind) for kind in drafts.KINDS}
        present = await visits.others(db, who.person, number, here.service.clock())
        contact = await contacts.of_address(db, who.person.sight, ticket.contact.address)
        others = [
            await ticket_lists.page_of_tickets(db, who.person.sight, wanted, None, BESIDE)
            for wanted in (
                Filter(contact=ticket.contact.address, state=State.OPEN),
                Filter(contact=ticket.contact.address, merged=True),
            )
        ]
    moments = past.moments(opened.events, ticket.conversation)
    template = "_ticket.html" if is_partial(request) else "ticket.html"
    coming, outgoing = await known_elsewhere(here, opened.summary.ticket_id, whole=template == "ticket.html")
    return page(
        request,
        template,
        who,
        ticket=ticket,
        moments=moments,
        moment_shown=len(moments),
        people=[person for person in people if person.id in answering],
        may_answer=who.person.may(Right.ANSWER, ticket.box.id),
        other_boxes=[box for box in boxes if box.id != ticket.box.id],
        drafts=written,
        present=present,
        page_id=uuid4(),
        contact=contact,
        waiting=[item for item in others[0].items if item.number != number],
        earlier=[item for item in others[1].items if item.number != number and item not in others[0].items],
        alone=template == "_ticket.html",
        outgoing=outgoing,
        categories=paths(opened.choices.categories),
        watching=[*opened.choices.teams, *people],
        priorities=[one.value for one in Priority],
        done=done,
        undo=undo,
        coming=coming,
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
        contact=contact,
        waiting=[],
        coming=[],
        earlier=[],
        drafts={},
        present=[],
        categories=paths(opened.choices.categories),
        done=None,
    )


async def known_elsewhere(
    here: Gateway, ticket_id: UUID, *, whole: bool
) -> tuple[list[ComingItem] | None, str | None]:
    """What will happen to a ticket by itself; and on a whole page, where answers go if no relay is set.

    Both are asked for at once and within a moment: a page has nearly all without other services.
    """
    coming = automations.coming(here, ticket_id, GLANCE_SECONDS)
    if not whole:
        return await coming, None
    found, outgoing = await asyncio.gather(coming, _outgoing(here))
    return found, outgoing


async def _outgoing(here: Gateway) -> str | None:
    """So that nobody believes that a customer got an answer; None also if notify does not answer."""
    try:
        transport = await here.ask(GetTransport(), Transport, timeout_seconds=GLANCE_SECONDS)
    except Unanswered:
        return None
    return transport.target if transport.kind == "maildir" else None


@router.post("/tickets/{number}/replies")
async def reply(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    text: Annotated[str, Form(max_length=LONGEST_WRITING)] = "",
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
        undo=back_from(wish) if then == "solve" else None,
    )
    answer.headers["HX-Trigger"] = _sent("reply")
    return answer


def _sent(kind: drafts.Kind) -> str:
    """Tells the page which of its two forms has arrived."""
    return json.dumps({"composer-sent": {"kind": kind}})


def show_unseen(request: Request, who: SignedIn, conflict: Conflict, again: str | None = None) -> Response:
    """What came meanwhile; `again` is the button that does it all the same."""
    unseen = conflict.unseen if isinstance(conflict, Outdated) else ()
    answer = page(
        request,
        "_unseen.html",
        who,
        conflict.status,
        conflict=conflict,
        unseen=unseen,
        again=again,
    )
    answer.headers["HX-Retarget"] = "#notice"
    answer.headers["HX-Reswap"] = "innerHTML"
    answer.headers["HX-Trigger"] = "ticket-changed"
    return answer


@router.post("/tickets/{number}/notes")
async def note(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    text: Annotated[str, Form(max_length=LONGEST_WRITING)] = "",
) -> Response:
    """Save the note."""
    await wish.note(text)
    answer = await show_ticket(request, here, who, wish.number, done="The note is saved.")
    answer.headers["HX-Trigger"] = _sent("note")
    return answer


@router.post("/tickets/{number}/assignment")
async def assignment(
    request: Request, here: Here, who: Signed, wish: Wish, assignee: Annotated[str, Form()] = ""
) -> Response:
    """Give the ticket to someone, or back to everyone."""
    await wish.assign(entered.identity(assignee))
    return await show_ticket(
        request,
        here,
        who,
        wish.number,
        done="The ticket has a new owner." if assignee else "The ticket is given back.",
        undo=back_from(wish),
    )


@router.post("/tickets/{number}/replies/{reply_id}/retry")
async def retry(request: Request, here: Here, who: Signed, _: Writer, wish: Wish, reply_id: UUID) -> Response:
    """Send an answer again that did not arrive."""
    await wish.retry(reply_id)
    return await show_ticket(request, here, who, wish.number, done="The answer is sent again.")
