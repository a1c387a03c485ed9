"""The desk as router knows it, kept from the events of tickets."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, reduce
from typing import TypeVar
from uuid import UUID

import asyncpg
import orjson

from chassis import log
from chassis.database import Connection
from chassis.kept import Kept
from contracts import desk
from contracts.desk import Organisation, Team, ThingRemoved, read_thing, thing_of
from contracts.event import Event, Recorded
from contracts.people import Person, Presence, PresenceChanged, presence_at
from contracts.rulesets import Rule, RulesetPublished
from contracts.service_levels import Calendar
from contracts.standing import Standing, hear
from contracts.stream_ids import message_stream
from contracts.things import Thing, kind_of
from contracts.tickets import TicketingFailed
from rules.hours import WALL_CLOCK, hours_of
from services.router.distribution import Agent
from services.router.message import Message
from services.router.ruleset import Ruleset, Ticketbox

T = TypeVar("T", bound=Thing)


async def things(db: Connection, kind: type[T]) -> list[T]:
    """All things of a kind that are on the desk now."""
    rows = await db.fetch(
        "SELECT thing::text AS thing FROM thing WHERE kind = $1 AND thing IS NOT NULL", kind_of(kind)
    )
    return [thing for row in rows if isinstance(thing := read_thing(row["thing"]), kind)]


async def person(db: Connection, person_id: UUID) -> Person | None:
    """Someone who works here."""
    text = await db.fetchval(
        "SELECT thing::text FROM thing WHERE kind = 'person' AND id = $1 AND thing IS NOT NULL", person_id
    )
    return None if text is None else Person.model_validate_json(text)


async def read_ruleset(db: Connection) -> Ruleset | None:
    """The ruleset in force with what it needs of the desk; None until the desk's first events have come."""
    return await _RULESET.get(db)


async def _read_ruleset(db: Connection) -> Ruleset | None:
    row = await db.fetchrow("SELECT version, rules::text AS rules, default_ticketbox_id FROM ruleset")
    if row is None:
        return None
    found = await around(db, row["version"], read_rules(row["rules"]), row["default_ticketbox_id"])
    return found if found.default_ticketbox_id in found.ticketboxes else None


_RULESET = Kept(_read_ruleset)


@lru_cache(maxsize=16)
def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules out of their JSON."""
    return tuple(Rule.model_validate(rule) for rule in orjson.loads(text))


async def around(
    db: Connection, version: int, rules: tuple[Rule, ...], default_ticketbox_id: UUID
) -> Ruleset:
    """Rules with the ticketboxes, calendars and organisations of the desk."""
    hours = {calendar.id: hours_of(calendar) for calendar in await things(db, Calendar)}
    return Ruleset(
        version=version,
        rules=rules,
        default_ticketbox_id=default_ticketbox_id,
        ticketboxes={
            box.id: Ticketbox(
                ticketbox_id=box.id,
                name=box.name,
                addresses=frozenset(box.addresses),
                sender=box.addresses[0],
                hours=hours.get(box.calendar_id, WALL_CLOCK) if box.calendar_id else WALL_CLOCK,
                acknowledgement=box.acknowledgement,
            )
            for box in sorted(await things(db, desk.Ticketbox), key=lambda box: box.name)
        },
        organisations={
            domain.lower(): organisation.name
            for organisation in await things(db, Organisation)
            for domain in organisation.domains
        },
    )


async def addresses_behind(db: Connection, identities: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The e-mail addresses of people, and of the people of teams, who work here now."""
    if not identities:
        return {}
    emails = {one.id: one.email for one in await things(db, Person) if one.active}
    members = {team.id: team.member_ids for team in await things(db, Team)}
    return {
        identity: tuple(emails[one] for one in members.get(identity, (identity,)) if one in emails)
        for identity in identities
    }


async def agents(db: Connection, now: datetime) -> list[Agent]:
    """Who works here, with their presence now; who never said anything is off, since no time in particular."""
    rows = {row["person_id"]: row for row in await db.fetch(_PRESENCES)}
    return [_agent(one, rows.get(one.id), now) for one in await things(db, Person) if one.active]


_PRESENCES = """
SELECT person_id, presence, until, absent_since
FROM presence
"""


def _agent(person: Person, row: asyncpg.Record | None, now: datetime) -> Agent:
    if row is None:
        return Agent(person, Presence.OFF)
    stored, until = Presence(row["presence"]), row["until"]
    presence = presence_at(stored, until, now)
    if presence is Presence.AVAILABLE:
        return Agent(person, presence, until=until)
    return Agent(person, presence, until if stored is Presence.AVAILABLE else row["absent_since"], until)


_ROUNDS = """
SELECT ticketbox_id, last_agent_id
FROM round
WHERE ticketbox_id = ANY($1::uuid[])
FOR UPDATE
"""


async def rounds(db: Connection, ticketbox_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who had the last ticket of each ticketbox; locked, so that two routers do not choose at once."""
    return {row["ticketbox_id"]: row["last_agent_id"] for row in await db.fetch(_ROUNDS, list(ticketbox_ids))}


_KEEP_ROUNDS = """
INSERT INTO round (ticketbox_id, last_agent_id)
SELECT ticketbox_id, last_agent_id
FROM unnest($1::uuid[], $2::uuid[]) AS new (ticketbox_id, last_agent_id)
ON CONFLICT (ticketbox_id) DO UPDATE
SET last_agent_id = excluded.last_agent_id
"""


async def keep_rounds(db: Connection, last: Mapping[UUID, UUID]) -> None:
    if last:
        await db.execute(_KEEP_ROUNDS, list(last), list(last.values()))


async def keep_desk(db: Connection, item: Recorded[Event]) -> None:
    """Take one event about the desk into the tables; an older one than is known changes nothing."""
    if (thing := thing_of(item.event)) is not None:
        await _keep_thing(db, kind_of(type(thing)), thing.id, item.version, thing.model_dump_json())
        return
    match item.event:
        case ThingRemoved(kind=kind, id=identity):
            await _keep_thing(db, kind, identity, item.version, None)
        case PresenceChanged() as change:
            await db.execute(
                """
                INSERT INTO presence (person_id, version, presence, until, absent_since)
                VALUES ($1, $2, $3, $4, CASE WHEN $3 <> 'available' THEN $5::timestamptz END)
                ON CONFLICT (person_id) DO UPDATE
                SET version = excluded.version,
                    presence = excluded.presence,
                    until = excluded.until,
                    absent_since = CASE
                        WHEN excluded.presence = 'available' THEN NULL
                        WHEN presence.presence = 'available' AND presence.until <= $5 THEN presence.until
                        WHEN presence.presence <> 'available' AND (presence.until IS NULL OR presence.until > $5)
                            THEN presence.absent_since
                        ELSE excluded.absent_since
                    END
                WHERE presence.version < excluded.version
                """,
                change.person_id,
                item.version,
                change.presence,
                change.until,
                item.occurred_at,
            )
        case RulesetPublished() as published:
            await db.execute(
                """
                INSERT INTO ruleset (version, rules, default_ticketbox_id)
                VALUES ($1, $2::jsonb, $3)
                ON CONFLICT (only_one) DO UPDATE
                SET version = excluded.version,
                    rules = excluded.rules,
                    default_ticketbox_id = excluded.default_ticketbox_id
                WHERE ruleset.version < excluded.version
                """,
                item.version,
                orjson.dumps([rule.model_dump(mode="json") for rule in published.rules]).decode(),
                published.default_ticketbox_id,
            )
        case _:
            pass


async def _keep_thing(db: Connection, kind: str, identity: UUID, version: int, thing: str | None) -> None:
    await db.execute(
        """
        INSERT INTO thing (kind, id, version, thing)
        VALUES ($1, $2, $3, $4::jsonb)
        ON CONFLICT (kind, id) DO UPDATE
        SET version = excluded.version,
            thing = excluded.thing
        WHERE thing.version < excluded.version
        """,
        kind,
        identity,
        version,
        thing,
    )


async def keep_undelivered(db: Connection, item: Recorded[Event], failed: TicketingFailed) -> None:
    """Remember that tickets could not take a message."""
    await db.execute(
        """
        INSERT INTO undelivered (message_id, version, routing_id, error)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (message_id) DO UPDATE
        SET version = excluded.version,
            routing_id = excluded.routing_id,
            error = excluded.error
        WHERE undelivered.version < excluded.version
        """,
        failed.message_id,
        item.version,
        item.meta.causation_id,
        failed.error,
    )


_UNDELIVERED = """
SELECT message_id, version, routing_id, error
FROM undelivered
WHERE message_id = ANY($1::uuid[])
"""


async def messages(db: Connection, message_ids: Collection[UUID]) -> dict[UUID, Message]:
    """Messages by what this service said of them, and by what tickets could not do."""
    histories = await log.load(db, [message_stream(message_id) for message_id in message_ids])
    undelivered = {
        row["message_id"]: Standing(
            failed_version=row["version"], failed_routing_id=row["routing_id"], failed_reason=row["error"]
        )
        for row in (await db.fetch(_UNDELIVERED, list(message_ids)) if histories else [])
    }
    found = {}
    for message_id in message_ids:
        history = histories.get(message_stream(message_id), log.NO_HISTORY)
        standing = reduce(hear, history.events, undelivered.get(message_id, Standing()))
        found[message_id] = Message(message_id, history, standing)
    return found
