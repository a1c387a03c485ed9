"""The ticket: what it is, as its events made it."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain
from operator import attrgetter
from typing import assert_never
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.mail import Address, LetterHead, last_written
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
    Spell,
    State,
    TagsChanged,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
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
class Rest:
    """How a ticket stood that a merge opened."""

    state: State
    until: datetime | None
    """Of a hold."""
    ended_for: frozenset[UUID]
    """The tickets that were merged into it since, the one that opened it first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A letter that wants an answer, which starts clocks."""

    since: datetime
    """When it was received."""
    came_at: datetime
    """Since when it waits through the spells of this ticket; that is later if it came from another one."""
    before: tuple[Spell, ...] = ()
    """What it had waited through until then."""
    round: int = 0
    """Who writes when all was done asks anew, in a round of their own."""
    answered: bool = False


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
    answers_id: UUID | None
    """The letter that an answer answers: the last that a person wrote."""
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
    held_for_id: UUID | None = None
    """The ticket that must be solved before this one goes on."""
    done_at: datetime | None = None
    """When it was last solved or closed; None while it is not."""
    merged_into_id: UUID | None = None
    absorbed: Mapping[UUID, TicketAbsorbed] = field(default_factory=dict)
    """Tickets that go on in this one, and what they brought."""
    rest: Rest | None = None
    """What undoing a merge that opened it gives back; None: something else keeps it open, or it is not."""
    by_way_of: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """Letters that were written to such a ticket, and the way by which they came."""
    spells: tuple[Spell, ...] = ()
    asked: Mapping[UUID, Asked] = field(default_factory=dict)
    """Letters in it that want an answer, or got one; not those of machines, and no thanks."""
    began_by: UUID | None = None
    """The letter that started the clock of the resolution; None: no person has written."""
    first_response_at: datetime | None = None
    deadlines: tuple[DeadlineItem, ...] = ()
    warned: frozenset[tuple[str, datetime]] = frozenset()
    breached: frozenset[tuple[str, datetime | None]] = frozenset()
    """Targets with the beginning of their clock."""
    changed_at: datetime = NEVER
    """When something last happened to it. Nothing happens by itself before that."""
    automatic_at: datetime | None = None
    """When automatic mail last left for the customer."""
    ran: frozenset[tuple[UUID, str, datetime]] = frozenset()
    """Automations that had their time, each with the moment and when what it waited for began."""
    runs: tuple[datetime, ...] = ()
    """When the last `MOST_RUNS` automations ran."""
    replies: Mapping[UUID, Reply] = field(default_factory=dict)
    readdressed_version: int = 1
    """The version at which letters that came or left last changed which one an answer answers."""
    told_at: datetime | None = None
    """When its watchers last heard of a letter."""
    placed_version: int = 1
    """The last version at which something happened that distribution decides by."""

    @property
    def answered(self) -> bool:
        """Whether a person of ours has answered."""
        return bool(self.replies)

    @property
    def answer_to(self) -> str | None:
        """The Message-ID of the letter that an answer answers."""
        return self.letters[self.answers_id].internet_message_id if self.answers_id else None

    @property
    def reply_address(self) -> Address:
        """Where an answer goes."""
        asked_for = self.letters[self.answers_id].answers_go_to if self.answers_id else None
        return asked_for or self.contact

    @property
    def began(self) -> Asked | None:
        """What started the clock of the resolution."""
        return None if self.began_by is None else self.asked[self.began_by]

    @property
    def unanswered(self) -> dict[UUID, Asked]:
        """Letters that wait for an answer: those of the last round in which there are any."""
        waiting = {one: asked for one, asked in self.asked.items() if not asked.answered}
        last = max((asked.round for asked in waiting.values()), default=0)
        return {one: asked for one, asked in waiting.items() if asked.round == last}

    @property
    def waiting(self) -> Asked | None:
        """What has waited longest for an answer."""
        return min(self.unanswered.values(), key=attrgetter("since"), default=None)

    def waited(self, asked: Asked) -> tuple[Spell, ...]:
        """What a letter has waited through, here and before."""
        ends = (*(spell.since for spell in self.spells[1:]), None)
        here = (
            spell if spell.since >= asked.came_at else spell.model_copy(update={"since": asked.came_at})
            for spell, end in zip(self.spells, ends, strict=True)
            if end is None or end > asked.came_at
        )
        return (*asked.before, *here)


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
    asked = {} if letter.automatic else {letter.message_id: _just_asked(letter)}
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
        answers_id=letter.message_id,
        priority=event.priority,
        tags=event.tags,
        spells=event.waited or (Spell(state=State.OPEN, since=letter.received_at),),
        asked=asked,
        began_by=next(iter(asked), None),
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
        case TicketMerged(into_id=into_id):
            spells = (*ticket.spells, Spell(state=ticket.state, since=at, merged=True))
            return replace(ticket, merged_into_id=into_id, spells=spells)
        case MergeUndone():
            spells = (*ticket.spells, Spell(state=ticket.state, since=at))
            return replace(ticket, merged_into_id=None, spells=spells)
        case LettersMoved() | LettersTaken() | TicketAbsorbed() | AbsorptionUndone():
            return _addressed(_rearranged(ticket, event, at))
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
        case NoticeReleased(why=why):
            return replace(ticket, told_at=at) if why == "letter" else ticket
        case (
            TicketOpened()
            | NoteAdded()
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
            before = ticket.letters[ticket.answers_id] if ticket.answers_id else None
            last = last_written([*([before] if before else []), letter])
            return replace(
                ticket
                if event.thanks
                else _asks(_not_at_rest(ticket, way), {letter.message_id: _just_asked(letter)}),
                by_way_of={**ticket.by_way_of, letter.message_id: way} if way else ticket.by_way_of,
                participants=ticket.participants | addresses(letter),
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
                answers_id=last.message_id if last else None,
                trace=trace,
            )
        case AutomaticReplyReceived(by_way_of=way):
            ways = {**ticket.by_way_of, letter.message_id: way} if way else ticket.by_way_of
            return replace(ticket, by_way_of=ways)
        case ReplyBounced(reply_id=reply_id):
            return _reply_became(ticket, reply_id, ReplyState.BOUNCED)
        case _:
            assert_never(event)


def _not_at_rest(ticket: Ticket, way: Collection[UUID]) -> Ticket:
    """It stays open, if more than what came with merged tickets opens it; that leaves with them."""
    leaves = ticket.rest is not None and not ticket.rest.ended_for.isdisjoint(way)
    return ticket if leaves else replace(ticket, rest=None)


def _just_asked(letter: LetterHead) -> Asked:
    return Asked(letter.received_at, came_at=letter.received_at)


def _brought(
    letters: Iterable[LetterHead], waited: Mapping[UUID, tuple[Spell, ...]], at: datetime
) -> dict[UUID, Asked]:
    """Letters from another ticket that wait for an answer."""
    return {
        one.message_id: Asked(one.received_at, came_at=at, before=waited[one.message_id])
        for one in letters
        if one.message_id in waited
    }


def _asks(ticket: Ticket, letters: Mapping[UUID, Asked]) -> Ticket:
    """After more letters that want an answer."""
    last = max((asked.round for asked in ticket.asked.values()), default=0)
    waiting = ticket.waiting
    this = last + 1 if ticket.state.done else waiting.round if waiting else last
    new = {one: replace(asked, round=this) for one, asked in letters.items()}
    return _with_asked(ticket, {**ticket.asked, **new})


def _all_answered(ticket: Ticket) -> Ticket:
    return replace(ticket, asked={one: replace(asked, answered=True) for one, asked in ticket.asked.items()})


def _with_asked(ticket: Ticket, asked: Mapping[UUID, Asked]) -> Ticket:
    """What started the resolution does so as long as it is there, and then the first of the others."""
    first = min(asked, key=lambda one: asked[one].since, default=None)
    return replace(ticket, asked=asked, began_by=ticket.began_by if ticket.began_by in asked else first)


def _answered(
    ticket: Ticket,
    event: ReplySubmitted | ReplyReleased | AcknowledgementReleased | ReminderReleased,
    at: datetime,
) -> Ticket:
    """After a letter of ours."""
    match event:
        case ReplyReleased(reply_id=reply_id, letter=letter, author_id=author_id, attempt=attempt):
            return replace(
                ticket if attempt > 1 else _all_answered(ticket),
                message_ids=_with(ticket.message_ids, letter.internet_message_id),
                replies={**ticket.replies, reply_id: Reply(letter, author_id, attempt)},
                first_response_at=ticket.first_response_at or at,
            )
        case AcknowledgementReleased(letter=letter) | ReminderReleased(letter=letter):
            message_ids = _with(ticket.message_ids, letter.internet_message_id)
            return replace(ticket, message_ids=message_ids, automatic_at=letter.date)
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
    held_for_id = rest = None
    match event:
        case TicketSolved():
            state, until = State.SOLVED, None
        case TicketClosed():
            state, until = State.CLOSED, None
        case TicketReopened(why=why):
            state, until = State.OPEN, None
            if why == "merge":
                rest = Rest(ticket.state, ticket.held_until, frozenset([*ticket.absorbed][-1:]))
        case TicketSetPending():
            state, until = State.PENDING, None
        case TicketPutOnHold():
            state, until, held_for_id = State.ON_HOLD, event.until, event.until_solved_id
        case _:
            assert_never(event)
    return replace(
        ticket,
        state=state,
        held_until=until,
        held_for_id=held_for_id,
        done_at=at if state.done else None,
        rest=rest,
        spells=(*ticket.spells, Spell(state=state, since=at)),
    )


def _rearranged(
    ticket: Ticket, event: LettersMoved | LettersTaken | TicketAbsorbed | AbsorptionUndone, at: datetime
) -> Ticket:
    """After letters changed their ticket."""
    match event:
        case LettersMoved(message_ids=moved):
            ways = {one: way for one, way in ticket.by_way_of.items() if one not in moved}
            absorbed = {from_id: _but(brought, moved) for from_id, brought in ticket.absorbed.items()}
            return replace(_without_letters(ticket, moved), by_way_of=ways, absorbed=absorbed)
        case LettersTaken(letters=letters, by_way_of=ways, waited=waited):
            return replace(
                _asks(_with_letters(_not_at_rest(ticket, ()), letters), _brought(letters, waited, at)),
                by_way_of={**ticket.by_way_of, **ways},
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
            )
        case TicketAbsorbed(from_id=from_id, letters=letters, message_ids=message_ids):
            # What both had already is not given back when the merge is undone.
            new = _but(event, ticket.letters).model_copy(
                update={"message_ids": tuple(one for one in message_ids if one not in ticket.message_ids)}
            )
            rest = ticket.rest and replace(ticket.rest, ended_for=ticket.rest.ended_for | {from_id})
            return replace(
                _asks(_with_letters(ticket, new.letters), _brought(new.letters, event.waited, at)),
                absorbed={**ticket.absorbed, from_id: new},
                message_ids=(*ticket.message_ids, *new.message_ids),
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
                rest=rest,
            )
        case AbsorptionUndone(from_id=from_id):
            return _parted(ticket, from_id)
        case _:
            assert_never(event)


def _but(absorbed: TicketAbsorbed, letters: Container[UUID]) -> TicketAbsorbed:
    """What a merge brought, but for some letters: they are the ticket's own, or have gone on."""
    left = tuple(one for one in absorbed.letters if one.message_id not in letters)
    return absorbed if len(left) == len(absorbed.letters) else absorbed.model_copy(update={"letters": left})


def _parted(ticket: Ticket, from_id: UUID) -> Ticket:
    """Without what an absorbed ticket had brought."""
    brought = ticket.absorbed.get(from_id)
    if brought is None:
        return ticket
    return replace(
        _without_letters(ticket, {letter.message_id for letter in brought.letters}),
        absorbed={one: rest for one, rest in ticket.absorbed.items() if one != from_id},
        message_ids=tuple(one for one in ticket.message_ids if one not in brought.message_ids),
        rest=ticket.rest and replace(ticket.rest, ended_for=ticket.rest.ended_for - {from_id}),
    )


def _addressed(ticket: Ticket) -> Ticket:
    """Whom an answer goes to and who takes part, by the letters that are in it now."""
    last = last_written(ticket.letters.values())
    wrote = (addresses(letter) for letter in ticket.letters.values() if letter.by_person)
    came = (brought.participants for brought in ticket.absorbed.values())
    answers_id = last.message_id if last else None
    return replace(
        ticket,
        answers_id=answers_id,
        participants=frozenset((ticket.contact.address.lower(), *chain(*wrote, *came))),
        readdressed_version=ticket.readdressed_version if answers_id == ticket.answers_id else ticket.version,
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
    | TaskChanged
    | TaskRemoved
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
        case TaskAdded() | TaskDone() | TaskChanged() | TaskRemoved():
            return replace(ticket, tasks=_tasks(ticket.tasks, event))
        case TicketLinked(other_id=other_id, link=link):
            return replace(ticket, links=ticket.links | {(other_id, link)})
        case TicketUnlinked(other_id=other_id, link=link):
            return replace(ticket, links=ticket.links - {(other_id, link)})
        case TicketMoved(ticketbox_id=ticketbox_id):
            return replace(ticket, ticketbox_id=ticketbox_id)
        case _:
            assert_never(event)


def _tasks(
    tasks: Mapping[UUID, Task], event: TaskAdded | TaskDone | TaskChanged | TaskRemoved
) -> Mapping[UUID, Task]:
    """Tasks after something was said of one; nothing is said of one that is gone."""
    before = tasks.get(event.task_id)
    match event:
        case TaskAdded(task_id=task_id, text=text, owner_id=owner_id, due_on=due_on):
            return {**tasks, task_id: Task(text, owner_id, due_on)}
        case TaskRemoved(task_id=task_id):
            return {one: task for one, task in tasks.items() if one != task_id}
        case _ if before is None:
            return tasks
        case TaskChanged(task_id=task_id, text=text, owner_id=owner_id, due_on=due_on):
            return {**tasks, task_id: replace(before, text=text, owner_id=owner_id, due_on=due_on)}
        case TaskDone(task_id=task_id, done=done):
            return {**tasks, task_id: replace(before, done=done)}
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
        )
    return ticket


def _without_letters(ticket: Ticket, gone: Collection[UUID]) -> Ticket:
    left = {one: letter for one, letter in ticket.letters.items() if one not in gone}
    names = {letter.internet_message_id for one, letter in ticket.letters.items() if one in gone}
    message_ids = tuple(one for one in ticket.message_ids if one not in names)
    asked = {one: asked for one, asked in ticket.asked.items() if one not in gone}
    return _with_asked(replace(ticket, letters=left, message_ids=message_ids), asked)


def _with(message_ids: tuple[str, ...], another: str | None) -> tuple[str, ...]:
    return (*message_ids, another) if another and another not in message_ids else message_ids
