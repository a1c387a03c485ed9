"""How a ticket comes to another ticketbox, whoever or whatever moves it: pure."""

from uuid import UUID

from contracts.desk import Ticketbox
from contracts.people import Person, Right
from contracts.ticket_events import TicketEvent
from contracts.tickets import ChosenBy, MoveReason, TicketAssigned, TicketMoved
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket


def moved(
    ticket: Ticket, box: Ticketbox, desk: Desk, why: MoveReason, moved_by: UUID | None = None
) -> list[TicketEvent]:
    """Give a ticket to another ticketbox; an owner who may not answer there loses it.

    `moved_by` None: no person did it.
    """
    event = TicketMoved(
        ticket_id=ticket.ticket_id,
        ticketbox_id=box.id,
        ticketbox=box.name,
        from_id=ticket.ticketbox_id,
        why=why,
        moved_by=moved_by,
    )
    owner = desk.get(Person, ticket.assignee_id)
    if ticket.assignee_id is None or (owner is not None and owner.may(Right.ANSWER, box.id)):
        return [event]
    method = ChosenBy.PERSON if moved_by else ChosenBy.AUTOMATION
    lost = TicketAssigned(ticket_id=ticket.ticket_id, agent_id=None, method=method, assigned_by=moved_by)
    return [event, lost]
