"""Contacts and organisations: the list that people type into, and everything about one of them on one page."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from contracts.contacts import Card
from contracts.stream_ids import contact_stream
from contracts.tickets import State
from services.gateway.access.accounts import SignedIn
from services.gateway.access.guard import Here, Signed
from services.gateway.contacts import contact_history, contacts, organisations
from services.gateway.contacts.acquainting import Wish
from services.gateway.contacts.contact_changes import told
from services.gateway.desk import desk
from services.gateway.gateway import Gateway
from services.gateway.pages.rendering import is_partial, page
from services.gateway.problems import Unprocessable
from services.gateway.read_model import history
from services.gateway.tickets import ticket_lists
from services.gateway.tickets.ticket_lists import Filter

router = APIRouter()
PAGE = 50
LISTED = 200
"""Organisations on a page; the others are found by their names."""
SUGGESTED = 20
BESIDE = 6
"""Tickets that are listed beside a history."""
Text = Annotated[str, Form()]
Words = Annotated[str | None, Query(max_length=200)]


@router.get("/contacts")
async def contact_list(
    request: Request,
    here: Here,
    who: Signed,
    q: Words = None,
    organisation: Words = None,
    cursor: str | None = None,
) -> Response:
    """The list, or only its lines while somebody types."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        theirs = known.named(organisation) if organisation else None
        wanted = contacts.Filter(q=q or None, organisation=known.membership(theirs.id) if theirs else None)
        found = await contacts.page_of_contacts(db, who.person.sight, wanted, cursor, PAGE)
    return page(
        request,
        "_contacts.html" if is_partial(request) else "contacts.html",
        who,
        contacts=found,
        q=q or "",
        organisation=theirs,
        has_organisations=bool(known.by_id),
        cursor=cursor,
    )


@router.get("/contacts/by-address")
async def by_address(here: Here, who: Signed, address: str) -> Response:
    """The page of whoever has an address."""
    async with here.service.pool.acquire() as db:
        found = await contacts.by_address(db, address)
        if found is not None:
            found = (await contacts.row_of(db, who.person.sight, found))["contact_id"]
    return RedirectResponse(f"/contacts/{found}" if found else "/contacts", 303)


@router.get("/organisations/names")
async def organisation_names(request: Request, here: Here, who: Signed, q: Words = None) -> Response:
    """What a field for an organisation suggests while somebody types."""
    async with here.service.pool.acquire() as db:
        found = (await organisations.read(db)).called(q or "")
    return page(request, "_names.html", who, named=found[:SUGGESTED])


@router.get("/contacts/{contact_id}")
async def contact_page(
    request: Request,
    here: Here,
    who: Signed,
    contact_id: UUID,
    q: Words = None,
    cursor: str | None = None,
) -> Response:
    """A contact with the whole history, or only the history while somebody types."""
    if is_partial(request):
        return await _show_history(request, here, who, contact_id, q, cursor)
    return await _show(request, here, who, contact_id, q=q, cursor=cursor)


async def _show_history(
    request: Request, here: Gateway, who: SignedIn, contact_id: UUID, q: str | None, cursor: str | None
) -> Response:
    async with here.service.pool.acquire() as db:
        found = await contact_history.timeline(db, who.person.sight, contact_id, q or None, cursor, PAGE)
    return page(
        request, "_timeline.html", who, timeline=found, contact_id=contact_id, q=q or "", cursor=cursor
    )


async def _show(
    request: Request,
    here: Gateway,
    who: SignedIn,
    contact_id: UUID,
    *,
    q: str | None = None,
    cursor: str | None = None,
    done: str | None = None,
    undo: UUID | None = None,
) -> Response:
    sight = who.person.sight
    async with here.service.pool.acquire() as db:
        contact = await contacts.detail(db, sight, contact_id)
        timeline = await contact_history.timeline(db, sight, contact.id, q or None, cursor, PAGE)
        waiting = await ticket_lists.page_of_tickets(
            db, sight, Filter(contact=contact.id, state=State.OPEN), None, BESIDE
        )
        last = await ticket_lists.page_of_tickets(
            db, sight, Filter(contact=contact.id, merged=True), None, BESIDE
        )
        changes = await history.of_streams(db, [contact_stream(contact.id)])
        names = await desk.names(db)
    if contact.id != contact_id and not is_partial(request):
        return RedirectResponse(f"/contacts/{contact.id}", 303)
    return page(
        request,
        "_contact.html" if is_partial(request) else "contact.html",
        who,
        contact=contact,
        contact_id=contact.id,
        timeline=timeline,
        q=q or "",
        cursor=cursor,
        waiting=waiting.items,
        last=[item for item in last.items if item not in waiting.items],
        changes=told(changes, names),
        may_export=who.person.may_oversee,
        done=done,
        undo=undo,
    )


@router.post("/contacts/{contact_id}")
async def save(
    request: Request,
    here: Here,
    who: Signed,
    wish: Wish,
    contact_id: UUID,
    version: Annotated[int, Form()],
    addresses: Text = "",
    name: Text = "",
    organisation: Text = "",
    language: Text = "",
    note: Text = "",
    remarks: Text = "",
) -> Response:
    """Keep the card."""
    async with here.service.pool.acquire() as db:
        chosen = (await organisations.read(db)).named(organisation) if organisation else None
    card = Card(
        id=contact_id,
        addresses=tuple(_lines(addresses)) or _no_addresses(),
        name=name[:200],
        organisation_id=chosen.id if chosen else None,
        language=language[:35],
        note=note.replace("\r\n", "\n")[:10_000],
        remarks=_remarks(_lines(remarks)),
    )
    await wish.change(card, version)
    return await _show(request, here, who, contact_id, done="The card is saved.")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _no_addresses() -> tuple[str, ...]:
    raise Unprocessable("A contact has at least one address. Write one on each line.")


def _remarks(lines: Sequence[str]) -> dict[str, str]:
    """`customer number: K-4711` on each line.

    Raises:
        Unprocessable.
    """
    remarks: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not (colon and 0 < len(name.strip()) <= 100 and len(value) <= 2000):
            raise Unprocessable(
                f"Write remarks as “name: value”, one on each line; this is none: {line[:100]}"
            )
        remarks[name.strip()] = value.strip()
    return remarks


@router.post("/contacts")
async def add(wish: Wish, address: Text = "", name: Text = "") -> Response:
    """Begin the card of somebody."""
    contact = await wish.add_by_address(address, name[:200])
    return RedirectResponse(f"/contacts/{contact.id}", 303)


@router.post("/contacts/{contact_id}/addresses")
async def take(
    request: Request, here: Here, who: Signed, wish: Wish, contact_id: UUID, address: Text = ""
) -> Response:
    """Give the contact an address that another one has."""
    await wish.take(contact_id, address)
    return await _show(request, here, who, contact_id, done=f"{address.strip().lower()} belongs here now.")


@router.post("/contacts/{contact_id}/addresses/part")
async def part(
    request: Request, here: Here, who: Signed, wish: Wish, contact_id: UUID, address: Text = ""
) -> Response:
    """Let an address be a contact of its own."""
    await wish.part(contact_id, address)
    return await _show(request, here, who, contact_id, done=f"{address} is a contact of its own now.")


@router.post("/contacts/{contact_id}/merge")
async def merge(
    request: Request, here: Here, who: Signed, wish: Wish, contact_id: UUID, address: Text = ""
) -> Response:
    """Let the contact that has an address go on in this one."""
    async with here.service.pool.acquire() as db:
        other = await contacts.by_address(db, address)
    if other is None:
        raise Unprocessable(f"Nobody has written from “{address}” yet. Add it to the card instead.")
    await wish.merge(other, contact_id)
    return await _show(request, here, who, contact_id, done="They are one contact now.", undo=other)


@router.post("/contacts/{contact_id}/merge/undo")
async def undo_merge(
    request: Request, here: Here, who: Signed, wish: Wish, contact_id: UUID, merged: Annotated[UUID, Form()]
) -> Response:
    """Let a contact that was merged into this one stand for itself again."""
    await wish.undo_merge(merged)
    return await _show(
        request,
        here,
        who,
        contact_id,
        done="They are two contacts again, each with what came by its addresses.",
    )


@router.get("/organisations")
async def organisation_list(request: Request, here: Here, who: Signed, q: Words = None) -> Response:
    """Organisations by name, and domains that may be some."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        found = known.called(q or "")
        suggested = await organisations.suggestions(db, known) if who.person.sight.everything else []
    return page(
        request,
        "organisations.html",
        who,
        q=q or "",
        organisations=found[:LISTED],
        more=len(found[LISTED:]),
        suggestions=suggested,
    )


@router.get("/organisations/{organisation_id}")
async def organisation_page(request: Request, here: Here, who: Signed, organisation_id: UUID) -> Response:
    """An organisation: its people, and their tickets."""
    sight = who.person.sight
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        membership = known.membership(organisation_id)
        people = await contacts.page_of_contacts(
            db, sight, contacts.Filter(organisation=membership), None, PAGE
        )
        found = await ticket_lists.page_of_tickets(db, sight, Filter(organisation=membership), None, PAGE)
    return page(
        request,
        "organisation.html",
        who,
        organisation=known.by_id[organisation_id],
        contacts=people,
        tickets=found,
    )
