"""Things of the desk as people and programs read and change them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ValidationError

from chassis.database import Connection
from contracts.commands import OPERATOR, ChangeDesk, RemoveThing, SetThing
from contracts.desk import KINDS, AnyThing, Template, Ticketbox, View, read_thing, thing_of
from contracts.people import Right, Role
from contracts.stream_ids import thing_stream
from contracts.streams import EVENTS
from contracts.things import kind_of
from services.gateway.access.accounts import Person
from services.gateway.desk import desk
from services.gateway.desk.differences import Difference, differences
from services.gateway.gateway import Gateway
from services.gateway.problems import NotFound, Unprocessable
from services.gateway.read_model.history import BY_STREAM

Kind = Literal[
    "ticketboxes",
    "teams",
    "people",
    "calendars",
    "policies",
    "fields",
    "categories",
    "views",
    "organisations",
    "templates",
    "automations",
]
"""The kinds by the words of `KINDS`, for the description of the API."""
What = Literal["added", "changed", "removed", "put back"]
ON_THE_MACHINE = "the command line"
"""Who did what nobody who is signed in did."""


@dataclass(frozen=True, slots=True)
class Found:
    """A thing, and the version of it that an `expected_version` means."""

    thing: AnyThing
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a thing's history; `thing` None: it was removed."""

    version: int
    at: datetime
    actor_id: UUID | None
    actor: str
    what: What
    thing: AnyThing | None
    differences: tuple[Difference, ...]


def in_sight(person: Person, thing: AnyThing) -> bool:
    """Whether someone may look at a thing: it is in their sight, it is a view of theirs or shared, or anything else."""
    match thing:
        case Ticketbox():
            return person.sight.sees(thing.id)
        case View():
            return thing.owner_id in {None, person.person_id}
        case Template():
            return not thing.ticketbox_ids or any(map(person.sight.sees, thing.ticketbox_ids))
        case _:
            return True


def may_change(person: Person, thing: AnyThing) -> bool:
    """Whether to offer a change; tickets decides about it, by the same rules."""
    match thing:
        case View(owner_id=owner_id) if owner_id == person.person_id:
            return True
        case View(owner_id=None) if person.role is Role.SUPERVISOR:
            return True
        case Ticketbox() if person.may(Right.MANAGE, thing.id):
            return True
        case Template() if thing.is_managed_by(person.desk):
            return True
        case _:
            return person.may_administer


def may_remove(person: Person, thing: AnyThing) -> bool:
    """Whether to offer that it goes: who manages a ticketbox changes it, and only administrators remove it."""
    return person.may_administer if isinstance(thing, Ticketbox) else may_change(person, thing)


async def every(db: Connection, person: Person, kind: str) -> list[Found]:
    """What there is of a kind, by name."""
    rows = await db.fetch(
        "SELECT thing::text AS thing, version FROM thing WHERE kind = $1 AND NOT removed",
        kind_of(KINDS[kind]),
    )
    found = [Found(read_thing(row["thing"]), row["version"]) for row in rows]
    seen = [one for one in found if in_sight(person, one.thing)]
    return sorted(seen, key=lambda one: (one.thing.name.casefold(), one.thing.id))


async def find(db: Connection, person: Person, kind: str, thing_id: UUID) -> Found:
    """One thing.

    Raises:
        NotFound: there is none, it was removed, or it is out of sight.
    """
    row = await db.fetchrow(
        "SELECT thing::text AS thing, version FROM thing WHERE kind = $1 AND id = $2 AND NOT removed",
        kind_of(KINDS[kind]),
        thing_id,
    )
    found = Found(read_thing(row["thing"]), row["version"]) if row else None
    if found is None or not in_sight(person, found.thing):
        raise NotFound(f"There is nothing with the id {thing_id} among the {kind}.")
    return found


_HISTORY = f"""
SELECT type, schema_version, version, actor, occurred_at, data::text AS data
FROM history
WHERE {BY_STREAM}
  AND stream_id = $1
  AND type <> 'PresenceChanged'
ORDER BY version
"""


async def history(db: Connection, person: Person, kind: str, thing_id: UUID) -> list[Change]:
    """What happened to a thing, the newest first; of one that was removed, too.

    Whoever sees it as it is now, or was when it was removed, sees its history, but for the time when it was out of
    their sight.

    Raises:
        NotFound: there never was such a thing, or it is out of sight.
    """
    singular = kind_of(KINDS[kind])
    rows = await db.fetch(_HISTORY, thing_stream(singular, thing_id))
    names = await desk.names(db)
    changes: list[Change] = []
    before: AnyThing | None = None
    seen, seen_before = False, False
    for number, row in enumerate(rows):
        thing = thing_of(EVENTS[row["type"]].read(row["data"], row["schema_version"]))
        seen_before, seen = seen, seen if thing is None else in_sight(person, thing)
        if seen:
            what = _what(before, thing, first=number == 0)
            old = before if seen_before else None
            changes.append(_change(row["version"], row["occurred_at"], row["actor"], names, what, old, thing))
        before = thing
    if not seen:
        raise NotFound(f"There is nothing to see with the id {thing_id} among the {kind}.")
    return changes[::-1]


def _what(before: AnyThing | None, thing: AnyThing | None, *, first: bool) -> What:
    if thing is None:
        return "removed"
    if before is not None:
        return "changed"
    return "added" if first else "put back"


def _change(
    version: int,
    at: datetime,
    actor: str,
    names: Mapping[UUID, str],
    what: What,
    before: AnyThing | None,
    thing: AnyThing | None,
) -> Change:
    actor_id = UUID(actor) if actor != "postroom" else OPERATOR
    return Change(
        version=version,
        at=at,
        actor_id=actor_id if actor_id in names else None,
        actor=names.get(actor_id, ON_THE_MACHINE),
        what=what,
        thing=thing,
        differences=tuple(differences(content(before), content(thing))) if before and thing else (),
    )


def compared(before: AnyThing | None, after: AnyThing) -> tuple[Difference, ...] | None:
    """In what a thing would be another; None: there is none yet."""
    return None if before is None else tuple(differences(content(before), content(after)))


def content(thing: AnyThing) -> dict[str, object]:
    """A thing as JSON, but for what never changes."""
    return thing.model_dump(mode="json", exclude={"id", "kind"})


def understood(kind: str, thing_id: UUID, data: Mapping[str, object]) -> AnyThing:
    """The thing that somebody describes.

    Raises:
        Unprocessable: with `errors`, what is wrong by field.
    """
    model = KINDS[kind]
    fixed = {"id": str(thing_id), "kind": kind_of(model)}
    if wrong := [name for name, value in fixed.items() if data.get(name, value) != value]:
        raise Unprocessable(f"The {wrong[0]} in it is not that of its address.", errors={})
    try:
        thing: AnyThing = model.model_validate({**data, **fixed}, extra="forbid")  # type: ignore[assignment]
    except ValidationError as error:
        wrong_fields = errors_of(error)
        said = "; ".join(f"{field}: {words}" for field, words in wrong_fields.items())
        raise Unprocessable(f"This cannot be understood: {said}.", errors=wrong_fields) from error
    return thing


def errors_of(error: ValidationError) -> dict[str, str]:
    """What is wrong by field, with dots where it is within another."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        words = "there is no such field" if one["type"] == "extra_forbidden" else one["msg"]
        words = words.removeprefix("Value error, ")
        found.setdefault(".".join(str(step) for step in one["loc"]), words[0].lower() + words[1:])
    return found


async def put(
    gateway: Gateway, person: Person, command_id: UUID, thing: AnyThing, expected_version: int | None
) -> int:
    """Let a thing be so from now on; returns its version.

    Raises:
        Problem: tickets says no, or it was changed after `expected_version`.
    """
    change = SetThing(thing=thing, seen_version=expected_version)
    command = ChangeDesk(command_id=command_id, actor_id=person.person_id, changes=(change,))
    return (await gateway.command(command)).version


async def remove(
    gateway: Gateway,
    person: Person,
    command_id: UUID,
    kind: str,
    thing_id: UUID,
    expected_version: int | None = None,
) -> None:
    """Offer a thing no more; its history can put it back.

    Raises:
        Problem: tickets says no, or it was changed after `expected_version`.
    """
    change = RemoveThing(kind=kind_of(KINDS[kind]), id=thing_id, seen_version=expected_version)
    command = ChangeDesk(command_id=command_id, actor_id=person.person_id, changes=(change,))
    await gateway.command(command)
