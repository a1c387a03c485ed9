"""Clocks: pure functions of a ticket's history."""

from datetime import datetime, timedelta

from services.tickets.ticket import Ticket

FIRST_RESPONSE = "first_response"


def first_response_due(received_at: datetime, target_seconds: int | None) -> datetime | None:
    """When a person of ours must have answered, by the wall clock; None without a target.

    The clock starts when the customer's letter was received, not when the ticket was made of it.
    """
    return None if target_seconds is None else received_at + timedelta(seconds=target_seconds)


def running(ticket: Ticket) -> datetime | None:
    """The deadline of the first response while it matters: unanswered, and not breached yet."""
    if ticket.answered or FIRST_RESPONSE in ticket.breached:
        return None
    return ticket.first_response_due_at


def breached(ticket: Ticket, now: datetime) -> datetime | None:
    """The deadline that was missed, if one was. A solved ticket that nobody answered has missed it all the same."""
    due_at = running(ticket)
    return due_at if due_at is not None and due_at <= now else None
