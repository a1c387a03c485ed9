"""When the time of automations comes for a ticket: pure functions of how it stands and of the desk.

docs/automations.md has the rules, with examples.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.automations import Automation, Moment, Selection
from contracts.desk import Ticketbox
from contracts.model import Instant, Model, Text
from contracts.router import Priority
from contracts.service_levels import Calendar
from contracts.tags import Tags
from contracts.tickets import DeadlineItem, State
from rules.hours import WALL_CLOCK, hours_of
from services.tickets import service_level
from services.tickets.desk import Desk
from services.tickets.ticket import NEVER, Ticket


class Standing(Model):
    """All that automations look at of a ticket; kept beside its alarm, so that many can be looked at quickly."""

    number: int
    ticketbox_id: UUID
    priority: Priority
    tags: Tags
    category_id: UUID | None
    contact: Text
    assignee_id: UUID | None
    state: State
    since: Instant
    """When it came into its state."""
    unanswered_since: Instant | None
    deadlines: tuple[DeadlineItem, ...]
    ran: frozenset[tuple[UUID, str, Instant]]
    changed_at: Instant


def standing_of(ticket: Ticket) -> Standing | None:
    """How a ticket stands; None if nothing happens to it by itself any more: it is closed, or goes on in another."""
    if ticket.merged_into_id is not None or ticket.state is State.CLOSED:
        return None
    waiting = ticket.waiting
    return Standing(
        number=ticket.number,
        ticketbox_id=ticket.ticketbox_id,
        priority=ticket.priority,
        tags=ticket.tags,
        category_id=ticket.category_id,
        contact=ticket.contact.address,
        assignee_id=ticket.assignee_id,
        state=ticket.state,
        since=ticket.state_since,
        unanswered_since=None if waiting is None or ticket.state.done else waiting.since,
        deadlines=ticket.deadlines,
        ran=ticket.ran,
        changed_at=ticket.changed_at,
    )


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time for one automation to run: there is one for each `since`."""

    automation: Automation
    since: datetime
    """When what it waits for began: the state, the wait of the customer, the clock of the target."""
    at: datetime
    """Its true time, however late it is noticed."""


def occasions(standing: Standing, desk: Desk) -> Iterator[Occasion]:
    """When automations run next, if nothing else happens to the ticket."""
    for automation in desk.every(Automation):
        if (occasion := occasion_of(automation, standing, desk)) is not None:
            yield occasion


def occasion_of(automation: Automation, standing: Standing, desk: Desk) -> Occasion | None:
    """When an automation runs for a ticket; None: not as it stands, or it did so already."""
    if not automation.active or not _applies(automation.tickets, standing, desk):
        return None
    timing = automation.when
    counted = _counted(timing.moment, standing)
    if counted is None or (automation.id, timing.moment, counted.since) in standing.ran:
        return None
    hours = hours_of(_calendar(standing, desk)) if timing.clock == "business" else WALL_CLOCK
    pass_by = hours.before if timing.moment.before else hours.after
    # No time need pass for 0 minutes: not even until it opens again, where the moment is the closing time.
    at = pass_by(counted.moment, timing.minutes * 60) if timing.minutes else counted.moment
    if at is None:
        return None
    # What became so only now, the ticket or what is asked of the desk, cannot have had its time earlier.
    at = max(at, standing.changed_at, *_since(automation, standing, desk))
    if timing.moment.before and at > counted.moment:
        return None
    return Occasion(automation, counted.since, at)


@dataclass(frozen=True, slots=True)
class _Counted:
    since: datetime
    moment: datetime


def _counted(moment: Moment, standing: Standing) -> _Counted | None:
    if moment.target is not None:
        due = {item.target: (item.since, item.due_at) for item in standing.deadlines}
        since, due_at = due.get(moment.target, (None, None))
        return _Counted(since, due_at) if since and due_at else None
    if moment is Moment.UNANSWERED:
        since = standing.unanswered_since
        return _Counted(since, since) if since else None
    return _Counted(standing.since, standing.since) if standing.state is moment.state else None


def _since(automation: Automation, standing: Standing, desk: Desk) -> Iterator[datetime]:
    """When all became so, beside the ticket, by which an automation is for it and has its time."""
    yield desk.since.get(automation.id, NEVER)
    if automation.tickets.organisation_ids:
        organisation = service_level.organisation_of(standing.contact, desk)
        yield desk.since.get(organisation.id, NEVER) if organisation else NEVER
        yield desk.contacts_since.get(standing.contact.lower(), NEVER)
        yield desk.removed_at  # it may have been an organisation with a closer domain
    if automation.when.clock == "business":
        calendar = _calendar(standing, desk)
        yield desk.since.get(standing.ticketbox_id, NEVER)
        yield desk.since.get(calendar.id, NEVER) if calendar else NEVER


def _calendar(standing: Standing, desk: Desk) -> Calendar | None:
    box = desk.get(Ticketbox, standing.ticketbox_id)
    return desk.get(Calendar, box.calendar_id if box else None)


def _applies(selection: Selection, standing: Standing, desk: Desk) -> bool:
    """Whether an automation is for a ticket, as it stands."""
    return (
        (not selection.ticketbox_ids or standing.ticketbox_id in selection.ticketbox_ids)
        and (not selection.priorities or standing.priority in selection.priorities)
        and (not selection.tags or not set(selection.tags).isdisjoint(standing.tags))
        and (not selection.category_ids or standing.category_id in selection.category_ids)
        and (selection.owner == "anyone" or (selection.owner == "somebody") == bool(standing.assignee_id))
        and (not selection.organisation_ids or _belongs(selection, standing, desk))
    )


def _belongs(selection: Selection, standing: Standing, desk: Desk) -> bool:
    organisation = service_level.organisation_of(standing.contact, desk)
    return organisation is not None and organisation.id in selection.organisation_ids
