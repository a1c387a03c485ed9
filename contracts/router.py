"""Events of router: where a message goes, and who gets a ticket."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from contracts.event import Event
from contracts.mail import Address, LetterHead
from contracts.model import Instant, Model, Personal, Text, Words
from contracts.tags import Tags


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


class RuleActed(Model):
    """A rule whose condition held, and what came of it."""

    rule: Text
    condition: Text
    matched: Annotated[tuple[tuple[Text, Text], ...], Personal(())] = ()
    """The values that the condition looked at, name and value, cut short."""
    did: tuple[Text, ...] = ()
    """Which of its actions counted, as `ticketbox` or `held_back`; a rule before it may have decided the others."""


class RuleFailed(Model):
    """A rule whose condition had no answer for this message; it counts as one that did not hold."""

    rule: Text
    error: Words


NO_TICKETBOX = "no ticketbox has this address"
"""What evidence says of the recipients of a message that went to the default ticketbox."""


class RoutingEvidence(Model):
    """Why a message went where it went."""

    ruleset_version: int
    rule: Text | None
    """The first rule that held; None: the address or the default box decided."""
    condition: Text | None = None
    matched: Annotated[tuple[tuple[Text, Text], ...], Personal(())] = ()
    """The values that its condition looked at, or what decided in place of a rule: the `recipients` of ours, what the
    virus scanner said, or our loop header; name and value."""
    ticketbox_rule: Text | None = None
    """The rule that chose the ticketbox; None: the address or the default did, or an early release wrote it."""
    acted: tuple[RuleActed, ...] = ()
    """Every rule that held, in order. Empty in events of early releases, in which one at the most did."""
    failed: tuple[RuleFailed, ...] = ()


class MessageRouted(RouterEvent):
    """A rule decided about a message. Stream: `message-{message_id}`."""

    letter: LetterHead
    ticketbox_id: UUID
    ticketbox: Text
    priority: Priority = Priority.NORMAL
    tags: Tags = ()
    disposition: Disposition = Disposition.DELIVER
    reason: Text | None = None
    """Why it was suppressed or quarantined."""
    evidence: RoutingEvidence
    released_by: UUID | None = None
    """Who let it out of quarantine, or had it routed after a failure; None: the rules alone decided."""
    category_id: UUID | None = None
    """This and what follows are for the ticket that the message opens, if it opens one."""
    assignee_id: UUID | None = None
    acknowledge: bool | None = None
    """Whether the customer is told that the letter has arrived; None: as the ticketbox does."""
    acknowledgement: Text | None = None
    """What the customer is told instead of the ticketbox's words."""
    forward_to: tuple[Text, ...] = ()
    """Addresses that get a copy once it is delivered."""
    alert: tuple[UUID, ...] = ()
    """People and teams who are told of it, whatever became of it."""


class MessageDiscarded(RouterEvent):
    """A person decided that a quarantined or failed message is not wanted. Stream: `message-{message_id}`."""

    message_id: UUID
    discarded_by: UUID


class CopyReleased(RouterEvent):
    """A rule wants someone outside to have a copy of a message. Stream: `message-{message_id}`."""

    notice_id: UUID
    message_id: UUID
    sha256: Annotated[str, Personal("")]
    """Of the bytes as received, which travel as an attachment."""
    sender: Address
    to: Text
    subject: Words
    rule: Text


DISTRIBUTION = "Distribution"
"""What stands for a rule in alerts that distribution causes."""


class AlertReleased(RouterEvent):
    """Colleagues are to be told of a message, or that nobody took its ticket. Stream: `message-{message_id}`."""

    notice_id: UUID
    message_id: UUID
    sender: Address
    to: Text
    subject: Words
    text: Words
    rule: Text
    """Which rule wants it, or `Distribution`."""


class Considered(Model):
    """Somebody of the ticketbox, and what distribution saw of them."""

    agent_id: UUID
    why: Text
    """`3 of 10 tickets, speaks French`, or what kept the ticket from them, such as `away`."""


class DistributionEvidence(Model):
    """Why a ticket went to whom it went."""

    why: Text
    """In words: `3 of 10 tickets, speaks French`."""
    asked: tuple[Text, ...] = ()
    """The skills and the language that the ticket asked for."""
    candidates: int
    """How many could have got it, the chosen one too."""
    others: tuple[Considered, ...] = ()
    """The first of the others who could have got it."""
    passed_over: tuple[Considered, ...] = ()
    """The first of those who could not."""


class Distributed(RouterEvent):
    """Something that distribution wants for a ticket. Stream of these: `ticket-{ticket_id}`."""

    ticket_id: UUID
    ticketbox_id: UUID
    """Where it is."""
    seen_version: int | None = None
    """The last of the ticket's `ticket_events.Placing` events that was known: if another came since, nothing is done.
    None in events of early releases."""


class TicketRouted(Distributed):
    """An agent was chosen for a ticket."""

    agent_id: UUID
    method: Text = "round_robin"
    """A method of distribution, or `last_agent`."""
    candidates: int
    """How many agents of the ticketbox could have got it."""
    evidence: DistributionEvidence | None = None


class TicketOverflowed(Distributed):
    """Nobody took a ticket in time: it is to go to another ticketbox."""

    to_id: UUID
    waited_since: Instant


class TicketTakenBack(Distributed):
    """The owner of an unanswered ticket is gone: it is to be distributed again."""

    agent_id: UUID
    why: Text
    """`away`, `off`, or `may not answer here`."""


class RoutingFailed(RouterEvent):
    """No decision could be made about a message; it is parked. Stream: `message-{message_id}`."""

    message_id: UUID
    error: Words
    letter: LetterHead | None = None
    """So that a person can have it delivered all the same; None in events of earlier releases."""
    ticketbox_id: UUID | None = None
    """The ticketbox that intake took it for."""
