"""Service levels: deadlines as pure functions of what happened to a ticket, a policy and a calendar.

docs/service-levels.md has the rules as a table. A deadline can be computed again from scratch at any time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.desk import Organisation, Ticketbox
from contracts.service_levels import Calendar, Policy, Target
from contracts.tickets import DeadlineItem, Spell, State
from rules.domains import own_domains
from rules.hours import Hours, hours_of
from services.tickets.desk import Desk
from services.tickets.ticket import Asked, Ticket

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Level:
    """What is asked for of one ticket."""

    policy_id: UUID | None
    policy: str | None
    targets: Mapping[Target, float]
    """Seconds of business time."""
    pause_in: frozenset[State]
    warn_seconds: float | None
    hours: Hours


def level_of(ticket: Ticket, desk: Desk) -> Level:
    """The first policy, by order and then by name, that applies to a ticket as it is now.

    Where none applies, the ticketbox itself may ask for a first response, by the wall clock.
    """
    box = desk.get(Ticketbox, ticket.ticketbox_id)
    organisation = organisation_of(ticket.contact.address, desk)
    for policy in sorted(desk.every(Policy), key=lambda policy: policy.order):
        if _applies(policy, ticket, organisation):
            calendar_id = policy.calendar_id or (box.calendar_id if box else None)
            return Level(
                policy_id=policy.id,
                policy=policy.name,
                targets={target: minutes * 60 for target, minutes in policy.targets.items()},
                pause_in=frozenset(policy.pause_in),
                warn_seconds=policy.warn_minutes_before * 60 if policy.warn_minutes_before else None,
                hours=hours_of(desk.get(Calendar, calendar_id)),
            )
    seconds = box.first_response_seconds if box else None
    targets: dict[Target, float] = {Target.FIRST_RESPONSE: seconds} if seconds else {}
    return Level(None, None, targets, frozenset(), None, hours_of(None))


def _applies(policy: Policy, ticket: Ticket, organisation: Organisation | None) -> bool:
    return (
        (not policy.priorities or ticket.priority in policy.priorities)
        and (not policy.ticketbox_ids or ticket.ticketbox_id in policy.ticketbox_ids)
        and (not policy.tags or not set(policy.tags).isdisjoint(ticket.tags))
        and (
            not policy.organisation_ids
            or (organisation is not None and organisation.id in policy.organisation_ids)
        )
    )


class Levels:
    """The service levels of a desk that does not change, where many tickets are asked about."""

    MOST = 4096

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._found: dict[tuple[object, ...], Level] = {}

    def of(self, ticket: Ticket) -> Level:
        """What `level_of` says: it depends on nothing else of a ticket than what is looked at here."""
        about = (ticket.priority, ticket.ticketbox_id, ticket.tags, ticket.contact.address)
        if about not in self._found:
            if len(self._found) == self.MOST:
                self._found.clear()
            self._found[about] = level_of(ticket, self._desk)
        return self._found[about]


def organisation_of(address: str, desk: Desk) -> Organisation | None:
    """The organisation that people chose for the contact of an address, or else the one with the closest domain."""
    chosen = desk.get(Organisation, desk.chosen_organisations.get(address.lower()))
    if chosen is not None:
        return chosen
    by_domain = desk.organisations_by_domain()
    return next((by_domain[domain] for domain in own_domains(address) if domain in by_domain), None)


def deadlines(ticket: Ticket, level: Level) -> tuple[DeadlineItem, ...]:
    """The running targets of a ticket. One that is solved, closed or merged has none until it is opened again."""
    if ticket.state.done or ticket.merged_into_id is not None:
        return ()
    return tuple(
        _deadline(target, asked.since, level.targets[target], ticket.waited(asked), level)
        for target, asked in _running(ticket)
        if target in level.targets
    )


def _running(ticket: Ticket) -> Iterator[tuple[Target, Asked]]:
    """Which clocks run, and the letters that started them."""
    if (waiting := ticket.waiting) is not None:
        yield Target.NEXT_RESPONSE if ticket.had_first_response else Target.FIRST_RESPONSE, waiting
    if (began := ticket.began) is not None:
        yield Target.RESOLUTION, began


def _deadline(
    target: Target, since: datetime, seconds: float, waited: Sequence[Spell], level: Level
) -> DeadlineItem:
    due_at, left = _when(seconds, waited, level)
    warn_at = None
    if level.warn_seconds is not None and due_at is not None:
        warn_at, _ = _when(max(0.0, seconds - level.warn_seconds), waited, level)
    return DeadlineItem(
        target=target,
        since=since,
        due_at=due_at,
        warn_at=warn_at,
        left_seconds=None if due_at else round(left),
    )


def _when(seconds: float, waited: Sequence[Spell], level: Level) -> tuple[datetime | None, float]:
    """When so much business time has run, with nothing left; or None and what is left, if the clock stands still."""
    left = seconds
    for begin, end in _counting(waited, level.pause_in):
        here = None if end == FOREVER else level.hours.seconds_between(begin, end)
        if here is None or left <= here:
            due_at = level.hours.after(begin, left)
            return due_at, 0.0 if due_at else left
        left -= here
    return None, left


def _counting(waited: Sequence[Spell], pause_in: frozenset[State]) -> Iterator[tuple[datetime, datetime]]:
    """From when to when a clock ran: without the spells in which it stood still."""
    ends = [spell.since for spell in waited[1:]] + [FOREVER]
    for spell, end in zip(waited, ends, strict=True):
        if spell.since < end and not (spell.merged or spell.state.done or spell.state in pause_in):
            yield spell.since, end


def missed(ticket: Ticket, now: datetime) -> tuple[DeadlineItem, ...]:
    """Targets that were due and of which no breach is recorded."""
    return tuple(
        item
        for item in ticket.deadlines
        if item.due_at is not None and item.due_at <= now and not _is_breached(ticket, item)
    )


def to_warn_of(ticket: Ticket, now: datetime) -> tuple[DeadlineItem, ...]:
    """Targets that will soon be missed and of which nobody was warned; for one that is missed it is too late."""
    return tuple(
        item
        for item in ticket.deadlines
        if item.warn_at is not None
        and item.due_at is not None
        and item.warn_at <= now < item.due_at
        and (item.target, item.since) not in ticket.warned
    )


def next_look(ticket: Ticket) -> datetime | None:
    """When there is something to warn of or to miss; None: never, as it stands."""
    moments = []
    for item in ticket.deadlines:
        if item.due_at is None or _is_breached(ticket, item):
            continue
        moments.append(item.due_at)
        if item.warn_at is not None and (item.target, item.since) not in ticket.warned:
            moments.append(item.warn_at)
    return min(moments, default=None)


def _is_breached(ticket: Ticket, item: DeadlineItem) -> bool:
    return not ticket.breached.isdisjoint({(item.target, item.since), (item.target, None)})
