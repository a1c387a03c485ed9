"""Events of tickets: the conversation, its clocks, and the desk's configuration."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Event
from contracts.mail import Address, Bounce, LetterHead
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
    """A customer's matter began with this message. Stream of this and all below: `ticket-{ticket_id}`."""

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


class DeadlinesChanged(TicketsEvent):
    """What the service level asks for from now on, as computed from all that happened."""

    ticket_id: UUID
    policy_id: UUID | None
    policy: Text | None
    deadlines: tuple[DeadlineItem, ...]


class SLAWarned(TicketsEvent):
    """A target will be missed at `due_at` unless something happens."""

    ticket_id: UUID
    target: Text
    due_at: Instant
    since: Instant
    """When its clock began."""


class SLABreached(TicketsEvent):
    """A target was missed at `due_at`, even if it was noticed later."""

    ticket_id: UUID
    target: Text
    """`first_response`, `next_response` or `resolution`."""
    due_at: Instant
    since: Instant | None = None
    """When its clock began; None in events of early releases, which knew the first response only."""


class AutomationRan(TicketsEvent):
    """The time of an automation had come; what it did follows in the same answer."""

    ticket_id: UUID
    automation_id: UUID
    automation: Text
    """Its name then."""
    moment: Text
    since: Instant
    """When what it waited for began: the state, the wait of the customer, the clock of the target."""
    told: tuple[UUID, ...] = ()
    """People who got a mail."""
    left_out: tuple[Text, ...] = ()
    """What it could not do, and why."""


class AutomationHeldBack(TicketsEvent):
    """The time of an automation had come, but too many had run for this ticket: maybe a loop."""

    ticket_id: UUID
    automation_id: UUID
    automation: Text
    moment: Text
    since: Instant
    detail: Text


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


class CustomerErased(TicketsEvent):
    """The data of the person who had opened the ticket was erased; its number, times, states and figures stay."""

    ticket_id: UUID
    erasure_id: UUID
    erased_by: UUID


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

Happening = (
    TicketAssigned
    | DistributionDropped
    | TicketSolved
    | TicketReopened
    | TicketSetPending
    | TicketPutOnHold
    | TicketClosed
    | PriorityChanged
    | TagsChanged
    | FieldsChanged
    | CategoryAssigned
    | WatchersChanged
    | TaskAdded
    | TaskDone
    | TaskChanged
    | TaskRemoved
    | TicketLinked
    | TicketUnlinked
    | TicketMoved
    | LettersMoved
    | LettersTaken
    | TicketMerged
    | TicketAbsorbed
    | MergeUndone
    | AbsorptionUndone
    | DeadlinesChanged
    | SLAWarned
    | SLABreached
    | AutomationRan
    | AutomationHeldBack
    | CustomerErased
)
"""All else, each told in a sentence."""

TicketEvent = Correspondence | Happening
"""All that happens to a ticket."""

Placing = (
    TicketOpened
    | CustomerReplied
    | TicketAssigned
    | DistributionDropped
    | ReplyReleased
    | TicketSolved
    | TicketReopened
    | TicketSetPending
    | TicketPutOnHold
    | TicketClosed
    | TicketMoved
    | TicketMerged
    | MergeUndone
)
"""What distribution decides by: whatever it wanted before one of these is outdated."""


class TicketingFailed(TicketsEvent):
    """A routed message could not be put into a conversation; it is parked. Stream: `message-{message_id}`."""

    message_id: UUID
    error: Words


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
