"""What a routed message does to the conversation that it belongs to."""

from datetime import datetime
from uuid import UUID, uuid5

from contracts.mail import Address, Bounce, Kind
from contracts.notify import ReplyFailed, ReplySent, ReplyUncertain
from contracts.router import MessageRouted
from contracts.tickets import (
    AutomaticReplyReceived,
    CustomerReplied,
    DeliveryOutcome,
    DeliveryRecorded,
    ReplyBounced,
    State,
    TicketOpened,
    TicketReopened,
)
from services.tickets.threading import Place
from services.tickets.ticket import Ticket, TicketEvent

NOBODY = Address(name="Unknown sender", address="unknown@invalid")
"""A message without a readable sender opens a ticket too; `.invalid` never resolves (RFC 2606)."""


def ticket_id_of(message_id: UUID) -> UUID:
    """The id of the ticket that a message opens, the same however often it is asked."""
    return uuid5(message_id, "ticket")


def open_ticket(routed: MessageRouted, number: int, first_response_due_at: datetime | None) -> TicketOpened:
    """A customer's matter begins. Mail of machines sets no clock."""
    letter = routed.letter
    return TicketOpened(
        ticket_id=ticket_id_of(letter.message_id),
        number=number,
        ticketbox_id=routed.ticketbox_id,
        ticketbox=routed.ticketbox,
        subject=letter.subject.strip() or "(no subject)",
        contact=letter.from_ or NOBODY,
        priority=routed.priority,
        tags=routed.tags,
        letter=letter,
        first_response_due_at=None if letter.automatic else first_response_due_at,
    )


def continue_ticket(routed: MessageRouted, ticket: Ticket, place: Place) -> list[TicketEvent]:
    """A message joins its conversation. Only what a person wrote reopens it."""
    letter = routed.letter
    if letter.kind is Kind.BOUNCE and place.reply_id is not None:
        return [
            ReplyBounced(
                ticket_id=ticket.ticket_id,
                reply_id=place.reply_id,
                letter=letter,
                bounce=letter.bounce or Bounce(),
            )
        ]
    if letter.automatic:
        return [
            AutomaticReplyReceived(ticket_id=ticket.ticket_id, letter=letter, threaded_by=place.threaded_by)
        ]
    events: list[TicketEvent] = [
        CustomerReplied(ticket_id=ticket.ticket_id, letter=letter, threaded_by=place.threaded_by)
    ]
    if ticket.state is State.SOLVED:
        events.append(TicketReopened(ticket_id=ticket.ticket_id))
    return events


def record_delivery(event: ReplySent | ReplyFailed | ReplyUncertain) -> DeliveryRecorded:
    """What became of an answer, as the conversation keeps it."""
    outcome = {
        ReplySent: DeliveryOutcome.SENT,
        ReplyFailed: DeliveryOutcome.FAILED,
        ReplyUncertain: DeliveryOutcome.UNCERTAIN,
    }[type(event)]
    return DeliveryRecorded(
        ticket_id=event.ticket_id, reply_id=event.reply_id, outcome=outcome, answer=event.answer
    )
