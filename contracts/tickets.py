"""Events of tickets: the conversation, its clocks, and the desk's configuration."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.event import Event
from contracts.mail import Address, Bounce, LetterHead
from contracts.model import Instant, Model, Text
from contracts.router import Disposition, Priority


class TicketsEvent(Event):
    service: ClassVar[str] = "tickets"


class ThreadedBy(StrEnum):
    """Why a message belongs to its conversation."""

    NEW = "new"
    IN_REPLY_TO = "in_reply_to"
    REFERENCES = "references"
    OUR_MESSAGE_ID = "our_message_id"
    BOUNCED_MESSAGE_ID = "bounced_message_id"


class TicketOpened(TicketsEvent):
    """A customer's matter began with this message. Stream of this and all below: `ticket-{ticket_id}`."""

    ticket_id: UUID
    number: int
    """For people; its last digit checks the others."""
    ticketbox_id: UUID
    ticketbox: Text
    subject: Text
    contact: Address
    priority: Priority = Priority.NORMAL
    tags: tuple[Text, ...] = ()
    letter: LetterHead
    first_response_due_at: Instant | None = None


class CustomerReplied(TicketsEvent):
    """A customer wrote again."""

    ticket_id: UUID
    letter: LetterHead
    threaded_by: ThreadedBy


class AutomaticReplyReceived(TicketsEvent):
    """A machine of the customer's answered: kept in the conversation, nothing is reopened."""

    ticket_id: UUID
    letter: LetterHead
    threaded_by: ThreadedBy


class ReplyBounced(TicketsEvent):
    """An answer of ours came back."""

    ticket_id: UUID
    reply_id: UUID
    letter: LetterHead
    bounce: Bounce


class TicketAssigned(TicketsEvent):
    """The ticket has an owner; `agent_id` None: it was given back."""

    ticket_id: UUID
    agent_id: UUID | None
    method: Text
    """`round_robin`, or `person` if `assigned_by` did it."""
    assigned_by: UUID | None = None


class NoteAdded(TicketsEvent):
    """Colleagues wrote among themselves."""

    ticket_id: UUID
    note_id: UUID
    author_id: UUID
    text: Text


class Quote(Model):
    """What an answer quotes below itself."""

    author: Text
    sent_at: Instant
    text: Text


class ReplySubmitted(TicketsEvent):
    """An agent pressed send."""

    ticket_id: UUID
    reply_id: UUID
    author_id: UUID
    text: Text
    quote: Quote | None = None


class OutgoingLetter(Model):
    """Everything that notify needs to build the bytes of an answer, the same at each try."""

    internet_message_id: Text
    in_reply_to: Text | None = None
    references: tuple[Text, ...] = ()
    date: Instant
    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    subject: Text
    text: Text
    quote: Quote | None = None
    automatic: bool = False


class Released(TicketsEvent):
    """A letter of ours may leave. `attempt` counts releases: a person may release a failed one again."""

    ticket_id: UUID
    reply_id: UUID
    letter: OutgoingLetter
    attempt: int = 1


class ReplyReleased(Released):
    """A person's answer may leave."""

    author_id: UUID


class AcknowledgementReleased(Released):
    """The customer is told that the letter has arrived; a machine of ours writes it (RFC 3834)."""


class AcknowledgementWithheld(TicketsEvent):
    """The letter was not acknowledged, since too much automatic mail went to this address before: maybe a loop."""

    ticket_id: UUID
    recipient: Text
    detail: Text


class DeliveryOutcome(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class DeliveryRecorded(TicketsEvent):
    """What became of an answer, taken into the conversation from notify."""

    ticket_id: UUID
    reply_id: UUID
    outcome: DeliveryOutcome
    answer: Text
    """The relay's own words."""


class TicketSolved(TicketsEvent):
    ticket_id: UUID
    solved_by: UUID


class TicketReopened(TicketsEvent):
    """`reopened_by` None: a customer's message did it."""

    ticket_id: UUID
    reopened_by: UUID | None = None


class SLABreached(TicketsEvent):
    """A target was missed at `due_at`, even if it was noticed later."""

    ticket_id: UUID
    target: Text
    """`first_response`."""
    due_at: Instant


class TicketingFailed(TicketsEvent):
    """A routed message could not be put into a conversation; it is parked. Stream: `message-{message_id}`."""

    message_id: UUID
    error: Text


class TicketboxCreated(TicketsEvent):
    """Stream: `ticketbox-{ticketbox_id}`."""

    ticketbox_id: UUID
    name: Text
    addresses: tuple[Text, ...]
    """In lower case. The first is the sender of answers."""
    first_response_seconds: int | None = None
    """Target for the first response, wall clock; None: no target."""
    acknowledgement: Text | None = None
    """What a customer is told at once, with `{number}` and `{subject}` of the ticket; None: nothing."""


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


class PresenceChanged(TicketsEvent):
    """Stream: `person-{person_id}`."""

    person_id: UUID
    presence: Presence


class Rule(Model):
    """One line of a ruleset: the first whose condition holds decides."""

    name: Text
    condition: Text
    """CEL over `message`; see docs/routing.md."""
    ticketbox_id: UUID | None = None
    """None: the box that the address belongs to, or else the default."""
    priority: Priority = Priority.NORMAL
    tags: tuple[Text, ...] = ()
    disposition: Disposition = Disposition.DELIVER
    reason: Text | None = None


class RulesetPublished(TicketsEvent):
    """Stream: `ruleset`. The version of the ruleset is the event's version in that stream."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    author_id: UUID | None = None
    """None: made with the installation."""
    comment: Text = ""
