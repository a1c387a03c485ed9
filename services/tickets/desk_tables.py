"""The desk as it is now, and when its things were changed, out of the tables and into them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis import database
from chassis.database import Connection
from chassis.kept import Kept
from contracts.desk import (
    AnyThing,
    AutomationChanged,
    CalendarChanged,
    Organisation,
    OrganisationChanged,
    PolicyChanged,
    ThingRemoved,
    TicketboxChanged,
    read_thing,
    thing_of,
)
from contracts.event import Event
from contracts.rulesets import RulesetPublished
from contracts.service_levels import Calendar, Policy
from contracts.stream_ids import RULESET
from services.tickets.desk import Desk
from services.tickets.ticket import NEVER


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
