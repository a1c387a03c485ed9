"""The desk: people, ticketboxes, and the versions of its things."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from contracts.people import Right
from services.gateway.representations.basics import Named, Representation


class MemberItem(Representation):
    """Someone who may do something in a ticketbox."""

    id: UUID
    name: str
    email: str
    role: str
    right: Right
    by: Literal["role", "rights"]
    """`role`: they may it in every ticketbox."""
    capacity: int | None
    """Open tickets that distribution may give at a time; null: no limit."""


class PersonItem(Representation):
    id: UUID
    name: str
    email: str
    role: str
    presence: str
    until: datetime | None = None
    """When this presence is over; null: when the person says so."""


class Me(PersonItem):
    """Who is asking; `rights` by the id of the ticketbox."""

    rights: dict[UUID, Right]


class BoxItem(Representation):
    id: UUID
    name: str
    addresses: list[str]
    form: str | None = None
    """Where its web form is, if it has one."""


class DifferenceItem(Representation):
    """One field that is another, with dots where it is within another; null: it has no value."""

    field: str
    before: JsonValue
    after: JsonValue


class ThingVersion(Representation):
    """An entry in the history of a thing of the desk."""

    version: int
    at: datetime
    actor: Named | None
    """Who did it; null: the installation, or a command on its machine."""
    what: Literal["added", "changed", "removed", "put back"]
    thing: dict[str, JsonValue] | None
    """As it was from then on; null: removed."""
    differences: list[DifferenceItem]


class Changed(Representation):
    """The answer to a command: the ticket's version after it."""

    number: int
    version: int
    command_id: UUID | None = None
    """By which what changed is undone; null: it cannot be."""
    id: UUID | None = None
    """Of the reply, note, task or ticket that was made."""
    new_number: int | None = None
    """Of the ticket that was made."""
