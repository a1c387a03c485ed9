"""The shell for time: what is due happens, also what came due while nothing ran."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import uuid5

from chassis import log, telemetry
from chassis.database import Connection
from chassis.service import Service
from contracts.event import Meta
from services.tickets import alarms, tables
from services.tickets.settings import TicketsSettings
from services.tickets.ticket import Ticket
from services.tickets.work import Work

ALARMS_A_TURN = 200
LONGEST_SLEEP = timedelta(seconds=1)


async def strike(service: Service[TicketsSettings]) -> None:
    """Do what is due, until cancelled."""
    while True:
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            async with service.pool.acquire() as db:
                async with db.transaction():
                    struck = await _strike(service, db)
                alarm = await tables.next_alarm(db)
            wait = min(alarm - service.clock(), LONGEST_SLEEP) if alarm else LONGEST_SLEEP
            if struck < ALARMS_A_TURN:
                await asyncio.sleep(max(wait.total_seconds(), 0.01))


async def _strike(service: Service[TicketsSettings], db: Connection) -> int:
    work = Work(service.clock(), await tables.read_desk(db))
    due = await tables.due_alarms(db, work.now, ALARMS_A_TURN)
    await work.load(db, due)
    for ticket_id in due:
        ring(work, work.tickets[ticket_id])
    await work.save(db)
    return len(due)


def ring(work: Work, ticket: Ticket) -> None:
    """Let happen what has come due."""
    # Hours after the letter: a trace of its own, linked back.
    with telemetry.root_span("strike clock", links=[ticket.trace] if ticket.trace else []) as span:
        meta = Meta(
            correlation_id=ticket.ticket_id, causation_id=ticket.ticket_id, traceparent=span.traceparent
        )
        for due in alarms.ring(ticket, work.desk, work.now):
            current = work.tickets[ticket.ticket_id]
            cause = uuid5(ticket.ticket_id, f"{due.event.model_dump_json()} {current.version}")
            work.add(current, [due.event], cause, meta, due.at)
        # Breaches; and its service level may be another than when the alarm was set.
        current = work.tickets[ticket.ticket_id]
        work.add(current, (), uuid5(ticket.ticket_id, f"alarm at version {current.version}"), meta)
