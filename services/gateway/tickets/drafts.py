"""What people write and have not sent: kept here, so that it is there on every device of theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import Depends

from chassis.database import Connection
from services.gateway.access.accounts import Person
from services.gateway.access.guard import Here, Writer
from services.gateway.gateway import Gateway
from services.gateway.numbers import TicketNumber
from services.gateway.problems import Conflict, NotFound
from services.gateway.representations.tickets import DraftItem
from services.gateway.tickets import tickets

Kind = Literal["reply", "note"]
KINDS: tuple[Kind, ...] = ("reply", "note")
LONGEST = 200_000
"""Characters."""
KEPT = timedelta(days=180)
"""How long what nobody writes on is kept."""
DISCARDED_KEPT = timedelta(days=7)
"""How long what was discarded can be brought back."""


_ITEMS = """
SELECT ticket.number, ticket.subject, draft.kind, draft.text, draft.version, draft.saved_at
FROM draft
JOIN ticket USING (ticket_id)
WHERE draft.person_id = $1
  AND draft.discarded_at IS NULL
"""

_SAVE = """
INSERT INTO draft (person_id, ticket_id, kind, text, saved_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id, ticket_id, kind) DO UPDATE
SET text = excluded.text,
    version = draft.version + 1,
    saved_at = excluded.saved_at,
    discarded_at = NULL
WHERE $6::integer IS NULL
   OR draft.version = $6
   OR draft.discarded_at IS NOT NULL
   OR draft.text = excluded.text
RETURNING version
"""

_DISCARD = """
UPDATE draft
SET discarded_at = $4
WHERE person_id = $1
  AND ticket_id = $2
  AND kind = $3
  AND discarded_at IS NULL
  AND ($5::integer IS NULL OR version = $5)
"""

_BRING_BACK = """
UPDATE draft
SET discarded_at = NULL,
    version = version + 1
WHERE person_id = $1
  AND ticket_id = $2
  AND kind = $3
RETURNING version
"""

_FORGET = """
DELETE FROM draft
WHERE saved_at < $1
   OR discarded_at < $2
"""


@dataclass(frozen=True, slots=True)
class Drafting:
    """What one person writes on one ticket."""

    gateway: Gateway
    person: Person
    number: int

    async def save(self, kind: Kind, text: str, expected_version: int | None) -> DraftItem:
        """Keep what was written so far; nothing at all is no draft.

        Raises:
            Conflict: it was saved elsewhere after `expected_version`; the problem has that text.
            NotFound: there is no such ticket.
        """
        now = self.gateway.service.clock()
        async with self.gateway.service.pool.acquire() as db, db.transaction():
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            await db.execute(_FORGET, now - KEPT, now - DISCARDED_KEPT)
            if not text.strip():
                await db.execute(_DISCARD, self.person.person_id, ticket_id, kind, now, expected_version)
                if (left := await one(db, self.person, self.number, kind)) is not None:
                    raise _written_elsewhere(left)
                return DraftItem(number=self.number, subject="", kind=kind, text="", version=0, saved_at=now)
            saved = await db.fetchval(
                _SAVE, self.person.person_id, ticket_id, kind, text, now, expected_version
            )
            found = await one(db, self.person, self.number, kind)
        if found is None:
            raise NotFound("There is no such draft.")
        if saved is None:
            raise _written_elsewhere(found)
        return found

    async def discard(self, kind: Kind) -> None:
        """Throw it away; it can be brought back for a week."""
        async with self.gateway.service.pool.acquire() as db:
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            now: datetime = self.gateway.service.clock()
            await db.execute(_DISCARD, self.person.person_id, ticket_id, kind, now, None)

    async def bring_back(self, kind: Kind) -> DraftItem:
        """Undo a discarding.

        Raises:
            NotFound: there is nothing to bring back.
        """
        async with self.gateway.service.pool.acquire() as db:
            ticket_id = await tickets.ticket_id_of(db, self.person.sight, self.number)
            await db.fetchval(_BRING_BACK, self.person.person_id, ticket_id, kind)
            found = await one(db, self.person, self.number, kind)
        if found is None:
            raise NotFound("There is no draft to bring back.")
        return found

    async def sent(self, kind: Kind, ticket_id: UUID) -> None:
        """It is a draft no more."""
        await self.gateway.service.pool.execute(
            "DELETE FROM draft WHERE person_id = $1 AND ticket_id = $2 AND kind = $3",
            self.person.person_id,
            ticket_id,
            kind,
        )


def drafting(number: TicketNumber, here: Here, person: Writer) -> Drafting:
    """What the asker writes on the ticket in the path."""
    return Drafting(here, person, number)


Draft = Annotated[Drafting, Depends(drafting)]


def _written_elsewhere(found: DraftItem) -> Conflict:
    return Conflict(
        "written_elsewhere",
        "You went on writing this on another device.",
        version=found.version,
        draft=found.model_dump(mode="json"),
    )


async def one(db: Connection, person: Person, number: int, kind: Kind) -> DraftItem | None:
    """What someone writes on a ticket."""
    row = await db.fetchrow(
        f"{_ITEMS} AND ticket.number = $2 AND draft.kind = $3", person.person_id, number, kind
    )
    return _item(row) if row else None


async def every(db: Connection, person: Person) -> list[DraftItem]:
    """All that someone has not sent on tickets that they see now, the newest first."""
    rows = await db.fetch(
        f"""
        {_ITEMS}
          AND ($2::uuid[] IS NULL OR ticket.ticketbox_id = ANY($2))
        ORDER BY draft.saved_at DESC
        LIMIT 200
        """,
        person.person_id,
        person.sight.in_order,
    )
    return [_item(row) for row in rows]


async def numbers(db: Connection, person: Person) -> set[int]:
    """The tickets on which someone writes."""
    rows = await db.fetch(
        """
        SELECT ticket.number
        FROM draft
        JOIN ticket USING (ticket_id)
        WHERE draft.person_id = $1
          AND draft.discarded_at IS NULL
        """,
        person.person_id,
    )
    return {row["number"] for row in rows}


def _item(row: asyncpg.Record) -> DraftItem:
    return DraftItem(**row)
