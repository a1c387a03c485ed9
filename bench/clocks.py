"""Clocks that strike: how late, at many running ones; together; after an outage; and while the desk is changed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
from nats.aio.msg import Msg

from bench.table import Figure, percentile
from chassis.requests import send_command
from contracts.automations import Actions, Automation, AutomationRan, Moment, Timing
from contracts.commands import OPERATOR, ChangeDesk, Done, SetThing
from contracts.desk import Ticketbox
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.service_levels import Policy, SLABreached, Target
from contracts.streams import every
from contracts.things import Thing
from contracts.tickets import TicketOpened
from services.tickets import desk_tables, ticket_tables
from services.tickets.work import Work
from tests.running import Postroom

RUNNING = 100_000
TARGET = timedelta(days=3)
A_SECOND, SECONDS = 50, 40
TOGETHER = 1_000
OVERDUE = 10_000
BATCH = 500


@dataclass(slots=True)
class Struck:
    """When events about tickets were heard, by ticket; twice is an error."""

    breaches: dict[str, datetime] = field(default_factory=dict)
    runs: dict[str, datetime] = field(default_factory=dict)
    doubles: int = 0

    async def hear(self, message: Msg) -> None:
        heard = self.runs if ".automation_ran." in message.subject else self.breaches
        ticket = json.loads(message.data)["ticket_id"]
        self.doubles += ticket in heard
        heard[ticket] = datetime.now(UTC)


@asynccontextmanager
async def listening(postroom: Postroom) -> AsyncIterator[Struck]:
    struck = Struck()
    async with await postroom.connect() as client:
        for event in (SLABreached, AutomationRan):
            await client.subscribe(every(event), cb=struck.hear)
        yield struck


async def measure(postroom: Postroom) -> list[Figure]:
    box = Ticketbox(id=uuid4(), name="Clocks", addresses=("clocks@example.com",))
    # Before any other policy, as those of `postroom load`, by which these tickets would be overdue at once.
    policy = Policy(
        id=uuid4(),
        name="Clocks",
        order=0,
        ticketbox_ids=(box.id,),
        targets={Target.FIRST_RESPONSE: round(TARGET.total_seconds() / 60)},
    )
    late = Automation(
        id=uuid4(),
        name="Late",
        when=Timing(minutes=0, moment=Moment.AFTER_FIRST_RESPONSE, clock="wall"),
        then=Actions(add_tags=("late",)),
    )
    await change(postroom, box, policy, late)
    now = datetime.now(UTC)
    await write(postroom, box, [now + timedelta(days=1 + 2 * one / RUNNING) for one in range(RUNNING)])
    await _settled(postroom)
    return [
        *await _in_time(postroom, box),
        *await _together(postroom, box),
        *await _overdue(postroom, box),
        *await _changed(postroom, box, late),
    ]


async def change(postroom: Postroom, *things: Thing) -> None:
    changes = tuple(SetThing(thing=thing) for thing in things)  # type: ignore[arg-type]
    command = ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes)
    async with await postroom.connect() as client:
        outcome = await send_command(client, command)
    if not isinstance(outcome, Done):
        raise RuntimeError(outcome.detail)  # noqa: TRY004 - it is a refusal


async def write(postroom: Postroom, box: Ticketbox, due: Sequence[datetime]) -> dict[str, datetime]:
    """Write tickets whose first response is due at these moments, as the service would have; by ticket."""
    db = await asyncpg.connect(postroom.database_url, server_settings={"search_path": "tickets"})
    written: dict[str, datetime] = {}
    try:
        for start in range(0, len(due), BATCH):
            part = due[start : start + BATCH]
            async with db.transaction():
                work = Work(datetime.now(UTC), await desk_tables.read_desk(db))
                for at, number in zip(part, await ticket_tables.new_numbers(db, len(part)), strict=True):
                    ticket_id = uuid4()
                    cause = uuid4()
                    event = _opened(ticket_id, number, box, at - TARGET)
                    work.open(event, cause, Meta(correlation_id=cause, causation_id=cause))
                    written[str(ticket_id)] = at
                await work.save(db)
    finally:
        await db.close()
    return written


def _opened(ticket_id: UUID, number: int, box: Ticketbox, at: datetime) -> TicketOpened:
    kim = Address(name="Kim", address="kim@customers.example")
    return TicketOpened(
        ticket_id=ticket_id,
        number=number,
        ticketbox_id=box.id,
        ticketbox=box.name,
        subject=f"Clock {number}",
        contact=kim,
        letter=LetterHead(message_id=uuid4(), internet_message_id=None, received_at=at, from_=kim),
        assignee_id=OPERATOR,  # nobody need be looked for
    )


async def _in_time(postroom: Postroom, box: Ticketbox) -> list[Figure]:
    begin = datetime.now(UTC) + timedelta(seconds=15)
    due = [begin + timedelta(seconds=one / A_SECOND) for one in range(A_SECOND * SECONDS)]
    async with listening(postroom) as struck:
        written = await write(postroom, box, due)
        await _all(struck, written, SECONDS + 60)
    waits = lateness(struck, written)
    what = f"clocks, {RUNNING:,} running, {A_SECOND} due a second"
    return [
        Figure(f"{what}: late by, median", percentile(waits, 0.5), "s"),
        Figure(f"{what}: late by, the last", max(waits), "s", 2, "less"),
    ]


async def _together(postroom: Postroom, box: Ticketbox) -> list[Figure]:
    async with listening(postroom) as struck:
        written = await write(postroom, box, [datetime.now(UTC) + timedelta(seconds=8)] * TOGETHER)
        await _all(struck, written, 60)
    last = max(lateness(struck, written))
    return [Figure(f"clocks, {TOGETHER:,} due at the same moment: the last is late by", last, "s", 2, "less")]


async def _overdue(postroom: Postroom, box: Ticketbox) -> list[Figure]:
    """As if nothing had run for an hour. Each ticket is written with its alarm, and struck while others are."""
    async with listening(postroom) as struck:
        began = time.perf_counter()
        written = await write(postroom, box, [datetime.now(UTC) - timedelta(hours=1)] * OVERDUE)
        await _all(struck, written, 300)
        seconds = time.perf_counter() - began
    return [Figure(f"clocks, {OVERDUE:,} overdue after an outage: caught up", OVERDUE / seconds, "/s")]


async def _changed(postroom: Postroom, box: Ticketbox, late: Automation) -> list[Figure]:
    """While the alarms of all tickets are set anew, others come due."""
    begin = datetime.now(UTC) + timedelta(seconds=10)
    due = [begin + timedelta(seconds=one / 10) for one in range(10 * SECONDS)]
    async with listening(postroom) as struck:
        written = await write(postroom, box, due)
        began = time.perf_counter()
        await change(postroom, late.model_copy(update={"order": late.order + 1}))
        changing = asyncio.create_task(_set_anew(postroom))
        await _all(struck, written, SECONDS + 60)
        alarms, ended = await changing
    last = max(lateness(struck, written))
    return [
        Figure("a changed automation: alarms set anew", alarms / (ended - began), "/s"),
        Figure("clocks that strike meanwhile: late by, the last", last, "s", 2, "less"),
    ]


def lateness(struck: Struck, written: dict[str, datetime]) -> list[float]:
    """Seconds between the true time and the event on the stream, of breaches and of what the automation did."""
    if struck.doubles:
        raise RuntimeError(f"{struck.doubles} clocks struck twice")
    late = [
        (heard[ticket] - at).total_seconds()
        for heard in (struck.breaches, struck.runs)
        for ticket, at in written.items()
    ]
    if min(late) < 0:
        raise RuntimeError(f"a clock struck {-min(late):.1f} s before its time")
    return late


async def _all(struck: Struck, written: dict[str, datetime], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not (written.keys() <= struck.breaches.keys() and written.keys() <= struck.runs.keys()):
            await asyncio.sleep(0.05)


async def _set_anew(postroom: Postroom) -> tuple[int, float]:
    """How many alarms there are, and when every one of them is set by the desk as it is now."""
    stale = "SELECT count(*) FROM tickets.alarm WHERE revision < (SELECT revision FROM tickets.desk_revision)"
    db = await asyncpg.connect(postroom.database_url)
    try:
        while await db.fetchval(stale):
            await asyncio.sleep(0.25)
        return await db.fetchval("SELECT count(*) FROM tickets.alarm"), time.perf_counter()
    finally:
        await db.close()


async def _settled(postroom: Postroom) -> None:
    """Nothing is left to do: every event of tickets is in the read model."""
    await _set_anew(postroom)
    unread = """
        SELECT (SELECT max(position) FROM tickets.event) - coalesce(max(position), 0)
        FROM gateway.position
        WHERE source = 'tickets'
    """
    db = await asyncpg.connect(postroom.database_url)
    try:
        while await db.fetchval(unread):
            await asyncio.sleep(0.25)
    finally:
        await db.close()
