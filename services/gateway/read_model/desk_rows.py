"""Keeps the desk in the read model: things, and who is there."""

from chassis.consume import Batch
from chassis.database import Connection
from contracts.desk import PersonChanged, ThingRemoved, thing_of
from contracts.event import Event, Recorded
from contracts.people import Person, PresenceChanged
from contracts.streams import THINGS
from contracts.things import kind_of
from services.gateway.desk import desk

_KEEP_THING = """
INSERT INTO thing (kind, id, version, thing, removed)
VALUES ($1, $2, $3, $4::jsonb, false)
ON CONFLICT (kind, id) DO UPDATE
SET version = excluded.version,
    thing = excluded.thing,
    removed = false
"""

_REMOVE_THING = """
UPDATE thing
SET version = $3,
    removed = true
WHERE kind = $1
  AND id = $2
"""

_KEEP_PRESENCE = """
INSERT INTO attendance (person_id, presence, until)
VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE
SET presence = excluded.presence,
    until = excluded.until
"""

_SHUT_OUT = """
INSERT INTO attendance (person_id, shut_out_at)
VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE
SET shut_out_at = excluded.shut_out_at
"""

_THINGS = frozenset(THINGS)


async def keep(db: Connection, batch: Batch) -> None:
    """Take what was changed on the desk, and who is there, into the tables."""
    # By the very type, which each event of a rebuild is asked for: isinstance takes ten times as long with so many.
    said = [item for item in batch if type(item.event) in _THINGS or type(item.event) is PresenceChanged]
    if any(type(item.event) in _THINGS for item in said):
        await desk.renew_edition(db)
    for item in said:
        if isinstance(item.event, PresenceChanged):
            change = item.event
            await db.execute(_KEEP_PRESENCE, change.person_id, change.presence, change.until)
        else:
            await _keep_thing(db, item)


async def _keep_thing(db: Connection, item: Recorded[Event]) -> None:
    thing = thing_of(item.event)
    if thing is not None:
        kind = kind_of(type(thing))
        await db.execute(_KEEP_THING, kind, thing.id, item.version, thing.model_dump_json())
    elif isinstance(item.event, ThingRemoved):
        await db.execute(_REMOVE_THING, item.event.kind, item.event.id, item.version)
    match item.event:
        case (
            ThingRemoved(kind="person", id=person_id)
            | PersonChanged(thing=Person(id=person_id, active=False))
        ):
            # Whoever has left does not come back with what was left lying about.
            await db.execute(_SHUT_OUT, person_id, item.recorded_at)
        case _:
            pass
