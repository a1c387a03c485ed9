"""The desk that loaded tickets belong to: what it lacks of agents, service levels and categories is added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.commands import Refusal
from chassis.database import Connection
from contracts.commands import OPERATOR, ChangeDesk, SetThing
from contracts.desk import AnyThing, Category, Ticketbox
from contracts.people import Person, Right, Role
from contracts.router import Priority
from contracts.service_levels import Calendar, Policy, Span, Target, Weekday
from services.tickets import desk_tables
from services.tickets.changes import configure
from services.tickets.desk import Desk

_AGENTS = ("Anna Berg", "Tomás Reyes", "Wiebke Jansen", "Oluchi Eze", "Piotr Malec")
_CATEGORIES = ("Deliveries", "Invoices", "Products", "Returns")


class CannotLoad(Exception):
    """Told to the person who typed the command."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where loaded tickets belong, and who works on them."""

    desk: Desk
    box: Ticketbox
    agents: tuple[UUID, ...]
    categories: tuple[UUID, ...]

    @property
    def address(self) -> str:
        return self.box.addresses[0]


async def find_place(db: Connection) -> Place:
    """The first ticketbox by its name, with what belongs to it.

    Raises:
        CannotLoad: there is no ticketbox or no administrator yet.
    """
    desk = await _read(db)
    boxes = desk.every(Ticketbox)
    if not boxes:
        raise CannotLoad("There is no ticketbox yet. Run postroom migrate, or start Postroom once.")
    await _furnish(db, desk)
    desk = await _read(db)
    # As if the ticketbox had always been there: what was solved long ago closed in its time, and not since it was made.
    desk = replace(desk, since={one: at for one, at in desk.since.items() if one != boxes[0].id})
    people = [one.id for one in desk.every(Person) if one.may(Right.ANSWER, boxes[0].id)]
    return Place(desk, boxes[0], tuple(people), tuple(one.id for one in desk.every(Category)))


async def _read(db: Connection) -> Desk:
    async with db.transaction():
        await db.execute("SET LOCAL search_path = tickets")
        return await desk_tables.read_desk(db)


async def _furnish(db: Connection, desk: Desk) -> None:
    things: list[AnyThing] = []
    if len(desk.every(Person)) < len(_AGENTS):
        taken = {one.email for one in desk.every(Person)}
        things += [one for one in _agents() if one.email not in taken]
    if not desk.every(Category):
        things += [Category(id=uuid4(), name=name) for name in _CATEGORIES]
    if not desk.every(Policy):
        things += _service_levels()
    if things:
        changes = tuple(SetThing(thing=thing) for thing in things)
        command = ChangeDesk(command_id=uuid4(), actor_id=OPERATOR, changes=changes)
        async with db.transaction():
            await db.execute("SET LOCAL search_path = tickets")
            try:
                await configure(db, command, datetime.now(UTC))
            except Refusal as refusal:
                raise CannotLoad(str(refusal)) from refusal


def _agents() -> Sequence[Person]:
    """Without passwords: an administrator gives them some, if they are to sign in."""
    return [
        Person(
            id=uuid4(),
            name=name,
            email=f"{name.split()[0].lower().replace('á', 'a')}@example.com",
            role=Role.AGENT,
        )
        for name in _AGENTS
    ]


def _service_levels() -> Sequence[AnyThing]:
    day = (Span(begin="08:00", end="12:30"), Span(begin="13:00", end="18:00"))
    hours = Calendar(
        id=uuid4(),
        name="Office hours",
        time_zone="Europe/Berlin",
        week=dict.fromkeys(tuple(Weekday)[:5], day),
    )
    return (
        hours,
        Policy(
            id=uuid4(),
            name="Urgent matters",
            order=10,
            priorities=(Priority.HIGH, Priority.URGENT),
            targets={Target.FIRST_RESPONSE: 60, Target.NEXT_RESPONSE: 120, Target.RESOLUTION: 960},
            warn_minutes_before=15,
        ),
        Policy(
            id=uuid4(),
            name="Standard",
            targets={Target.FIRST_RESPONSE: 240, Target.NEXT_RESPONSE: 480, Target.RESOLUTION: 2400},
            warn_minutes_before=30,
            calendar_id=hours.id,
        ),
    )
