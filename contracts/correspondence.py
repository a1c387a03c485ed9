"""What is written in a ticket or about it: letters, answers, notes and notices, and what becomes of them."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from contracts.mail import Address, Bounce, LetterHead
from contracts.model import Instant, Model, Personal, Text, Words
from contracts.tickets import ThreadedBy, TicketOpened, TicketsEvent


class CustomerReplied(TicketsEvent):
    """A customer wrote again."""

    ticket_id: UUID
    letter: LetterHead
    threaded_by: ThreadedBy
    thanks: bool = False
    """It only says thanks: it opens nothing again, and nobody waits for an answer to it."""
    by_way_of: tuple[UUID, ...] = ()
    """The tickets, each merged into the next and the last into this one, through which it came."""


class AutomaticReplyReceived(TicketsEvent):
    """A machine of the customer's answered: kept in the conversation, nothing is reopened."""

    ticket_id: UUID
    letter: LetterHead
    threaded_by: ThreadedBy
    by_way_of: tuple[UUID, ...] = ()
    """The tickets, each merged into the next and the last into this one, through which it came."""


class ReplyBounced(TicketsEvent):
    """An answer of ours came back. It is in the ticket that the answer is in, wherever that goes on."""

    ticket_id: UUID
    reply_id: UUID
    letter: LetterHead
    bounce: Bounce


class NoteAdded(TicketsEvent):
    """Colleagues wrote among themselves."""

    ticket_id: UUID
    note_id: UUID
    author_id: UUID
    text: Words
    mentions: tuple[UUID, ...] = ()
    """People and teams whose attention it asks for."""


class Quote(Model):
    """What an answer quotes below itself."""

    author: Words
    sent_at: Instant
    text: Words


class ReplySubmitted(TicketsEvent):
    """An agent pressed send."""

    ticket_id: UUID
    reply_id: UUID
    author_id: UUID
    text: Words
    quote: Quote | None = None


class OutgoingLetter(Model):
    """Everything that notify needs to build the bytes of an answer, the same at each try."""

    internet_message_id: Text
    in_reply_to: Annotated[Text | None, Personal(None)] = None
    references: Annotated[tuple[Text, ...], Personal(())] = ()
    date: Instant
    from_: Address
    reply_to: Address | None = None
    """Where an answer should go, if not to its sender."""
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    subject: Words
    text: Words
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


class ReminderReleased(Released):
    """The customer is reminded that we wait; a machine of ours writes it (RFC 3834)."""

    automation: Text


class ReminderWithheld(TicketsEvent):
    """The customer was not reminded: a machine would have got it, or too much automatic mail went there before."""

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
    automatic: bool = False
    """A machine of ours had written it, so nobody sends it again."""


NoticeReason = Literal["automation", "letter", "note", "task", "solved", "reopened", "warned"]


class NoticeReleased(TicketsEvent):
    """Someone who works here is told of the ticket, by mail."""

    ticket_id: UUID
    notice_id: UUID
    message_id: UUID
    """The last letter of the ticket."""
    person_id: UUID
    sender: Address
    to: Text
    subject: Words
    text: Words
    why: NoticeReason = "automation"
    """An automation wants it, a note mentions them, a task is theirs, a target of their ticket will soon be missed
    (`warned`), or they watch the ticket: then what happened to it."""


Correspondence = (
    TicketOpened
    | CustomerReplied
    | AutomaticReplyReceived
    | ReplyBounced
    | NoteAdded
    | ReplySubmitted
    | ReplyReleased
    | AcknowledgementReleased
    | AcknowledgementWithheld
    | ReminderReleased
    | ReminderWithheld
    | DeliveryRecorded
    | NoticeReleased
)
"""What is written in a ticket or about it, and what becomes of that."""
