"""The ticket: what it is, as its events made it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.mail import Address, LetterHead
from contracts.router import Priority
from contracts.tickets import (
    AbsorptionUndone,
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    AutomationHeldBack,
    AutomationRan,
    CategoryAssigned,
    CustomerErased,
    CustomerReplied,
    DeadlineItem,
    DeadlinesChanged,
    DeliveryOutcome,
    DeliveryRecorded,
    DistributionDropped,
    FieldsChanged,
    FieldValue,
    LettersMoved,
    LettersTaken,
    LinkKind,
    MergeUndone,
    NoteAdded,
    NoticeReleased,
    OutgoingLetter,
    Placing,
    PriorityChanged,
    ReminderReleased,
    ReminderWithheld,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
    SLABreached,
    SLAWarned,
    State,
    TagsChanged,
    TaskAdded,
    TaskDone,
    TicketAbsorbed,
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketLinked,
    TicketMerged,
    TicketMoved,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    TicketUnlinked,
    WatchersChanged,
)

NEVER = datetime.min.replace(tzinfo=UTC)
MOST_RUNS = 20
"""Runs of automations that one ticket gets within a day."""


class ReplyState(StrEnum):
    RELEASED = "released"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of ours: what left, and what became of it."""

    letter: OutgoingLetter
    author_id: UUID
    attempt: int
    state: ReplyState = ReplyState.RELEASED


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done."""

    text: str
    owner_id: UUID | None
    due_on: date | None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Spell:
    """A state, and since when the ticket is in it; it ends where the next begins."""

    state: State
    since: datetime
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A conversation as it stands. `version` counts its events."""

    ticket_id: UUID
    number: int
    ticketbox_id: UUID
    subject: str
    contact: Address
    state: State
    version: int
    participants: frozenset[str]
    """Addresses that wrote or were written to in it, in lower case."""
    message_ids: tuple[str, ...]
    """Message-IDs of the conversation, ours too, in order."""
    letters: Mapping[UUID, LetterHead]
    """What customers and their machines wrote, in order."""
    last_letter_version: int
    """The version at which a letter of the customer last came into it."""
    last_message_version: int
    """The version at which a letter, of the customer or of ours, last came into it: an answer must have seen it."""
    answer_to: str | None
    """The Message-ID of the customer's last letter."""
    reply_address: Address
    trace: str | None
    """Of the customer's last letter; an answer belongs to it."""
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    category_id: UUID | None = None
    assignee_id: UUID | None = None
    watcher_ids: tuple[UUID, ...] = ()
    tasks: Mapping[UUID, Task] = field(default_factory=dict)
    links: frozenset[tuple[UUID, LinkKind]] = frozenset()
    held_until: datetime | None = None
    done_at: datetime | None = None
    """When it was last solved or closed; None while it is not."""
    merged_into_id: UUID | None = None
    absorbed: Mapping[UUID, TicketAbsorbed] = field(default_factory=dict)
    """Tickets that go on in this one, and what they brought."""
    by_way_of: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """Letters that were written to such a ticket, and the way by which they came."""
    spells: tuple[Spell, ...] = ()
    began_at: datetime | None = None
    """When a person first wrote in it: the clocks of the first response and of the resolution begin. None: nobody."""
    first_response_at: datetime | None = None
    waiting_since: datetime | None = None
    """When the customer wrote what nobody has answered, after a first answer."""
    deadlines: tuple[DeadlineItem, ...] = ()
    warned: frozenset[tuple[str, datetime]] = frozenset()
    breached: frozenset[tuple[str, datetime | None]] = frozenset()
    """Targets with the beginning of their clock."""
    changed_at: datetime = NEVER
    """When something last happened to it. Nothing happens by itself before that."""
    automatic_at: datetime | None = None
    """When automatic mail last went to the customer."""
    ran: frozenset[tuple[UUID, str, datetime]] = frozenset()
    """Automations that had their time, each with the moment and when what it waited for began."""
    runs: tuple[datetime, ...] = ()
    """When the last `MOST_RUNS` automations ran."""
    replies: Mapping[UUID, Reply] = field(default_factory=dict)
    placed_version: int = 1
    """The last version at which something happened that distribution decides by."""

    @property
    def answered(self) -> bool:
        """Whether a person of ours has answered."""
        return bool(self.replies)


def load(history: Iterable[Recorded[Event]]) -> Ticket | None:
    """The ticket that these events made; None if there are none."""
    ticket: Ticket | None = None
    for ticket in stages(history):  # noqa: B007 - the last one counts
        pass
    return ticket


def stages(history: Iterable[Recorded[Event]]) -> Iterator[Ticket]:
    """The ticket after each of its events."""
    ticket: Ticket | None = None
    for recorded in history:
        match recorded.event:
            case TicketOpened() as first:
                ticket = opened(first, recorded.meta.traceparent)
                yield ticket
            case event if ticket is not None and isinstance(event, TicketEvent):
                ticket = evolve(
                    ticket, event, recorded.version, recorded.occurred_at, recorded.meta.traceparent
                )
                yield ticket


def addresses(letter: LetterHead) -> frozenset[str]:
    """Everyone whom a letter names, in lower case."""
    people = (*((letter.from_,) if letter.from_ else ()), *letter.to, *letter.cc, *letter.reply_to)
    return frozenset(person.address.lower() for person in people)


def opened(event: TicketOpened, trace: str | None) -> Ticket:
    """The ticket at its beginning."""
    letter = event.letter
    return Ticket(
        ticket_id=event.ticket_id,
        number=event.number,
        ticketbox_id=event.ticketbox_id,
        subject=event.subject,
        contact=event.contact,
        state=State.OPEN,
        version=1,
        participants=addresses(letter) | {event.contact.address.lower()},
        message_ids=(letter.internet_message_id,) if letter.internet_message_id else (),
        letters={letter.message_id: letter},
        last_letter_version=1,
        last_message_version=1,
        answer_to=letter.internet_message_id,
        reply_address=letter.reply_to[0] if letter.reply_to else event.contact,
        priority=event.priority,
        tags=event.tags,
        spells=(Spell(State.OPEN, letter.received_at),),
        began_at=None if letter.automatic else letter.received_at,
        deadlines=event.deadlines,
        trace=trace,
        changed_at=letter.received_at,
    )


def evolve(
    ticket: Ticket, event: TicketEvent, version: int, at: datetime, trace: str | None = None
) -> Ticket:
    """The ticket after one more event; never refuses."""
    placed_version = version if isinstance(event, Placing) else ticket.placed_version
    ticket = replace(
        ticket, version=version, placed_version=placed_version, changed_at=max(ticket.changed_at, at)
    )
    match event:
        case CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
            return _heard(ticket, event, trace)
        case ReplySubmitted() | ReplyReleased() | AcknowledgementReleased() | ReminderReleased():
            return _answered(ticket, event, at)
        case DeliveryRecorded(reply_id=reply_id, outcome=outcome):
            return _reply_became(ticket, reply_id, _DELIVERED[outcome])
        case TicketSolved() | TicketClosed() | TicketReopened() | TicketSetPending() | TicketPutOnHold():
            return _stands(ticket, event, at)
        case LettersMoved() | LettersTaken() | TicketMerged() | TicketAbsorbed():
            return _rearranged(ticket, event, at)
        case MergeUndone():
            spells = (*ticket.spells, Spell(ticket.state, at))
            return replace(ticket, merged_into_id=None, spells=spells)
        case AbsorptionUndone(from_id=from_id):
            return _parted(ticket, from_id)
        case DeadlinesChanged(deadlines=deadlines):
            return replace(ticket, deadlines=deadlines)
        case SLAWarned(target=target, since=since):
            return replace(ticket, warned=ticket.warned | {(target, since)})
        case SLABreached(target=target, since=since):
            return replace(ticket, breached=ticket.breached | {(target, since)})
        case AutomationRan(automation_id=automation_id, moment=moment, since=since):
            runs = (*ticket.runs, at)[-MOST_RUNS:]
            return replace(ticket, ran=ticket.ran | {(automation_id, moment, since)}, runs=runs)
        case AutomationHeldBack(automation_id=automation_id, moment=moment, since=since):
            return replace(ticket, ran=ticket.ran | {(automation_id, moment, since)})
        case (
            TicketOpened()
            | NoteAdded()
            | NoticeReleased()
            | AcknowledgementWithheld()
            | ReminderWithheld()
            | CustomerErased()
            | DistributionDropped()
        ):
            return ticket
        case _:
            return _described(ticket, event)


def _heard(
    ticket: Ticket, event: CustomerReplied | AutomaticReplyReceived | ReplyBounced, trace: str | None
) -> Ticket:
    """After a letter to us."""
    letter = event.letter
    ticket = replace(
        ticket,
        letters={**ticket.letters, letter.message_id: letter},
        message_ids=_with(ticket.message_ids, letter.internet_message_id),
    )
    match event:
        case CustomerReplied(by_way_of=way):
            writer = letter.from_ or ticket.contact
            return replace(
                _waits(ticket, event),
                by_way_of={**ticket.by_way_of, letter.message_id: way} if way else ticket.by_way_of,
                participants=ticket.participants | addresses(letter),
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
                answer_to=letter.internet_message_id,
                reply_address=letter.reply_to[0] if letter.reply_to else writer,
                trace=trace,
            )
        case ReplyBounced(reply_id=reply_id):
            return _reply_became(ticket, reply_id, ReplyState.BOUNCED)
        case AutomaticReplyReceived():
            return ticket
        case _:
            assert_never(event)


def _waits(ticket: Ticket, event: CustomerReplied) -> Ticket:
    """Whether the customer waits for an answer to a letter, and since when."""
    if event.thanks:
        return ticket
    if ticket.began_at is None:
        return replace(ticket, began_at=event.letter.received_at)
    if ticket.first_response_at is not None and ticket.waiting_since is None:
        return replace(ticket, waiting_since=event.letter.received_at)
    return ticket


def _answered(
    ticket: Ticket,
    event: ReplySubmitted | ReplyReleased | AcknowledgementReleased | ReminderReleased,
    at: datetime,
) -> Ticket:
    """After a letter of ours."""
    match event:
        case ReplyReleased(reply_id=reply_id, letter=letter, author_id=author_id, attempt=attempt):
            return replace(
                ticket,
                message_ids=_with(ticket.message_ids, letter.internet_message_id),
                replies={**ticket.replies, reply_id: Reply(letter, author_id, attempt)},
                first_response_at=ticket.first_response_at or at,
                waiting_since=ticket.waiting_since if attempt > 1 else None,
            )
        case AcknowledgementReleased(letter=letter) | ReminderReleased(letter=letter):
            message_ids = _with(ticket.message_ids, letter.internet_message_id)
            return replace(ticket, message_ids=message_ids, automatic_at=at)
        case ReplySubmitted():
            return replace(ticket, last_message_version=ticket.version)
        case _:
            assert_never(event)


def _stands(
    ticket: Ticket,
    event: TicketSolved | TicketClosed | TicketReopened | TicketSetPending | TicketPutOnHold,
    at: datetime,
) -> Ticket:
    """After a change of state."""
    match event:
        case TicketSolved():
            state, until = State.SOLVED, None
        case TicketClosed():
            state, until = State.CLOSED, None
        case TicketReopened():
            state, until = State.OPEN, None
        case TicketSetPending():
            state, until = State.PENDING, None
        case TicketPutOnHold():
            state, until = State.ON_HOLD, event.until
        case _:
            assert_never(event)
    return replace(
        ticket,
        state=state,
        held_until=until,
        done_at=at if state.done else None,
        spells=(*ticket.spells, Spell(state, at)),
        waiting_since=None if state.done else ticket.waiting_since,
    )


def _rearranged(
    ticket: Ticket, event: LettersMoved | LettersTaken | TicketMerged | TicketAbsorbed, at: datetime
) -> Ticket:
    """After letters changed their ticket."""
    match event:
        case LettersMoved(message_ids=moved):
            left = {one: letter for one, letter in ticket.letters.items() if one not in moved}
            ways = {one: way for one, way in ticket.by_way_of.items() if one not in moved}
            return replace(ticket, letters=left, by_way_of=ways)
        case LettersTaken(letters=letters, by_way_of=ways):
            return replace(
                _with_letters(ticket, letters),
                by_way_of={**ticket.by_way_of, **ways},
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
            )
        case TicketMerged(into_id=into_id):
            spells = (*ticket.spells, Spell(ticket.state, at, merged=True))
            return replace(ticket, merged_into_id=into_id, spells=spells)
        case TicketAbsorbed(letters=letters, message_ids=message_ids, participants=people):
            # What both had already is not given back when the merge is undone.
            new = event.model_copy(
                update={
                    "letters": tuple(one for one in letters if one.message_id not in ticket.letters),
                    "message_ids": tuple(one for one in message_ids if one not in ticket.message_ids),
                    "participants": tuple(one for one in people if one not in ticket.participants),
                }
            )
            return replace(
                ticket,
                absorbed={**ticket.absorbed, event.from_id: new},
                letters={**ticket.letters, **{one.message_id: one for one in new.letters}},
                message_ids=(*ticket.message_ids, *new.message_ids),
                participants=ticket.participants | frozenset(new.participants),
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
            )
        case _:
            assert_never(event)


def _parted(ticket: Ticket, from_id: UUID) -> Ticket:
    """Without what an absorbed ticket had brought."""
    brought = ticket.absorbed.get(from_id)
    if brought is None:
        return ticket
    gone = {letter.message_id for letter in brought.letters}
    return replace(
        ticket,
        absorbed={one: rest for one, rest in ticket.absorbed.items() if one != from_id},
        letters={one: letter for one, letter in ticket.letters.items() if one not in gone},
        message_ids=tuple(one for one in ticket.message_ids if one not in brought.message_ids),
        participants=ticket.participants - frozenset(brought.participants),
    )


Description = (
    TicketAssigned
    | PriorityChanged
    | TagsChanged
    | FieldsChanged
    | CategoryAssigned
    | WatchersChanged
    | TaskAdded
    | TaskDone
    | TicketLinked
    | TicketUnlinked
    | TicketMoved
)


def _described(ticket: Ticket, event: Description) -> Ticket:
    """After a change of what the ticket is, whose, and where."""
    match event:
        case TicketAssigned(agent_id=agent_id):
            return replace(ticket, assignee_id=agent_id)
        case PriorityChanged(priority=priority):
            return replace(ticket, priority=priority)
        case TagsChanged(tags=tags):
            return replace(ticket, tags=tags)
        case FieldsChanged(fields=changed):
            fields = {**ticket.fields, **changed}
            return replace(ticket, fields={key: value for key, value in fields.items() if value is not None})
        case CategoryAssigned(category_id=category_id):
            return replace(ticket, category_id=category_id)
        case WatchersChanged(watcher_ids=watcher_ids):
            return replace(ticket, watcher_ids=watcher_ids)
        case TaskAdded(task_id=task_id, text=text, owner_id=owner_id, due_on=due_on):
            return replace(ticket, tasks={**ticket.tasks, task_id: Task(text, owner_id, due_on)})
        case TaskDone(task_id=task_id, done=done):
            task = ticket.tasks.get(task_id)
            tasks = {**ticket.tasks, task_id: replace(task, done=done)} if task else ticket.tasks
            return replace(ticket, tasks=tasks)
        case TicketLinked(other_id=other_id, link=link):
            return replace(ticket, links=ticket.links | {(other_id, link)})
        case TicketUnlinked(other_id=other_id, link=link):
            return replace(ticket, links=ticket.links - {(other_id, link)})
        case TicketMoved(ticketbox_id=ticketbox_id):
            return replace(ticket, ticketbox_id=ticketbox_id)
        case _:
            assert_never(event)


_DELIVERED = {
    DeliveryOutcome.SENT: ReplyState.SENT,
    DeliveryOutcome.FAILED: ReplyState.FAILED,
    DeliveryOutcome.UNCERTAIN: ReplyState.UNCERTAIN,
}


def _reply_became(ticket: Ticket, reply_id: UUID, state: ReplyState) -> Ticket:
    reply = ticket.replies.get(reply_id)
    if reply is None:
        return ticket
    return replace(ticket, replies={**ticket.replies, reply_id: replace(reply, state=state)})


def _with_letters(ticket: Ticket, letters: Iterable[LetterHead]) -> Ticket:
    for letter in letters:
        ticket = replace(
            ticket,
            letters={**ticket.letters, letter.message_id: letter},
            message_ids=_with(ticket.message_ids, letter.internet_message_id),
            participants=ticket.participants | addresses(letter),
        )
    return ticket


def _with(message_ids: tuple[str, ...], another: str | None) -> tuple[str, ...]:
    return (*message_ids, another) if another and another not in message_ids else message_ids
