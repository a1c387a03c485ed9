"""Saved lists of tickets, in the order in which people keep them."""

from collections.abc import Sequence
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


async def every(db: Connection, person: Person) -> list[View]:
    """The saved lists that someone sees: everyone's first, then their own."""
    found = [one.thing for one in await things.every(db, person, "views") if isinstance(one.thing, View)]
    return sorted(found, key=lambda one: (one.owner_id is not None, one.order))


def query_in(view: View) -> ListQuery | None:
    """What a saved list shows; None if it asks for what there is no more."""
    try:
        return query_of(view.parameters)
    except BadRequest:
        return None


def last_of(saved: Sequence[View], owner_id: UUID | None) -> int:
    """The order of a new one, behind those of the same owner."""
    return max((one.order for one in saved if one.owner_id == owner_id), default=0) + BETWEEN


def moved(saved: Sequence[View], view_id: UUID, step: int) -> list[View]:
    """Those whose order is another after one has moved up (-1) or down (1) among those of its owner."""
    view = next(one for one in saved if one.id == view_id)
    row = [one for one in saved if one.owner_id == view.owner_id]
    place = row.index(view)
    row.insert(max(place + step, 0), row.pop(place))
    orders = range(BETWEEN, BETWEEN * (len(row) + 1), BETWEEN)
    return [
        one.model_copy(update={"order": order})
        for one, order in zip(row, orders, strict=True)
        if one.order != order
    ]


async def move(gateway: Gateway, person: Person, command_id: UUID, view_id: UUID, step: int) -> None:
    """Let a saved list change places with its neighbour.

    Raises:
        Problem: it is none of theirs.
    """
    async with gateway.service.pool.acquire() as db:
        await things.find(db, person, "views", view_id)
        changed = moved(await every(db, person), view_id, step)
    changes = tuple(SetThing(thing=one) for one in changed)
    command = ChangeDesk(command_id=command_id, actor_id=person.person_id, changes=changes)
    await gateway.command(command)
