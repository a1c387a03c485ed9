"""When a ticket is to be looked at again, and what happens to it then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.desk import Ticketbox
from contracts.tickets import SLABreached, SLAWarned, State, TicketClosed, TicketEvent, TicketReopened
from services.tickets import service_level
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Due:
    """What happens by itself, and its true time, however late it is noticed."""

    event: TicketEvent
    at: datetime


def next_alarm(ticket: Ticket, desk: Desk) -> datetime | None:
    """When there is something to do; None: never, as it stands."""
    moments = [service_level.next_look(ticket), _hold_ends(ticket), _closes(ticket, desk)]
    return min((moment for moment in moments if moment is not None), default=None)


def ring(ticket: Ticket, desk: Desk, now: datetime) -> Iterator[Due]:
    """What has come due, but for breaches, which are written down whatever happens to a ticket."""
    if ticket.merged_into_id is not None:
        return
    for item in service_level.to_warn_of(ticket, now):
        assert item.due_at is not None  # noqa: S101 - only a running clock warns
        warned = SLAWarned(
            ticket_id=ticket.ticket_id, target=item.target, due_at=item.due_at, since=item.since
        )
        yield Due(warned, now)
    if (ends := _hold_ends(ticket)) is not None and ends <= now:
        yield Due(TicketReopened(ticket_id=ticket.ticket_id, why="hold_ended"), ends)
    if (closes := _closes(ticket, desk)) is not None and closes <= now:
        yield Due(TicketClosed(ticket_id=ticket.ticket_id), closes)


def breaches(ticket: Ticket, now: datetime) -> Iterator[SLABreached]:
    """Targets that were missed and are not recorded; also those that something else is about to stop."""
    for item in service_level.missed(ticket, now):
        assert item.due_at is not None  # noqa: S101 - only a running clock is missed
        yield SLABreached(
            ticket_id=ticket.ticket_id, target=item.target, due_at=item.due_at, since=item.since
        )


def _hold_ends(ticket: Ticket) -> datetime | None:
    return ticket.held_until if ticket.state is State.ON_HOLD else None


def _closes(ticket: Ticket, desk: Desk) -> datetime | None:
    if ticket.state is not State.SOLVED or ticket.done_at is None:
        return None
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    days = box.follow_up.close_after_days if box else None
    return None if days is None else ticket.done_at + timedelta(days=days)
