"""What people do with a ticket, by page or by API: from the wish to the command."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Done,
    HoldForTicket,
    MoveTicket,
    PutOnHold,
    ReopenTicket,
    RetryReply,
    SetPending,
    SolveTicket,
    SubmitReply,
    UndoChange,
)
from contracts.ids import derived
from services.gateway.access.guard import Here, Writer, command_id_of
from services.gateway.numbers import TicketNumber
from services.gateway.problems import Conflict, Unprocessable
from services.gateway.representations.conversation import Entry
from services.gateway.representations.desk import Changed
from services.gateway.tickets import tickets
from services.gateway.tickets.asking import AskingOfTicket
from services.gateway.tickets.conversation import quote_for
from services.gateway.tickets.drafts import Drafting
from services.gateway.tickets.mentions import mentionable, mentioned


class Outdated(Conflict):
    """A letter or an answer came after what the asker saw; `unseen` is all that happened since."""

    def __init__(self, conflict: Conflict, unseen: Sequence[Entry]) -> None:
        self.unseen = unseen
        super().__init__(
            conflict.code, conflict.detail, **conflict.more, unseen=[_as_json(entry) for entry in unseen]
        )


@dataclass(frozen=True, slots=True)
class Doing(AskingOfTicket):
    """Answers, notes, who does it, what it waits for, and whether it is done."""

    async def reply(self, text: str, seen_version: int, *, solve: bool) -> Changed:
        """Answer the customer; his words are quoted below.

        Raises:
            Outdated: he wrote, or a colleague answered, after `seen_version`.
            Problem.
        """
        if not text.strip():
            raise Unprocessable("The answer is empty. Write something, then send it.")
        async with self.gateway.service.pool.acquire() as db:
            opened = await tickets.open_ticket(db, self.person.sight, self.number)
        reply_id = derived(self.command_id, "reply")
        command = SubmitReply(
            **self.signature,
            ticket_id=opened.summary.ticket_id,
            reply_id=reply_id,
            text=_written(text),
            seen_version=seen_version,
            quote=quote_for(opened.events, opened.sources),
            solve=solve,
        )
        done = await self._seeing(command, seen_version)
        await Drafting(self.gateway, self.person, self.number).sent("reply", command.ticket_id)
        return self.changed(done, reply_id)

    async def _seeing(
        self, command: SubmitReply | SolveTicket | CloseTicket, seen_version: int | None
    ) -> Done:
        """Have something done by who has seen the ticket up to a version.

        Raises:
            Outdated, Problem.
        """
        try:
            return await self.gateway.command(command)
        except Conflict as conflict:
            if conflict.code != "outdated" or seen_version is None:
                raise
            async with self.gateway.service.pool.acquire() as db:
                ticket = tickets.ticket_of(await tickets.open_ticket(db, self.person.sight, self.number))
            since = [entry for entry in ticket.conversation if entry.version > seen_version]
            raise Outdated(conflict, since) from conflict

    async def retry(self, reply_id: UUID) -> Changed:
        """Send an answer again that did not arrive."""
        return await self.have(RetryReply(**await self.signed(), reply_id=reply_id), reply_id)

    async def note(self, text: str, mentions: Collection[UUID] = ()) -> Changed:
        """Write to colleagues; whom the text mentions as `@Name` hears of it too."""
        if not text.strip():
            raise Unprocessable("The note is empty. Write something, then save it.")
        note_id = derived(self.command_id, "note")
        async with self.gateway.service.pool.acquire() as db:
            known = await mentionable(db, self.gateway.service.clock())
        command = AddNote(
            **await self.signed(),
            note_id=note_id,
            mentions=tuple(dict.fromkeys([*mentions, *mentioned(text, known)])),
            text=_written(text),
        )
        changed = await self.have(command, note_id)
        await Drafting(self.gateway, self.person, self.number).sent("note", command.ticket_id)
        return changed

    async def assign(self, agent_id: UUID | None) -> Changed:
        """Give the ticket to someone; None: back to everyone."""
        return await self.have(AssignTicket(**await self.signed(), agent_id=agent_id))

    async def move(self, ticketbox_id: UUID, *, correction: bool) -> Changed:
        """Give the ticket to another ticketbox; a `correction` counts as a mistake of the rules."""
        return await self.have(
            MoveTicket(**await self.signed(), ticketbox_id=ticketbox_id, correction=correction)
        )

    async def set_pending(self) -> Changed:
        """Wait for the customer."""
        return await self.have(SetPending(**await self.signed()))

    async def put_on_hold(self, until: datetime | None, reason: str) -> Changed:
        """Wait for a moment, or for something that has none."""
        return await self.have(PutOnHold(**await self.signed(), until=until, reason=reason.strip()))

    async def hold_for(self, number: int, reason: str) -> Changed:
        """Wait until a linked ticket is solved."""
        return await self.have(
            HoldForTicket(**await self.signed(), other_id=await self.id_of(number), reason=reason.strip())
        )

    async def solve(self, seen_version: int | None) -> Changed:
        """The matter is settled."""
        return await self._settle(SolveTicket, seen_version)

    async def close(self, seen_version: int | None) -> Changed:
        """The matter is settled for good."""
        return await self._settle(CloseTicket, seen_version)

    async def _settle(self, kind: type[SolveTicket | CloseTicket], seen_version: int | None) -> Changed:
        command = kind(**await self.signed(), seen_version=seen_version)
        return self.changed(await self._seeing(command, seen_version))

    async def reopen(self, *, more_than_thanks: bool = False) -> Changed:
        """The matter is not settled after all; or what was taken for thanks wants an answer."""
        return await self.have(ReopenTicket(**await self.signed(), more_than_thanks=more_than_thanks))

    async def undo(self, undone_id: UUID) -> Changed:
        """Give back what an earlier command changed."""
        return await self.have(UndoChange(**await self.signed(), undone_id=undone_id))


def doing(request: Request, number: TicketNumber, here: Here, person: Writer) -> Doing:
    """A wish of the asker about the ticket in the path."""
    return Doing(here, person, command_id_of(request, person), number)


Wish = Annotated[Doing, Depends(doing)]


def _written(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()


def _as_json(entry: Entry) -> dict[str, object]:
    return entry.model_dump(mode="json", exclude_none=True, by_alias=True)
