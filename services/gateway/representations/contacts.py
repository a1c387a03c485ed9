"""Contacts and organisations, and what is erased of a person."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.gateway.representations.basics import Contact, Named, Representation


class ErasedView(Representation):
    """That the data of a ticket's customer was erased."""

    at: datetime
    by: Named | None
    erasure_id: UUID


class ContactItem(Representation):
    """A contact as a line of a list."""

    id: UUID
    version: int
    """Of its card; 0: nobody keeps one."""
    name: str
    """On the card, or else in the last letter."""
    addresses: list[str]
    """All of them, with those of contacts that were merged into it; from which came a letter last, first."""
    organisation: Named | None
    """Chosen, or else by a domain."""
    language: str
    last_letter_at: datetime | None


class AddressItem(Representation):
    address: str
    name: str
    """In the last letter from it."""
    last_letter_at: datetime | None


class MergedItem(Representation):
    """A contact that goes on in another one, with the addresses that an undone merge gives back."""

    id: UUID
    name: str
    addresses: list[str]


class ContactDetail(ContactItem):
    """All that is known of a contact, but for its letters and tickets."""

    card_name: str
    own_addresses: list[str]
    """Those on its own card."""
    address_items: list[AddressItem]
    chosen_organisation: UUID | None
    note: str
    remarks: dict[str, str]
    merged: list[MergedItem]
    same_person: list[ContactItem]
    """Others who may be the same person: nothing is merged unless somebody says so."""


class TimelineEntry(Representation):
    """One thing that passed between a contact and us."""

    at: datetime
    type: str
    ticket: int
    version: int
    """Of the ticket, at this event."""
    subject: str
    sentence: str
    from_: Contact | None = Field(serialization_alias="from")
    """Who wrote a letter."""
    actor: Named | None
    """Who of us did it."""
    text: str | None
    message_id: UUID | None
    reply_id: UUID | None
    attachments: int


class DomainItem(Representation):
    """A domain from which several people write, that is no organisation's."""

    domain: str
    people: int


class OrganisationItem(Representation):
    """An organisation as a line of a list."""

    id: UUID
    name: str
    domains: list[str]
    note: str


class OrganisationList(Representation):
    items: list[OrganisationItem]
    next: None = None
    suggestions: list[DomainItem]
    """Domains that may be organisations; whoever changes the desk decides."""
