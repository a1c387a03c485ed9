"""What this service keeps beside its log: the message index, running clocks, the desk as it is now."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import database
from chassis.database import Connection
from chassis.kept import Kept
from contracts.desk import (
    AnyThing,
    Automation,
    AutomationChanged,
    Calendar,
    CalendarChanged,
    Organisation,
    OrganisationChanged,
    Policy,
    PolicyChanged,
    ThingRemoved,
    TicketboxChanged,
    read_thing,
    thing_of,
)
from contracts.event import Event
from contracts.rulesets import RulesetPublished
from contracts.stream_ids import RULESET
from services.tickets.automations import Standing
from services.tickets.desk import Desk
from services.tickets.number import with_check_digit
from services.tickets.threading import Known
from services.tickets.ticket import NEVER

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


_FORGET = """
DELETE FROM message_index
USING unnest($1::text[], $2::uuid[]) AS old (internet_message_id, ticket_id)
WHERE message_index.internet_message_id = old.internet_message_id
  AND message_index.ticket_id = old.ticket_id
"""


async def forget_messages(db: Connection, entries: Collection[tuple[str, Known]]) -> None:
    """Forget that messages belong to conversations which they have left."""
    if entries:
        await db.execute(_FORGET, [one for one, _ in entries], [known.ticket_id for _, known in entries])


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


_KEEP_NUMBERS = """
INSERT INTO ticket_by_number (number, ticket_id)
SELECT number, ticket_id
FROM unnest($1::bigint[], $2::uuid[]) AS new (number, ticket_id)
"""


async def keep_numbers(db: Connection, numbers: Mapping[int, UUID]) -> None:
    if numbers:
        await db.execute(_KEEP_NUMBERS, list(numbers), list(numbers.values()))


async def tickets_by_number(db: Connection, numbers: Collection[int]) -> dict[int, UUID]:
    """The tickets with these numbers; unknown ones are absent."""
    if not numbers:
        return {}
    rows = await db.fetch(
        "SELECT number, ticket_id FROM ticket_by_number WHERE number = ANY($1::bigint[])", list(numbers)
    )
    return {row["number"]: row["ticket_id"] for row in rows}


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
ON CONFLICT (ticket_id) DO UPDATE
SET at = excluded.at,
    standing = excluded.standing,
    revision = excluded.revision,
    failures = 0
"""


async def set_alarms(db: Connection, alarms: Mapping[UUID, Alarm | None], revision: int) -> None:
    """Say when tickets are to be looked at again, as a revision of the desk has it; None: never by itself."""
    if over := [ticket_id for ticket_id, alarm in alarms.items() if alarm is None]:
        await db.execute("DELETE FROM alarm WHERE ticket_id = ANY($1::uuid[])", over)
    if kept := {ticket_id: alarm for ticket_id, alarm in alarms.items() if alarm is not None}:
        moments = [alarm.at for alarm in kept.values()]
        contacts = [alarm.contact for alarm in kept.values()]
        standings = [alarm.standing.model_dump_json() for alarm in kept.values()]
        await db.execute(_SET_ALARMS, list(kept), moments, contacts, standings, revision)


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


_LOCK_WAITING = """
SELECT pg_advisory_xact_lock(hashtextextended('postroom waiting for ' || ticket_id, 0))
FROM (SELECT ticket_id FROM unnest($1::uuid[]) AS asked (ticket_id) ORDER BY ticket_id OFFSET 0) AS in_order
"""


async def lock_waiting(db: Connection, ticket_ids: Collection[UUID]) -> None:
    """Let nobody begin to wait for tickets while they are being solved, until the transaction ends."""
    await db.execute(_LOCK_WAITING, list(ticket_ids))


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


_AUTOMATIC_MAIL = """
SELECT recipient, released_at
FROM automatic_mail
WHERE recipient = ANY($1::text[])
  AND released_at > $2
ORDER BY released_at
"""


async def automatic_mail(
    db: Connection, recipients: Collection[str], since: datetime
) -> dict[str, list[datetime]]:
    """When automatic mail left for these people lately, in order; one without any is absent."""
    found: dict[str, list[datetime]] = {}
    for row in await db.fetch(_AUTOMATIC_MAIL, list(recipients), since):
        found.setdefault(row["recipient"], []).append(row["released_at"])
    return found


_LOCK_AUTOMATIC_MAIL = """
SELECT pg_advisory_xact_lock(hashtextextended('automatic mail ' || recipient, 0))
FROM unnest($1::text[]) AS one (recipient)
"""


async def lock_automatic_mail(db: Connection, recipients: Collection[str]) -> None:
    """Let one transaction after the other send automatic mail to a person."""
    # In order, so that two that have several people in common do not wait for each other.
    await db.execute(_LOCK_AUTOMATIC_MAIL, sorted(recipients))


_KEEP_AUTOMATIC_MAIL = """
INSERT INTO automatic_mail (recipient, released_at, ticket_id)
SELECT recipient, $2, ticket_id
FROM unnest($1::text[], $3::uuid[]) AS new (recipient, ticket_id)
"""


async def keep_automatic_mail(
    db: Connection, letters: Sequence[tuple[str, UUID]], now: datetime, forget_before: datetime
) -> None:
    """Remember automatic letters that leave now, by recipient and ticket, and forget what no cap counts any more."""
    await db.execute("DELETE FROM automatic_mail WHERE released_at < $1", forget_before)
    recipients, ticket_ids = zip(*letters, strict=True)
    await db.execute(_KEEP_AUTOMATIC_MAIL, list(recipients), now, list(ticket_ids))


async def read_desk(db: Connection) -> Desk:
    """The desk as it is now."""
    return await _DESK.get(db)


async def _read_desk(db: Connection) -> Desk:
    # The revision comes first: what is written by a desk that is newer than it says is only written again.
    revised = await db.fetchrow("SELECT revision, removed_at FROM desk_revision")
    assert revised is not None  # noqa: S101 - the migration has put it there
    rows = await db.fetch("SELECT id, thing::text AS thing, since FROM thing")
    secret = await db.fetchval("SELECT value FROM secret WHERE name = 'reply addresses'")
    things = {row["id"]: read_thing(row["thing"]) for row in rows}
    since = {row["id"]: row["since"] for row in rows}
    removed_at = revised["removed_at"] or NEVER
    levels = [
        since[one] for one, thing in things.items() if isinstance(thing, Policy | Calendar | Organisation)
    ]
    return Desk(
        things=things,
        secret=secret,
        since=since,
        revision=revised["revision"],
        removed_at=removed_at,
        service_levels_since=max([*levels, removed_at]),
    )


_DESK = Kept(_read_desk)


async def erasure_secret(db: Connection) -> bytes:
    """Keys the digests of erased addresses."""
    secret: bytes = await db.fetchval("SELECT value FROM secret WHERE name = 'erasures'")
    return secret


async def lock_desk(db: Connection) -> None:
    """Let one change of the desk follow the other: each is looked at together with all the rest."""
    await database.lock(db, "postroom desk")


async def ruleset_in_force(db: Connection) -> RulesetPublished | None:
    """The rules that router decides by."""
    row = await db.fetchrow(
        """
        SELECT data::text AS data, schema_version
        FROM event
        WHERE stream_id = $1
        ORDER BY version DESC
        LIMIT 1
        """,
        RULESET,
    )
    return None if row is None else RulesetPublished.read(row["data"], row["schema_version"])


_VERSIONS = """
SELECT stream_id, max(version) AS version
FROM event
WHERE stream_id = ANY($1::text[])
  AND type <> 'PresenceChanged'
GROUP BY stream_id
"""


async def thing_versions(db: Connection, stream_ids: Collection[str]) -> dict[str, int]:
    """When things were changed last, by their streams: that someone went to lunch is no change of the person."""
    rows = await db.fetch(_VERSIONS, list(stream_ids)) if stream_ids else []
    return {row["stream_id"]: row["version"] for row in rows}


_KEEP_THINGS = """
INSERT INTO thing (id, thing, since)
SELECT id, thing, $3
FROM unnest($1::uuid[], $2::jsonb[]) AS new (id, thing)
ON CONFLICT (id) DO UPDATE
SET thing = excluded.thing,
    since = excluded.since
"""


async def keep_desk(db: Connection, events: Sequence[Event], now: datetime) -> None:
    """Take configuration into the tables, and have every ticket looked at whose alarm may be another now."""
    last: dict[UUID, AnyThing | None] = {}
    for event in events:
        if (thing := thing_of(event)) is not None:
            last[thing.id] = thing
        elif isinstance(event, ThingRemoved):
            last[event.id] = None
    if kept := {identity: thing.model_dump_json() for identity, thing in last.items() if thing is not None}:
        await db.execute(_KEEP_THINGS, list(kept), list(kept.values()), now)
    if removed := last.keys() - kept:
        await db.execute("DELETE FROM thing WHERE id = ANY($1::uuid[])", list(removed))
    if mattering := [event for event in events if matters_to_clocks(event)]:
        removed_at = now if any(isinstance(event, ThingRemoved) for event in mattering) else None
        await db.execute(
            """
            UPDATE desk_revision
            SET revision = revision + 1,
                removed_at = coalesce($1, removed_at)
            """,
            removed_at,
        )


def matters_to_clocks(event: Event) -> bool:
    """Whether a change of the desk may change when something happens to tickets by itself."""
    match event:
        case TicketboxChanged() | CalendarChanged() | PolicyChanged() | OrganisationChanged():
            return True
        case AutomationChanged():
            return True
        case ThingRemoved(kind=kind):
            return kind in {"ticketbox", "calendar", "policy", "organisation", "automation"}
        case _:
            return False
