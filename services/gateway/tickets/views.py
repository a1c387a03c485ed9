"""Saved lists of tickets, in the order in which people keep them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Connection
from contracts.commands import ChangeDesk, SetThing
from contracts.desk import View
from services.gateway.access.accounts import Person
from services.gateway.desk import things
from services.gateway.gateway import Gateway
from services.gateway.problems import BadRequest
from services.gateway.tickets.list_query import ListQuery, query_of

BETWEEN = 10
"""Between the orders of two that follow one another."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved list, and the version of it that was read."""

    view: View
    version: int


async def every(db: Connection, person: Person) -> list[Saved]:
    """The saved lists that someone sees: everyone's first, then their own."""
    found = await things.every(db, person, "views")
    saved = [Saved(one.thing, one.version) for one in found if isinstance(one.thing, View)]
    return sorted(saved, key=lambda one: (one.view.owner_id is not None, one.view.order))


def query_in(view: View) -> ListQuery | None:
    """What a saved list shows; None if it asks for what there is no more."""
    try:
        return query_of(view.parameters)
    except BadRequest:
        return None


def last_of(saved: Sequence[Saved], owner_id: UUID | None) -> int:
    """The order of a new one, behind those of the same owner."""
    return max((one.view.order for one in saved if one.view.owner_id == owner_id), default=0) + BETWEEN


def moved(saved: Sequence[Saved], view_id: UUID, step: int) -> tuple[SetThing, ...]:
    """The changes by which one moves up (-1) or down (1) among those of its owner; refused if another is outdated."""
    mine = next(one for one in saved if one.view.id == view_id)
    row = [one for one in saved if one.view.owner_id == mine.view.owner_id]
    place = row.index(mine)
    row.insert(max(place + step, 0), row.pop(place))
    orders = range(BETWEEN, BETWEEN * (len(row) + 1), BETWEEN)
    return tuple(
        SetThing(thing=one.view.model_copy(update={"order": order}), seen_version=one.version)
        for one, order in zip(row, orders, strict=True)
        if one.view.order != order
    )


async def move(gateway: Gateway, person: Person, command_id: UUID, view_id: UUID, step: int) -> None:
    """Let a saved list change places with its neighbour.

    Raises:
        Problem: it is none of theirs, or somebody changed one of the row meanwhile.
    """
    async with gateway.service.pool.acquire() as db:
        await things.find(db, person, "views", view_id)
        changes = moved(await every(db, person), view_id, step)
    command = ChangeDesk(command_id=command_id, actor_id=person.person_id, changes=changes)
    await gateway.command(command)
