"""Who is at a ticket now, and whether they answer it: told to everyone who has it open, on every gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends

from chassis.database import Connection
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, Signed
from services.gateway.gateway import Gateway
from services.gateway.live import VISITS
from services.gateway.numbers import TicketNumber
from services.gateway.representations.tickets import Visitor
from services.gateway.tickets import tickets

Doing = Literal["looking", "answering"]
LASTS = timedelta(seconds=45)
"""A page says every 15 seconds that it is still there; one that is gone without a word is forgotten after this."""


NO_PAGE = UUID(int=0)
"""The page of who says it by API."""

# Somebody may have a ticket open in several windows. What others see is the strongest that they do, which is also the
# first by name; only if that has changed is there news.
_CHANGED = """
SELECT (SELECT min(doing) FROM before) IS DISTINCT FROM
       least((SELECT min(doing) FROM before WHERE page_id <> $3), {now}) AS news
"""

_BEFORE = """
WITH before AS (
    SELECT page_id, doing
    FROM visit
    WHERE ticket_id = $1
      AND person_id = $2
      AND until > $4
)
"""

_COME = f"""
{_BEFORE}, said AS (
    INSERT INTO visit (ticket_id, person_id, page_id, doing, until)
    VALUES ($1, $2, $3, $5, $6)
    ON CONFLICT (ticket_id, person_id, page_id) DO UPDATE
    SET doing = excluded.doing,
        until = excluded.until
)
{_CHANGED.format(now="$5")}
"""

_GO = f"""
{_BEFORE}, gone AS (
    DELETE FROM visit
    WHERE (ticket_id = $1 AND person_id = $2 AND page_id = $3)
       OR until <= $4
)
{_CHANGED.format(now="NULL")}
"""

_OTHERS = """
SELECT visit.person_id AS id, person.thing ->> 'name' AS name, min(visit.doing) AS doing
FROM visit
JOIN ticket USING (ticket_id)
JOIN thing AS person ON person.kind = 'person' AND person.id = visit.person_id
WHERE ticket.number = $1
  AND visit.person_id <> $2
  AND visit.until > $3
GROUP BY visit.person_id, person.thing ->> 'name'
ORDER BY min(visit.doing), name
"""


@dataclass(frozen=True, slots=True)
class Visiting:
    """One person at one ticket."""

    gateway: Gateway
    person: Person
    number: int

    async def come(self, doing: Doing, page_id: UUID = NO_PAGE) -> list[Visitor]:
        """Say that one is there with a page, for a while, and hear who else is.

        Raises:
            NotFound: there is no such ticket.
        """
        now = self.gateway.service.clock()
        async with self.gateway.service.pool.acquire() as db:
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            person_id = self.person.person_id
            if await db.fetchval(_COME, ticket_id, person_id, page_id, now, doing, now + LASTS):
                await _tell(db, self.number)
            return await others(db, self.person, self.number, now)

    async def go(self, page_id: UUID = NO_PAGE) -> None:
        """Say that one is there no more with a page."""
        now = self.gateway.service.clock()
        async with self.gateway.service.pool.acquire() as db:
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            if await db.fetchval(_GO, ticket_id, self.person.person_id, page_id, now):
                await _tell(db, self.number)


def visiting(number: TicketNumber, here: Here, who: Signed) -> Visiting:
    """The asker at the ticket in the path."""
    return Visiting(here, who.person, number)


Visit = Annotated[Visiting, Depends(visiting)]


async def _tell(db: Connection, number: int) -> None:
    await db.execute("SELECT pg_notify($1, $2)", VISITS, str(number))


async def others(db: Connection, person: Person, number: int, now: datetime) -> list[Visitor]:
    """Who else is at a ticket; who answers comes first."""
    return [Visitor(**row) for row in await db.fetch(_OTHERS, number, person.person_id, now)]
