"""The desk as router knows it, kept from the events of tickets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from uuid import UUID

import orjson

from chassis import log
from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.standing import Standing, hear
from contracts.stream_ids import message_stream
from contracts.tickets import (
    PersonAdded,
    Presence,
    PresenceChanged,
    Role,
    Rule,
    RulesetPublished,
    TicketboxCreated,
    TicketingFailed,
)
from services.router.message import Message
from services.router.ruleset import Ruleset, Ticketbox


async def read_ruleset(db: Connection) -> Ruleset | None:
    """The ruleset in force with its ticketboxes; None until the desk's first events have come."""
    row = await db.fetchrow("SELECT version, rules::text AS rules, default_ticketbox_id FROM ruleset")
    boxes = {
        box["ticketbox_id"]: Ticketbox(box["ticketbox_id"], box["name"], frozenset(box["addresses"]))
        for box in await db.fetch("SELECT ticketbox_id, name, addresses FROM ticketbox ORDER BY name")
    }
    if row is None or row["default_ticketbox_id"] not in boxes:
        return None
    return Ruleset(
        version=row["version"],
        rules=tuple(Rule.model_validate(rule) for rule in orjson.loads(row["rules"])),
        default_ticketbox_id=row["default_ticketbox_id"],
        ticketboxes=boxes,
    )


@dataclass(frozen=True, slots=True)
class Agent:
    agent_id: UUID
    ticketbox_ids: frozenset[UUID]

    def works_in(self, ticketbox_id: UUID) -> bool:
        """A person without ticketboxes of their own is a member of every one."""
        return not self.ticketbox_ids or ticketbox_id in self.ticketbox_ids


async def present_agents(db: Connection) -> list[Agent]:
    """Who is there to take tickets."""
    rows = await db.fetch("SELECT agent_id, ticketbox_ids FROM agent WHERE takes_tickets AND present")
    return [Agent(row["agent_id"], frozenset(row["ticketbox_ids"])) for row in rows]


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
    match item.event:
        case TicketboxCreated() as box:
            await db.execute(
                """
                INSERT INTO ticketbox (ticketbox_id, name, addresses)
                VALUES ($1, $2, $3)
                ON CONFLICT (ticketbox_id) DO NOTHING
                """,
                box.ticketbox_id,
                box.name,
                list(box.addresses),
            )
        case PersonAdded() as person:
            await db.execute(
                """
                INSERT INTO agent (agent_id, takes_tickets, ticketbox_ids)
                VALUES ($1, $2, $3)
                ON CONFLICT (agent_id) DO NOTHING
                """,
                person.person_id,
                person.role is not Role.ANALYST,
                list(person.ticketbox_ids),
            )
        case PresenceChanged() as change:
            await db.execute(
                """
                UPDATE agent
                SET present = $2,
                    presence_version = $3
                WHERE agent_id = $1
                  AND presence_version < $3
                """,
                change.person_id,
                change.presence is Presence.AVAILABLE,
                item.version,
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
        case TicketingFailed() as failed:
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
        case _:
            pass


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
