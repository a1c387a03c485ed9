"""When each ticket is to be looked at again, and how it stands until then."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from contracts.automations import Automation
from services.tickets.automations import Standing


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a ticket is to be looked at again, and how it stands until then; None: when something happens to it."""

    at: datetime | None
    contact: str
    """The address of its customer, in lower case."""
    standing: Standing


_SET_ALARMS = """
INSERT INTO alarm (ticket_id, at, contact, standing, revision)
SELECT ticket_id, at, contact, standing::jsonb, $5
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[]) AS new (ticket_id, at, contact, standing)
ORDER BY ticket_id
ON CONFLICT (ticket_id) DO UPDATE
SET at = excluded.at,
    standing = excluded.standing,
    revision = CASE WHEN alarm.revision = 0 AND alarm.ticket_id <> ALL($6::uuid[]) THEN 0 ELSE excluded.revision END,
    failures = 0
"""

# In one order: two transactions that set the same alarms do not wait for one another.
_LOCK_ALARMS = """
SELECT
FROM alarm
WHERE ticket_id = ANY($1::uuid[])
ORDER BY ticket_id
FOR UPDATE
"""


async def set_alarms(
    db: Connection, alarms: Mapping[UUID, Alarm | None], revision: int, locked: Collection[UUID] = ()
) -> None:
    """Say when tickets are to be looked at again, as a revision of the desk has it; None: never by itself.

    The mark that a contact has changed, revision 0, stays but on those that were `locked` before the contact was read:
    it may have come since.
    """
    if over := [ticket_id for ticket_id, alarm in alarms.items() if alarm is None]:
        await db.execute(_LOCK_ALARMS, list(alarms))
        await db.execute("DELETE FROM alarm WHERE ticket_id = ANY($1::uuid[])", over)
    if kept := {ticket_id: alarm for ticket_id, alarm in alarms.items() if alarm is not None}:
        moments = [alarm.at for alarm in kept.values()]
        contacts = [alarm.contact for alarm in kept.values()]
        standings = [alarm.standing.model_dump_json() for alarm in kept.values()]
        await db.execute(_SET_ALARMS, list(kept), moments, contacts, standings, revision, list(locked))


async def forget_customer(db: Connection, ticket_ids: Collection[UUID], alias: str) -> None:
    """Let another address stand where that of the customer stood beside the alarms of tickets."""
    await db.execute(
        """
        UPDATE alarm
        SET contact = $2,
            standing = standing || jsonb_build_object('contact', $2::text)
        WHERE ticket_id = ANY($1::uuid[])
        """,
        list(ticket_ids),
        alias,
    )


_DUE = """
SELECT ticket_id
FROM alarm
WHERE at <= $1
ORDER BY at
LIMIT $2
FOR UPDATE SKIP LOCKED
"""


async def due_alarms(db: Connection, now: datetime, limit: int) -> list[UUID]:
    """Tickets whose alarm has struck, the longest overdue first; locked until the transaction ends."""
    return [row["ticket_id"] for row in await db.fetch(_DUE, now, limit)]


_STALE = """
SELECT ticket_id
FROM alarm
WHERE revision < (SELECT revision FROM desk_revision)
ORDER BY revision, at
LIMIT $1
FOR UPDATE SKIP LOCKED
"""


async def stale_alarms(db: Connection, limit: int) -> list[UUID]:
    """Tickets whose alarm was set by an earlier desk, what it set the first to strike first; locked as above.

    A tightened policy brings forward most what would have come first anyway.
    """
    return [row["ticket_id"] for row in await db.fetch(_STALE, limit)]


async def lock_alarm(db: Connection, ticket_id: UUID) -> bool:
    """Lock the alarm of one ticket until the transaction ends; False if it is gone, or somebody else has it."""
    locked = await db.fetchval(
        "SELECT true FROM alarm WHERE ticket_id = $1 FOR UPDATE SKIP LOCKED", ticket_id
    )
    return locked is not None


_PUT_OFF = """
UPDATE alarm
SET at = $2::timestamptz + least(interval '1 minute' * 2 ^ least(failures, 6), interval '1 hour'),
    failures = failures + 1,
    revision = $3
WHERE ticket_id = $1
RETURNING at
"""


async def put_off_alarm(db: Connection, ticket_id: UUID, now: datetime, revision: int) -> datetime:
    """Look at a ticket later that could not be looked at: after a minute, then twice as long, at most an hour."""
    at: datetime = await db.fetchval(_PUT_OFF, ticket_id, now, revision)
    return at


_STANDINGS = """
SELECT standing::text AS standing
FROM alarm
WHERE standing IS NOT NULL
  AND ($1::text[] = '{}' OR standing ->> 'ticketbox_id' = ANY($1))
  AND ($2::text[] = '{}' OR standing ->> 'priority' = ANY($2))
  AND ($3::text IS NULL OR standing ->> 'state' = $3)
"""


async def standings(db: Connection, automation: Automation, piece: int) -> AsyncIterator[Standing]:
    """How the tickets stand that an automation may be for, so many at a time."""
    chosen, state = automation.tickets, automation.when.moment.state
    boxes = [str(one) for one in chosen.ticketbox_ids]
    async for row in db.cursor(_STANDINGS, boxes, list(chosen.priorities), state, prefetch=piece):
        yield Standing.model_validate_json(row["standing"])


async def next_alarm(db: Connection) -> datetime | None:
    at: datetime | None = await db.fetchval("SELECT min(at) FROM alarm")
    return at
