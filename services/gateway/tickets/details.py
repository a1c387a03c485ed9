"""What a ticket's page shows beside its line and its conversation, as its events made it: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from contracts.correspondence import CustomerReplied
from contracts.event import Event, Recorded
from contracts.service_levels import DeadlinesChanged
from contracts.tickets import (
    AbsorptionUndone,
    CategoryAssigned,
    CustomerErased,
    DeadlineItem,
    FieldsChanged,
    FieldValue,
    LinkKind,
    TaskAdded,
    TaskChanged,
    TaskDone,
    TaskRemoved,
    TicketAbsorbed,
    TicketClosed,
    TicketLinked,
    TicketOpened,
    TicketPutOnHold,
    TicketReopened,
    TicketSetPending,
    TicketSolved,
    TicketUnlinked,
    WatchersChanged,
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done."""

    task_id: UUID
    text: str
    owner_id: UUID | None
    due_on: date | None
    version: int
    """Of the ticket, when it last became otherwise."""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """Everything in the order in which it came."""

    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    category_id: UUID | None = None
    watcher_ids: tuple[UUID, ...] = ()
    tasks: Mapping[UUID, Task] = field(default_factory=dict)
    links: Mapping[tuple[UUID, LinkKind], int] = field(default_factory=dict)
    """Numbers of other tickets, and what they are to this one."""
    absorbed: Mapping[UUID, int] = field(default_factory=dict)
    """Numbers of the tickets that go on in this one."""
    hold_reason: str = ""
    held_for: int | None = None
    """The number of the ticket that must be solved before it goes on."""
    policy: str | None = None
    policy_id: UUID | None = None
    deadlines: tuple[DeadlineItem, ...] = ()
    only_thanks: bool = False
    """The last letter only says thanks, so the ticket stayed solved."""
    erased_at: datetime | None = None
    erased_by: UUID | None = None
    """When, and by whom, the data of the customer was erased."""
    erasure_id: UUID | None = None


def details(history: Iterable[Recorded[Event]]) -> Details:
    """The details that these events made."""
    found = Details()
    for recorded in history:
        match recorded.event:
            case CustomerErased(erasure_id=erasure_id, erased_by=by):
                found = replace(found, erased_at=recorded.occurred_at, erased_by=by, erasure_id=erasure_id)
            case TaskAdded() | TaskDone() | TaskChanged() | TaskRemoved() as event:
                found = replace(found, tasks=_tasks(found.tasks, event, recorded.version))
            case event:
                found = _evolve(found, event)
    return found


def _evolve(found: Details, event: Event) -> Details:
    match event:
        case TicketOpened() | DeadlinesChanged():
            return replace(found, deadlines=event.deadlines, policy=event.policy, policy_id=event.policy_id)
        case CustomerReplied(thanks=thanks):
            return replace(found, only_thanks=thanks)
        case TicketPutOnHold(reason=reason, until_solved_number=number):
            return replace(found, hold_reason=reason, held_for=number, only_thanks=False)
        case TicketSolved() | TicketClosed() | TicketReopened() | TicketSetPending():
            return replace(found, hold_reason="", held_for=None, only_thanks=False)
        case FieldsChanged(fields=changed):
            fields = {**found.fields, **changed}
            return replace(found, fields={key: value for key, value in fields.items() if value is not None})
        case CategoryAssigned(category_id=category_id):
            return replace(found, category_id=category_id)
        case WatchersChanged(watcher_ids=watcher_ids):
            return replace(found, watcher_ids=watcher_ids)
        case TicketLinked(other_id=other_id, link=link, other_number=number):
            return replace(found, links={**found.links, (other_id, link): number})
        case TicketUnlinked(other_id=other_id, link=link):
            return replace(found, links={k: v for k, v in found.links.items() if k != (other_id, link)})
        case TicketAbsorbed(from_id=from_id, from_number=number):
            return replace(found, absorbed={**found.absorbed, from_id: number})
        case AbsorptionUndone(from_id=from_id):
            return replace(found, absorbed={k: v for k, v in found.absorbed.items() if k != from_id})
        case _:
            return found


def _tasks(
    tasks: Mapping[UUID, Task], event: TaskAdded | TaskDone | TaskChanged | TaskRemoved, version: int
) -> Mapping[UUID, Task]:
    before = tasks.get(event.task_id)
    match event:
        case TaskAdded():
            task = Task(event.task_id, event.text, event.owner_id, event.due_on, version)
            return {**tasks, event.task_id: task}
        case TaskRemoved():
            return {one: task for one, task in tasks.items() if one != event.task_id}
        case _ if before is None:
            return tasks
        case TaskChanged(text=text, owner_id=owner_id, due_on=due_on):
            task = replace(before, text=text, owner_id=owner_id, due_on=due_on, version=version)
            return {**tasks, event.task_id: task}
        case TaskDone(done=done):
            return {**tasks, event.task_id: replace(before, done=done)}
        case _:
            assert_never(event)
