"""`decide`: one function a command. Same ticket, same command, same time: same events."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from contracts.commands import (
    AddNote,
    AddTask,
    AnyTicketCommand,
    AssignTicket,
    ChangeTags,
    ChangeTask,
    ChangeWatchers,
    CloseTicket,
    FinishTask,
    MoveTicket,
    PutOnHold,
    RemoveTask,
    ReopenTicket,
    RestoreTask,
    RetryReply,
    SetCategory,
    SetFields,
    SetPending,
    SetPriority,
    SolveTicket,
    SubmitReply,
)
from contracts.desk import Category, CustomField, Person, Right, Team, Ticketbox
from contracts.mail import Address
from contracts.model import is_erased
from contracts.tags import tag_of
from contracts.tickets import (
    CategoryAssigned,
    FieldsChanged,
    NoteAdded,
    OutgoingLetter,
    PriorityChanged,
    ReplyReleased,
    ReplySubmitted,
    State,
    TagsChanged,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
    TicketAssigned,
    TicketClosed,
    TicketEvent,
    TicketMoved,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    WatchersChanged,
)
from services.tickets import custom_fields, reply_address
from services.tickets.desk import Desk
from services.tickets.refusals import (
    AlreadyThere,
    Forbidden,
    Invalid,
    Merged,
    NobodyThere,
    NotFailed,
    Outdated,
    UnknownThing,
)
from services.tickets.ticket import ReplyState, Task, Ticket

OfOneTask = FinishTask | ChangeTask | RemoveTask
STILL_DONE = (RetryReply, FinishTask, ChangeTask, RemoveTask, RestoreTask)
"""Of a merged ticket: an answer is sent again where it was written, and what was to be done still is."""
MOST_TAGS = 30


def decide(command: AnyTicketCommand, ticket: Ticket, desk: Desk, now: datetime) -> list[TicketEvent]:
    """What happens because of a command of a person.

    Raises:
        Refusal: nothing happens, and why.
    """
    actor = permit(command.actor_id, ticket, desk)
    if ticket.merged_into_id is not None and not isinstance(command, STILL_DONE):
        raise Merged(ticket.number, ticket.merged_into_id)
    return act(command, ticket, desk, actor, now)


def act(
    command: AnyTicketCommand, ticket: Ticket, desk: Desk, actor: Person, now: datetime
) -> list[TicketEvent]:
    """What happens because of a command of a person who may give it.

    Raises:
        Refusal: nothing happens, and why.
    """
    match command:
        case SubmitReply():
            return submit_reply(command, ticket, _sender(ticket, desk, actor), desk, now)
        case RetryReply():
            return retry_reply(command, ticket)
        case AddNote():
            return add_note(command, ticket, desk)
        case AssignTicket():
            return assign(command, ticket, desk)
        case SolveTicket():
            return solve(command, ticket, desk)
        case CloseTicket():
            return close(command, ticket, desk)
        case ReopenTicket():
            return reopen(command, ticket)
        case SetPending():
            return set_pending(command, ticket)
        case PutOnHold():
            return put_on_hold(command, ticket, now)
        case MoveTicket():
            return move(command, ticket, desk)
        case _:
            return describe(command, ticket, desk)


Description = (
    SetPriority | ChangeTags | SetFields | SetCategory | ChangeWatchers | AddTask | OfOneTask | RestoreTask
)


def describe(command: Description, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Say more exactly what the ticket is.

    Raises:
        Refusal.
    """
    match command:
        case SetPriority(priority=priority):
            changed = PriorityChanged(
                ticket_id=ticket.ticket_id, priority=priority, changed_by=command.actor_id
            )
            return [] if priority == ticket.priority else [changed]
        case ChangeTags():
            return change_tags(command, ticket)
        case SetFields():
            return set_fields(command, ticket, desk)
        case SetCategory():
            return set_category(command, ticket, desk)
        case ChangeWatchers():
            return change_watchers(command, ticket, desk)
        case AddTask():
            return add_task(command, ticket, desk)
        case FinishTask():
            return finish_task(command, ticket)
        case ChangeTask():
            return change_task(command, ticket, desk)
        case RemoveTask():
            _task(command, ticket)
            return [TaskRemoved(ticket_id=ticket.ticket_id, task_id=command.task_id)]
        case RestoreTask():
            return restore_task(command, ticket)
        case _:
            assert_never(command)


def permit(actor_id: UUID, ticket: Ticket, desk: Desk, right: Right = Right.ANSWER) -> Person:
    """Who acts, if they may in the ticketbox of this ticket.

    Raises:
        Forbidden, UnknownThing.
    """
    actor = desk.get(Person, actor_id)
    if actor is None:
        raise UnknownThing("Nobody with this account works here.", person_id=actor_id)
    if not actor.may(right, ticket.ticketbox_id):
        box = desk.get(Ticketbox, ticket.ticketbox_id)
        raise Forbidden(f"You may not {right} in the ticketbox “{box.name if box else '?'}”.")
    return actor


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an answer comes from: the ticketbox, and the person whose name is shown."""

    ticketbox: str
    address: str
    person: str
    signature: str = ""
    reply_to: str | None = None


def _sender(ticket: Ticket, desk: Desk, actor: Person) -> Sender:
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    if box is None:
        raise UnknownThing("The ticketbox of this ticket was removed; move the ticket to another one.")
    signature = box.signature.replace("{agent}", actor.name).replace("{ticketbox}", box.name)
    address = box.addresses[0]
    reply_to = reply_address.signed(address, ticket.number, desk.secret) if box.signed_reply_address else None
    return Sender(box.name, address, actor.name, signature, reply_to)


def submit_reply(
    command: SubmitReply, ticket: Ticket, sender: Sender, desk: Desk, now: datetime
) -> list[TicketEvent]:
    """Accept an agent's answer and let it leave.

    Raises:
        Outdated: after the version that the agent saw, a letter or an answer came, or the recipient changed.
        NobodyThere: the customer's data was erased.
    """
    if max(ticket.last_message_version, ticket.readdressed_version) > command.seen_version:
        raise Outdated(command.seen_version, ticket.version, _who_wrote(ticket, desk, command.actor_id))
    if is_erased(ticket.reply_address.address):
        raise NobodyThere
    submitted = ReplySubmitted(
        ticket_id=ticket.ticket_id,
        reply_id=command.reply_id,
        author_id=command.actor_id,
        text=command.text,
        quote=command.quote,
    )
    released = ReplyReleased(
        ticket_id=ticket.ticket_id,
        reply_id=command.reply_id,
        author_id=command.actor_id,
        letter=_letter(command, ticket, sender, now),
    )
    events: list[TicketEvent] = [submitted, released]
    if ticket.assignee_id is None:
        events.append(_assigned(ticket, command.actor_id, command.actor_id))
    if command.solve and not ticket.state.done:
        require_fields(ticket, desk)
        events.append(TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id))
    return events


def _who_wrote(ticket: Ticket, desk: Desk, actor_id: UUID) -> str:
    if ticket.readdressed_version > ticket.last_message_version:
        return "The recipient of answers changed"
    if ticket.last_letter_version == ticket.last_message_version or not ticket.replies:
        return "A letter of the customer came"
    *_, last = ticket.replies.values()
    if last.author_id == actor_id:
        return "You answered"
    author = desk.get(Person, last.author_id)
    return f"{author.name if author else 'A colleague'} answered"


def _letter(command: SubmitReply, ticket: Ticket, sender: Sender, now: datetime) -> OutgoingLetter:
    domain = sender.address.rpartition("@")[2]
    return OutgoingLetter(
        internet_message_id=f"<{command.reply_id}@{domain}>",
        in_reply_to=ticket.answer_to,
        references=ticket.message_ids,
        date=now,
        from_=Address(name=f"{sender.person} ({sender.ticketbox})", address=sender.address),
        reply_to=Address(name=sender.ticketbox, address=sender.reply_to) if sender.reply_to else None,
        to=(ticket.reply_address,),
        subject=reply_subject(ticket.subject),
        text=f"{command.text}\n\n-- \n{sender.signature}" if sender.signature else command.text,
        quote=command.quote,
    )


def reply_subject(subject: str) -> str:
    """`Re: ` once, whatever the customer's program already put there."""
    plain = subject.strip()
    while plain[:3].lower() in {"re:", "aw:", "sv:"}:
        plain = plain[3:].strip()
    return f"Re: {plain}" if plain else "Re: your message"


def retry_reply(command: RetryReply, ticket: Ticket) -> list[TicketEvent]:
    """Release the same letter once more.

    Raises:
        UnknownThing, NotFailed, NobodyThere.
    """
    reply = ticket.replies.get(command.reply_id)
    if reply is None:
        raise UnknownThing("There is no such answer on this ticket.", reply_id=command.reply_id)
    if reply.state not in {ReplyState.FAILED, ReplyState.UNCERTAIN, ReplyState.BOUNCED}:
        raise NotFailed(command.reply_id)
    if any(is_erased(to.address) for to in reply.letter.to):
        raise NobodyThere
    return [
        ReplyReleased(
            ticket_id=ticket.ticket_id,
            reply_id=command.reply_id,
            author_id=reply.author_id,
            letter=reply.letter,
            attempt=reply.attempt + 1,
        )
    ]


def add_note(command: AddNote, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Keep what colleagues write among themselves; whoever is mentioned hears of the ticket from now on.

    Raises:
        UnknownThing: someone is mentioned who is not on the desk.
    """
    _must_be_there(desk, command.mentions)
    noted = NoteAdded(
        ticket_id=ticket.ticket_id,
        note_id=command.note_id,
        author_id=command.actor_id,
        text=command.text,
        mentions=tuple(dict.fromkeys(command.mentions)),
    )
    return [noted, *_watched(ticket, add=command.mentions)]


def assign(command: AssignTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Give the ticket an owner, or give it back; nothing happens if it is so already.

    Raises:
        UnknownThing: there is no such person.
        Invalid: the person may not answer in this ticketbox.
    """
    if ticket.assignee_id == command.agent_id:
        return []
    if command.agent_id is not None:
        agent = desk.get(Person, command.agent_id)
        if agent is None:
            raise UnknownThing("There is no such person.", agent_id=command.agent_id)
        if not agent.may(Right.ANSWER, ticket.ticketbox_id):
            raise Invalid(f"{agent.name} may not answer in this ticketbox, so the ticket cannot go there.")
    return [_assigned(ticket, command.agent_id, command.actor_id)]


def _assigned(ticket: Ticket, agent_id: UUID | None, assigned_by: UUID) -> TicketAssigned:
    return TicketAssigned(
        ticket_id=ticket.ticket_id, agent_id=agent_id, method="person", assigned_by=assigned_by
    )


def solve(command: SolveTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """The matter is settled.

    Raises:
        Outdated: the customer wrote after the version that the person saw.
        Invalid: a required field is empty.
    """
    see_letters(ticket, command.seen_version)
    if ticket.state.done:
        return []
    require_fields(ticket, desk)
    return [TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id)]


def see_letters(ticket: Ticket, seen_version: int | None) -> None:
    """Let no letter be solved away that nobody has read; None: whatever came.

    Raises:
        Outdated.
    """
    if seen_version is not None and ticket.last_letter_version > seen_version:
        raise Outdated(seen_version, ticket.version)


def close(command: CloseTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """The matter is settled for good.

    Raises:
        Outdated: the customer wrote after the version that the person saw.
        Invalid: a required field is empty.
    """
    see_letters(ticket, command.seen_version)
    if ticket.state is State.CLOSED:
        return []
    require_fields(ticket, desk)
    solved = TicketSolved(ticket_id=ticket.ticket_id, solved_by=command.actor_id)
    closed = TicketClosed(ticket_id=ticket.ticket_id, closed_by=command.actor_id)
    return [closed] if ticket.state is State.SOLVED else [solved, closed]


def require_fields(ticket: Ticket, desk: Desk) -> None:
    """See that everything is filled in that the ticketbox wants before a ticket is solved.

    Raises:
        Invalid: with what is missing.
    """
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    missing = [key for key in (box.required_fields if box else ()) if key not in ticket.fields]
    if missing:
        names = {one.key: one.name for one in desk.every(CustomField)}
        labels = ", ".join(names.get(key, key) for key in missing)
        raise Invalid(f"Fill in before solving: {labels}.", missing=",".join(missing))


def reopen(command: ReopenTicket, ticket: Ticket) -> list[TicketEvent]:
    """It waits for us after all.

    Raises:
        AlreadyThere: it does.
    """
    if ticket.state is State.OPEN:
        raise AlreadyThere("This ticket is open already.")
    return [TicketReopened(ticket_id=ticket.ticket_id, reopened_by=command.actor_id, why="person")]


def set_pending(command: SetPending, ticket: Ticket) -> list[TicketEvent]:
    """It waits for the customer; nothing happens if it does already."""
    if ticket.state is State.PENDING:
        return []
    return [TicketSetPending(ticket_id=ticket.ticket_id, set_by=command.actor_id)]


def put_on_hold(command: PutOnHold, ticket: Ticket, now: datetime) -> list[TicketEvent]:
    """It waits for a moment, or for something that has none.

    Raises:
        Invalid: the moment has passed.
    """
    if command.until is not None and command.until <= now:
        raise Invalid("The end of the hold has passed already; choose a later moment.")
    so_already = (State.ON_HOLD, command.until, None)
    if (ticket.state, ticket.held_until, ticket.held_for_id) == so_already and not command.reason:
        return []
    held = TicketPutOnHold(
        ticket_id=ticket.ticket_id, until=command.until, reason=command.reason, set_by=command.actor_id
    )
    return [held]


def move(command: MoveTicket, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Give the ticket to another ticketbox; an owner who may not answer there loses it.

    Raises:
        UnknownThing: there is no such ticketbox.
    """
    box = desk.get(Ticketbox, command.ticketbox_id)
    if box is None:
        raise UnknownThing("There is no such ticketbox.", ticketbox_id=command.ticketbox_id)
    if box.id == ticket.ticketbox_id:
        return []
    events: list[TicketEvent] = [
        TicketMoved(
            ticket_id=ticket.ticket_id,
            ticketbox_id=box.id,
            ticketbox=box.name,
            from_id=ticket.ticketbox_id,
            why="correction" if command.correction else "person",
            moved_by=command.actor_id,
        )
    ]
    owner = desk.get(Person, ticket.assignee_id)
    if ticket.assignee_id is not None and (owner is None or not owner.may(Right.ANSWER, box.id)):
        events.append(_assigned(ticket, None, command.actor_id))
    return events


def change_tags(command: ChangeTags, ticket: Ticket) -> list[TicketEvent]:
    """Add and remove tags; case and blanks do not make another tag.

    Raises:
        Invalid: too many, or an empty one.
    """
    tags = tagged(ticket.tags, command.add, command.remove)
    if tags == ticket.tags:
        return []
    return [TagsChanged(ticket_id=ticket.ticket_id, tags=tags, changed_by=command.actor_id)]


def tagged(tags: Sequence[str], add: Iterable[str], remove: Iterable[str]) -> tuple[str, ...]:
    """Tags after some were added and removed.

    Raises:
        Invalid: too many, or an empty one.
    """
    gone = {_tag(tag) for tag in remove}
    after = tuple(dict.fromkeys(tag for tag in (*tags, *map(_tag, add)) if tag not in gone))
    if len(after) > MOST_TAGS:
        raise Invalid(f"A ticket has at most {MOST_TAGS} tags.")
    return after


def _tag(text: str) -> str:
    tag = tag_of(text)
    if not tag or len(tag) > 50:
        raise Invalid(f"“{text}” cannot be a tag: it needs 1 to 50 characters.")
    return tag


def set_fields(command: SetFields, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Fill in custom fields.

    Raises:
        UnknownThing: there is no such field in this ticketbox.
        Invalid: the value does not fit the field.
    """
    fields = {one.key: one for one in desk.every(CustomField)}
    changed = {}
    for key, value in command.fields.items():
        definition = fields.get(key)
        if definition is None or not custom_fields.belongs(definition, ticket.ticketbox_id):
            raise UnknownThing(f"Tickets of this ticketbox have no field “{key}”.", field=key)
        fitting = None if value is None else custom_fields.fit(definition, value)
        if fitting != ticket.fields.get(key):
            changed[key] = fitting
    if not changed:
        return []
    return [FieldsChanged(ticket_id=ticket.ticket_id, fields=changed, changed_by=command.actor_id)]


def set_category(command: SetCategory, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Say what the matter is about.

    Raises:
        UnknownThing: there is no such category.
    """
    if command.category_id is not None and desk.get(Category, command.category_id) is None:
        raise UnknownThing("There is no such category.", category_id=command.category_id)
    if command.category_id == ticket.category_id:
        return []
    assigned = CategoryAssigned(
        ticket_id=ticket.ticket_id, category_id=command.category_id, changed_by=command.actor_id
    )
    return [assigned]


def change_watchers(command: ChangeWatchers, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Let people and teams hear of what happens, or no more.

    Raises:
        UnknownThing: someone is not on the desk.
    """
    _must_be_there(desk, command.add)
    return _watched(ticket, add=command.add, remove=command.remove)


def _watched(ticket: Ticket, add: Collection[UUID] = (), remove: Collection[UUID] = ()) -> list[TicketEvent]:
    watchers = tuple(dict.fromkeys(one for one in (*ticket.watcher_ids, *add) if one not in remove))
    if watchers == ticket.watcher_ids:
        return []
    return [WatchersChanged(ticket_id=ticket.ticket_id, watcher_ids=watchers)]


def _must_be_there(desk: Desk, identities: Collection[UUID]) -> None:
    for identity in identities:
        if desk.get(Person, identity) is None and desk.get(Team, identity) is None:
            raise UnknownThing("There is no such person or team.", id=identity)


def add_task(command: AddTask, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Keep something to be done.

    Raises:
        UnknownThing: its owner is not on the desk.
    """
    if command.owner_id is not None:
        _must_be_there(desk, (command.owner_id,))
    added = TaskAdded(
        ticket_id=ticket.ticket_id,
        task_id=command.task_id,
        text=command.text,
        owner_id=command.owner_id,
        due_on=command.due_on,
    )
    return [added]


def finish_task(command: FinishTask, ticket: Ticket) -> list[TicketEvent]:
    """It is done, or to be done after all.

    Raises:
        UnknownThing: the ticket has no such task.
    """
    if _task(command, ticket).done == command.done:
        return []
    return [TaskDone(ticket_id=ticket.ticket_id, task_id=command.task_id, done=command.done)]


def change_task(command: ChangeTask, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Say anew what is to be done, by whom and until when; whether it is done stays.

    Raises:
        UnknownThing: the ticket has no such task, or its owner is not on the desk.
    """
    before = _task(command, ticket)
    if command.owner_id is not None:
        _must_be_there(desk, (command.owner_id,))
    if before == Task(command.text, command.owner_id, command.due_on, before.done):
        return []
    changed = TaskChanged(
        ticket_id=ticket.ticket_id,
        task_id=command.task_id,
        text=command.text,
        owner_id=command.owner_id,
        due_on=command.due_on,
    )
    return [changed]


def restore_task(command: RestoreTask, ticket: Ticket) -> list[TicketEvent]:
    """Give a removed task back, with owner, day, and whether it is done; nothing happens if it is there.

    Raises:
        UnknownThing: the ticket never had such a task.
    """
    if command.task_id in ticket.tasks:
        return []
    task = ticket.removed_tasks.get(command.task_id)
    if task is None:
        raise UnknownThing("This ticket has no such task.", task_id=command.task_id)
    added = TaskAdded(
        ticket_id=ticket.ticket_id,
        task_id=command.task_id,
        text=task.text,
        owner_id=task.owner_id,
        due_on=task.due_on,
        restored=True,
    )
    done = TaskDone(ticket_id=ticket.ticket_id, task_id=command.task_id)
    return [added, done] if task.done else [added]


def _task(command: OfOneTask, ticket: Ticket) -> Task:
    task = ticket.tasks.get(command.task_id)
    if task is None:
        raise UnknownThing("This ticket has no such task.", task_id=command.task_id)
    return task
