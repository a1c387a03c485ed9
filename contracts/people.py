"""People: their roles and their presence."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.model import Instant, Text
from contracts.tickets import TicketsEvent


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    ANALYST = "analyst"


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
