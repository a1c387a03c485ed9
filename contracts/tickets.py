"""Events of tickets: how one begins, where it stands, whose it is, how it is described, and what it is to others."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.mail import Address, LetterHead
from contracts.model import Instant, Model, Personal, Text, Words
from contracts.router import DistributionEvidence, Priority
from contracts.tags import Tags


class TicketsEvent(Event):
    service: ClassVar[str] = "tickets"


class State(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    """Waits for us."""
    PENDING = "pending"
    """Waits for the customer."""
    ON_HOLD = "on_hold"
    """Waits for a time or for something else."""
    SOLVED = "solved"
    CLOSED = "closed"
    """Solved for good: a later letter may begin a new ticket."""

    @property
    def done(self) -> bool:
        return self in (State.SOLVED, State.CLOSED)


class ThreadedBy(StrEnum):
    """Why a message belongs to its conversation."""

    NEW = "new"
    IN_REPLY_TO = "in_reply_to"
    REFERENCES = "references"
    OUR_MESSAGE_ID = "our_message_id"
    BOUNCED_MESSAGE_ID = "bounced_message_id"
    REPLY_ADDRESS = "reply_address"
    """It came to an address that we had signed for this ticket."""
    SUBJECT_TOKEN = "subject_token"  # noqa: S105 - not a password
    """Its subject has the ticket's number, and its sender takes part in the ticket."""
    PERSON = "person"
    """A person put it there."""


class DeadlineItem(Model):
    """One running target. `due_at` None: its clock stands still, with `left_seconds` of business time to go."""

    target: Text
    since: Instant
    """When its clock began."""
    due_at: Instant | None
    warn_at: Instant | None = None
    left_seconds: int | None = None


class Spell(Model):
    """A state in which a ticket was, until the next spell began; `merged`: it went on in another one meanwhile."""

    state: State
    since: Instant
    merged: bool = False


class TicketOpened(TicketsEvent):
    """A customer's matter began with this message. Stream of all that happens to a ticket: `ticket-{ticket_id}`."""

    ticket_id: UUID
    number: int
    """For people; its last digit checks the others."""
    ticketbox_id: UUID
    ticketbox: Text
    subject: Words
    contact: Annotated[Address, Personal()]
    priority: Priority = Priority.NORMAL
    tags: Tags = ()
    letter: LetterHead
    first_response_due_at: Instant | None = None
    deadlines: tuple[DeadlineItem, ...] = ()
    policy_id: UUID | None = None
    policy: Text | None = None
    """The service level that asks for the deadlines."""
    follows_id: UUID | None = None
    """The closed ticket that its first letter would have continued."""
    passed_over: tuple[ThreadedBy, ...] | None = None
    """What seemed to put its letter into another conversation, but did not count; None: nobody looked."""
    split_from_id: UUID | None = None
    """The ticket that its letters were taken out of."""
    waited: tuple[Spell, ...] = ()
    """What its letter has waited through there, and how it stands since; its clocks go on with it."""
    settled: bool = False
    """Its letter waited for no answer there any more, and so waits for none here."""
    assignee_id: UUID | None = None
    """The owner whom a rule chose: nobody need be looked for."""


class ChosenBy(StrEnum):
    """What gave a ticket to its owner, where no method of distribution did."""

    PERSON = "person"
    RULE = "rule"
    AUTOMATION = "automation"
    TAKE_BACK = "take_back"
    """The owner was gone, and the ticket is nobody's."""


class TicketAssigned(TicketsEvent):
    """The ticket has an owner; `agent_id` None: it was given back."""

    ticket_id: UUID
    agent_id: UUID | None
    method: Text
    """How the owner was chosen: a method of distribution, or one of `ChosenBy`; `person` if `assigned_by` did it."""
    assigned_by: UUID | None = None
    evidence: DistributionEvidence | None = None
    """What distribution saw; None: it did not choose."""


class DistributionDropped(TicketsEvent):
    """What distribution wanted could not be done, since the desk had changed meanwhile: it looks again."""

    ticket_id: UUID
    why: Text


class TicketSolved(TicketsEvent):
    """`solved_by` None: an automation did it."""

    ticket_id: UUID
    solved_by: UUID | None = None


class TicketReopened(TicketsEvent):
    """It waits for us again. `reopened_by` None: a customer's message did it, or the end of a hold."""

    ticket_id: UUID
    reopened_by: UUID | None = None
    why: Literal["letter", "person", "hold_ended", "automation", "merge"] = "letter"
    """`merge`: what waits for us in a ticket that was merged into it."""
    opened_by: tuple[UUID, ...] = ()
    """Letters that were moved here and opened it: if all of them leave, it stands again as before."""
    thanks_id: UUID | None = None
    """The letter that was taken for thanks, and of which a person says that there is more to it: it wants an answer."""


class TicketSetPending(TicketsEvent):
    """We wait for the customer."""

    ticket_id: UUID
    set_by: UUID | None = None


class TicketPutOnHold(TicketsEvent):
    """We wait for a time, until another ticket is solved, or for something that tells neither."""

    ticket_id: UUID
    until: Instant | None = None
    until_solved_id: UUID | None = None
    until_solved_number: int | None = None
    """The linked ticket that must be solved first."""
    reason: Annotated[Text, Personal("")] = ""
    set_by: UUID | None = None


class TicketClosed(TicketsEvent):
    """Solved for good. `closed_by` None: after its time."""

    ticket_id: UUID
    closed_by: UUID | None = None


class PriorityChanged(TicketsEvent):
    ticket_id: UUID
    priority: Priority
    changed_by: UUID | None = None


class TagsChanged(TicketsEvent):
    ticket_id: UUID
    tags: Tags
    """All of them, as they are now."""
    changed_by: UUID | None = None


FieldValue = Text | bool | int | float | date


class FieldsChanged(TicketsEvent):
    """Custom fields got other values; None empties one."""

    ticket_id: UUID
    fields: Annotated[dict[Text, FieldValue | None], Personal()]
    changed_by: UUID | None = None


class CategoryAssigned(TicketsEvent):
    ticket_id: UUID
    category_id: UUID | None
    changed_by: UUID | None = None


class WatchersChanged(TicketsEvent):
    """People and teams who hear of what happens."""

    ticket_id: UUID
    watcher_ids: tuple[UUID, ...]
    """All of them, as they are now."""


class TaskAdded(TicketsEvent):
    """Something to be done for this ticket."""

    ticket_id: UUID
    task_id: UUID
    text: Words
    owner_id: UUID | None = None
    due_on: date | None = None
    restored: bool = False
    """It was removed, and is back: its owner knows of it."""


class TaskDone(TicketsEvent):
    """`done` False: it is to be done after all."""

    ticket_id: UUID
    task_id: UUID
    done: bool = True


class TaskChanged(TicketsEvent):
    """A task is otherwise from now on: all that is said of it, but for whether it is done."""

    ticket_id: UUID
    task_id: UUID
    text: Words
    owner_id: UUID | None = None
    due_on: date | None = None


class TaskRemoved(TicketsEvent):
    """It is not to be done any more."""

    ticket_id: UUID
    task_id: UUID


class LinkKind(StrEnum):
    """What the other ticket is to this one."""

    PARENT = "parent"
    CHILD = "child"
    RELATED = "related"
    DUPLICATE = "duplicate"


class TicketLinked(TicketsEvent):
    """In the stream of each of the two tickets."""

    ticket_id: UUID
    other_id: UUID
    other_number: int
    link: LinkKind


class TicketUnlinked(TicketsEvent):
    ticket_id: UUID
    other_id: UUID
    link: LinkKind


MoveReason = Literal["person", "correction", "overflow", "automation", "undo"]


class TicketMoved(TicketsEvent):
    """It belongs to another ticketbox."""

    ticket_id: UUID
    ticketbox_id: UUID
    ticketbox: Text
    from_id: UUID
    why: MoveReason = "person"
    """`correction`: the rules had sent it to the wrong one."""
    moved_by: UUID | None = None


class LettersMoved(TicketsEvent):
    """Letters left for another ticket: by a split, a corrected thread, or an undone merge."""

    ticket_id: UUID
    to_id: UUID
    to_number: int
    message_ids: tuple[UUID, ...]
    moved_by: UUID


class LettersTaken(TicketsEvent):
    """Letters came from another ticket."""

    ticket_id: UUID
    from_id: UUID
    from_number: int
    letters: tuple[LetterHead, ...]
    by_way_of: dict[UUID, tuple[UUID, ...]] = Field(default_factory=dict)
    """Of letters that were written to tickets merged into this one, by message: the way by which they came."""
    waited: dict[UUID, tuple[Spell, ...]] = Field(default_factory=dict)
    """Of letters that nobody has answered, by message: what they have waited through until now."""
    moved_by: UUID


class TicketMerged(TicketsEvent):
    """It goes on in another ticket, and so does what is written to it."""

    ticket_id: UUID
    into_id: UUID
    into_number: int
    merged_by: UUID


class TicketAbsorbed(TicketsEvent):
    """Another ticket goes on in this one."""

    ticket_id: UUID
    from_id: UUID
    from_number: int
    letters: tuple[LetterHead, ...]
    """What was written to it until then."""
    message_ids: tuple[Text, ...] = ()
    """Message-IDs by which answers find this conversation from now on."""
    participants: tuple[Text, ...] = ()
    waited: dict[UUID, tuple[Spell, ...]] = Field(default_factory=dict)
    """Of letters that nobody has answered, by message: what they have waited through until now."""
    merged_by: UUID


class MergeUndone(TicketsEvent):
    """It stands for itself again, with what was written to it meanwhile."""

    ticket_id: UUID
    into_id: UUID
    undone_by: UUID


class AbsorptionUndone(TicketsEvent):
    """The other ticket stands for itself again."""

    ticket_id: UUID
    from_id: UUID
    undone_by: UUID


class CustomerErased(TicketsEvent):
    """The data of the person who had opened the ticket was erased; its number, times, states and figures stay."""

    ticket_id: UUID
    erasure_id: UUID
    erased_by: UUID


class TicketingFailed(TicketsEvent):
    """A routed message could not be put into a conversation; it is parked. Stream: `message-{message_id}`."""

    message_id: UUID
    error: Words
