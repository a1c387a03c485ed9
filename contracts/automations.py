"""Automations: what happens to tickets by itself when its time has come."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.model import Instant, Model, Text
from contracts.router import Priority
from contracts.service_levels import Target
from contracts.tags import Tags
from contracts.things import Thing
from contracts.tickets import State, TicketsEvent

_STATES = {state.value: state for state in State}
_TARGETS = {target.value: target for target in Target}


class Moment(StrEnum):
    """What the time of an automation is counted from."""

    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    """Since when the ticket is in this state."""
    UNANSWERED = "unanswered"
    """Since when the customer waits for an answer."""
    BEFORE_FIRST_RESPONSE = "before_first_response"
    BEFORE_NEXT_RESPONSE = "before_next_response"
    BEFORE_RESOLUTION = "before_resolution"
    AFTER_FIRST_RESPONSE = "after_first_response"
    AFTER_NEXT_RESPONSE = "after_next_response"
    AFTER_RESOLUTION = "after_resolution"
    """When a target of the service level is due, while it is not reached."""

    @property
    def state(self) -> State | None:
        """The state in which a ticket must stay; None: it is about something else."""
        return _STATES.get(self.value)

    @property
    def target(self) -> Target | None:
        """The target whose deadline counts; None: it is about something else."""
        return _TARGETS.get(self.value.partition("_")[2])

    @property
    def before(self) -> bool:
        return self.value.startswith("before_")


class Timing(Model):
    """When an automation runs: once each time that so many minutes have passed since, or are left until, a moment."""

    minutes: int = Field(ge=0, le=10 * 366 * 24 * 60)
    moment: Moment
    clock: Literal["business", "wall"] = "business"
    """`business`: minutes of the calendar of the ticket's ticketbox."""


class Selection(Model):
    """Which tickets an automation is for. Each empty: any; of several tags one is enough."""

    ticketbox_ids: tuple[UUID, ...] = ()
    priorities: tuple[Priority, ...] = ()
    tags: Tags = ()
    category_ids: tuple[UUID, ...] = ()
    organisation_ids: tuple[UUID, ...] = ()
    owner: Literal["anyone", "somebody", "nobody"] = "anyone"
    """`anyone`: whether it has an owner or not."""


class Told(StrEnum):
    """Who is told of a ticket, whoever that is then."""

    OWNER = "owner"
    WATCHERS = "watchers"
    SUPERVISORS = "supervisors"
    """Those who manage the ticketbox; where there is none, the administrators."""


class Actions(Model):
    """What an automation does, in this order."""

    raise_to: Priority | None = None
    """A ticket whose priority is as high already keeps it."""
    add_tags: Tags = ()
    remove_tags: Tags = ()
    move_to: UUID | None = None
    """A ticketbox."""
    assign_to: UUID | None = None
    give_back: bool = False
    """The ticket loses its owner, and distribution looks for another one."""
    state: Literal["solved", "closed"] | None = None
    remind: Text | None = Field(default=None, min_length=1)
    """What the customer is reminded of, with `{number}` and `{subject}` of the ticket."""
    tell: tuple[Told, ...] = ()
    tell_ids: tuple[UUID, ...] = ()
    """People and teams."""
    words: Text = ""
    """What they are told beside what happened."""

    @property
    def nothing(self) -> bool:
        return self.model_copy(update={"words": ""}) == Actions()


class Automation(Thing):
    """Something that happens to tickets by itself when its time has come."""

    kind: Literal["automation"] = "automation"
    active: bool = True
    order: int = 100
    """Of several whose time comes at once, the lowest runs first."""
    when: Timing
    tickets: Selection = Selection()
    then: Actions = Actions()


class AutomationRan(TicketsEvent):
    """The time of an automation had come; what it did follows in the same answer."""

    ticket_id: UUID
    automation_id: UUID
    automation: Text
    """Its name then."""
    moment: Text
    since: Instant
    """When what it waited for began: the state, the wait of the customer, the clock of the target."""
    told: tuple[UUID, ...] = ()
    """People who got a mail."""
    left_out: tuple[Text, ...] = ()
    """What it could not do, and why."""


class AutomationHeldBack(TicketsEvent):
    """The time of an automation had come, but too many had run for this ticket: maybe a loop."""

    ticket_id: UUID
    automation_id: UUID
    automation: Text
    moment: Text
    since: Instant
    detail: Text
