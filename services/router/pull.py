"""“Next ticket”: who may have one, and what it says. Pure."""

from collections.abc import Collection
from uuid import UUID

from chassis.commands import Forbidden, Refusal
from contracts.desk import DistributionMethod
from contracts.people import Presence, Right
from contracts.router import DistributionEvidence, TicketRouted
from services.router.distribution import Agent
from services.router.queue import Queued


class NothingWaits(Refusal):
    """There is no ticket to give."""

    code = "nothing_waits"

    def __init__(self) -> None:
        super().__init__("No ticket waits for you.")


class NotThere(Refusal):
    """Who is away takes nothing: it would be taken back."""

    code = "not_there"

    def __init__(self, presence: Presence) -> None:
        super().__init__(f"You are {presence.value}. Say that you are available, then ask again.")


class Full(Refusal):
    """Somebody's capacity is taken."""

    code = "full"

    def __init__(self, load: int, capacity: int) -> None:
        super().__init__(
            f"You have {load} open tickets, and {capacity} is the most at a time. Finish one first."
        )


def permit(
    agent: Agent | None, load: int, ticketbox_ids: Collection[UUID], wanted: UUID | None
) -> list[UUID]:
    """The ticketboxes from which somebody gets the next ticket.

    Raises:
        Refusal: they get none.
    """
    within = [] if agent is None else [one for one in ticketbox_ids if agent.person.may(Right.ANSWER, one)]
    if wanted is not None:
        within = [one for one in within if one == wanted]
    if agent is None or not within:
        raise Forbidden("You may not answer there, so no ticket is given to you.")
    if agent.presence is not Presence.AVAILABLE:
        raise NotThere(agent.presence)
    if agent.person.capacity is not None and load >= agent.person.capacity:
        raise Full(load, agent.person.capacity)
    return within


def routed(ticket: Queued, agent_id: UUID, load: int) -> TicketRouted:
    """The ticket goes to who asked for it."""
    why = f"the most urgent that waited, {load} open before"
    return TicketRouted(
        ticket_id=ticket.ticket_id,
        ticketbox_id=ticket.ticketbox_id,
        seen_version=ticket.placed_version,
        agent_id=agent_id,
        method=DistributionMethod.PULL.value,
        candidates=1,
        evidence=DistributionEvidence(why=why, candidates=1),
    )
