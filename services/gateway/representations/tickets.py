"""A ticket, whole or as a line of a list, and what belongs to it."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.gateway.representations.basics import Contact, Named, Representation
from services.gateway.representations.contacts import ErasedView
from services.gateway.representations.conversation import DistributionView, Entry


class TicketItem(Representation):
    """A ticket as a line of a list."""

    number: int
    version: int
    subject: str
    state: str
    priority: str
    tags: list[str]
    box: Named
    contact: Contact
    assignee: Named | None
    opened_at: datetime
    changed_at: datetime
    waiting_since: datetime | None
    held_until: datetime | None
    merged_into: int | None
    """The number of the ticket that it goes on in."""
    due_target: str | None
    due_at: datetime | None
    """What is to be done next, and when; null while no clock runs."""
    warned: list[str]
    missed: list[str]
    """Targets that will soon be missed, as people were warned, and those that were missed."""
    first_response_due_at: datetime | None
    first_response_at: datetime | None
    breached: bool
    letters: int
    replies: int
    undelivered: int
    excerpt: str


class AnswerTemplate(Representation):
    """A template as an answer to one ticket begins with it."""

    id: UUID
    name: str
    language: str | None
    text: str
    """With the customer's and your name, the ticket's number and subject filled in."""


class DraftItem(Representation):
    """What someone writes on a ticket and has not sent."""

    number: int
    subject: str
    kind: Literal["reply", "note"]
    text: str
    version: int
    """Counts how often it was saved; 0: there is none."""
    saved_at: datetime


class Visitor(Representation):
    """Somebody who is at a ticket now."""

    id: UUID
    name: str
    doing: Literal["looking", "answering"]


class DeadlineView(Representation):
    """One running target. `due_at` null: its clock stands still, with `left_seconds` of business time to go."""

    target: str
    since: datetime
    due_at: datetime | None
    warn_at: datetime | None
    left_seconds: int | None


class FieldItem(Representation):
    """A custom field that this ticket has, and its value; `required` before the ticket is solved."""

    key: str
    name: str
    type: str
    choices: list[str]
    required: bool
    value: str | bool | int | float | date | None


class TaskItem(Representation):
    """A task of a ticket; its `owner` is a person or a team."""

    id: UUID
    text: str
    owner: Named | None
    due_on: date | None
    done: bool
    version: int
    """Of the ticket, when something else was last said of the task."""


class TaskTicket(Representation):
    number: int
    subject: str
    state: str
    merged_into: int | None
    box: Named


class TaskLine(Representation):
    """A task in a list, with its ticket."""

    id: UUID
    text: str
    owner: Named | None
    due_on: date | None
    done: bool
    ticket: TaskTicket


class LinkItem(Representation):
    """`link` is what the other ticket is to this one."""

    number: int
    link: str


class ActedItem(Representation):
    """A rule that held."""

    rule: str
    condition: str
    did: list[str]
    """Which of its actions counted; a rule before it may have decided the others."""
    matched: dict[str, str]
    """The values that its condition looked at, cut short."""


class RoutingView(Representation):
    """Why a message went where it went."""

    ruleset_version: int
    ticketbox: str
    ticketbox_rule: str | None
    """The rule that chose the ticketbox; None: its address or the default did."""
    rules: list[ActedItem]
    matched: dict[str, str]
    """If no rule held, what decided: its `recipients`, what the virus scanner said, or our loop header."""
    no_answer: dict[str, str]
    """Rules that had no answer for it, and why; they did not hold."""
    released: bool
    """A person let it through."""


class InForce(Named):
    """A thing of the desk, in the version that it had."""

    version: int


class ClockItem(Representation):
    """A target that ran, or stood still, at a moment of the past."""

    target: str
    since: datetime
    due_at: datetime | None
    """Null: its clock stood still."""
    left_seconds: int
    """Of business time, at that moment; below 0: it was overdue for so long."""
    missed: bool
    """Whether that had been written down by then."""


class AsOf(Representation):
    """What was in force at the moment at which a ticket is looked at."""

    at: datetime
    ruleset_version: int | None
    policy: InForce | None
    """Null: none applied, or it was before tickets knew which."""
    calendar: InForce | None
    """Whose time counted; null: the wall clock's."""
    clocks: list[ClockItem]


class ComingItem(Representation):
    """What will happen to a ticket by itself if nothing else does."""

    at: datetime
    what: Literal["automation", "closes", "hold_ends"]
    automation: str | None
    sentence: str


class Ticket(TicketItem):
    """A ticket with its conversation, and all else that is known of it."""

    erased: ErasedView | None
    hold_reason: str
    held_for: int | None
    """The number of the ticket that must be solved before it goes on."""
    only_thanks: bool
    """The customer's last letter only says thanks, so the ticket stayed solved."""
    policy: str | None
    """The service level that asks for the deadlines."""
    deadlines: list[DeadlineView]
    category: Named | None
    fields: list[FieldItem]
    watchers: list[Named]
    tasks: list[TaskItem]
    links: list[LinkItem]
    absorbed: list[int]
    """Numbers of the tickets that were merged into this one."""
    undelivered_in: list[int]
    """Numbers of those tickets with answers that were not delivered: they are sent again there."""
    recipient: Contact
    """Whom an answer goes to: the writer of the last letter, or where that asks for answers."""
    conversation: list[Entry]
    why_here: str
    routing: RoutingView | None = None
    """What the rules said of its first letter, with the values that they looked at."""
    as_of: AsOf | None = None
    """Null: this is the ticket as it is now."""
    why_owner: DistributionView | None = None
    """Why it has its owner; null: it has none, or distribution did not choose."""


class StreamEvent(Representation):
    """An event as it is in the log."""

    version: int
    type: str
    event_id: UUID
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, object]


class TagItem(Representation):
    tag: str
    tickets: int
