"""Reads what people choose from on a ticket's page: fields, categories, teams, as the desk has them now."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from chassis.database import Connection
from contracts.desk import Calendar, Category, CustomField, Team, Thing, ThingChanged, Ticketbox, thing_of
from services.gateway import history

T = TypeVar("T", bound=Thing)

# The condition is that of the index on the streams of things.
_THINGS = f"""
SELECT DISTINCT ON (stream_id) {history.COLUMNS}
FROM history
WHERE source = 'tickets'
  AND ticket_id IS NULL
  AND message_id IS NULL
  AND type = ANY($1::text[])
ORDER BY stream_id, version DESC
"""
_TYPES = [event.type_name() for event in ThingChanged.__args__] + ["TicketboxCreated", "ThingRemoved"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose, by name."""

    fields: tuple[CustomField, ...] = ()
    categories: tuple[Category, ...] = ()
    teams: tuple[Team, ...] = ()
    boxes: tuple[Ticketbox, ...] = ()
    calendars: tuple[Calendar, ...] = ()

    def names(self) -> dict[UUID, str]:
        """The names of all of them, by id."""
        return {one.id: one.name for one in (*self.categories, *self.teams, *self.boxes)}

    def fields_of(self, ticketbox_id: UUID) -> list[CustomField]:
        """The fields that tickets of a ticketbox have."""
        return [one for one in self.fields if not one.ticketbox_ids or ticketbox_id in one.ticketbox_ids]

    def required_in(self, ticketbox_id: UUID) -> frozenset[str]:
        """Keys of the fields that must be filled before a ticket of a ticketbox is solved."""
        return frozenset(key for box in self.boxes if box.id == ticketbox_id for key in box.required_fields)

    def time_zone_of(self, ticketbox_id: UUID) -> str:
        """Where a ticketbox works, by its calendar."""
        calendar_id = next((box.calendar_id for box in self.boxes if box.id == ticketbox_id), None)
        return next((one.time_zone for one in self.calendars if one.id == calendar_id), "UTC")


async def choices(db: Connection) -> Choices:
    """Everything that is on the desk now; what was removed is not offered."""
    rows = await db.fetch(_THINGS, _TYPES)
    things = [thing for row in rows if (thing := thing_of(history.recorded(row).event)) is not None]
    return Choices(
        fields=_by_name(things, CustomField),
        categories=_by_name(things, Category),
        teams=_by_name(things, Team),
        boxes=_by_name(things, Ticketbox),
        calendars=_by_name(things, Calendar),
    )


def _by_name(things: list[Thing], kind: type[T]) -> tuple[T, ...]:
    return tuple(
        sorted((one for one in things if isinstance(one, kind)), key=lambda one: one.name.casefold())
    )
