"""The shell for questions about time: what comes next for a ticket, and what an automation would do."""

from dataclasses import replace
from datetime import datetime

from chassis import log
from chassis.service import Service
from contracts.queries import AutomationTrial, Coming, GetWhatComes, TryAutomation, WhatComes
from contracts.stream_ids import ticket_stream
from contracts.ticket_events import TicketEvent
from contracts.tickets import TicketReopened
from services.tickets import alarm_tables, alarms, automations, contact_tables, desk_tables
from services.tickets.automations import Occasion
from services.tickets.evolve import load
from services.tickets.settings import TicketsSettings

MOST_EXAMPLES = 5
STANDINGS_A_PIECE = 200
"""So few that whatever else is due does not wait for them."""


async def what_comes(service: Service[TicketsSettings], query: GetWhatComes) -> WhatComes:
    """What happens to a ticket by itself, the next first; nothing of one that does not exist."""
    stream = ticket_stream(query.ticket_id)
    async with service.pool.acquire() as db:
        desk = await desk_tables.read_desk(db)
        found = load((await log.load(db, [stream])).get(stream, log.NO_HISTORY).events)
        if found is not None:
            known = await contact_tables.belongings(db, [found.contact.address.lower()])
            desk = contact_tables.with_contacts(desk, known)
    due = alarms.to_come(found, desk) if found is not None else ()
    return WhatComes(items=tuple(_coming(one.at, one.what) for one in sorted(due, key=lambda one: one.at)))


def _coming(at: datetime, what: TicketEvent | Occasion | None) -> Coming:
    match what:
        case Occasion(automation=automation):
            return Coming(at=at, what="automation", automation_id=automation.id, automation=automation.name)
        case TicketReopened():
            return Coming(at=at, what="hold_ends")
        case _:
            return Coming(at=at, what="closes")


async def try_automation(service: Service[TicketsSettings], query: TryAutomation) -> AutomationTrial:
    """How many tickets an automation would touch if it were saved now."""
    automation, now = query.automation, service.clock()
    async with service.pool.acquire() as db, db.transaction():
        before = await desk_tables.read_desk(db)
        desk = replace(
            before,
            chosen_organisations=await contact_tables.chosen_organisations(db),
            things={**before.things, automation.id: automation},
            since={**before.since, automation.id: now},
        )
        at_once, later, examples = 0, 0, list[int]()
        async for standing in alarm_tables.standings(db, automation, STANDINGS_A_PIECE):
            occasion = automations.occasion_of(automation, standing, desk)
            if occasion is None:
                continue
            if occasion.at > now:
                later += 1
                continue
            at_once += 1
            if len(examples) < MOST_EXAMPLES:
                examples.append(standing.number)
    return AutomationTrial(at_once=at_once, later=later, examples=tuple(examples))
