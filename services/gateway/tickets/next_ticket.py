"""The next ticket for whoever asks."""

import asyncio
from uuid import UUID

from contracts.commands import NextTicket
from services.gateway.access.accounts import Person
from services.gateway.gateway import Gateway
from services.gateway.problems import Conflict
from services.gateway.representations.desk import Changed

POLL_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 5.0


async def next_ticket(
    gateway: Gateway, person: Person, command_id: UUID, ticketbox_id: UUID | None = None
) -> Changed:
    """Get the most urgent ticket that waits, and wait until it is the asker's.

    Raises:
        Conflict: somebody else took it at the same moment.
        Problem: none is given, and why.
    """
    done = await gateway.command(
        NextTicket(command_id=command_id, actor_id=person.person_id, ticketbox_id=ticketbox_id)
    )
    deadline = asyncio.get_running_loop().time() + LONGEST_WAIT_SECONDS
    async with gateway.service.pool.acquire() as db:
        while True:
            row = await db.fetchrow(_GIVEN, done.position)
            if row is not None and row["assignee_id"] == person.person_id:
                return Changed(number=row["number"], version=row["version"])
            if asyncio.get_running_loop().time() > deadline or (row is not None and row["assignee_id"]):
                raise Conflict("taken", "Somebody took it at the same moment. Ask again.")
            await asyncio.sleep(POLL_SECONDS)


_GIVEN = """
SELECT ticket.number, ticket.version, ticket.assignee_id
FROM history
JOIN ticket USING (ticket_id)
WHERE history.source = 'router'
  AND history.position = $1
"""
