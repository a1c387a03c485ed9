"""Contacts and organisations: who writes to us."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from contracts.contacts import Card, Remark
from contracts.model import Text
from contracts.stream_ids import contact_id, contact_stream
from services.gateway.access.guard import Exporter, Here, Signed
from services.gateway.bodies import Body
from services.gateway.contacts import contact_history, contacts, organisations
from services.gateway.contacts.acquainting import Wish
from services.gateway.lists import Limit
from services.gateway.privacy import export
from services.gateway.privacy.export import Export
from services.gateway.read_model import history
from services.gateway.representations.basics import Page
from services.gateway.representations.contacts import (
    ContactDetail,
    ContactItem,
    OrganisationItem,
    OrganisationList,
    TimelineEntry,
)
from services.gateway.representations.tickets import StreamEvent
from services.gateway.tickets import tickets

router = APIRouter(tags=["contacts"])


@router.get("/contacts")
async def list_contacts(
    here: Here,
    who: Signed,
    q: Annotated[
        str | None,
        Query(max_length=200, description="Beginnings of words of a name, an address or a domain."),
    ] = None,
    address: Annotated[str | None, Query(description="Only the contact that has this address.")] = None,
    organisation: Annotated[UUID | None, Query(description="An organisation's id.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ContactItem]:
    """Contacts of the tickets that you see, who wrote last first."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        wanted = contacts.Filter(
            q=q or None,
            address=address or None,
            organisation=known.membership(organisation) if organisation else None,
        )
        return await contacts.page_of_contacts(db, who.person.sight, wanted, cursor, limit)


class CardFields(Body):
    """A card, all of it: what is left out is empty."""

    addresses: list[Text] = Field(min_length=1)
    name: Annotated[Text, Field(max_length=200)] = ""
    organisation_id: UUID | None = None
    language: Annotated[Text, Field(max_length=35)] = ""
    note: Annotated[Text, Field(max_length=10_000)] = ""
    remarks: dict[Annotated[Text, Field(min_length=1, max_length=100)], Remark] = Field(default_factory=dict)

    def card(self, identity: UUID) -> Card:
        return Card(id=identity, **self.model_dump(include=set(CardFields.model_fields)))


class ChangedCard(CardFields):
    """`expected_version` is the version of the contact that its author saw: 409 if it was changed since."""

    expected_version: int | None = None


@router.post("/contacts", status_code=201)
async def post_contact(wish: Wish, new: CardFields) -> ContactDetail:
    """Begin the card of somebody. The id follows from the first address, so whoever wrote before keeps theirs.

    409 `already_there` if there is a card already, which `PUT` changes, or an address is on that of another contact.
    """
    return await wish.add(new.card(contact_id(new.addresses[0])))


@router.get("/contacts/{contact_id}")
async def get_contact(here: Here, who: Signed, contact_id: UUID) -> ContactDetail:
    """A contact; of one that was merged into another, that one."""
    async with here.service.pool.acquire() as db:
        return await contacts.detail(db, who.person.sight, contact_id)


@router.put("/contacts/{contact_id}")
async def put_contact(wish: Wish, contact_id: UUID, changed: ChangedCard) -> ContactDetail:
    """Let a contact be so from now on, all of it. 409 if it was changed after `expected_version`, or merged."""
    return await wish.change(changed.card(contact_id), changed.expected_version)


@router.get("/contacts/{contact_id}/history")
async def get_history(
    here: Here,
    who: Signed,
    contact_id: UUID,
    q: Annotated[
        str | None, Query(max_length=200, description="Words of letters, answers and notes.")
    ] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[TimelineEntry]:
    """Everything that passed between a contact and us, over all tickets that you see, the newest first."""
    async with here.service.pool.acquire() as db:
        return await contact_history.timeline(db, who.person.sight, contact_id, q or None, cursor, limit)


@router.get("/contacts/{contact_id}/events")
async def get_events(here: Here, who: Signed, contact_id: UUID) -> Page[StreamEvent]:
    """What people said of a contact: its event stream, from the log."""
    async with here.service.pool.acquire() as db:
        row = await contacts.row_of(db, who.person.sight, contact_id)
        events = await history.of_streams(db, [contact_stream(row["contact_id"])])
    return Page(items=tickets.stream_of(events), next=None)


class AddressOf(Body):
    address: Text


@router.post("/contacts/{contact_id}/addresses", status_code=201)
async def post_address(wish: Wish, contact_id: UUID, new: AddressOf) -> ContactDetail:
    """Give an address to a contact, whoever had it; its letters and tickets come with it.

    422 if it is the only address on another contact's card: merge the two instead.
    """
    return await wish.take(contact_id, new.address)


@router.delete("/contacts/{contact_id}/addresses/{address}")
async def delete_address(wish: Wish, contact_id: UUID, address: str) -> ContactDetail:
    """Let an address of a contact be a contact of its own, or go back to the one that it began."""
    return await wish.part(contact_id, address)


class OtherContact(Body):
    into: UUID


@router.post("/contacts/{contact_id}/merge", status_code=201)
async def post_merge(wish: Wish, contact_id: UUID, other: OtherContact) -> ContactDetail:
    """Let a contact go on in another one, with all its addresses, tickets and letters. Answers with the other one."""
    return await wish.merge(contact_id, other.into)


@router.post("/contacts/{contact_id}/merge/undo", status_code=201)
async def post_undo(wish: Wish, contact_id: UUID) -> ContactDetail:
    """Let a merged contact stand for itself again, with what came by its addresses meanwhile. Answers with it."""
    return await wish.undo_merge(contact_id)


async def prepared(here: Here, person: Exporter, contact_id: UUID) -> Export:
    """What the asker may take away of the contact in the path."""
    return await export.prepare(here, person, contact_id)


Prepared = Annotated[Export, Depends(prepared)]


@router.get("/contacts/{contact_id}/export")
async def get_export(exported: Prepared) -> StreamingResponse:
    """Everything that is held of a contact, as JSON: card, tickets with letters, answers, notes and events, custody.

    Of tickets of others in which we wrote to the contact, these answers alone.

    For supervisors and administrators. Tickets that you may not see are counted, and left out.
    """
    return _file(exported.document(), f"contact-{exported.contact.id}.json", "application/json")


@router.get("/contacts/{contact_id}/export.zip")
async def get_archive(here: Here, exported: Prepared) -> StreamingResponse:
    """The same as a ZIP, with each message as it was received, attachments and all."""
    content = exported.archive(here.service.clock())
    return _file(content, f"contact-{exported.contact.id}.zip", "application/zip")


def _file(content: object, name: str, media_type: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(content, media_type=media_type, headers=headers)  # type: ignore[arg-type]


@router.get("/organisations")
async def list_organisations(here: Here, who: Signed) -> OrganisationList:
    """Organisations by name, and domains that may be some. They are changed on the desk."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
        suggested = await organisations.suggestions(db, known) if who.person.sight.everything else []
    return OrganisationList(items=[_organisation(known, one) for one in known.by_id], suggestions=suggested)


@router.get("/organisations/{organisation_id}")
async def get_organisation(here: Here, _: Signed, organisation_id: UUID) -> OrganisationItem:
    """An organisation. Its people: `/contacts?organisation=ID`; its tickets: `/tickets?organisation=ID`."""
    async with here.service.pool.acquire() as db:
        known = await organisations.read(db)
    known.membership(organisation_id)
    return _organisation(known, organisation_id)


def _organisation(known: organisations.Organisations, identity: UUID) -> OrganisationItem:
    found = known.by_id[identity]
    return OrganisationItem(id=found.id, name=found.name, domains=list(found.domains), note=found.note)
