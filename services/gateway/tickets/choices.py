"""Reads what people choose from on a ticket's page: fields, categories, teams, as the desk has them now."""

from dataclasses import dataclass
from uuid import UUID

from chassis.database import Connection
from contracts.desk import Category, CustomField, Team, Ticketbox
from contracts.service_levels import Calendar
from services.gateway.desk import desk
from services.gateway.desk.categories import paths


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose, by name."""

    fields: tuple[CustomField, ...] = ()
    categories: tuple[Category, ...] = ()
    teams: tuple[Team, ...] = ()
    boxes: tuple[Ticketbox, ...] = ()
    calendars: tuple[Calendar, ...] = ()

    def names(self) -> dict[UUID, str]:
        """The names of all of them, by id; of categories, their paths."""
        return {one.id: one.name for one in (*self.teams, *self.boxes)} | paths(self.categories)

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
    return Choices(
        fields=tuple(await desk.every(db, CustomField)),
        categories=tuple(await desk.every(db, Category)),
        teams=tuple(await desk.every(db, Team)),
        boxes=tuple(await desk.every(db, Ticketbox)),
        calendars=tuple(await desk.every(db, Calendar)),
    )
