"""Keeps the table of tasks: what is to be done for tickets."""

from typing import assert_never
from uuid import UUID

from chassis.consume import Batch
from chassis.database import Connection
from contracts.tickets import TaskAdded, TaskChanged, TaskDone, TaskRemoved

TaskEvent = TaskAdded | TaskDone | TaskChanged | TaskRemoved

_ADD = """
INSERT INTO task (ticket_id, task_id, text, owner_id, due_on)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (ticket_id, task_id) DO UPDATE
SET text = excluded.text,
    owner_id = excluded.owner_id,
    due_on = excluded.due_on,
    done = false
"""
_CHANGE = "UPDATE task SET text = $3, owner_id = $4, due_on = $5 WHERE ticket_id = $1 AND task_id = $2"
_FINISH = "UPDATE task SET done = $3 WHERE ticket_id = $1 AND task_id = $2"
_REMOVE = "DELETE FROM task WHERE ticket_id = $1 AND task_id = $2"


async def keep(db: Connection, batch: Batch) -> None:
    """Take what a batch of the log of tickets says of tasks into the table."""
    for item in batch:
        if not isinstance(item.event, TaskEvent):
            continue
        event, which = item.event, (item.event.ticket_id, item.event.task_id)
        match event:
            case TaskAdded():
                await db.execute(_ADD, *which, event.text, event.owner_id, event.due_on)
            case TaskChanged():
                await db.execute(_CHANGE, *which, event.text, event.owner_id, event.due_on)
            case TaskDone():
                await db.execute(_FINISH, *which, event.done)
            case TaskRemoved():
                await db.execute(_REMOVE, *which)
            case _:
                assert_never(event)


async def word_anew(db: Connection, ticket_id: UUID, texts: dict[UUID, str]) -> None:
    """Let the tasks of a ticket have other words, by task."""
    await db.executemany(
        "UPDATE task SET text = $3 WHERE ticket_id = $1 AND task_id = $2",
        [(ticket_id, task_id, text) for task_id, text in texts.items()],
    )
