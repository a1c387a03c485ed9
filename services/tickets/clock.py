"""The shell for time: what is due happens, also what came due while nothing ran."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid5

from chassis import log
from chassis.database import Connection
from chassis.service import Service
from contracts.event import Meta
from services.tickets import tables
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work

ALARMS_A_TURN = 200
STALE_A_TURN = 50
"""Alarms that a changed desk may have moved; few enough that what is due never waits long for them."""
LONGEST_SLEEP = timedelta(seconds=1)


async def strike(service: Service[TicketsSettings]) -> None:
    """Do what is due, until cancelled; between that, set anew what an earlier desk has set."""
    while True:
        more = True
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            async with service.pool.acquire() as db:
                async with db.transaction():
                    more = await strike_once(Work(service.clock(), await tables.read_desk(db)), db)
                alarm = await tables.next_alarm(db)
            wait = min(alarm - service.clock(), LONGEST_SLEEP) if alarm else LONGEST_SLEEP
            await asyncio.sleep(0 if more else max(wait.total_seconds(), 0.01))


async def strike_once(work: Work, db: Connection) -> bool:
    """Take a turn in the caller's transaction; whether there is more to do at once."""
    due = await tables.due_alarms(db, work.now, ALARMS_A_TURN)
    stale = await tables.stale_alarms(db, STALE_A_TURN) if len(due) < ALARMS_A_TURN else []
    await work.load(db, {*due, *stale})
    for ticket_id in {*due, *stale}:
        _look_again(work, ticket_id)
    await work.save(db)
    return len(due) == ALARMS_A_TURN or len(stale) == STALE_A_TURN


def _look_again(work: Work, ticket_id: UUID) -> None:
    """Its service level may be another than when the alarm was set."""
    current = work.tickets[ticket_id]
    meta = Meta(correlation_id=ticket_id, causation_id=ticket_id)
    work.add(current, (), uuid5(ticket_id, f"looked at version {current.version}"), meta)
