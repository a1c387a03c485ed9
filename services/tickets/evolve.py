"""How a ticket evolves: what each event makes of it. Pure."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import assert_never
from uuid import UUID

from chassis.frozen import but
from contracts.automations import AutomationHeldBack, AutomationRan
from contracts.correspondence import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    NoteAdded,
    NoticeReleased,
    ReminderReleased,
    ReminderWithheld,
    ReplyBounced,
    ReplyReleased,
    ReplySubmitted,
)
from contracts.event import Event, Recorded
from contracts.mail import Kind, LetterHead, last_written
from contracts.service_levels import DeadlinesChanged, SLABreached, SLAWarned
from contracts.ticket_events import Placing, TicketEvent
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    CustomerErased,
    DistributionDropped,
    FieldsChanged,
    LettersMoved,
    LettersTaken,
    MergeUndone,
    PriorityChanged,
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
from services.tickets.ticket import (
    MOST_RUNS,
    Asked,
    Left,
    Reply,
    ReplyState,
    Rest,
    Task,
    Ticket,
    addresses,
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
                ticket = begin(first, recorded.occurred_at, recorded.meta.traceparent)
                yield ticket
            case event if ticket is not None and isinstance(event, TicketEvent):
                ticket = evolve(
                    ticket, event, recorded.version, recorded.occurred_at, recorded.meta.traceparent
                )
                yield ticket


def begin(event: TicketOpened, at: datetime, trace: str | None = None) -> Ticket:
    """The ticket at its beginning."""
    letter, settled = event.letter, event.settled
    asked = {} if letter.automatic else {letter.message_id: replace(_just_asked(letter), answered=settled)}
    spells = event.waited or (Spell(state=State.OPEN, since=letter.received_at),)
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
        state_since=spells[-1].since,
        spells=spells,
        asked=asked,
        began_by=next(iter(asked), None),
        had_first_response=settled,
        deadlines=event.deadlines,
        trace=trace,
        # What came due since a letter came happens at its true time; not in a ticket that was split off only later.
        changed_at=at if event.split_from_id else letter.received_at,
        follows_id=event.follows_id,
    )


def evolve(
    ticket: Ticket, event: TicketEvent, version: int, at: datetime, trace: str | None = None
) -> Ticket:
    """The ticket after one more event; never refuses."""
    placed_version = version if isinstance(event, Placing) else ticket.placed_version
    ticket = but(
        ticket, version=version, placed_version=placed_version, changed_at=max(ticket.changed_at, at)
    )
    match event:
        case CustomerReplied() | AutomaticReplyReceived() | ReplyBounced():
            return _heard(ticket, event, trace)
        case ReplySubmitted() | ReplyReleased() | AcknowledgementReleased() | ReminderReleased():
            return _answered(ticket, event)
        case DeliveryRecorded(reply_id=reply_id, outcome=outcome):
            return _reply_became(ticket, reply_id, _DELIVERED[outcome])
        case TicketSolved() | TicketClosed() | TicketReopened() | TicketSetPending() | TicketPutOnHold():
            return _stands(ticket, event, at)
        case TicketMerged(into_id=into_id):
            spells = (*ticket.spells, Spell(state=ticket.state, since=at, merged=True))
            return but(ticket, merged_into_id=into_id, spells=spells)
        case MergeUndone():
            spells = (*ticket.spells, Spell(state=ticket.state, since=at))
            return but(ticket, merged_into_id=None, spells=spells)
        case LettersMoved() | LettersTaken() | TicketAbsorbed() | AbsorptionUndone():
            return _addressed(_rearranged(ticket, event, at))
        case DeadlinesChanged(deadlines=deadlines):
            return but(ticket, deadlines=deadlines)
        case SLAWarned(target=target, since=since):
            return but(ticket, warned=ticket.warned | {(target, since)})
        case SLABreached(target=target, since=since):
            return but(ticket, breached=ticket.breached | {(target, since)})
        case AutomationRan(automation_id=automation_id, moment=moment, since=since):
            runs = (*ticket.runs, at)[-MOST_RUNS:]
            return but(ticket, ran=ticket.ran | {(automation_id, moment, since)}, runs=runs)
        case AutomationHeldBack(automation_id=automation_id, moment=moment, since=since):
            return but(ticket, ran=ticket.ran | {(automation_id, moment, since)})
        case NoticeReleased(why=why):
            return but(ticket, told_at=at) if why == "letter" else ticket
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
    ticket = but(
        ticket,
        letters={**ticket.letters, letter.message_id: letter},
        message_ids=_with(ticket.message_ids, letter.internet_message_id),
    )
    match event:
        case CustomerReplied(by_way_of=way):
            before = ticket.letters[ticket.answers_id] if ticket.answers_id else None
            last = last_written([*([before] if before else []), letter])
            return but(
                ticket if event.thanks else _asked_by(_not_at_rest(ticket, way), letter),
                by_way_of={**ticket.by_way_of, letter.message_id: way} if way else ticket.by_way_of,
                participants=ticket.participants | addresses(letter),
                last_letter_version=ticket.version,
                last_message_version=ticket.version,
                answers_id=last.message_id if last else None,
                thanks_id=letter.message_id if event.thanks else None,
                came_back=False,
                trace=trace,
            )
        case AutomaticReplyReceived(by_way_of=way):
            ways = {**ticket.by_way_of, letter.message_id: way} if way else ticket.by_way_of
            return but(ticket, by_way_of=ways, came_back=ticket.came_back or _gave_up(letter))
        case ReplyBounced(reply_id=reply_id):
            return _reply_became(but(ticket, came_back=True), reply_id, ReplyState.BOUNCED)
        case _:
            assert_never(event)


def _gave_up(letter: LetterHead) -> bool:
    """Whether a server says that it will not deliver a letter of ours any more."""
    return letter.kind is Kind.BOUNCE and not (letter.bounce is not None and letter.bounce.delayed)


def _not_at_rest(ticket: Ticket, way: Collection[UUID]) -> Ticket:
    """It stays open, if more than what came with merged tickets opens it; that leaves with them."""
    leaves = ticket.rest is not None and not ticket.rest.ended_for.isdisjoint(way)
    return ticket if leaves else but(ticket, rest=None)


def _asked_by(ticket: Ticket, letter: LetterHead) -> Ticket:
    """After a letter that a person wrote to it: the clocks have run since it came, however late it is put here."""
    came_at = letter.received_at
    before = [spell for spell in ticket.spells if spell.since <= came_at]
    stood = before and not before[-1].merged and before[-1].state is not State.OPEN
    later = [
        spell if spell.merged else spell.model_copy(update={"state": State.OPEN})
        for spell in ticket.spells[len(before) :]
    ]
    spells = (*before, *([Spell(state=State.OPEN, since=came_at)] if stood else ()), *later)
    return _asks(but(ticket, spells=spells), {letter.message_id: _just_asked(letter)})


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
    return but(ticket, asked={one: replace(asked, answered=True) for one, asked in ticket.asked.items()})


def _with_asked(ticket: Ticket, asked: Mapping[UUID, Asked]) -> Ticket:
    """What started the resolution does so as long as it is there, and then the first of the others."""
    first = min(asked, key=lambda one: asked[one].since, default=None)
    return but(ticket, asked=asked, began_by=ticket.began_by if ticket.began_by in asked else first)


def _answered(
    ticket: Ticket, event: ReplySubmitted | ReplyReleased | AcknowledgementReleased | ReminderReleased
) -> Ticket:
    """After a letter of ours."""
    match event:
        case ReplyReleased(reply_id=reply_id, letter=letter, author_id=author_id, attempt=attempt):
            return but(
                ticket if attempt > 1 else _all_answered(ticket),
                message_ids=_with(ticket.message_ids, letter.internet_message_id),
                replies={**ticket.replies, reply_id: Reply(letter, author_id, attempt)},
                had_first_response=True,
                came_back=False,
            )
        case AcknowledgementReleased(letter=letter) | ReminderReleased(letter=letter):
            message_ids = _with(ticket.message_ids, letter.internet_message_id)
            return but(ticket, message_ids=message_ids, automatic_at=letter.date, came_back=False)
        case ReplySubmitted():
            return but(ticket, last_message_version=ticket.version)
        case _:
            assert_never(event)


def _stands(
    ticket: Ticket,
    event: TicketSolved | TicketClosed | TicketReopened | TicketSetPending | TicketPutOnHold,
    at: datetime,
) -> Ticket:
    """After a change of state."""
    hold = rest = done_at = None
    match event:
        case TicketSolved():
            state, done_at = State.SOLVED, at
        case TicketClosed():
            state, done_at = State.CLOSED, ticket.done_at or at
        case TicketReopened(why=why, opened_by=letters, thanks_id=thanks_id):
            if thanks_id is not None and thanks_id in ticket.letters:
                ticket = _asked_by(ticket, ticket.letters[thanks_id])
            state = State.OPEN
            if why == "merge" or letters:
                ended_for = letters or [*ticket.absorbed][-1:]
                rest = Rest(ticket.state, ticket.hold, frozenset(ended_for))
        case TicketSetPending():
            state = State.PENDING
        case TicketPutOnHold():
            state, hold = State.ON_HOLD, event
        case _:
            assert_never(event)
    return but(
        ticket,
        state=state,
        hold=hold,
        done_at=done_at,
        rest=rest,
        thanks_id=None,
        state_since=at,
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
            left = {**ticket.left, **{one: _left(ticket, one) for one in moved}}
            rest = ticket.rest and replace(ticket.rest, ended_for=ticket.rest.ended_for.difference(moved))
            return but(
                _without_letters(ticket, moved), by_way_of=ways, absorbed=absorbed, left=left, rest=rest
            )
        case LettersTaken(letters=letters, by_way_of=ways, waited=waited):
            taken = _with_letters(_not_at_rest(ticket, ()), letters)
            return but(
                _back(_asks(taken, _brought(letters, waited, at)), letters),
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
            asks = _asks(_with_letters(ticket, new.letters), _brought(new.letters, event.waited, at))
            return but(
                _back(asks, new.letters),
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


def _left(ticket: Ticket, message_id: UUID) -> Left:
    settled = ticket.state.done or message_id not in ticket.unanswered
    return Left(ticket.asked.get(message_id), settled, began=message_id == ticket.began_by)


def _back(ticket: Ticket, letters: Iterable[LetterHead]) -> Ticket:
    """After letters came that it has had before. What wanted an answer and waits no more was answered elsewhere."""
    known = {one.message_id: ticket.left[one.message_id] for one in letters if one.message_id in ticket.left}
    asked = {
        one: left.asked if left.settled else replace(left.asked, answered=True)
        for one, left in known.items()
        if left.asked is not None and one not in ticket.asked
    }
    ticket = _with_asked(ticket, {**ticket.asked, **asked})
    began = [one for one, left in known.items() if left.began]
    first = [one for one in (ticket.began_by, *began) if one is not None]
    return but(ticket, began_by=min(first, key=lambda one: ticket.asked[one].since, default=None))


def _but(absorbed: TicketAbsorbed, letters: Container[UUID]) -> TicketAbsorbed:
    """What a merge brought, but for some letters: they are the ticket's own, or have gone on."""
    left = tuple(one for one in absorbed.letters if one.message_id not in letters)
    return absorbed if len(left) == len(absorbed.letters) else absorbed.model_copy(update={"letters": left})


def _parted(ticket: Ticket, from_id: UUID) -> Ticket:
    """Without what an absorbed ticket had brought."""
    brought = ticket.absorbed.get(from_id)
    if brought is None:
        return ticket
    return but(
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
    return but(
        ticket,
        answers_id=answers_id,
        participants=frozenset((ticket.contact.address.lower(), *chain(*wrote, *came))),
        readdressed_version=ticket.readdressed_version if answers_id == ticket.answers_id else ticket.version,
    )


def _described(ticket: Ticket, event: Description) -> Ticket:
    """After a change of what the ticket is, whose, and where."""
    match event:
        case TicketAssigned(agent_id=agent_id):
            return but(ticket, assignee_id=agent_id)
        case PriorityChanged(priority=priority):
            return but(ticket, priority=priority)
        case TagsChanged(tags=tags):
            return but(ticket, tags=tags)
        case FieldsChanged(fields=changed):
            fields = {**ticket.fields, **changed}
            return but(ticket, fields={key: value for key, value in fields.items() if value is not None})
        case CategoryAssigned(category_id=category_id):
            return but(ticket, category_id=category_id)
        case WatchersChanged(watcher_ids=watcher_ids):
            return but(ticket, watcher_ids=watcher_ids)
        case TaskRemoved(task_id=task_id):
            gone = {one: task for one, task in ticket.tasks.items() if one == task_id}
            left = {one: task for one, task in ticket.tasks.items() if one != task_id}
            return but(ticket, tasks=left, removed_tasks={**ticket.removed_tasks, **gone})
        case TaskAdded() | TaskDone() | TaskChanged():
            return but(ticket, tasks=_tasks(ticket.tasks, event))
        case TicketLinked(other_id=other_id, link=link):
            return but(ticket, links=ticket.links | {(other_id, link)})
        case TicketUnlinked(other_id=other_id, link=link):
            return but(ticket, links=ticket.links - {(other_id, link)})
        case TicketMoved(ticketbox_id=ticketbox_id):
            return but(ticket, ticketbox_id=ticketbox_id)
        case _:
            assert_never(event)


def _tasks(tasks: Mapping[UUID, Task], event: TaskAdded | TaskDone | TaskChanged) -> Mapping[UUID, Task]:
    """Tasks after something was said of one; nothing is said of one that is gone."""
    before = tasks.get(event.task_id)
    match event:
        case TaskAdded(task_id=task_id, text=text, owner_id=owner_id, due_on=due_on):
            return {**tasks, task_id: Task(text, owner_id, due_on)}
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
    return but(ticket, replies={**ticket.replies, reply_id: replace(reply, state=state)})


def _with_letters(ticket: Ticket, letters: Iterable[LetterHead]) -> Ticket:
    for letter in letters:
        ticket = but(
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
    return _with_asked(but(ticket, letters=left, message_ids=message_ids), asked)


def _with(message_ids: tuple[str, ...], another: str | None) -> tuple[str, ...]:
    return (*message_ids, another) if another and another not in message_ids else message_ids
