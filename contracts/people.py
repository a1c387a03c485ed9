"""People who work here: their roles and rights, and their presence."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.languages import Languages
from contracts.model import Instant, Model, Text
from contracts.things import Thing
from contracts.tickets import TicketsEvent


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    ANALYST = "analyst"


class Right(StrEnum):
    """What someone may do in a ticketbox; each includes those before it."""

    SEE = "see"
    ANSWER = "answer"
    MANAGE = "manage"
    """Decide about stopped mail, change the ticketbox itself, propose rules."""


_ORDER = {Right.SEE: 1, Right.ANSWER: 2, Right.MANAGE: 3}
_OF_ROLE = {
    Role.ADMINISTRATOR: Right.MANAGE,
    Role.SUPERVISOR: Right.MANAGE,
    Role.AGENT: Right.ANSWER,
    Role.ANALYST: Right.SEE,
}


def _includes(granted: Right, wanted: Right) -> bool:
    return _ORDER[wanted] <= _ORDER[granted]


class BoxRight(Model):
    ticketbox_id: UUID
    right: Right


class Person(Thing):
    """Someone who works here."""

    kind: Literal["person"] = "person"
    email: Text
    role: Role
    rights: tuple[BoxRight, ...] = ()
    """Empty: what the role may do, in every ticketbox."""
    skills: tuple[Text, ...] = ()
    languages: Languages = ()
    """ISO 639-1, such as `de`."""
    capacity: int | None = Field(default=None, ge=0)
    """Open tickets that distribution may give at a time; None: no limit."""
    active: bool = True
    """False: has left; owns nothing, cannot sign in."""

    @property
    def by_role(self) -> bool:
        """Whether the role says what they may do, in every ticketbox, and not rights of their own."""
        return self.role is Role.ADMINISTRATOR or not self.rights

    def may(self, right: Right, ticketbox_id: UUID) -> bool:
        """Whether this person may do something in a ticketbox: by the rights that are named, or else by the role."""
        if not self.active:
            return False
        if self.role is Role.ADMINISTRATOR:
            return True
        granted = [one.right for one in self.rights if one.ticketbox_id == ticketbox_id]
        if not self.rights:
            granted = [_OF_ROLE[self.role]]
        return any(_includes(one, right) for one in granted)

    def where(self, right: Right) -> frozenset[UUID] | None:
        """The ticketboxes in which this person may do something; None: all, and those to come."""
        if self.active and (
            self.role is Role.ADMINISTRATOR or (not self.rights and _includes(_OF_ROLE[self.role], right))
        ):
            return None
        return frozenset(one.ticketbox_id for one in self.rights if self.may(right, one.ticketbox_id))

    def may_anywhere(self, right: Right) -> bool:
        """Whether there is a ticketbox in which this person may do something."""
        return self.where(right) != frozenset()

    def right_in(self, ticketbox_id: UUID) -> Right | None:
        """The most that this person may do in a ticketbox."""
        granted = (right for right in reversed(Right) if self.may(right, ticketbox_id))
        return next(granted, None)

    def supervises(self, other: "Person") -> bool:
        """Whether this person says of another one whether they take tickets.

        Administrators do, and supervisors of those who may answer in a ticketbox that they manage.
        """
        if self.role is not Role.SUPERVISOR:
            return self.active and self.role is Role.ADMINISTRATOR
        where = self.where(Right.MANAGE)
        return where is None or any(other.may(Right.ANSWER, ticketbox_id) for ticketbox_id in where)


class PersonAdded(TicketsEvent):
    """Stream: `person-{person_id}`. `ticketbox_ids` empty: a member of every ticketbox."""

    person_id: UUID
    email: Text
    name: Text
    role: Role
    ticketbox_ids: tuple[UUID, ...] = ()


class Presence(StrEnum):
    AVAILABLE = "available"
    AWAY = "away"
    OFF = "off"


def presence_at(presence: Presence, until: datetime | None, now: datetime) -> Presence:
    """What someone's presence is when its time may be over: who was away is back, and who was there has gone."""
    if until is None or now < until:
        return presence
    return Presence.OFF if presence is Presence.AVAILABLE else Presence.AVAILABLE


class PresenceChanged(TicketsEvent):
    """Stream: `person-{person_id}`. Nothing is appended when `until` comes: see `presence_at`."""

    person_id: UUID
    presence: Presence
    until: Instant | None = None
    """When it is over; None: until the person says otherwise."""
