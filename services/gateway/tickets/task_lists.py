"""Reads lists of tasks by keyset: which ones, and a line for each."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.database import Connection
from contracts.model import Text
from services.gateway.access.sight import Sight
from services.gateway.desk import desk
from services.gateway.lists import Order, Where, page
from services.gateway.representations.basics import Named, Page
from services.gateway.representations.tickets import TaskLine, TaskTicket
from services.gateway.tickets.ticket_query import owner_said


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
