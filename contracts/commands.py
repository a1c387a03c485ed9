"""What people and services ask to be done, and the two answers there are."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import snake_case
from contracts.model import Model, Text
from contracts.tickets import Presence, Quote, Role, Rule


class Command(Model):
    """A wish, in the imperative. `command_id` makes a repeat harmless: it gets the first answer again."""

    service: ClassVar[str] = "tickets"
    """Who answers it."""

    command_id: UUID
    actor_id: UUID

    @classmethod
    def subject(cls) -> str:
        return f"postroom.{cls.service}.command.{snake_case(cls.__name__)}"


class TicketCommand(Command):
    ticket_id: UUID


class SubmitReply(TicketCommand):
    """Answer the customer. Refused if a message came after `seen_version` of the ticket."""

    reply_id: UUID
    text: Text = Field(min_length=1)
    seen_version: int
    quote: Quote | None = None
    solve: bool = False


class RetryReply(TicketCommand):
    """Release an answer again that failed, bounced or is uncertain; the same bytes leave."""

    reply_id: UUID


class AddNote(TicketCommand):
    note_id: UUID
    text: Text = Field(min_length=1)


class AssignTicket(TicketCommand):
    """`agent_id` None gives the ticket back."""

    agent_id: UUID | None


class SolveTicket(TicketCommand):
    seen_version: int | None = None
    """None: solve whatever came since."""


class ReopenTicket(TicketCommand):
    pass


class SetPresence(Command):
    person_id: UUID
    presence: Presence


class CreateTicketbox(Command):
    ticketbox_id: UUID
    name: Text = Field(min_length=1)
    addresses: tuple[Text, ...]
    first_response_seconds: int | None = Field(default=None, gt=0)
    acknowledgement: Text | None = Field(default=None, min_length=1)


class AddPerson(Command):
    person_id: UUID
    email: Text
    name: Text
    role: Role
    ticketbox_ids: tuple[UUID, ...] = ()


class PublishRuleset(Command):
    """Put a ruleset in force. Refused if another was published after `seen_version`."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    seen_version: int
    comment: Text = ""


class MessageCommand(Command):
    message_id: UUID


class ReleaseMessage(MessageCommand):
    """Deliver a message that is quarantined, suppressed or failed. Refused if it was delivered already."""

    service: ClassVar[str] = "router"


class DiscardMessage(MessageCommand):
    """Delete a message that is quarantined or failed; `ReleaseMessage` brings it back."""

    service: ClassVar[str] = "router"


class ReadAgain(MessageCommand):
    """Read the stored bytes with the reader of this release. Nothing is appended if it reads the same in them."""

    service: ClassVar[str] = "ingest"


AnyCommand = (
    SubmitReply
    | RetryReply
    | AddNote
    | AssignTicket
    | SolveTicket
    | ReopenTicket
    | SetPresence
    | CreateTicketbox
    | AddPerson
    | PublishRuleset
    | ReleaseMessage
    | DiscardMessage
    | ReadAgain
)


class Done(Model):
    """The command is in the log: wait for `position` to see its effect in a projection."""

    outcome: Literal["done"] = "done"
    position: int
    """Of the last event in the log of the service that answers; 0 if there was nothing to do."""
    version: int
    """Of the stream that it changed."""


class Refused(Model):
    """The domain says no; nothing was changed. `code` is stable, `detail` is a sentence for people."""

    outcome: Literal["refused"] = "refused"
    code: Text
    detail: Text
    version: int | None = None
    """Of the stream as it is now, where the refusal is about what someone saw."""
    facts: dict[str, Text] = Field(default_factory=dict)


Outcome = Done | Refused
