"""Writes loaded tickets into the logs and beside them, as the services would have."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis import log
from chassis.database import Connection
from contracts.tickets import Role
from postroom.demo.day import customers
from postroom.load.tickets import Desk, Matter, Written, write_ticket
from postroom.people import add_person
from services.tickets import tables

BATCH = 250
_AGENTS = ("Anna Berg", "Tomás Reyes", "Wiebke Jansen", "Oluchi Eze", "Piotr Malec")


class CannotLoad(Exception):  # noqa: N818
    """Told to the person who typed the command."""


async def load(
    database_url: str, tickets: int, days: int, seed: int, now: datetime, advance: Callable[[int], None]
) -> None:
    """Write historical tickets, spread over the days before `now`; each batch is there wholly or not at all.

    Raises:
        CannotLoad: there is no ticketbox yet, or these tickets are loaded already.
    """
    db = await asyncpg.connect(database_url)
    try:
        desk = await _desk(db)
        chance = random.Random(seed)  # noqa: S311 - a history, not a secret
        people = customers(chance)
        times = sorted(now - timedelta(days=chance.uniform(0, days)) for _ in range(tickets))
        for start in range(0, tickets, BATCH):
            part = times[start : start + BATCH]
            async with db.transaction():
                await db.execute("SET LOCAL search_path = tickets")
                numbers = await tables.new_numbers(db, len(part))
                written = Written()
                for index, (at, number) in enumerate(zip(part, numbers, strict=True), start):
                    customer = people[chance.randrange(len(people))]
                    write_ticket(Matter(index, number, seed, at, customer, now), desk, written)
                try:
                    await _write(db, written, now)
                except asyncpg.UniqueViolationError as error:
                    raise CannotLoad(f"Tickets of seed {seed} are loaded already. Choose another.") from error
            advance(len(part))
    finally:
        await db.close()


async def _desk(db: Connection) -> Desk:
    box = await db.fetchrow(
        "SELECT ticketbox_id, name, addresses[1] AS address FROM tickets.ticketbox ORDER BY name LIMIT 1"
    )
    if box is None:
        raise CannotLoad("There is no ticketbox yet. Run postroom migrate, or start Postroom once.")
    agents: list[UUID] = [row["person_id"] for row in await db.fetch("SELECT person_id FROM tickets.person")]
    if len(agents) < len(_AGENTS):
        for name in _AGENTS:
            email = f"{name.split()[0].lower().replace('á', 'a')}@example.com"
            if not await db.fetchval("SELECT true FROM tickets.person WHERE email = $1", email):
                await add_person(db, email, name, Role.AGENT, None)
        agents = [row["person_id"] for row in await db.fetch("SELECT person_id FROM tickets.person")]
    return Desk(box["ticketbox_id"], box["name"], box["address"], tuple(sorted(agents)))


_BLOBS = "INSERT INTO ingest.blob (sha256, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_LEDGER = """
INSERT INTO ingest.ledger (message_id, accepted_at, state, since)
SELECT message_id, accepted_at, 'ticketed', accepted_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS new (message_id, accepted_at)
"""
_INDEX = """
INSERT INTO tickets.message_index (internet_message_id, ticket_id, reply_id)
VALUES ($1, $2, $3)
"""
# Sent long ago: without these rows, notify would send them now.
_DELIVERIES = """
INSERT INTO notify.delivery
    (reply_id, attempt, ticket_id, internet_message_id, automatic, sender, smtputf8, message,
     recipients, state, tries, queued_at, due_at, release_id, correlation_id)
VALUES ($1, 1, $2, $3, false, '', false, '', '[]', 'sent', 1, $4, $4, $5, $2)
"""


async def _write(db: Connection, written: Written, now: datetime) -> None:
    await db.executemany(_BLOBS, written.blobs)
    await db.execute(_LEDGER, *map(list, zip(*written.ledger, strict=True)))
    await db.executemany(_INDEX, written.index)
    await db.executemany(_DELIVERIES, written.deliveries)
    for service, answers in written.answers.items():
        await db.execute(f"SET LOCAL search_path = {service}")
        await log.append(db, answers, now)
