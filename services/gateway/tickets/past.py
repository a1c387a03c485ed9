"""What was in force at a moment of the past: the desk as its events had made it, and what clocks had left by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import TypeVar
from uuid import UUID

from chassis.database import Connection
from contracts.desk import Category, CustomField, Team, ThingRemoved, Ticketbox, thing_of
from contracts.event import Event, Recorded
from contracts.service_levels import Calendar, Policy, SLABreached
from contracts.stream_ids import RULESET
from contracts.streams import EVENTS, THINGS
from contracts.things import Thing
from contracts.tickets import DeadlineItem
from rules.hours import hours_of
from services.gateway.read_model.history import BY_STREAM
from services.gateway.representations.conversation import Entry
from services.gateway.representations.tickets import AsOf, ClockItem, InForce
from services.gateway.tickets.choices import Choices

T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True)
class DeskThen:
    """Things with their versions, and the version of the rules."""

    things: Mapping[UUID, tuple[Thing, int]] = field(default_factory=dict)
    ruleset_version: int | None = None

    def find(self, kind: type[T], identity: UUID | None) -> tuple[T, int] | None:
        """A thing of a kind, and its version."""
        thing, version = self.things.get(identity, (None, 0)) if identity else (None, 0)
        return (thing, version) if isinstance(thing, kind) else None

    def choices(self) -> Choices:
        """What there was to choose from."""

        def every(kind: type[T]) -> tuple[T, ...]:
            found = [thing for thing, _ in self.things.values() if isinstance(thing, kind)]
            return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

        return Choices(
            fields=every(CustomField),
            categories=every(Category),
            teams=every(Team),
            boxes=every(Ticketbox),
            calendars=every(Calendar),
        )


_HAPPENED = f"""
SELECT type, schema_version, version, data::text AS data
FROM history
WHERE {BY_STREAM}
  AND type = ANY($1::text[])
  AND recorded_at <= $2
ORDER BY position
"""
_RULESET = f"""
SELECT max(version)
FROM history
WHERE {BY_STREAM}
  AND stream_id = $1
  AND recorded_at <= $2
"""


async def desk_at(db: Connection, at: datetime) -> DeskThen:
    """The desk as it stood."""
    things: dict[UUID, tuple[Thing, int]] = {}
    for row in await db.fetch(_HAPPENED, [kind.type_name() for kind in THINGS], at):
        event = EVENTS[row["type"]].read(row["data"], row["schema_version"])
        if isinstance(event, ThingRemoved):
            things.pop(event.id, None)
        elif (thing := thing_of(event)) is not None:
            things[thing.id] = (thing, row["version"])
    return DeskThen(things, await db.fetchval(_RULESET, RULESET, at))


def in_force(
    then: DeskThen,
    at: datetime,
    ticketbox_id: UUID,
    policy_id: UUID | None,
    deadlines: Sequence[DeadlineItem],
    events: Sequence[Recorded[Event]],
) -> AsOf:
    """What applied to a ticket, and what was left of its clocks."""
    policy, box = then.find(Policy, policy_id), then.find(Ticketbox, ticketbox_id)
    calendar_id = (policy[0].calendar_id if policy else None) or (
        box[0].calendar_id if policy and box else None
    )
    calendar = then.find(Calendar, calendar_id)
    hours = hours_of(calendar[0] if calendar else None)
    missed = {(one.event.target, one.event.since) for one in events if isinstance(one.event, SLABreached)}

    def left(item: DeadlineItem) -> int:
        if item.due_at is None:
            return item.left_seconds or 0
        if item.due_at >= at:
            return round(hours.seconds_between(at, item.due_at))
        return -round(hours.seconds_between(item.due_at, at))

    return AsOf(
        at=at,
        ruleset_version=then.ruleset_version,
        policy=_named(policy),
        calendar=_named(calendar),
        clocks=[
            ClockItem(
                target=item.target,
                since=item.since,
                due_at=item.due_at,
                left_seconds=left(item),
                missed=not missed.isdisjoint({(item.target, item.since), (item.target, None)}),
            )
            for item in deadlines
        ],
    )


def _named(found: tuple[Thing, int] | None) -> InForce | None:
    return InForce(id=found[0].id, name=found[0].name, version=found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Moment:
    """A step on the way through a ticket's past: what was recorded at once, in a sentence."""

    at: datetime
    sentence: str

    @property
    def text(self) -> str:
        """For an address."""
        return self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def written_by(events: Sequence[Recorded[Event]], at: datetime) -> list[Recorded[Event]]:
    """The events of a ticket that were written down by a moment: those before the first that was not.

    Who writes takes the time before reading, and may have to wait for another: a later event may bear an earlier time.
    """
    return list(takewhile(lambda one: one.recorded_at <= at, events))


def moments(events: Sequence[Recorded[Event]], entries: Sequence[Entry]) -> list[Moment]:
    """Every moment at which something happened to a ticket; what has no sentence of its own happens in between."""
    said: dict[int, str] = {}
    for entry in entries:
        who = entry.actor.name if entry.actor else _writer(entry)
        said.setdefault(entry.version, f"{who} {entry.sentence}".strip())
    found: list[Moment] = []
    for item in events:
        sentence = said.get(item.version, "")
        # None comes before one that it follows, see `written_by`.
        if found and found[-1].at >= item.recorded_at:
            together = "; ".join(filter(None, (found[-1].sentence, sentence)))
            found[-1] = Moment(found[-1].at, together)
        else:
            found.append(Moment(item.recorded_at, sentence))
    return [one for number, one in enumerate(found) if one.sentence or number == 0]


def _writer(entry: Entry) -> str:
    if entry.letter is None or entry.letter.from_ is None:
        return ""
    return entry.letter.from_.name or entry.letter.from_.address
