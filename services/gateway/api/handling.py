"""What programs do with a ticket as a whole: its state, its description, links, merges and letters."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StrictBool

from contracts.model import Text, Writing
from contracts.router import Priority
from contracts.tickets import FieldValue, LinkKind
from services.gateway.bodies import Body
from services.gateway.numbers import TicketNumber
from services.gateway.representations.desk import Changed
from services.gateway.tickets.handling import Handle

router = APIRouter(tags=["tickets"])
Messages = Annotated[list[UUID], Field(min_length=1, description="Ids of letters of this ticket.")]


class NewPriority(Body):
    priority: Priority


@router.post("/tickets/{number}/priority", status_code=201)
async def post_priority(handle: Handle, new: NewPriority) -> Changed:
    """Say how urgent the ticket is. Another priority may bring another service level."""
    return await handle.set_priority(new.priority)


class TagsToChange(Body):
    add: list[Text] = Field(default_factory=list)
    remove: list[Text] = Field(default_factory=list)


@router.post("/tickets/{number}/tags", status_code=201)
async def post_tags(handle: Handle, new: TagsToChange) -> Changed:
    """Add and remove tags; they are in lower case, with `-` for blanks."""
    return await handle.change_tags(new.add, new.remove)


class NewFields(Body):
    fields: dict[Text, StrictBool | int | float | date | Text | None]


@router.post("/tickets/{number}/fields", status_code=201)
async def post_fields(handle: Handle, new: NewFields) -> Changed:
    """Fill in custom fields by their keys; null empties one. 422 if a value does not fit its field."""
    fields: dict[str, FieldValue | None] = dict(new.fields)
    return await handle.set_fields(fields)


class NewCategory(Body):
    category: UUID | None


@router.post("/tickets/{number}/category", status_code=201)
async def post_category(handle: Handle, new: NewCategory) -> Changed:
    """Say what the matter is about; null: nothing in particular."""
    return await handle.set_category(new.category)


class WatchersToChange(Body):
    """Ids of people and teams."""

    add: list[UUID] = Field(default_factory=list)
    remove: list[UUID] = Field(default_factory=list)


@router.post("/tickets/{number}/watchers", status_code=201)
async def post_watchers(handle: Handle, new: WatchersToChange) -> Changed:
    """Let people and teams hear of what happens, or no more."""
    return await handle.change_watchers(new.add, new.remove)


class TaskFields(Body):
    """`owner` is the id of a person or a team."""

    text: Writing
    owner: UUID | None = None
    due_on: date | None = None


@router.post("/tickets/{number}/tasks", status_code=201)
async def post_task(handle: Handle, new: TaskFields) -> Changed:
    """Keep something to be done; `id` in the answer is the task's."""
    return await handle.add_task(new.text, new.owner, new.due_on)


class TaskState(Body):
    done: bool


@router.patch("/tickets/{number}/tasks/{task_id}")
async def patch_task(handle: Handle, task_id: UUID, new: TaskState) -> Changed:
    """It is done, or to be done after all."""
    return await handle.finish_task(task_id, done=new.done)


@router.put("/tickets/{number}/tasks/{task_id}")
async def put_task(handle: Handle, task_id: UUID, changed: TaskFields) -> Changed:
    """Let the task be so from now on; whether it is done stays."""
    return await handle.change_task(task_id, changed.text, changed.owner, changed.due_on)


@router.delete("/tickets/{number}/tasks/{task_id}")
async def delete_task(handle: Handle, task_id: UUID) -> Changed:
    """The task is not to be done any more."""
    return await handle.remove_task(task_id)


@router.post("/tickets/{number}/tasks/{task_id}/undo", status_code=201)
async def restore_task(handle: Handle, task_id: UUID) -> Changed:
    """Bring back a task that was removed, as it was; nobody is told."""
    return await handle.restore_task(task_id)


class NewLink(Body):
    """`link` is what the other ticket is to this one."""

    number: TicketNumber
    link: LinkKind = LinkKind.RELATED


@router.post("/tickets/{number}/links", status_code=201)
async def post_link(handle: Handle, new: NewLink) -> Changed:
    """Link another ticket; it shows the other side of the link."""
    return await handle.link(new.number, new.link)


@router.delete("/tickets/{number}/links/{link}/{other}")
async def delete_link(handle: Handle, link: LinkKind, other: TicketNumber) -> Changed:
    """Remove a link from both tickets."""
    return await handle.unlink(other, link)


class NewMerge(Body):
    into: TicketNumber = Field(description="The number of the ticket that it goes on in.")


@router.post("/tickets/{number}/merge", status_code=201)
async def post_merge(handle: Handle, new: NewMerge) -> Changed:
    """Merge the ticket into another one: its letters are shown there, and what is written to it comes there.

    409 if one of them is merged already.
    """
    return await handle.merge(new.into)


@router.post("/tickets/{number}/merge/undo", status_code=201)
async def undo_merge(handle: Handle) -> Changed:
    """Let a merged ticket stand for itself again, with what was written to it meanwhile."""
    return await handle.undo_merge()


class NewSplit(Body):
    messages: Messages
    subject: Text | None = None


@router.post("/tickets/{number}/split", status_code=201)
async def post_split(handle: Handle, new: NewSplit) -> Changed:
    """Make a ticket of some letters; `new_number` in the answer is its number. One letter must stay.

    The way back is to merge the new ticket into this one.
    """
    return await handle.split(new.messages, new.subject)


class LettersToMove(Body):
    messages: Messages
    to: TicketNumber = Field(description="The number of the ticket that they belong to.")
    with_answers: bool = Field(
        default=False, description="Letters that answer them go along: on the way back, what came meanwhile."
    )


@router.post("/tickets/{number}/letters/move", status_code=201)
async def post_letters(handle: Handle, new: LettersToMove) -> Changed:
    """Put letters into the ticket that they belong to: their thread was wrong. One letter must stay."""
    return await handle.move_letters(new.messages, new.to, with_answers=new.with_answers)
