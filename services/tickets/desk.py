"""The desk's configuration as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.commands import Forbidden
from contracts.commands import (
    OPERATOR,
)
from contracts.desk import Organisation, Team, ThingRemoved, thing_of
from contracts.event import Event
from contracts.people import Person, Right, Role
from contracts.rulesets import RulesetPublished
from contracts.things import Thing
from services.tickets.ticket import NEVER

T = TypeVar("T", bound=Thing)


@dataclass(slots=True)
class _Sorted:
    """Things as they are asked for again and again, once they were asked for: at every step of every ticket."""

    of: Mapping[UUID, Thing]
    by_kind: dict[type[Thing], list[Thing]] = field(default_factory=dict)
    by_domain: dict[str, Organisation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """All things as they are now, and what signs the reply addresses of this installation."""

    things: Mapping[UUID, Thing] = field(default_factory=dict)
    secret: bytes = b""
    ruleset: RulesetPublished | None = None
    """Read where the desk changes only."""
    chosen_organisations: Mapping[str, UUID] = field(default_factory=dict)
    """Those that people chose for contacts, by address, as far as they were looked up: see `Work.look_up`."""
    contacts_since: Mapping[str, datetime] = field(default_factory=dict)
    """When people last said something of the contacts of addresses, as far as these were looked up."""
    since: Mapping[UUID, datetime] = field(default_factory=dict)
    """When each thing became as it is."""
    removed_at: datetime = NEVER
    """When anything that clocks depend on was last removed."""
    service_levels_since: datetime = NEVER
    """When a policy, a calendar or an organisation last changed, or anything that clocks depend on was removed."""
    revision: int = 0
    """Counts the changes after which alarms may be others."""
    _sorted: _Sorted = field(default_factory=lambda: _Sorted({}), repr=False, compare=False)

    def __post_init__(self) -> None:
        # `replace` hands it on, which is right only for the same things.
        if self._sorted.of is not self.things:
            object.__setattr__(self, "_sorted", _Sorted(self.things))

    def get(self, kind: type[T], identity: UUID | None) -> T | None:
        """A thing by its id, if it is of this kind."""
        found = self.things.get(identity) if identity is not None else None
        return found if isinstance(found, kind) else None

    def every(self, kind: type[T]) -> list[T]:
        """All things of a kind, by name."""
        by_kind = self._sorted.by_kind
        if kind not in by_kind:
            found = [thing for thing in self.things.values() if isinstance(thing, kind)]
            by_kind[kind] = sorted(found, key=lambda thing: thing.name)
        return [*by_kind[kind]]  # type: ignore[list-item]  # they are of this kind

    def organisations_by_domain(self) -> Mapping[str, Organisation]:
        """Where two name the same domain, the last by name has it."""
        by_domain = self._sorted.by_domain
        if not by_domain:
            by_domain.update({domain: one for one in self.every(Organisation) for domain in one.domains})
        return by_domain

    def people_of(self, identities: Iterable[UUID]) -> frozenset[UUID]:
        """The people behind ids of people and teams."""
        found: set[UUID] = set()
        for identity in identities:
            team = self.get(Team, identity)
            found |= set(team.member_ids) if team else {identity}
        return frozenset(found)


def after(desk: Desk, events: Mapping[str, Iterable[Event]]) -> Desk:
    """The desk as events make it."""
    things, ruleset = dict(desk.things), desk.ruleset
    for event in (event for happened in events.values() for event in happened):
        if (thing := thing_of(event)) is not None:
            things[thing.id] = thing
        elif isinstance(event, ThingRemoved):
            things.pop(event.id, None)
        elif isinstance(event, RulesetPublished):
            ruleset = event
    return replace(desk, things=things, ruleset=ruleset)


def only_administrators(desk: Desk, actor_id: UUID) -> None:
    """See that someone may change anything.

    Raises:
        Forbidden.
    """
    actor = desk.get(Person, actor_id)
    if actor_id != OPERATOR and (actor is None or not actor.active or actor.role is not Role.ADMINISTRATOR):
        raise Forbidden("Only administrators can change this.")


def may_manage(desk: Desk, actor_id: UUID) -> bool:
    """Whether somebody manages a ticketbox, whichever it is."""
    actor = desk.get(Person, actor_id)
    return actor_id == OPERATOR or (actor is not None and actor.may_anywhere(Right.MANAGE))


def is_address(text: str) -> bool:
    """Whether it looks like an e-mail address; only sending tells more."""
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() for character in text)
