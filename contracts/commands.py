"""What people and services ask to be done, and the two answers there are."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.bulk import PIECE, Actions, SelectedTicket
from contracts.contacts import Card
from contracts.correspondence import Quote
from contracts.desk import AnyThing
from contracts.model import Instant, Model, Text, Writing
from contracts.people import Presence, Role
from contracts.requests import Request
from contracts.router import Priority
from contracts.rulesets import Rule
from contracts.service_levels import Calendar, Policy
from contracts.tickets import FieldValue, LinkKind

OPERATOR = UUID("0c6f8f34-6d0b-4c38-8f29-30a4f5a1d7b2")
"""Who acts where nobody has signed in: the installation, and commands on the machine itself."""


class Command(Request):
    """A wish, in the imperative. `command_id` makes a repeat harmless: it gets the first answer again."""

    service: ClassVar[str] = "tickets"
    verb: ClassVar[str] = "command"

    command_id: UUID
    actor_id: UUID


class TicketCommand(Command):
    ticket_id: UUID


class SubmitReply(TicketCommand):
    """Answer the customer. Refused if a message came after `seen_version` of the ticket."""

    reply_id: UUID
    text: Writing
    seen_version: int
    quote: Quote | None = None
    solve: bool = False


class RetryReply(TicketCommand):
    """Release an answer again that failed, bounced or is uncertain; the same bytes leave."""

    reply_id: UUID


class AddNote(TicketCommand):
    note_id: UUID
    text: Writing
    mentions: tuple[UUID, ...] = ()


class AssignTicket(TicketCommand):
    """`agent_id` None gives the ticket back."""

    agent_id: UUID | None


class SolveTicket(TicketCommand):
    seen_version: int | None = None
    """None: solve whatever came since."""


class ReopenTicket(TicketCommand):
    more_than_thanks: bool = False
    """The customer's last letter was taken for thanks, and is answered like any other after all."""


class SetPending(TicketCommand):
    """Wait for the customer."""


class PutOnHold(TicketCommand):
    """Wait until a moment, or for something else."""

    until: Instant | None = None
    reason: Text = ""


class CloseTicket(TicketCommand):
    """Solve it for good."""

    seen_version: int | None = None
    """None: close whatever came since."""


class SetPriority(TicketCommand):
    priority: Priority


class ChangeTags(TicketCommand):
    add: tuple[Text, ...] = ()
    remove: tuple[Text, ...] = ()


class SetFields(TicketCommand):
    """Give custom fields values; None empties one."""

    fields: dict[Text, FieldValue | None]


class SetCategory(TicketCommand):
    category_id: UUID | None


class ChangeWatchers(TicketCommand):
    add: tuple[UUID, ...] = ()
    remove: tuple[UUID, ...] = ()


class AddTask(TicketCommand):
    task_id: UUID
    text: Writing
    owner_id: UUID | None = None
    due_on: date | None = None


class FinishTask(TicketCommand):
    """`done` False: it is to be done after all."""

    task_id: UUID
    done: bool = True


class ChangeTask(TicketCommand):
    """Let a task be so from now on; what is left out is nobody's, or has no day."""

    task_id: UUID
    text: Writing
    owner_id: UUID | None = None
    due_on: date | None = None


class RemoveTask(TicketCommand):
    task_id: UUID


class RestoreTask(TicketCommand):
    """Give the ticket back a task that was removed, as it was."""

    task_id: UUID


class MoveTicket(TicketCommand):
    """Give the ticket to another ticketbox. `correction`: the rules had sent it to the wrong one."""

    ticketbox_id: UUID
    correction: bool = False


class UndoChange(TicketCommand):
    """Give the ticket back what a command changed.

    That is its state with the hold, owner, ticketbox, priority, category, tags and custom fields. Refused if any of it
    changed again since. Whoever answered keeps the ticket.
    """

    undone_id: UUID
    """The command's."""


class TwoTicketsCommand(TicketCommand):
    """What is asked of `ticket_id` with regard to `other_id`."""

    other_id: UUID


class LinkTickets(TwoTicketsCommand):
    link: LinkKind


class UnlinkTickets(TwoTicketsCommand):
    link: LinkKind


class HoldForTicket(TwoTicketsCommand):
    """Let `ticket_id` wait until `other_id`, which is linked to it, is solved."""

    reason: Text = ""


class MergeTicket(TwoTicketsCommand):
    """Let `ticket_id` go on in `other_id`."""


class UndoMerge(TwoTicketsCommand):
    """Let `ticket_id`, merged into `other_id`, stand for itself again, with what was written to it meanwhile."""


class MoveLetters(TwoTicketsCommand):
    """Put letters of `ticket_id` into `other_id`: their thread was wrong. The way back is the same, reversed."""

    message_ids: tuple[UUID, ...] = Field(min_length=1)
    with_answers: bool = False
    """Whether letters that answer these, and those that answer them, go along: on the way back, what came meanwhile."""


class SplitTicket(TicketCommand):
    """Make a ticket of some letters. The way back is `MergeTicket` of the new one into the old."""

    message_ids: tuple[UUID, ...] = Field(min_length=1)
    new_subject: Text | None = None
    """None: that of the first letter."""


class SelectTickets(Command):
    """Hand over a piece of the tickets of a bulk job that `StartBulkJob` will begin; `first` counts those before it."""

    job_id: UUID
    first: int = Field(ge=0)
    tickets: tuple[SelectedTicket, ...] = Field(max_length=PIECE)


class StartBulkJob(Command):
    """Do something to all tickets that were handed over. Its id is the command's. Refused if not all of them came."""

    actions: Actions = Field(min_length=1)
    selection: Text = Field(max_length=500)
    """The list that they were in, in words."""
    total: int = Field(gt=0)


class BulkJobCommand(Command):
    job_id: UUID


class CancelBulkJob(BulkJobCommand):
    """Do nothing more; what was done stays, and can be undone."""


class UndoBulkJob(BulkJobCommand):
    """Give each ticket back what a job changed, unless it changed again. The job that does it has the command's id."""


class SetPresence(Command):
    person_id: UUID
    presence: Presence
    until: Instant | None = None


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


class SetThing(Model):
    """Let a thing of the desk be so from now on, new or changed."""

    change: Literal["set"] = "set"
    thing: AnyThing
    seen_version: int | None = None
    """Of its stream; refused if it was changed since. None: whatever it was."""


class RemoveThing(Model):
    """Offer a thing of the desk no more. Refused if it was changed after `seen_version`."""

    change: Literal["remove"] = "remove"
    kind: Text
    id: UUID
    seen_version: int | None = None


class ChangeDesk(Command):
    """Change things of the desk, all or none."""

    changes: tuple[Annotated[SetThing | RemoveThing, Field(discriminator="change")], ...]


class ContactCommand(Command):
    """Contacts are known by any of their addresses."""

    seen: dict[UUID, int] = Field(default_factory=dict)
    """Versions of contacts that the person saw (0: no card was kept); refused if one was changed since."""


class SetContact(ContactCommand):
    """Let a contact be so from now on; a new one has the id of its first address."""

    contact: Card


class MoveAddress(ContactCommand):
    """Give an address to the contact that has `to_address`; None: let it be a contact of its own."""

    address: Text
    to_address: Text | None = None


class MergeContacts(ContactCommand):
    """Let the contact with `address` go on in the one with `into_address`."""

    address: Text
    into_address: Text


class UndoContactMerge(ContactCommand):
    """Let a contact that was merged into another stand for itself again."""

    contact_id: UUID


class PublishRuleset(Command):
    """Put a ruleset in force. Refused if another was published after `seen_version`."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    seen_version: int
    seen_draft: int | None = None
    """The version of the draft that these rules are: refused if it was changed since, for nobody read that."""
    comment: Text = ""
    rolls_back_to: int | None = None


class DraftRuleset(Command):
    """Write rules that are not in force yet. Refused if the draft was changed after `seen_version` of its stream."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    based_on: int
    seen_version: int | None = None
    comment: Text = ""


class DropRulesetDraft(Command):
    """The draft is not wanted any more. Refused if it was changed after `seen_version` of its stream."""

    seen_version: int


class StartDryRun(Command):
    """Ask rules about the mail of the last days, without any effect. Its id is the command's."""

    service: ClassVar[str] = "router"
    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    days: int = Field(default=7, ge=1, le=366)


class CancelDryRun(Command):
    service: ClassVar[str] = "router"
    dry_run_id: UUID


class StartWhatIf(Command):
    """Ask what policies and calendars would have meant for past tickets, without any effect. Its id is the command's.

    `things` take the place of those with their ids, or are added; nothing of them is saved.
    """

    things: tuple[Policy | Calendar, ...] = Field(min_length=1, max_length=100)
    months: int = Field(default=3, ge=1, le=24)


class CancelWhatIf(Command):
    what_if_id: UUID


class NextTicket(Command):
    """Give whoever asks the most urgent ticket that waits where they may answer.

    `ticketbox_id` None: in any ticketbox. The event at the position in the answer is the `TicketRouted`.
    """

    service: ClassVar[str] = "router"
    ticketbox_id: UUID | None = None


class MessageCommand(Command):
    message_id: UUID


class ReleaseMessage(MessageCommand):
    """Deliver a message that is quarantined, suppressed or failed. Refused if it was delivered already."""

    service: ClassVar[str] = "router"


class DiscardMessage(MessageCommand):
    """Delete a message that is quarantined or failed; `ReleaseMessage` brings it back."""

    service: ClassVar[str] = "router"


class RequestErasure(Command):
    """Erase a person's data everywhere, for good. Its id is the erasure's."""

    addresses: tuple[Text, ...] = Field(min_length=1, max_length=50)
    reason: Text = Field(min_length=1, max_length=500)
    """Why, without naming the person: it stays."""


class ReadAgain(MessageCommand):
    """Read the stored bytes with the reader of this release. Nothing is appended if it reads the same in them."""

    service: ClassVar[str] = "ingest"


AnyTicketCommand = (
    SubmitReply
    | RetryReply
    | AddNote
    | AssignTicket
    | SolveTicket
    | ReopenTicket
    | SetPending
    | PutOnHold
    | CloseTicket
    | SetPriority
    | ChangeTags
    | SetFields
    | SetCategory
    | ChangeWatchers
    | AddTask
    | FinishTask
    | ChangeTask
    | RemoveTask
    | RestoreTask
    | MoveTicket
)
"""What changes one ticket."""
AnyTwoTicketsCommand = LinkTickets | UnlinkTickets | HoldForTicket | MergeTicket | UndoMerge | MoveLetters
AnyDeskCommand = ChangeDesk | SetPresence | CreateTicketbox | AddPerson
AnyContactCommand = SetContact | MoveAddress | MergeContacts | UndoContactMerge
AnyRulesetCommand = PublishRuleset | DraftRuleset | DropRulesetDraft
AnyConfiguringCommand = AnyDeskCommand | AnyRulesetCommand
AnyCommand = (
    AnyTicketCommand
    | AnyTwoTicketsCommand
    | UndoChange
    | SplitTicket
    | SelectTickets
    | StartBulkJob
    | CancelBulkJob
    | UndoBulkJob
    | AnyDeskCommand
    | AnyContactCommand
    | AnyRulesetCommand
    | StartDryRun
    | CancelDryRun
    | StartWhatIf
    | CancelWhatIf
    | NextTicket
    | ReleaseMessage
    | DiscardMessage
    | ReadAgain
    | RequestErasure
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
