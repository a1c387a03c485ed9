"""The desk: what administrators configure.

Each thing is kept whole in one event, so that its history, a comparison with a file and the way back are the same for
all of them.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field, TypeAdapter

from contracts.automations import Automation
from contracts.event import Event
from contracts.model import Model, Text
from contracts.people import BoxRight, Person, PersonAdded, Right
from contracts.service_levels import Calendar, Policy
from contracts.things import Thing
from contracts.tickets import TicketsEvent


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


class TicketboxCreated(TicketsEvent):
    """Stream: `ticketbox-{ticketbox_id}`."""

    ticketbox_id: UUID
    name: Text
    addresses: tuple[Text, ...]
    """In lower case. The first is the sender of answers."""
    first_response_seconds: int | None = None
    """Target for the first response, wall clock; None: no target."""
    acknowledgement: Text | None = None
    """What a customer is told at once, with `{number}` and `{subject}` of the ticket; None: nothing."""


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
