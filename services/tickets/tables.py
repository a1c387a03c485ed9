"""What this service keeps beside its log: the message index, running clocks, the desk as it is now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.tickets import PersonAdded, TicketboxCreated, TicketsEvent
from services.tickets.number import with_check_digit
from services.tickets.refusals import AlreadyThere
from services.tickets.threading import Known

_KNOWN = """
SELECT internet_message_id, ticket_id, reply_id
FROM message_index
WHERE internet_message_id = ANY($1::text[])
"""


async def known_messages(db: Connection, message_ids: Collection[str]) -> dict[str, list[Known]]:
    """What the index knows of these Message-IDs."""
    known: dict[str, list[Known]] = {}
    for row in await db.fetch(_KNOWN, list(message_ids)):
        known.setdefault(row["internet_message_id"], []).append(Known(row["ticket_id"], row["reply_id"]))
    return known


_INDEX = """
INSERT INTO message_index (internet_message_id, ticket_id, reply_id)
SELECT internet_message_id, ticket_id, reply_id
FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS new (internet_message_id, ticket_id, reply_id)
ON CONFLICT DO NOTHING
"""


async def index_messages(db: Connection, entries: Iterable[tuple[str, Known]]) -> None:
    """Remember which conversation messages belong to."""
    rows = [(message_id, known.ticket_id, known.reply_id) for message_id, known in entries]
    if rows:
        await db.execute(_INDEX, *map(list, zip(*rows, strict=True)))


_NUMBERS = """
SELECT nextval('ticket_number') AS running
FROM generate_series(1, $1)
"""


async def new_numbers(db: Connection, count: int) -> list[int]:
    """Ticket numbers with their check digit; those that a rolled back transaction took are not given again."""
    return [with_check_digit(row["running"]) for row in await db.fetch(_NUMBERS, count)] if count else []


_SET_CLOCKS = """
INSERT INTO clock (ticket_id, target, due_at)
SELECT ticket_id, $2, due_at
FROM unnest($1::uuid[], $3::timestamptz[]) AS new (ticket_id, due_at)
ON CONFLICT (ticket_id, target) DO UPDATE
SET due_at = excluded.due_at
"""

_STOP_CLOCKS = """
DELETE FROM clock
WHERE ticket_id = ANY($1::uuid[])
  AND target = $2
"""


async def set_clocks(db: Connection, target: str, due: Mapping[UUID, datetime | None]) -> None:
    """Let clocks run to their deadline; None stops one."""
    running = {ticket_id: due_at for ticket_id, due_at in due.items() if due_at is not None}
    if running:
        await db.execute(_SET_CLOCKS, list(running), target, list(running.values()))
    if stopped := [ticket_id for ticket_id in due if ticket_id not in running]:
        await db.execute(_STOP_CLOCKS, stopped, target)


_DUE = """
SELECT ticket_id
FROM clock
WHERE target = $1
  AND due_at <= $2
ORDER BY due_at
LIMIT $3
FOR UPDATE SKIP LOCKED
"""


async def due_clocks(db: Connection, target: str, now: datetime, limit: int) -> list[UUID]:
    """Tickets whose clock has struck, the longest overdue first; locked until the transaction ends."""
    return [row["ticket_id"] for row in await db.fetch(_DUE, target, now, limit)]


async def next_deadline(db: Connection) -> datetime | None:
    due_at: datetime | None = await db.fetchval("SELECT min(due_at) FROM clock")
    return due_at


@dataclass(frozen=True, slots=True)
class Ticketbox:
    name: str
    address: str
    first_response_seconds: int | None
    acknowledgement: str | None
    addresses: frozenset[str]


async def ticketboxes(db: Connection) -> dict[UUID, Ticketbox]:
    """All ticketboxes; there are few."""
    rows = await db.fetch(
        "SELECT ticketbox_id, name, addresses, first_response_seconds, acknowledgement FROM ticketbox"
    )
    return {
        row["ticketbox_id"]: Ticketbox(
            name=row["name"],
            address=row["addresses"][0],
            first_response_seconds=row["first_response_seconds"],
            acknowledgement=row["acknowledgement"],
            addresses=frozenset(row["addresses"]),
        )
        for row in rows
    }


_AUTOMATIC_MAIL = """
SELECT recipient, released_at
FROM automatic_mail
WHERE recipient = ANY($1::text[])
  AND released_at > $2
"""


async def automatic_mail(
    db: Connection, recipients: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When automatic mail went to these people lately; one without any is absent."""
    found: dict[str, list[datetime]] = {}
    for row in await db.fetch(_AUTOMATIC_MAIL, list(recipients), since):
        found.setdefault(row["recipient"], []).append(row["released_at"])
    return found


_KEEP_AUTOMATIC_MAIL = """
INSERT INTO automatic_mail (recipient, released_at, ticket_id)
SELECT recipient, $2, ticket_id
FROM unnest($1::text[], $3::uuid[]) AS new (recipient, ticket_id)
"""


async def keep_automatic_mail(
    db: Connection, recipients: Mapping[UUID, str], now: datetime, forget_before: datetime
) -> None:
    """Remember to whom automatic mail went, by ticket, and forget what no cap counts any more."""
    if recipients:
        await db.execute("DELETE FROM automatic_mail WHERE released_at < $1", forget_before)
        await db.execute(_KEEP_AUTOMATIC_MAIL, list(recipients.values()), now, list(recipients))


async def person_name(db: Connection, person_id: UUID) -> str | None:
    name: str | None = await db.fetchval("SELECT name FROM person WHERE person_id = $1", person_id)
    return name


async def keep_desk(db: Connection, events: Sequence[TicketsEvent]) -> None:
    """Take configuration into the tables.

    Raises:
        AlreadyThere: an address or an e-mail belongs to another already.
    """
    for event in events:
        match event:
            case TicketboxCreated():
                await _keep_ticketbox(db, event)
            case PersonAdded():
                await _keep_person(db, event)
            case _:
                pass


async def _keep_ticketbox(db: Connection, event: TicketboxCreated) -> None:
    taken = await db.fetchval(
        "SELECT name FROM ticketbox WHERE addresses && $1::text[] AND ticketbox_id <> $2",
        list(event.addresses),
        event.ticketbox_id,
    )
    if taken is not None:
        raise AlreadyThere(f"The ticketbox “{taken}” has one of these addresses already.", ticketbox=taken)
    await db.execute(
        """
        INSERT INTO ticketbox (ticketbox_id, name, addresses, first_response_seconds, acknowledgement)
        VALUES ($1, $2, $3, $4, $5)
        """,
        event.ticketbox_id,
        event.name,
        list(event.addresses),
        event.first_response_seconds,
        event.acknowledgement,
    )


async def _keep_person(db: Connection, event: PersonAdded) -> None:
    try:
        await db.execute(
            "INSERT INTO person (person_id, email, name) VALUES ($1, $2, $3)",
            event.person_id,
            event.email,
            event.name,
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyThere(f"{event.email} has an account already.", email=event.email) from error
