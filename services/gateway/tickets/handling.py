"""What people do with a ticket as a whole, by page or by API: states, descriptions, links, merges."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from contracts.commands import (
    AddTask,
    ChangeTags,
    ChangeTask,
    ChangeWatchers,
    FinishTask,
    LinkTickets,
    MergeTicket,
    MoveLetters,
    RemoveTask,
    RestoreTask,
    SetCategory,
    SetFields,
    SetPriority,
    SplitTicket,
    UndoMerge,
    UnlinkTickets,
)
from contracts.ids import derived
from contracts.router import Priority
from contracts.tickets import FieldValue, LinkKind
from services.gateway.access.guard import Here, Writer, command_id_of
from services.gateway.numbers import TicketNumber
from services.gateway.problems import Unprocessable
from services.gateway.representations.desk import Changed
from services.gateway.tickets import tickets
from services.gateway.tickets.asking import AskingOfTicket


@dataclass(frozen=True, slots=True)
class Handling(AskingOfTicket):
    """How a ticket is described, what is to be done, and what it is to other tickets."""

    async def set_priority(self, priority: Priority) -> Changed:
        """Say how urgent it is."""
        return await self.have(SetPriority(**await self.signed(), priority=priority))

    async def change_tags(self, add: Collection[str], remove: Collection[str]) -> Changed:
        """Add and remove tags."""
        return await self.have(ChangeTags(**await self.signed(), add=tuple(add), remove=tuple(remove)))

    async def set_fields(self, fields: Mapping[str, FieldValue | None]) -> Changed:
        """Fill in custom fields; None empties one."""
        return await self.have(SetFields(**await self.signed(), fields=dict(fields)))

    async def set_category(self, category_id: UUID | None) -> Changed:
        """Say what the matter is about."""
        return await self.have(SetCategory(**await self.signed(), category_id=category_id))

    async def change_watchers(self, add: Collection[UUID], remove: Collection[UUID]) -> Changed:
        """Let people and teams hear of what happens, or no more."""
        return await self.have(ChangeWatchers(**await self.signed(), add=tuple(add), remove=tuple(remove)))

    async def add_task(self, text: str, owner_id: UUID | None, due_on: date | None) -> Changed:
        """Keep something to be done."""
        if not text.strip():
            raise Unprocessable("The task is empty. Say what is to be done.")
        task_id = derived(self.command_id, "task")
        return await self.have(
            AddTask(
                **await self.signed(), task_id=task_id, text=text.strip(), owner_id=owner_id, due_on=due_on
            ),
            task_id,
        )

    async def finish_task(self, task_id: UUID, *, done: bool) -> Changed:
        """It is done, or to be done after all."""
        return await self.have(FinishTask(**await self.signed(), task_id=task_id, done=done))

    async def change_task(
        self, task_id: UUID, text: str, owner_id: UUID | None, due_on: date | None
    ) -> Changed:
        """Say anew what is to be done, by whom and until when."""
        if not text.strip():
            raise Unprocessable("The task is empty. Say what is to be done, or remove it.")
        return await self.have(
            ChangeTask(
                **await self.signed(), task_id=task_id, text=text.strip(), owner_id=owner_id, due_on=due_on
            )
        )

    async def remove_task(self, task_id: UUID) -> Changed:
        """It is not to be done any more."""
        return await self.have(RemoveTask(**await self.signed(), task_id=task_id))

    async def restore_task(self, task_id: UUID) -> Changed:
        """A task that was removed is there again, as it was."""
        return await self.have(RestoreTask(**await self.signed(), task_id=task_id))

    async def link(self, number: int, link: LinkKind) -> Changed:
        """Say what another ticket is to this one."""
        return await self.have(
            LinkTickets(**await self.signed(), other_id=await self.id_of(number), link=link)
        )

    async def unlink(self, number: int, link: LinkKind) -> Changed:
        """It is that no more."""
        return await self.have(
            UnlinkTickets(**await self.signed(), other_id=await self.id_of(number), link=link)
        )

    async def merge(self, into: int) -> Changed:
        """Let it go on in another ticket."""
        return await self.have(MergeTicket(**await self.signed(), other_id=await self.id_of(into)))

    async def undo_merge(self) -> Changed:
        """Let it stand for itself again."""
        async with self.gateway.service.pool.acquire() as db:
            opened = await tickets.open_ticket(db, self.person.sight, self.number)
            into = opened.summary.merged_into
            if into is None:
                raise Unprocessable(f"Ticket {self.number} is not merged into another one.")
            other_id = await tickets.ticket_id_of(db, self.person.sight, into)
        return await self.have(UndoMerge(**await self.signed(), other_id=other_id))

    async def split(self, message_ids: Collection[UUID], subject: str | None) -> Changed:
        """Make a ticket of some letters; the answer has the id and the number of the new one."""
        subject = (subject or "").strip() or None
        done = await self.have(
            SplitTicket(**await self.signed(), message_ids=tuple(message_ids), new_subject=subject)
        )
        new_id = derived(self.command_id, "ticket")
        async with self.gateway.service.pool.acquire() as db:
            number = await db.fetchval("SELECT number FROM ticket WHERE ticket_id = $1", new_id)
        return done.model_copy(update={"id": new_id, "new_number": number})

    async def move_letters(self, message_ids: Collection[UUID], to: int, *, with_answers: bool) -> Changed:
        """Put letters into another ticket: their thread was wrong."""
        other_id = await self.id_of(to)
        return await self.have(
            MoveLetters(
                **await self.signed(),
                message_ids=tuple(message_ids),
                other_id=other_id,
                with_answers=with_answers,
            )
        )


def handling(request: Request, number: TicketNumber, here: Here, person: Writer) -> Handling:
    """A wish of the asker about the ticket in the path."""
    return Handling(here, person, command_id_of(request, person), number)


Handle = Annotated[Handling, Depends(handling)]
