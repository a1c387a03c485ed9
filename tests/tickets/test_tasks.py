"""Tasks of a ticket: added, changed, done and removed."""

from datetime import date
from uuid import uuid4

import pytest

from chassis.commands import UnknownThing
from contracts.commands import AddTask, ChangeTask, FinishTask, RemoveTask, RestoreTask, SetPriority
from contracts.router import Priority
from contracts.tickets import TaskAdded, TaskChanged, TaskDone, TaskRemoved, TicketMerged
from services.tickets.refusals import Merged
from services.tickets.ticket import Task
from tests.tickets.test_ticket import ANNA, TICKET, given, opened, when

CALL = uuid4()
MONDAY = date(2026, 3, 9)
ADDED = TaskAdded(ticket_id=TICKET, task_id=CALL, text="Call the workshop", owner_id=ANNA, due_on=MONDAY)
ABOUT = {"actor_id": ANNA, "ticket_id": TICKET, "task_id": CALL}
RESTORE = RestoreTask.model_validate({"command_id": uuid4(), **ABOUT})


def change(**task: object) -> ChangeTask:
    return ChangeTask.model_validate({"command_id": uuid4(), **ABOUT, **task})


def test_a_task_has_an_owner_and_a_day_by_which_it_is_due() -> None:
    about = {"text": "Call the workshop", "owner_id": ANNA, "due_on": MONDAY}
    assert when(given(opened()), AddTask.model_validate({"command_id": uuid4(), **ABOUT, **about})) == [ADDED]
    assert given(opened(), ADDED).tasks == {CALL: Task("Call the workshop", ANNA, MONDAY)}


def test_a_changed_task_is_all_that_is_said_of_it_then() -> None:
    ticket = given(opened(), ADDED)
    (changed,) = when(ticket, change(text="Write to the workshop"))
    assert changed == TaskChanged(ticket_id=TICKET, task_id=CALL, text="Write to the workshop")
    assert given(opened(), ADDED, changed).tasks == {CALL: Task("Write to the workshop", None, None)}


def test_a_task_that_is_done_stays_done_when_it_is_changed() -> None:
    done = TaskDone(ticket_id=TICKET, task_id=CALL)
    changed = TaskChanged(ticket_id=TICKET, task_id=CALL, text="Write")
    assert given(opened(), ADDED, done, changed).tasks[CALL].done


def test_saying_the_same_of_a_task_changes_nothing() -> None:
    same = change(text="Call the workshop", owner_id=ANNA, due_on=MONDAY)
    assert when(given(opened(), ADDED), same) == []


def test_a_task_that_is_removed_is_gone() -> None:
    (removed,) = when(given(opened(), ADDED), RemoveTask(command_id=uuid4(), **ABOUT))  # type: ignore[arg-type]
    assert removed == TaskRemoved(ticket_id=TICKET, task_id=CALL)
    gone = given(opened(), ADDED, removed)
    assert gone.tasks == {}
    for command in (change(text="Call"), RemoveTask(command_id=uuid4(), **ABOUT)):  # type: ignore[arg-type]
        with pytest.raises(UnknownThing):
            when(gone, command)


def test_a_task_belongs_to_somebody_who_is_there() -> None:
    with pytest.raises(UnknownThing):
        when(given(opened(), ADDED), change(text="Call", owner_id=uuid4()))


def test_tasks_of_a_merged_ticket_are_still_done_changed_and_removed() -> None:
    into = TicketMerged(ticket_id=TICKET, into_id=uuid4(), into_number=10017, merged_by=ANNA)
    merged = given(opened(), ADDED, into)
    for command in (
        FinishTask(command_id=uuid4(), **ABOUT),  # type: ignore[arg-type]
        change(text="Write"),
        RemoveTask(command_id=uuid4(), **ABOUT),  # type: ignore[arg-type]
    ):
        assert when(merged, command)
    urgent = SetPriority(command_id=uuid4(), actor_id=ANNA, ticket_id=TICKET, priority=Priority.URGENT)
    with pytest.raises(Merged):
        when(merged, urgent)


def test_a_removed_task_comes_back_as_it_was() -> None:
    done, removed = TaskDone(ticket_id=TICKET, task_id=CALL), TaskRemoved(ticket_id=TICKET, task_id=CALL)
    back = when(given(opened(), ADDED, done, removed), RESTORE)
    ticket = given(opened(), ADDED, done, removed, *back)
    assert ticket.tasks == {CALL: Task("Call the workshop", ANNA, MONDAY, done=True)}
    assert when(ticket, RESTORE) == []


def test_a_removed_task_of_a_merged_ticket_comes_back_too() -> None:
    into = TicketMerged(ticket_id=TICKET, into_id=uuid4(), into_number=10017, merged_by=ANNA)
    removed = TaskRemoved(ticket_id=TICKET, task_id=CALL)
    back = when(given(opened(), ADDED, into, removed), RESTORE)
    ticket = given(opened(), ADDED, into, removed, *back)
    assert ticket.tasks == {CALL: Task("Call the workshop", ANNA, MONDAY)}


def test_only_what_was_removed_comes_back() -> None:
    with pytest.raises(UnknownThing):
        when(given(opened()), RESTORE)
