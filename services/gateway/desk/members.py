"""Who may do what in a ticketbox: read from people's rights, and changed there."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from chassis.database import Connection
from contracts import desk, people
from contracts.people import BoxRight, Right
from services.gateway.access.accounts import Person
from services.gateway.desk import things
from services.gateway.desk.desk import every
from services.gateway.gateway import Gateway
from services.gateway.problems import Unprocessable
from services.gateway.representations.desk import MemberItem


async def members(db: Connection, person: Person, ticketbox_id: UUID) -> list[MemberItem]:
    """Whoever may at least see a ticketbox, by name.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    await things.find(db, person, "ticketboxes", ticketbox_id)
    return [
        MemberItem(
            id=one.id,
            name=one.name,
            email=one.email,
            role=one.role,
            right=right,
            by="role" if one.by_role else "rights",
            capacity=one.capacity,
        )
        for one in await every(db, people.Person)
        if (right := one.right_in(ticketbox_id)) is not None
    ]


def without_limit(ticketbox: desk.Ticketbox, found: Iterable[MemberItem]) -> set[UUID]:
    """Those members to whom distribution may give all that waits in the ticketbox."""
    if not ticketbox.distribution.method.gives:
        return set()
    return {one.id for one in found if one.capacity is None and one.right is not Right.SEE}


async def others(db: Connection, ticketbox_id: UUID) -> Mapping[UUID, str]:
    """People who could become members: they have rights of their own, and none here."""
    return {
        one.id: one.name
        for one in await every(db, people.Person)
        if one.active and not one.by_role and one.right_in(ticketbox_id) is None
    }


async def let(
    gateway: Gateway,
    person: Person,
    command_id: UUID,
    ticketbox_id: UUID,
    member_id: UUID,
    right: Right | None,
) -> None:
    """Give somebody a right in a ticketbox, another one, or none.

    Raises:
        NotFound: there is no such ticketbox in sight, or no such person.
        Unprocessable: what they may here does not follow from rights of their own.
        Problem: tickets says no.
    """
    async with gateway.service.pool.acquire() as db:
        await things.find(db, person, "ticketboxes", ticketbox_id)
        found = await things.find(db, person, "people", member_id)
    member = found.thing
    assert isinstance(member, people.Person)  # noqa: S101 - of its kind
    await things.put(gateway, person, command_id, _with(member, ticketbox_id, right), found.version)


def _with(member: people.Person, ticketbox_id: UUID, right: Right | None) -> people.Person:
    if member.by_role:
        raise Unprocessable(
            f"What {member.name} may do follows from the role {member.role}, in every ticketbox. "
            "Administrators change it on the person's own page."
        )
    kept = [one for one in member.rights if one.ticketbox_id != ticketbox_id]
    if right is not None:
        kept.append(BoxRight(ticketbox_id=ticketbox_id, right=right))
    if not kept:
        raise Unprocessable(
            f"It is the only ticketbox of {member.name}: without any, the role {member.role} would count in all. "
            "Administrators change it on the person's own page."
        )
    return member.model_copy(update={"rights": tuple(kept)})
