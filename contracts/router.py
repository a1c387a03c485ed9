"""Events of router: where a message goes, and who gets a ticket."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.event import Event
from contracts.mail import LetterHead
from contracts.model import Model, Text


class RouterEvent(Event):
    service: ClassVar[str] = "router"


class Disposition(StrEnum):
    DELIVER = "deliver"
    SUPPRESS = "suppress"
    QUARANTINE = "quarantine"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class RoutingEvidence(Model):
    """Why a message went where it went."""

    ruleset_version: int
    rule: Text | None
    """The rule that matched; None: the default box."""
    condition: Text | None = None
    matched: tuple[tuple[Text, Text], ...] = ()
    """The values that the condition looked at, name and value."""


class MessageRouted(RouterEvent):
    """A rule decided about a message. Stream: `message-{message_id}`."""

    letter: LetterHead
    ticketbox_id: UUID
    ticketbox: Text
    priority: Priority = Priority.NORMAL
    tags: tuple[Text, ...] = ()
    disposition: Disposition = Disposition.DELIVER
    reason: Text | None = None
    """Why it was suppressed or quarantined."""
    evidence: RoutingEvidence
    released_by: UUID | None = None
    """Who let it out of quarantine, or had it routed after a failure; None: the rules alone decided."""


class MessageDiscarded(RouterEvent):
    """A person decided that a quarantined or failed message is not wanted. Stream: `message-{message_id}`."""

    message_id: UUID
    discarded_by: UUID


class TicketRouted(RouterEvent):
    """An agent was chosen for a ticket. Stream: `ticket-{ticket_id}`."""

    ticket_id: UUID
    ticketbox_id: UUID
    agent_id: UUID
    method: Text = "round_robin"
    candidates: int
    """How many agents of the ticketbox were present."""


class RoutingFailed(RouterEvent):
    """No decision could be made about a message; it is parked. Stream: `message-{message_id}`."""

    message_id: UUID
    error: Text
    letter: LetterHead | None = None
    """So that a person can have it delivered all the same; None in events of earlier releases."""
    ticketbox_id: UUID | None = None
    """The ticketbox that intake took it for."""
