"""When a ticket is to be looked at again, and what happens to it by itself then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.desk import Ticketbox
from contracts.service_levels import SLABreached, SLAWarned
from contracts.ticket_events import TicketEvent
from contracts.tickets import State, TicketClosed, TicketReopened
from rules.hours import LONGEST_WAIT
from services.tickets import automations, service_level
from services.tickets.automations import Occasion
from services.tickets.desk import Desk
from services.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Due:
    """What happens by itself, and its true time, however late it is noticed.

    `what` None: a target is missed, which is written down whatever happens to a ticket: see `breaches`.
    """

    at: datetime
    what: TicketEvent | Occasion | None


def next_alarm(ticket: Ticket, desk: Desk) -> datetime | None:
    """When there is something to do; None: never, as it stands."""
    moments = [due.at for due in to_come(ticket, desk)]
    if ticket.merged_into_id is None and (look := service_level.next_look(ticket)) is not None:
        moments.append(look)
    return min(moments, default=None)


def next_due(ticket: Ticket, desk: Desk, now: datetime) -> Due | None:
    """What came due first, by its true time; with it done, ask again. None: nothing is due."""
    if ticket.merged_into_id is not None:
        return None
    due = [*_of_service_level(ticket, now), *(one for one in to_come(ticket, desk) if one.at <= now)]
    return min(due, key=lambda one: (one.at, _turn(one)), default=None)


def _turn(due: Due) -> tuple[int, str]:
    """Of what comes due at once, automations wait for all else, and among themselves for their order."""
    if isinstance(due.what, Occasion):
        return (1 + due.what.automation.order, due.what.automation.name)
    return (-(2**31), "")


def _of_service_level(ticket: Ticket, now: datetime) -> Iterator[Due]:
    for item in service_level.to_warn_of(ticket, now):
        assert item.due_at is not None  # noqa: S101 - only a running clock warns
        assert item.warn_at is not None  # noqa: S101
        warned = SLAWarned(
            ticket_id=ticket.ticket_id, target=item.target, due_at=item.due_at, since=item.since
        )
        yield Due(max(item.warn_at, ticket.changed_at), warned)
    for item in service_level.missed(ticket, now):
        assert item.due_at is not None  # noqa: S101 - only a running clock is missed
        yield Due(max(item.due_at, ticket.changed_at), None)


def to_come(ticket: Ticket, desk: Desk) -> Iterator[Due]:
    """What will happen if nothing else does, but for warnings and breaches."""
    standing = automations.standing_of(ticket)
    if standing is None:
        return
    if (ends := hold_ends(ticket)) is not None:
        yield Due(ends, TicketReopened(ticket_id=ticket.ticket_id, why="hold_ended"))
    if (closes := closes_at(ticket, desk)) is not None:
        yield Due(closes, TicketClosed(ticket_id=ticket.ticket_id))
    for occasion in automations.occasions(standing, desk):
        yield Due(occasion.at, occasion)


def breaches(ticket: Ticket, now: datetime) -> Iterator[SLABreached]:
    """Targets that were missed and are not recorded; also those that something else is about to stop."""
    for item in service_level.missed(ticket, now):
        assert item.due_at is not None  # noqa: S101 - only a running clock is missed
        yield SLABreached(
            ticket_id=ticket.ticket_id, target=item.target, due_at=item.due_at, since=item.since
        )


def hold_ends(ticket: Ticket) -> datetime | None:
    """When a hold ends by itself; while it was merged nothing happened to it, so then it ended after that."""
    if ticket.state is not State.ON_HOLD or ticket.held_until is None:
        return None
    return max(ticket.held_until, ticket.changed_at)


def closes_at(ticket: Ticket, desk: Desk) -> datetime | None:
    """When a solved ticket closes by itself, as its ticketbox wants."""
    if ticket.state is not State.SOLVED or ticket.done_at is None:
        return None
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    days = box.follow_up.close_after_days if box else None
    if days is None or days > LONGEST_WAIT.days:
        return None
    # A changed ticketbox closes nothing before it was changed.
    since = desk.since.get(ticket.ticketbox_id, ticket.changed_at)
    return max(ticket.done_at + timedelta(days=days), ticket.changed_at, since)
