"""Reads the desk: who works here, where mail comes in, and everything else that administrators configure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.database import Connection
from chassis.kept import Kept
from contracts.desk import Category, Ticketbox, read_thing
from contracts.people import Person, Presence, Right, presence_at
from contracts.things import Thing, kind_of
from services.gateway.access.sight import Sight
from services.gateway.desk.categories import paths
from services.gateway.representations.desk import BoxItem, PersonItem

T = TypeVar("T", bound=Thing)


async def every(db: Connection, kind: type[T]) -> list[T]:
    """All things of a kind that are on the desk now, by name."""
    rows = await db.fetch(
        "SELECT thing::text AS thing FROM thing WHERE kind = $1 AND NOT removed", kind_of(kind)
    )
    found = [one for row in rows if isinstance(one := read_thing(row["thing"]), kind)]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


_PEOPLE = """
SELECT thing.thing::text AS thing, coalesce(attendance.presence, 'off') AS presence, attendance.until
FROM thing
LEFT JOIN attendance ON attendance.person_id = thing.id
WHERE thing.kind = 'person'
  AND NOT thing.removed
ORDER BY thing.thing ->> 'name', thing.thing ->> 'email'
"""


async def people(db: Connection, now: datetime) -> list[PersonItem]:
    """Who works here, with their presence at this moment."""
    found = []
    for row in await db.fetch(_PEOPLE):
        person = read_thing(row["thing"])
        if isinstance(person, Person) and person.active:
            until = row["until"]
            found.append(
                PersonItem(
                    id=person.id,
                    name=person.name,
                    email=person.email,
                    role=person.role,
                    presence=presence_at(Presence(row["presence"]), until, now),
                    until=until if until and until > now else None,
                )
            )
    return found


async def who_may_answer(db: Connection, ticketbox_id: UUID) -> frozenset[UUID]:
    """The people who can own tickets of a ticketbox."""
    return frozenset(one.id for one in await every(db, Person) if one.may(Right.ANSWER, ticketbox_id))


WITH_TEAMS = """
(ARRAY[{0}::uuid] || ARRAY(
    SELECT id
    FROM thing
    WHERE kind = 'team'
      AND NOT removed
      AND thing -> 'member_ids' @> to_jsonb({0}::uuid)
))
"""
"""A person, and the teams that they are one of: all that they are named by."""


async def names(db: Connection) -> Mapping[UUID, str]:
    """The names of all that is on the desk, or was: what refers to it keeps its name. Of categories, their paths."""
    return await _NAMES.get(db)


async def _read_names(db: Connection) -> Mapping[UUID, str]:
    rows = await db.fetch("SELECT id, thing ->> 'name' AS name FROM thing")
    categories = await db.fetch("SELECT thing::text AS thing FROM thing WHERE kind = 'category'")
    found = (read_thing(row["thing"]) for row in categories)
    return {row["id"]: row["name"] for row in rows} | paths(one for one in found if isinstance(one, Category))


_NAMES = Kept(_read_names)
_RENEW_EDITION = """
INSERT INTO desk_edition (edition)
VALUES (gen_random_uuid())
ON CONFLICT (only_row) DO UPDATE
SET edition = excluded.edition
"""


async def renew_edition(db: Connection) -> None:
    """Say that things were changed: nobody goes on with what was read of them before."""
    await db.execute(_RENEW_EDITION)


_CALLED = """
SELECT id::text AS id, thing ->> 'name' AS name, thing ->> 'email' AS email
FROM thing
WHERE kind = 'person'
  AND id::text = ANY($1::text[])
"""


async def called(db: Connection, actors: set[str]) -> dict[str, str]:
    """Actors by their id, as people call them: `Anna <anna@example.com>`; who is no person keeps the id."""
    rows = await db.fetch(_CALLED, list(actors))
    return {actor: actor for actor in actors} | {row["id"]: f"{row['name']} <{row['email']}>" for row in rows}


async def boxes(db: Connection, sight: Sight, with_form: Collection[str] = ()) -> list[BoxItem]:
    """The ticketboxes in sight.

    `with_form` are the addresses of those that strangers may write to by a form; `*`: of all.
    """
    return [
        BoxItem(id=box.id, name=box.name, addresses=list(box.addresses), form=_form(box, with_form))
        for box in await every(db, Ticketbox)
        if sight.sees(box.id)
    ]


def _form(box: Ticketbox, with_form: Collection[str]) -> str | None:
    chosen = {address.lower() for address in with_form}
    offered = "*" in chosen or chosen & {address.lower() for address in box.addresses}
    return f"/forms/{box.id}" if offered else None
