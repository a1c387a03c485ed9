"""What one person asks for of one ticket."""

from dataclasses import dataclass
from uuid import UUID

from contracts.commands import Done, TicketCommand
from services.gateway.asking import Asking, Signature
from services.gateway.representations.desk import Changed
from services.gateway.tickets import tickets


class TicketSignature(Signature):
    """What every command says of who gives it, and for which ticket."""

    ticket_id: UUID


@dataclass(frozen=True, slots=True)
class AskingOfTicket(Asking):
    """One wish of one person about one ticket. Each method raises a `Problem` if it is refused."""

    number: int

    async def signed(self) -> TicketSignature:
        """Goes on each command that the wish becomes."""
        return {**self.signature, "ticket_id": await self.id_of(self.number)}

    async def have(self, command: TicketCommand, made: UUID | None = None) -> Changed:
        """Have it done; `made` is what is new by it."""
        return self.changed(await self.gateway.command(command), made)

    def changed(self, done: Done, made: UUID | None = None) -> Changed:
        """The answer to the wish."""
        return Changed(number=self.number, version=done.version, command_id=self.command_id, id=made)

    async def id_of(self, number: int) -> UUID:
        """The id of a ticket that the asker may see."""
        async with self.gateway.service.pool.acquire() as db:
            return await tickets.ticket_id_of(db, self.person.sight, number)
