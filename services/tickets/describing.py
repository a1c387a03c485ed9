"""Says more exactly what a ticket is: its fields and tags, who hears of it, and what is to be done."""

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never
from uuid import UUID

from chassis.commands import Invalid, UnknownThing
from contracts.commands import (
    AddTask,
    ChangeTags,
    ChangeTask,
    ChangeWatchers,
    FinishTask,
    RemoveTask,
    RestoreTask,
    SetCategory,
    SetFields,
    SetPriority,
)
from contracts.desk import Category, CustomField, Team, Ticketbox
from contracts.people import Person
from contracts.tags import tag_of
from contracts.ticket_events import TicketEvent
from contracts.tickets import (
    CategoryAssigned,
    FieldsChanged,
    PriorityChanged,
    TagsChanged,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
    WatchersChanged,
)
from services.tickets import custom_fields
from services.tickets.desk import Desk
from services.tickets.ticket import Task, Ticket

OfOneTask = FinishTask | ChangeTask | RemoveTask
Description = (
    SetPriority | ChangeTags | SetFields | SetCategory | ChangeWatchers | AddTask | OfOneTask | RestoreTask
)
MOST_TAGS = 30


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
    must_be_there(desk, command.add)
    return watched(ticket, add=command.add, remove=command.remove)


def watched(ticket: Ticket, add: Collection[UUID] = (), remove: Collection[UUID] = ()) -> list[TicketEvent]:
    watchers = tuple(dict.fromkeys(one for one in (*ticket.watcher_ids, *add) if one not in remove))
    if watchers == ticket.watcher_ids:
        return []
    return [WatchersChanged(ticket_id=ticket.ticket_id, watcher_ids=watchers)]


def must_be_there(desk: Desk, identities: Collection[UUID]) -> None:
    for identity in identities:
        if desk.get(Person, identity) is None and desk.get(Team, identity) is None:
            raise UnknownThing("There is no such person or team.", id=identity)


def add_task(command: AddTask, ticket: Ticket, desk: Desk) -> list[TicketEvent]:
    """Keep something to be done.

    Raises:
        UnknownThing: its owner is not on the desk.
    """
    if command.owner_id is not None:
        must_be_there(desk, (command.owner_id,))
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
        must_be_there(desk, (command.owner_id,))
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
