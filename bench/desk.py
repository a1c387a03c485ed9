"""What a large desk costs a command and a batch of letters: `python -m bench.desk`, with a PostgreSQL of its own."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import asyncpg

from bench.table import Figure, side_by_side
from chassis.database import Connection, connect
from chassis.service import Service
from contracts.commands import OPERATOR, SetPriority
from contracts.desk import Organisation, OrganisationChanged, PersonChanged, Ticketbox, TicketboxChanged
from contracts.event import Event, Meta, Recorded
from contracts.people import Person, Role
from contracts.router import Priority
from contracts.rulesets import RulesetPublished
from postroom.embedded.postgres import Postgres
from postroom.embedded.process import free_port
from postroom.migrate import migrate_database
from services.gateway.contacts import organisations
from services.gateway.desk import desk as gateway_desk
from services.router import tables as router_tables
from services.tickets import changes, desk_tables
from services.tickets.settings import TicketsSettings
from services.tickets.work import Work
from tests.events import BOX, letter, opened

SIZES = (100, 5_000, 20_000)
TIMES = 100
NOW = datetime.now(UTC)
BOSS = Person(id=uuid4(), name="Boss", email="boss@example.com", role=Role.ADMINISTRATOR)
SUPPORT = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",))
SERVICE = cast("Service[TicketsSettings]", SimpleNamespace(clock=lambda: datetime.now(UTC)))


async def measure(database_url: str, size: int) -> list[Figure]:
    """With so many organisations, milliseconds of this process a time; PostgreSQL's are not in it."""
    events = [
        PersonChanged(thing=BOSS),
        TicketboxChanged(thing=SUPPORT),
        *(
            OrganisationChanged(
                thing=Organisation(id=uuid4(), name=f"Company {n}", domains=(f"company{n}.example",))
            )
            for n in range(size)
        ),
    ]
    tickets = await connect(database_url, "tickets")
    router = await connect(database_url, "router")
    gateway = await connect(database_url, "gateway")
    async with tickets.transaction():
        await desk_tables.keep_desk(tickets, events, NOW)
        ticket_id = await _a_ticket(tickets)
    async with router.transaction():
        for number, event in enumerate([*events, _ruleset()]):
            await router_tables.keep_desk(router, _recorded(event, number + 1))
    await gateway.executemany(
        "INSERT INTO thing (kind, id, version, thing) VALUES ($1, $2, 1, $3::jsonb)",
        [(event.thing.kind, event.thing.id, event.thing.model_dump_json()) for event in events],
    )
    priorities = [Priority.HIGH, Priority.LOW]

    async def command() -> None:
        priorities.reverse()
        wish = SetPriority(command_id=uuid4(), actor_id=BOSS.id, ticket_id=ticket_id, priority=priorities[0])
        async with tickets.transaction():
            await changes.change_ticket(SERVICE, wish, tickets)

    async def rules() -> None:
        await router_tables.read_ruleset(router)

    async def page() -> None:
        await organisations.read(gateway)
        await gateway_desk.names(gateway)

    figures = []
    for what, work in (
        ("a command about a ticket", command),
        ("router reads its rules, for each batch", rules),
        ("gateway reads names and organisations, for a ticket", page),
    ):
        figures.append(Figure(f"{what} @ {size:,}", await _milliseconds(work), "ms"))
    for db in (tickets, router, gateway):
        await db.close()
    return figures


async def _a_ticket(db: Connection) -> UUID:
    work = Work(NOW, await desk_tables.read_desk(db))
    event = opened(letter(NOW))
    work.open(event, uuid4(), Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id))
    await work.save(db)
    return event.ticket_id


def _ruleset() -> RulesetPublished:
    return RulesetPublished(rules=(), default_ticketbox_id=BOX, author_id=OPERATOR, comment="")


def _recorded(event: Event, version: int) -> Recorded[Event]:
    return Recorded(
        event=event,
        event_id=uuid4(),
        stream_id="of-the-desk",
        version=version,
        position=version,
        after=version - 1,
        meta=Meta(correlation_id=BOX, causation_id=BOX),
        occurred_at=NOW,
        recorded_at=NOW,
    )


async def _milliseconds(work: Callable[[], Awaitable[None]]) -> float:
    """Of a processor, at the median."""
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        await work()
        taken.append(time.process_time() - began)
    return sorted(taken)[TIMES // 2] * 1000


async def main() -> None:
    figures = []
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        server = Postgres(Path(folder) / "data", free_port(), "bench", Path(folder) / "postgres.log")
        await server.start()
        try:
            for size in SIZES:
                db = await asyncpg.connect(server.url("postgres"))
                await db.execute(f"CREATE DATABASE desk_{size}")
                await db.close()
                url = server.url(f"desk_{size}")
                await migrate_database(url)
                figures += await measure(url, size)
        finally:
            await server.stop()
    print(side_by_side(figures))


if __name__ == "__main__":
    asyncio.run(main())
