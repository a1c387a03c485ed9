"""Rulesets: what a rule is, and the events of their streams."""

from uuid import UUID

from contracts.model import Model, Text
from contracts.router import Disposition, Priority
from contracts.tags import Tags
from contracts.tickets import TicketsEvent


class Rule(Model):
    """One line of a ruleset. Where several rules hold, the first value wins; tags, copies and alerts add up."""

    name: Text
    condition: Text
    """CEL over `message`; see docs/routing.md."""
    ticketbox_id: UUID | None = None
    """None: the box that the address belongs to, or else the default."""
    priority: Priority | None = None
    tags: Tags = ()
    disposition: Disposition = Disposition.DELIVER
    reason: Text | None = None
    """Why it is suppressed or quarantined."""
    category_id: UUID | None = None
    assignee_id: UUID | None = None
    acknowledge: bool | None = None
    """None: as the ticketbox does."""
    acknowledgement: Text | None = None
    """What the customer is told instead of the ticketbox's words, with `{number}` and `{subject}` of the ticket."""
    forward_to: tuple[Text, ...] = ()
    """Addresses that get a copy of what is delivered."""
    alert: tuple[UUID, ...] = ()
    """People and teams who are told."""
    stop: bool = True
    """The rules behind it are not asked if it holds."""


class RulesetPublished(TicketsEvent):
    """Stream: `ruleset`. The version of the ruleset is the event's version in that stream."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    author_id: UUID | None = None
    """None: made with the installation."""
    comment: Text = ""
    """Why."""
    rolls_back_to: int | None = None
    """The version whose rules are in force again."""


class RulesetDrafted(TicketsEvent):
    """Someone wrote rules that are not in force. There is one draft, whoever works on it. Stream: `ruleset-draft`."""

    rules: tuple[Rule, ...]
    default_ticketbox_id: UUID
    based_on: int
    """The version that was in force when the draft was begun."""
    author_id: UUID
    comment: Text = ""


class RulesetDraftDropped(TicketsEvent):
    """The draft is not wanted any more. Stream: `ruleset-draft`."""

    dropped_by: UUID
