"""The desk: what administrators configure.

Each thing is kept whole in one event, so that its history, a comparison with a file and the way back are the same for
all of them.
"""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from contracts.event import Event
from contracts.languages import Languages
from contracts.model import Model, Text
from contracts.people import PersonAdded, Role
from contracts.router import Priority
from contracts.tags import Tags
from contracts.tickets import State, TicketboxCreated, TicketsEvent

Name = Annotated[Text, Field(min_length=1, max_length=200)]


class Thing(Model):
    """Something on the desk. `id` stays; `name` is what people see, and what a file of the desk refers to."""

    id: UUID
    name: Name


class DistributionMethod(StrEnum):
    """How the owner of a new ticket is chosen."""

    MANUAL = "manual"
    """Nobody is chosen: people take what they want."""
    PULL = "pull"
    """Nobody is chosen: “next ticket” gives the most urgent one to whoever asks."""
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"
    """Whoever has the most of their capacity free."""
    SKILLS = "skills"
    """Whoever has the skills and the language that the ticket asks for, the least loaded first."""

    @property
    def gives(self) -> bool:
        """Whether somebody is chosen without asking for it."""
        return self not in {DistributionMethod.MANUAL, DistributionMethod.PULL}


class Distribution(Model):
    method: DistributionMethod = DistributionMethod.ROUND_ROBIN
    last_agent_first: bool = False
    """Who answered this contact last is asked first, if present and not full."""
    overflow_after_minutes: int | None = Field(default=None, ge=0)
    overflow_to: UUID | None = None
    """The ticketbox that a ticket moves to when nobody took it in time."""
    tell_after_minutes: int | None = Field(default=None, ge=0)
    """When the supervisors hear of a ticket that nobody took."""
    take_back_after_minutes: int | None = Field(default=None, ge=0)
    """When an owner who is away or off gives unanswered tickets back."""


class FollowUp(Model):
    """What a letter does that comes when all seemed done."""

    reopen_within_days: int | None = Field(default=30, ge=0)
    """After solving; a later one opens a new ticket that is linked to the old one. None: always the old one."""
    close_after_days: int | None = Field(default=14, ge=0)
    """A solved ticket closes by itself; None: never."""


class Ticketbox(Thing):
    kind: Literal["ticketbox"] = "ticketbox"
    addresses: tuple[Text, ...] = Field(min_length=1)
    """In lower case. The first is the sender of answers."""
    calendar_id: UUID | None = None
    """None: the wall clock."""
    distribution: Distribution = Distribution()
    follow_up: FollowUp = FollowUp()
    acknowledgement: Text | None = Field(default=None, min_length=1)
    """What a customer is told at once, with `{number}` and `{subject}` of the ticket; None: nothing."""
    signed_reply_address: bool = True
    """Answers ask to be answered at `box+number.signature@`: whoever answers there is in the right ticket. Turn it off
    where such addresses do not arrive."""
    signature: Text = ""
    """Below each answer, with `{agent}` and `{ticketbox}`."""
    required_fields: tuple[Text, ...] = ()
    """Keys of the fields that must be filled before a ticket is solved."""
    first_response_seconds: int | None = Field(default=None, gt=0)
    """A target by the wall clock, where no policy applies."""


class Team(Thing):
    """People who are addressed together, as watchers and in mentions."""

    kind: Literal["team"] = "team"
    member_ids: tuple[UUID, ...] = ()


class Right(StrEnum):
    """What someone may do in a ticketbox; each includes those before it."""

    SEE = "see"
    ANSWER = "answer"
    MANAGE = "manage"
    """Decide about stopped mail, change the ticketbox itself, propose rules."""


_ORDER = {Right.SEE: 1, Right.ANSWER: 2, Right.MANAGE: 3}
_OF_ROLE = {
    Role.ADMINISTRATOR: Right.MANAGE,
    Role.SUPERVISOR: Right.MANAGE,
    Role.AGENT: Right.ANSWER,
    Role.ANALYST: Right.SEE,
}


def _includes(granted: Right, wanted: Right) -> bool:
    return _ORDER[wanted] <= _ORDER[granted]


class BoxRight(Model):
    ticketbox_id: UUID
    right: Right


class Person(Thing):
    """Someone who works here."""

    kind: Literal["person"] = "person"
    email: Text
    role: Role
    rights: tuple[BoxRight, ...] = ()
    """Empty: what the role may do, in every ticketbox."""
    skills: tuple[Text, ...] = ()
    languages: Languages = ()
    """ISO 639-1, such as `de`."""
    capacity: int | None = Field(default=None, ge=0)
    """Open tickets that distribution may give at a time; None: no limit."""
    active: bool = True
    """False: has left; owns nothing, cannot sign in."""

    @property
    def by_role(self) -> bool:
        """Whether the role says what they may do, in every ticketbox, and not rights of their own."""
        return self.role is Role.ADMINISTRATOR or not self.rights

    def may(self, right: Right, ticketbox_id: UUID) -> bool:
        """Whether this person may do something in a ticketbox: by the rights that are named, or else by the role."""
        if not self.active:
            return False
        if self.role is Role.ADMINISTRATOR:
            return True
        granted = [one.right for one in self.rights if one.ticketbox_id == ticketbox_id]
        if not self.rights:
            granted = [_OF_ROLE[self.role]]
        return any(_includes(one, right) for one in granted)

    def where(self, right: Right) -> frozenset[UUID] | None:
        """The ticketboxes in which this person may do something; None: all, and those to come."""
        if self.active and (
            self.role is Role.ADMINISTRATOR or (not self.rights and _includes(_OF_ROLE[self.role], right))
        ):
            return None
        return frozenset(one.ticketbox_id for one in self.rights if self.may(right, one.ticketbox_id))

    def may_anywhere(self, right: Right) -> bool:
        """Whether there is a ticketbox in which this person may do something."""
        return self.where(right) != frozenset()

    def right_in(self, ticketbox_id: UUID) -> Right | None:
        """The most that this person may do in a ticketbox."""
        granted = (right for right in reversed(Right) if self.may(right, ticketbox_id))
        return next(granted, None)

    def supervises(self, other: "Person") -> bool:
        """Whether this person says of another one whether they take tickets.

        Administrators do, and supervisors of those who may answer in a ticketbox that they manage.
        """
        if self.role is not Role.SUPERVISOR:
            return self.active and self.role is Role.ADMINISTRATOR
        where = self.where(Right.MANAGE)
        return where is None or any(other.may(Right.ANSWER, ticketbox_id) for ticketbox_id in where)


class Span(Model):
    """Part of a day, `09:00` to `12:30`; `24:00` is its end."""

    begin: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    edges = [edge for span in spans for edge in (span.begin, span.end)]
    if edges != sorted(edges) or any(span.begin == span.end for span in spans):
        raise ValueError("the spans of a day must follow one another, each with an end behind its beginning")
    return spans


Spans = Annotated[tuple[Span, ...], AfterValidator(_in_order)]


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class SpecialDay(Model):
    """A day of one's own; without spans it is closed."""

    date: date
    name: Text = ""
    spans: Spans = ()


class Holidays(Model):
    """Public holidays by the library `holidays`: a country by ISO 3166-1, and its part."""

    country: Text
    subdivision: Text | None = None


class Calendar(Thing):
    """Business hours. A day that is not named is closed."""

    kind: Literal["calendar"] = "calendar"
    time_zone: Text
    """By its name in the IANA database, such as `Europe/Berlin`."""
    week: dict[Weekday, Spans] = Field(default_factory=dict)
    holidays: Holidays | None = None
    days: tuple[SpecialDay, ...] = ()
    """They count before holidays and the week."""


class Target(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class Policy(Thing):
    """A service level: targets in minutes of business time. The first policy, by `order`, that applies counts."""

    kind: Literal["policy"] = "policy"
    order: int = 100
    priorities: tuple[Priority, ...] = ()
    ticketbox_ids: tuple[UUID, ...] = ()
    organisation_ids: tuple[UUID, ...] = ()
    tags: Tags = ()
    """Each empty: any. Of several tags one is enough."""
    targets: dict[Target, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    pause_in: tuple[State, ...] = (State.PENDING, State.ON_HOLD)
    """States in which the clocks of all targets stand still."""
    warn_minutes_before: int | None = Field(default=None, gt=0)
    calendar_id: UUID | None = None
    """None: that of the ticketbox."""


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    CHECKBOX = "checkbox"


class CustomField(Thing):
    """A field of tickets."""

    kind: Literal["field"] = "field"
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
    type: FieldType = FieldType.TEXT
    choices: tuple[Text, ...] = ()
    ticketbox_ids: tuple[UUID, ...] = ()
    """Where it is asked for; empty: everywhere."""


PATH_SEPARATOR = " / "
"""Between the names of a category and of those above it."""


class Category(Thing):
    """What a matter is about."""

    kind: Literal["category"] = "category"
    parent_id: UUID | None = None


class View(Thing):
    """A saved list of tickets: the parameters of its address."""

    kind: Literal["view"] = "view"
    owner_id: UUID | None = None
    """None: shared with everyone."""
    order: int = 100
    """Among those of the same owner."""
    parameters: dict[Text, Text]


class Organisation(Thing):
    """Customers who belong together; people whose addresses are in one of its domains belong to it."""

    kind: Literal["organisation"] = "organisation"
    domains: tuple[Text, ...] = ()
    note: Text = ""


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


class Placeholder(StrEnum):
    """What stands in braces in a template, and is filled in when somebody answers with it."""

    CUSTOMER = "customer"
    AGENT = "agent"
    NUMBER = "number"
    SUBJECT = "subject"


class Template(Thing):
    """An answer that people begin with and adapt."""

    kind: Literal["template"] = "template"
    text: Annotated[Text, Field(min_length=1, max_length=50_000)]
    """With placeholders, such as `{customer}`."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None
    """A tag such as `de` (BCP 47); customers who speak it get it first. None: any."""
    ticketbox_ids: tuple[UUID, ...] = ()
    """Where it is offered; empty: everywhere."""

    def is_managed_by(self, person: Person) -> bool:
        """Whether somebody manages every ticketbox in which it is offered."""
        where = person.where(Right.MANAGE)
        return where is None or (self.ticketbox_ids != () and where.issuperset(self.ticketbox_ids))


AnyThing = Annotated[
    Ticketbox
    | Team
    | Person
    | Calendar
    | Policy
    | CustomField
    | Category
    | View
    | Organisation
    | Template
    | Automation,
    Field(discriminator="kind"),
]


KINDS: dict[str, type[Thing]] = {
    "ticketboxes": Ticketbox,
    "teams": Team,
    "people": Person,
    "calendars": Calendar,
    "policies": Policy,
    "fields": CustomField,
    "categories": Category,
    "views": View,
    "organisations": Organisation,
    "templates": Template,
    "automations": Automation,
}
"""Every kind of thing, by the word for many of it, as in the API's addresses and in a file of the desk."""


def kind_of(thing: type[Thing]) -> str:
    """`ticketbox` for Ticketbox."""
    kind: str = thing.model_fields["kind"].default
    return kind


class DeskEvent(TicketsEvent):
    """Stream of all: `desk-{kind}-{id}`, but `ticketbox-{id}` and `person-{id}`."""


class TicketboxChanged(DeskEvent):
    thing: Ticketbox


class TeamChanged(DeskEvent):
    thing: Team


class PersonChanged(DeskEvent):
    thing: Person


class CalendarChanged(DeskEvent):
    thing: Calendar


class PolicyChanged(DeskEvent):
    thing: Policy


class CustomFieldChanged(DeskEvent):
    thing: CustomField


class CategoryChanged(DeskEvent):
    thing: Category


class ViewChanged(DeskEvent):
    thing: View


class OrganisationChanged(DeskEvent):
    thing: Organisation


class TemplateChanged(DeskEvent):
    thing: Template


class AutomationChanged(DeskEvent):
    thing: Automation


class ThingRemoved(DeskEvent):
    """It is not offered any more; what refers to it keeps its name."""

    kind: Text
    id: UUID


ThingChanged = (
    TicketboxChanged
    | TeamChanged
    | PersonChanged
    | CalendarChanged
    | PolicyChanged
    | CustomFieldChanged
    | CategoryChanged
    | ViewChanged
    | OrganisationChanged
    | TemplateChanged
    | AutomationChanged
)


_CHANGED: dict[type[Thing], type[ThingChanged]] = {
    event.model_fields["thing"].annotation: event for event in get_args(ThingChanged)
}


def changed(thing: AnyThing) -> ThingChanged:
    """What is said of a thing when it came or was changed."""
    return _CHANGED[type(thing)](thing=thing)


_THINGS: TypeAdapter[AnyThing] = TypeAdapter(AnyThing)


@lru_cache(maxsize=4096)
def read_thing(text: str) -> AnyThing:
    """A thing out of its JSON."""
    return _THINGS.validate_json(text)


def thing_of(event: Event) -> AnyThing | None:
    """The thing as it is after an event of the desk, whatever release wrote it; None if it is about none."""
    if isinstance(event, ThingChanged):
        return event.thing
    match event:
        case TicketboxCreated():
            return Ticketbox(
                id=event.ticketbox_id,
                name=event.name,
                addresses=event.addresses,
                acknowledgement=event.acknowledgement,
                first_response_seconds=event.first_response_seconds,
            )
        case PersonAdded():
            return Person(
                id=event.person_id,
                name=event.name,
                email=event.email,
                role=event.role,
                rights=tuple(BoxRight(ticketbox_id=box, right=Right.ANSWER) for box in event.ticketbox_ids),
            )
        case _:
            return None
