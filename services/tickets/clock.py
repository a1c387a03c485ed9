"""The shell for time: what is due happens, also what came due while nothing ran."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Counter

from chassis import log
from chassis.database import TRANSIENT, Connection
from chassis.logging import get_logger
from chassis.service import Service
from contracts.event import Meta
from contracts.ids import derived
from services.tickets import alarm_tables, desk_tables
from services.tickets.desk import Desk
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work

logger = get_logger(__name__)

ALARMS_A_TURN = 200
STALE_A_TURN = 50
"""Alarms that a changed desk may have moved; few enough that what is due never waits long for them."""
LONGEST_SLEEP = timedelta(seconds=1)

CONFLICTS = (log.VersionConflict, log.AlreadyAnswered)
FAILURES = Counter(
    "postroom_clock_failures_total", "Tickets that failed when their clocks were looked at, and were put off."
)


async def strike(service: Service[TicketsSettings]) -> None:
    """Do what is due, until cancelled; between that, set anew what an earlier desk has set."""
    while True:
        with suppress(*CONFLICTS):
            async with service.pool.acquire() as db:
                more = await take_turn(db, service.clock())
                alarm = await alarm_tables.next_alarm(db)
            wait = min(alarm - service.clock(), LONGEST_SLEEP) if alarm else LONGEST_SLEEP
            await asyncio.sleep(0 if more else max(wait.total_seconds(), 0.01))


async def take_turn(db: Connection, now: datetime) -> bool:
    """Look at what is due and at what is stale; whether there is more to do at once.

    All in one transaction. If that fails, each ticket has one of its own, so that one which fails by itself (an event
    of a newer release, a bug) stops no other clock.
    """
    desk = await desk_tables.read_desk(db)
    due: Collection[UUID] = ()
    stale: Collection[UUID] = ()
    try:
        async with db.transaction():
            due = await alarm_tables.due_alarms(db, now, ALARMS_A_TURN)
            stale = await alarm_tables.stale_alarms(db, STALE_A_TURN) if len(due) < ALARMS_A_TURN else []
            await _look_at(Work(now, desk), db, {*due, *stale})
    except (*TRANSIENT, *CONFLICTS):
        raise
    except Exception as error:
        if not due and not stale:
            raise
        logger.warning("clocks failed together, taking one by one", error=repr(error))
        for ticket_id in {*due, *stale}:
            with suppress(*CONFLICTS):
                await _look_at_one(db, now, desk, ticket_id)
    return len(due) == ALARMS_A_TURN or len(stale) == STALE_A_TURN


async def _look_at_one(db: Connection, now: datetime, desk: Desk, ticket_id: UUID) -> None:
    """Look at a ticket in a transaction of its own; put it off if it fails by itself."""
    async with db.transaction():
        if not await alarm_tables.lock_alarm(db, ticket_id):
            return
        try:
            async with db.transaction():
                await _look_at(Work(now, desk), db, {ticket_id})
        except (*TRANSIENT, *CONFLICTS):
            raise
        except Exception:
            again_at = await alarm_tables.put_off_alarm(db, ticket_id, now, desk.revision)
            logger.exception("clock failed", ticket_id=str(ticket_id), again_at=again_at.isoformat())
            FAILURES.inc()


async def _look_at(work: Work, db: Connection, ticket_ids: Collection[UUID]) -> None:
    """Let happen what is due for these tickets, whose alarms are locked, and set their alarms anew."""
    await work.load(db, ticket_ids)
    for ticket_id in ticket_ids:
        _look_again(work, ticket_id)
    await work.save(db, ticket_ids)


def _look_again(work: Work, ticket_id: UUID) -> None:
    """Its service level may be another than when the alarm was set."""
    current = work.tickets[ticket_id]
    meta = Meta(correlation_id=ticket_id, causation_id=ticket_id)
    work.add(current, (), derived(ticket_id, f"looked at version {current.version}"), meta)
