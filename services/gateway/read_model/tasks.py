"""What is to be done for tickets: kept in the read model, and read as a list by keyset."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, assert_never
from uuid import UUID

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.consume import Batch
from chassis.database import Connection
from contracts.model import Text
from contracts.tickets import TaskAdded, TaskChanged, TaskDone, TaskRemoved
from services.gateway.access.sight import Sight
from services.gateway.desk import desk
from services.gateway.lists import Order, Where, page
from services.gateway.representations.basics import Named, Page
from services.gateway.representations.tickets import TaskLine, TaskTicket
from services.gateway.tickets.ticket_query import owner_said

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


class TaskQuery(BaseModel):
    """What is left out may be anything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Annotated[
        Annotated[Text, AfterValidator(owner_said)] | None,
        Field(description="A person's id, for theirs and those of their teams; a team's; `me`, or `none`."),
    ] = None
    due: Annotated[date | None, Field(description="Only what is due on this day or before it.")] = None
    done: Annotated[bool | None, Field(description="Only what is done, or what is not.")] = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query of somebody."""

    query: TaskQuery
    person_id: UUID

    def where(self, sight: Sight) -> Where:
        result, query = Where(), self.query
        if not sight.everything:
            result.add("ticket.ticketbox_id = ANY({0})", sight.in_order)
        if query.owner == "none":
            result.add("task.owner_id IS NULL")
        elif query.owner is not None:
            owner_id = self.person_id if query.owner == "me" else UUID(query.owner)
            result.add(f"task.owner_id = ANY({desk.WITH_TEAMS})", owner_id)
        if query.due is not None:
            result.add("task.due_on <= {0}", query.due)
        if query.done is not None:
            result.add("task.done = {0}", query.done)
        return result


_LINES = """
SELECT
    task.*,
    ticket.number,
    ticket.subject,
    ticket.state,
    ticket.merged_into,
    ticket.ticketbox_id,
    box.thing ->> 'name' AS ticketbox,
    owner.thing ->> 'name' AS owner
FROM task
JOIN ticket USING (ticket_id)
LEFT JOIN thing AS box ON box.kind = 'ticketbox' AND box.id = ticket.ticketbox_id
LEFT JOIN thing AS owner ON owner.kind IN ('person', 'team') AND owner.id = task.owner_id
"""


async def page_of_tasks(
    db: Connection, sight: Sight, wanted: Wanted, cursor: str | None, limit: int
) -> Page[TaskLine]:
    """A piece of the list, what is due first at its head and what has no day at its end.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    order = Order("task.due_at", ascending=True)
    rows, following = await page(db, _LINES, wanted.where(sight), order, "task.task_id", cursor, limit)
    return Page(items=[_line(row) for row in rows], next=following)


def _line(row: asyncpg.Record) -> TaskLine:
    return TaskLine(
        id=row["task_id"],
        text=row["text"],
        owner=Named(id=row["owner_id"], name=row["owner"] or "?") if row["owner_id"] else None,
        due_on=row["due_on"],
        done=row["done"],
        ticket=TaskTicket(
            number=row["number"],
            subject=row["subject"],
            state=row["state"],
            merged_into=row["merged_into"],
            box=Named(id=row["ticketbox_id"], name=row["ticketbox"] or "?"),
        ),
    )
