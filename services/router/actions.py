"""What rules do with a message, and what several of them do together. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from uuid import UUID

from contracts.router import Disposition, Priority
from contracts.rulesets import Rule

MOST_COPIES = 10
"""Addresses that get a copy of one message, whatever the rules say."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    disposition: Disposition
    reason: str | None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    wanted: bool
    text: str | None
    """None: the ticketbox's own words."""


@dataclass(frozen=True, slots=True)
class Actions:
    """What is done; None and empty: nothing is said about it."""

    ticketbox: UUID | None = None
    priority: Priority | None = None
    held_back: HeldBack | None = None
    category: UUID | None = None
    owner: UUID | None = None
    acknowledgement: Acknowledgement | None = None
    tags: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    alerts: tuple[UUID, ...] = ()


NOTHING = Actions()


def actions_of(rule: Rule, ticketboxes: Mapping[UUID, object]) -> Actions:
    """What one rule says. A ticketbox that was removed meanwhile is not said."""
    held_back = HeldBack(rule.disposition, rule.reason)
    told = Acknowledgement(rule.acknowledge is not False, rule.acknowledgement)
    return Actions(
        ticketbox=rule.ticketbox_id if rule.ticketbox_id in ticketboxes else None,
        priority=rule.priority,
        held_back=None if rule.disposition is Disposition.DELIVER else held_back,
        category=rule.category_id,
        owner=rule.assignee_id,
        acknowledgement=None if rule.acknowledge is None and rule.acknowledgement is None else told,
        tags=rule.tags,
        copies=rule.forward_to,
        alerts=rule.alert,
    )


def also(before: Actions, more: Actions) -> tuple[Actions, tuple[str, ...]]:
    """What is done after one more rule held, and what of it counted.

    Of single values the first stays; tags, copies and alerts add up.
    """
    done = Actions(
        ticketbox=before.ticketbox or more.ticketbox,
        priority=before.priority or more.priority,
        held_back=before.held_back or more.held_back,
        category=before.category or more.category,
        owner=before.owner or more.owner,
        acknowledgement=before.acknowledgement or more.acknowledgement,
        tags=tuple(dict.fromkeys((*before.tags, *more.tags))),
        copies=tuple(dict.fromkeys((*before.copies, *more.copies)))[:MOST_COPIES],
        alerts=tuple(dict.fromkeys((*before.alerts, *more.alerts))),
    )
    return done, tuple(
        field.name for field in fields(Actions) if getattr(done, field.name) != getattr(before, field.name)
    )
