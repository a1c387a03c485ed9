"""What distribution wants of a ticket, and what comes of it: nothing if the ticket has changed since. Pure."""

from typing import assert_never

from contracts.desk import Ticketbox
from contracts.people import Person, Right
from contracts.router import TicketOverflowed, TicketRouted, TicketTakenBack
from contracts.ticket_events import TicketEvent
from contracts.tickets import ChosenBy, DistributionDropped, TicketAssigned
from services.tickets import moving
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket


def distribute(
    wish: TicketRouted | TicketOverflowed | TicketTakenBack, ticket: Ticket, desk: Desk
) -> list[TicketEvent]:
    """The ticket gets an owner, or another ticketbox, or loses its owner.

    Nothing happens to a ticket that somebody took, moved, solved, merged or wrote to after distribution had looked: it
    hears of that, and looks again. Where the desk is in the way, it is told.
    """
    if _is_outdated(wish, ticket):
        return []
    match wish:
        case TicketRouted(agent_id=agent_id, method=method, evidence=evidence):
            agent = desk.get(Person, agent_id)
            if agent is None or not agent.may(Right.ANSWER, ticket.ticketbox_id):
                return [_dropped(ticket, "whom it was to go to may not answer in this ticketbox any more")]
            return [
                TicketAssigned(
                    ticket_id=ticket.ticket_id, agent_id=agent_id, method=method, evidence=evidence
                )
            ]
        case TicketOverflowed(to_id=to_id):
            box = desk.get(Ticketbox, to_id)
            if box is None:
                return [_dropped(ticket, "the ticketbox that it was to go to was removed")]
            return moving.moved(ticket, box, desk, "overflow")
        case TicketTakenBack():
            return [TicketAssigned(ticket_id=ticket.ticket_id, agent_id=None, method=ChosenBy.TAKE_BACK)]
        case _:
            assert_never(wish)


def _is_outdated(wish: TicketRouted | TicketOverflowed | TicketTakenBack, ticket: Ticket) -> bool:
    if wish.seen_version is not None:
        return wish.seen_version != ticket.placed_version
    # An early release chose for a new ticket only, and did not say what it had seen.
    return ticket.assignee_id is not None or ticket.state.done or ticket.merged_into_id is not None


def _dropped(ticket: Ticket, why: str) -> DistributionDropped:
    return DistributionDropped(ticket_id=ticket.ticket_id, why=why)
