"""What people do with a ticket as a whole, by page or by API: states, descriptions, links, merges."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from contracts.commands import (
    AddTask,
    ChangeTags,
    ChangeTask,
    ChangeWatchers,
    FinishTask,
    HoldForTicket,
    LinkTickets,
    MergeTicket,
    MoveLetters,
    PutOnHold,
    RemoveTask,
    SetCategory,
    SetFields,
    SetPending,
    SetPriority,
    SplitTicket,
    TicketCommand,
    UndoMerge,
    UnlinkTickets,
)
from contracts.router import Priority
from contracts.tickets import FieldValue, LinkKind
from services.gateway.problems import Unprocessable
from services.gateway.representations.desk import Changed
from services.gateway.tickets import tickets
from services.gateway.tickets.doing import Doing


@dataclass(frozen=True, slots=True)
class Handling:
    """One wish of one person about one ticket. Each method raises a `Problem` if it is refused."""

    wish: Doing

    async def set_pending(self) -> Changed:
        """Wait for the customer."""
        return await self._do(SetPending)

    async def put_on_hold(self, until: datetime | None, reason: str) -> Changed:
        """Wait for a moment, or for something that has none."""
        return await self._do(PutOnHold, until=until, reason=reason.strip())

    async def hold_for(self, number: int, reason: str) -> Changed:
        """Wait until a linked ticket is solved."""
        return await self._do(HoldForTicket, other_id=await self._id_of(number), reason=reason.strip())

    async def set_priority(self, priority: Priority) -> Changed:
        """Say how urgent it is."""
        return await self._do(SetPriority, priority=priority)

    async def change_tags(self, add: Collection[str], remove: Collection[str]) -> Changed:
        """Add and remove tags."""
        return await self._do(ChangeTags, add=tuple(add), remove=tuple(remove))

    async def set_fields(self, fields: Mapping[str, FieldValue | None]) -> Changed:
        """Fill in custom fields; None empties one."""
        return await self._do(SetFields, fields=dict(fields))

    async def set_category(self, category_id: UUID | None) -> Changed:
        """Say what the matter is about."""
        return await self._do(SetCategory, category_id=category_id)

    async def change_watchers(self, add: Collection[UUID], remove: Collection[UUID]) -> Changed:
        """Let people and teams hear of what happens, or no more."""
        return await self._do(ChangeWatchers, add=tuple(add), remove=tuple(remove))

    async def add_task(self, text: str, owner_id: UUID | None, due_on: date | None) -> Changed:
        """Keep something to be done."""
        if not text.strip():
            raise Unprocessable("The task is empty. Say what is to be done.")
        task_id = uuid5(self.wish.command_id, "task")
        return await self._do(
            AddTask, made=task_id, task_id=task_id, text=text.strip(), owner_id=owner_id, due_on=due_on
        )

    async def finish_task(self, task_id: UUID, *, done: bool) -> Changed:
        """It is done, or to be done after all."""
        return await self._do(FinishTask, task_id=task_id, done=done)

    async def change_task(
        self, task_id: UUID, text: str, owner_id: UUID | None, due_on: date | None
    ) -> Changed:
        """Say anew what is to be done, by whom and until when."""
        if not text.strip():
            raise Unprocessable("The task is empty. Say what is to be done, or remove it.")
        return await self._do(
            ChangeTask, task_id=task_id, text=text.strip(), owner_id=owner_id, due_on=due_on
        )

    async def remove_task(self, task_id: UUID) -> Changed:
        """It is not to be done any more."""
        return await self._do(RemoveTask, task_id=task_id)

    async def link(self, number: int, link: LinkKind) -> Changed:
        """Say what another ticket is to this one."""
        return await self._do(LinkTickets, other_id=await self._id_of(number), link=link)

    async def unlink(self, number: int, link: LinkKind) -> Changed:
        """It is that no more."""
        return await self._do(UnlinkTickets, other_id=await self._id_of(number), link=link)

    async def merge(self, into: int) -> Changed:
        """Let it go on in another ticket."""
        return await self._do(MergeTicket, other_id=await self._id_of(into))

    async def undo_merge(self) -> Changed:
        """Let it stand for itself again."""
        async with self.wish.gateway.service.pool.acquire() as db:
            opened = await tickets.open_ticket(db, self.wish.person.sight, self.wish.number)
            into = opened.summary.merged_into
            if into is None:
                raise Unprocessable(f"Ticket {self.wish.number} is not merged into another one.")
            other_id = await tickets.ticket_id_of(db, self.wish.person.sight, into)
        return await self._do(UndoMerge, other_id=other_id)

    async def split(self, message_ids: Collection[UUID], subject: str | None) -> Changed:
        """Make a ticket of some letters; the answer has the id and the number of the new one."""
        wish = self.wish
        subject = (subject or "").strip() or None
        done = await self._do(SplitTicket, message_ids=tuple(message_ids), new_subject=subject)
        new_id = uuid5(wish.command_id, "ticket")
        async with wish.gateway.service.pool.acquire() as db:
            number = await db.fetchval("SELECT number FROM ticket WHERE ticket_id = $1", new_id)
        return done.model_copy(update={"id": new_id, "new_number": number})

    async def move_letters(self, message_ids: Collection[UUID], to: int, *, with_answers: bool) -> Changed:
        """Put letters into another ticket: their thread was wrong."""
        other_id = await self._id_of(to)
        return await self._do(
            MoveLetters, message_ids=tuple(message_ids), other_id=other_id, with_answers=with_answers
        )

    async def _do(self, kind: type[TicketCommand], made: UUID | None = None, **wanted: object) -> Changed:
        wish = self.wish
        who = {
            "command_id": wish.command_id,
            "actor_id": wish.person.person_id,
            "ticket_id": await self._id_of(wish.number),
        }
        done = await wish.gateway.command(kind.model_validate(who | wanted))
        return wish.changed(done, made)

    async def _id_of(self, number: int) -> UUID:
        async with self.wish.gateway.service.pool.acquire() as db:
            return await tickets.ticket_id_of(db, self.wish.person.sight, number)
