"""Who is at a ticket now, and whether they answer it: told to everyone who has it open, on every gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from chassis.database import Connection
from services.gateway.access.accounts import Person
from services.gateway.gateway import Gateway
from services.gateway.live import VISITS
from services.gateway.representations.tickets import Visitor
from services.gateway.tickets import tickets

Doing = Literal["looking", "answering"]
LASTS = timedelta(seconds=45)
"""A page says every 15 seconds that it is still there; one that is gone without a word is forgotten after this."""


_COME = """
WITH before AS (
    SELECT doing
    FROM visit
    WHERE ticket_id = $1
      AND person_id = $2
      AND until > $5
), said AS (
    INSERT INTO visit (ticket_id, person_id, doing, until)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (ticket_id, person_id) DO UPDATE
    SET doing = excluded.doing,
        until = excluded.until
)
SELECT coalesce((SELECT doing FROM before), '') <> $3 AS news
"""

_OTHERS = """
SELECT visit.person_id AS id, person.thing ->> 'name' AS name, visit.doing
FROM visit
JOIN ticket USING (ticket_id)
JOIN thing AS person ON person.kind = 'person' AND person.id = visit.person_id
WHERE ticket.number = $1
  AND visit.person_id <> $2
  AND visit.until > $3
ORDER BY visit.doing, name
"""


@dataclass(frozen=True, slots=True)
class Visiting:
    """One person at one ticket."""

    gateway: Gateway
    person: Person
    number: int

    async def come(self, doing: Doing) -> list[Visitor]:
        """Say that one is there, for a while, and hear who else is.

        Raises:
            NotFound: there is no such ticket.
        """
        now = self.gateway.service.clock()
        async with self.gateway.service.pool.acquire() as db:
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            news = await db.fetchval(_COME, ticket_id, self.person.person_id, doing, now + LASTS, now)
            if news:
                await _tell(db, self.number)
            return await others(db, self.person, self.number, now)

    async def go(self) -> None:
        """Say that one is there no more."""
        now = self.gateway.service.clock()
        async with self.gateway.service.pool.acquire() as db:
            ticket_id: UUID = await tickets.ticket_id_of(db, self.person.sight, self.number)
            gone = await db.fetchval(
                """
                DELETE FROM visit
                WHERE (ticket_id = $1 AND person_id = $2)
                   OR until < $3
                RETURNING true
                """,
                ticket_id,
                self.person.person_id,
                now,
            )
            if gone:
                await _tell(db, self.number)


async def _tell(db: Connection, number: int) -> None:
    await db.execute("SELECT pg_notify($1, $2)", VISITS, str(number))


async def others(db: Connection, person: Person, number: int, now: datetime) -> list[Visitor]:
    """Who else is at a ticket; who answers comes first."""
    return [Visitor(**row) for row in await db.fetch(_OTHERS, number, person.person_id, now)]
