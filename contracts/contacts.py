"""Contacts: the people who write to us, each known by their addresses.

Nothing need be said of someone who writes: an address that nobody spoke of is a contact of its own, whose id follows
from it. Events tell what people say of contacts.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.model import Model, Text

Remark = Annotated[Text, Field(max_length=2000)]


class Card(Model):
    """A contact as people keep it, whole."""

    id: UUID
    """`contact_id` of its first address, at the time when it was made."""
    addresses: tuple[Text, ...] = Field(min_length=1)
    """In lower case; those of contacts that were merged into this one are on their own cards."""
    name: Annotated[Text, Field(max_length=200)] = ""
    """Empty: as the last letter has it."""
    organisation_id: UUID | None = None
    """Chosen by people; None: by the domains of the addresses."""
    language: Annotated[Text, Field(max_length=35)] = ""
    """A tag such as `de` (BCP 47); empty: unknown."""
    note: Annotated[Text, Field(max_length=10_000)] = ""
    remarks: dict[Annotated[Text, Field(min_length=1, max_length=100)], Remark] = Field(default_factory=dict)
    """Whatever else there is to know, such as a customer number, by a name of one's own."""


class ContactEvent(Event):
    """Stream of all: `contact-{id}`."""

    service: ClassVar[str] = "tickets"

    belongs: dict[Text, UUID] = Field(default_factory=dict)
    """Addresses that have changed hands, and the contact that each belongs to from now on."""


class ContactAdded(ContactEvent):
    """People began to keep a card of a contact."""

    contact: Card


class ContactChanged(ContactEvent):
    contact: Card


class ContactsMerged(ContactEvent):
    """Two contacts are one person. In the stream of each of the two."""

    contact_id: UUID
    into_id: UUID
    merged_by: UUID


class ContactMergeUndone(ContactEvent):
    """They are two after all: each has its addresses, and what came by them meanwhile. In the streams of both."""

    contact_id: UUID
    into_id: UUID
    undone_by: UUID


AnyContactEvent = ContactAdded | ContactChanged | ContactsMerged | ContactMergeUndone
