"""What the pages say about each kind of thing, and which fields its form has."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import assert_never
from uuid import UUID

from contracts.automations import Automation
from contracts.desk import (
    AnyThing,
    Category,
    CustomField,
    DistributionMethod,
    FieldType,
    Organisation,
    Team,
    Template,
    Ticketbox,
    View,
)
from contracts.people import Person, Role
from contracts.router import Priority
from contracts.service_levels import Calendar, Policy, Target, Weekday
from contracts.tickets import State
from services.gateway.desk.automations import MOMENTS, sentence
from services.gateway.pages.desk.fields import Field, Group

Names = Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The pages of one kind."""

    title: str
    one: str
    """As in “New ticketbox”."""
    about: str
    groups: tuple[Group, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(chain.from_iterable(group.fields for group in self.groups))


NAME = Field("name", "Name", required=True, wrong="Give it a name of at most 200 characters.")
_HOURS = "As 09:00-12:30, 13:30-18:00. Empty: closed. 24:00 is the end of the day."
_WRONG_HOURS = "Write hours as 09:00-12:30, one span after the other, each with an end behind its beginning."


def _words(
    values: type[Priority | State | Role | DistributionMethod | FieldType],
) -> tuple[tuple[str, str], ...]:
    return tuple((one.value, one.value.replace("_", " ")) for one in values)


def _minutes(name: str, label: str, help_: str = "", *, leave_out: bool = False) -> Field:
    wrong = "Write whole minutes, such as 60, or leave it empty."
    return Field(name, label, "number", help_, wrong=wrong, leave_out=leave_out)


def _order(help_: str) -> Field:
    return Field("order", "Order", "number", help_, wrong="Write a whole number.")


TICKETBOX = Page(
    "Ticketboxes",
    "ticketbox",
    "Queues of tickets with addresses, hours and rules of their own.",
    (
        Group(
            "Mail",
            (
                NAME,
                Field(
                    "addresses",
                    "Addresses",
                    "lines",
                    "One a line. The first is the sender of answers.",
                    required=True,
                    wrong="Write at least one address, such as orders@example.com.",
                ),
                Field("calendar_id", "Business hours", "thing", of="calendars", empty="The wall clock"),
                Field(
                    "acknowledgement",
                    "Acknowledgement",
                    "text",
                    "What a customer is told at once; {number} and {subject} are those of the ticket. Empty: nothing.",
                    leave_out=True,
                ),
                Field(
                    "signature",
                    "Signature",
                    "text",
                    "Below each answer; {agent} and {ticketbox} are filled in.",
                ),
                Field(
                    "signed_reply_address",
                    "Answers are asked for at a signed address, so that they find their ticket",
                    "checkbox",
                    "Turn it off where mail to box+token@ does not arrive.",
                ),
            ),
        ),
        Group(
            "Who gets a ticket",
            (
                Field(
                    "distribution.method",
                    "Distribution",
                    "choice",
                    options=(
                        ("round_robin", "In turn"),
                        ("least_loaded", "Who has the most capacity free"),
                        ("skills", "By skill and language"),
                        ("pull", "Nobody: “next ticket” gives the most urgent one"),
                        ("manual", "Nobody: people take what they want"),
                    ),
                    required=True,
                ),
                Field(
                    "distribution.last_agent_first", "Who answered this customer last comes first", "checkbox"
                ),
                _minutes(
                    "distribution.overflow_after_minutes", "Overflow after minutes", "When nobody took it."
                ),
                Field("distribution.overflow_to", "Overflow to", "thing", of="ticketboxes", empty="Nowhere"),
                _minutes("distribution.tell_after_minutes", "Tell supervisors after minutes"),
                _minutes(
                    "distribution.take_back_after_minutes",
                    "Take back after minutes",
                    "Unanswered tickets of owners who are away or off.",
                ),
            ),
        ),
        Group(
            "When it is done",
            (
                Field(
                    "follow_up.reopen_within_days",
                    "A letter opens it again within days",
                    "number",
                    "A later one opens a new ticket. Empty: always the old one.",
                    wrong="Write whole days, or leave it empty.",
                ),
                Field(
                    "follow_up.close_after_days",
                    "It closes after days",
                    "number",
                    "Empty: never.",
                    wrong="Write whole days, or leave it empty.",
                ),
                Field(
                    "required_fields",
                    "Fields to fill before solving",
                    "things",
                    of="fields",
                ),
                Field(
                    "first_response_seconds",
                    "First response within seconds",
                    "number",
                    "By the wall clock, where no policy applies. Empty: no target.",
                    wrong="Write whole seconds, or leave it empty.",
                ),
            ),
        ),
    ),
)
TEAM = Page(
    "Teams",
    "team",
    "People who are addressed together, as watchers and in mentions.",
    (Group("", (NAME, Field("member_ids", "Members", "things", of="people"))),),
)
PERSON = Page(
    "People",
    "person",
    "Who works here, and what they may do.",
    (
        Group(
            "",
            (
                Field("name", "Name", required=True, help="As customers see it.", wrong=NAME.wrong),
                Field(
                    "email",
                    "E-mail address",
                    required=True,
                    help="To sign in with. The command postroom user password gives a password.",
                ),
                Field("role", "Role", "choice", options=_words(Role), required=True),
                Field(
                    "active",
                    "Works here",
                    "checkbox",
                    "If not: signed out at once, tokens are dead for good.",
                ),
            ),
        ),
        Group(
            "Rights",
            (Field("rights", "Rights", "rights"),),
            "None at all: what the role may do, in every ticketbox. Otherwise these, and nothing in the others.",
        ),
        Group(
            "Distribution",
            (
                Field("skills", "Skills", "lines", "One a line.", suggestions="tags"),
                Field("languages", "Languages", "lines", "Their codes, one a line, such as de."),
                Field(
                    "capacity",
                    "Capacity",
                    "number",
                    "Open tickets that distribution may give at a time. Empty: no limit, so that all that "
                    "wait may come at once.",
                    wrong="Write a whole number, or leave it empty.",
                ),
            ),
        ),
    ),
)
CALENDAR = Page(
    "Calendars",
    "calendar",
    "Business hours: service levels count in them.",
    (
        Group(
            "",
            (NAME, Field("time_zone", "Time zone", help="Such as Europe/Berlin.", required=True)),
        ),
        Group(
            "Week",
            tuple(
                Field(f"week.{day}", day.capitalize(), "spans", wrong=_WRONG_HOURS, leave_out=True)
                for day in Weekday
            ),
            _HOURS,
        ),
        Group(
            "Other days",
            (
                Field(
                    "holidays.country", "Public holidays of", help="A country, such as DE.", leave_out=True
                ),
                Field("holidays.subdivision", "and its part", help="Such as BE.", leave_out=True),
                Field(
                    "days",
                    "Days of your own",
                    "days",
                    "One a line: 2026-12-24 Christmas Eve 09:00-12:00. Without hours it is closed.",
                    wrong="Write each as 2026-12-24, a name, and hours if it is open.",
                ),
            ),
        ),
    ),
)
POLICY = Page(
    "Service levels",
    "policy",
    "Targets in business time. The first policy that applies to a ticket counts.",
    (
        Group(
            "",
            (
                NAME,
                _order("The lowest is asked first."),
                Field(
                    "calendar_id", "Business hours", "thing", of="calendars", empty="Those of the ticketbox"
                ),
            ),
        ),
        Group(
            "Applies to",
            (
                Field("priorities", "Priorities", "choices", options=_words(Priority)),
                Field("ticketbox_ids", "Ticketboxes", "things", of="ticketboxes"),
                Field("organisation_ids", "Organisations", "things", of="organisations"),
                Field("tags", "Tags", "lines", "One a line; one is enough.", suggestions="tags"),
            ),
            "Where nothing is chosen, it applies to any.",
        ),
        Group(
            "Targets",
            (
                *(
                    _minutes(
                        f"targets.{target}",
                        f"{target.replace('_', ' ').capitalize()} in minutes",
                        leave_out=True,
                    )
                    for target in Target
                ),
                _minutes(
                    "warn_minutes_before",
                    "Warn minutes before",
                    "The deadline stands out, and the owner gets a mail.",
                ),
                Field(
                    "pause_in",
                    "The clocks stand still while",
                    "choices",
                    options=_words(State)[:3],
                ),
            ),
        ),
    ),
)
CUSTOM_FIELD = Page(
    "Fields",
    "field",
    "Fields of tickets.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "key",
                    "Key",
                    help="What programs and files know it by.",
                    required=True,
                    wrong="Write it in small letters, digits and _, such as order_number.",
                ),
                Field("type", "Type", "choice", options=_words(FieldType), required=True),
                Field("choices", "Choices", "lines", "One a line, if its type is choice."),
                Field("ticketbox_ids", "Only in", "things", of="ticketboxes"),
            ),
        ),
    ),
)
CATEGORY = Page(
    "Categories",
    "category",
    "What a matter is about.",
    (Group("", (NAME, Field("parent_id", "Below", "thing", of="categories", empty="Nothing"))),),
)
VIEW = Page(
    "Views",
    "view",
    "Saved lists of tickets. Make one from the list itself: choose what to see, then “Save this list”.",
    (
        Group(
            "",
            (
                NAME,
                Field("parameters", "Shows", "query", "What is behind /tickets? in the address of the list."),
                Field("owner_id", "Whose", "thing", of="people", empty="Everyone's"),
                _order("The lowest comes first."),
            ),
        ),
    ),
)
ORGANISATION = Page(
    "Organisations",
    "organisation",
    "Customers who belong together.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "domains",
                    "Domains",
                    "lines",
                    "One a line. Whose address is in one of them belongs to it.",
                ),
                Field("note", "Note", "text", "For colleagues."),
            ),
        ),
    ),
)
TEMPLATE = Page(
    "Templates",
    "template",
    "Answers that people begin with and adapt: key i on a ticket, or Ctrl and . while writing.",
    (
        Group(
            "",
            (
                NAME,
                Field(
                    "text",
                    "Text",
                    "text",
                    "{customer}, {agent}, {number} and {subject} are filled in when somebody answers with it.",
                    required=True,
                    wrong="Write what it says, in at most 50,000 characters.",
                ),
                Field(
                    "language",
                    "Language",
                    help="Such as de: customers who speak it get it first. Empty: any.",
                    wrong="Write a language as in de or pt-BR, or leave it empty.",
                    leave_out=True,
                ),
                Field("ticketbox_ids", "Ticketboxes", "things", "None chosen: all.", of="ticketboxes"),
            ),
        ),
    ),
)
_RUN_MINUTES = "Write whole minutes, such as 90, and 0 for at once."
AUTOMATION = Page(
    "Automations",
    "automation",
    "What happens to tickets by itself: after a time in a state or without an answer, and around deadlines.",
    (
        Group(
            "",
            (
                NAME,
                Field("active", "It is switched on", "checkbox"),
                _order("Of several whose time comes at once, the lowest runs first."),
            ),
        ),
        Group(
            "When",
            (
                Field("when.minutes", "It runs", "number", required=True, unit="minutes", wrong=_RUN_MINUTES),
                Field(
                    "when.clock",
                    "of",
                    "choice",
                    options=(("business", "business time"), ("wall", "the wall clock")),
                    required=True,
                ),
                Field(
                    "when.moment",
                    "counted",
                    "choice",
                    options=tuple((moment.value, words) for moment, words in MOMENTS.items()),
                    required=True,
                ),
            ),
            "Business time is that of the ticket's ticketbox. It runs once each time that this comes about.",
            sentence=True,
        ),
        Group(
            "For which tickets",
            (
                Field("tickets.ticketbox_ids", "in", "things", of="ticketboxes"),
                Field("tickets.priorities", "with the priority", "choices", options=_words(Priority)),
                Field(
                    "tickets.tags", "with a tag", "lines", "One a line; one is enough.", suggestions="tags"
                ),
                Field("tickets.category_ids", "about", "things", of="categories"),
                Field("tickets.organisation_ids", "of", "things", of="organisations"),
                Field(
                    "tickets.owner",
                    "owned by",
                    "choice",
                    options=(
                        ("anyone", "anyone or nobody"),
                        ("somebody", "somebody"),
                        ("nobody", "nobody"),
                    ),
                    required=True,
                ),
            ),
            "Where nothing is chosen, it is for any.",
        ),
        Group(
            "Then",
            (
                Field(
                    "then.raise_to",
                    "raise the priority to",
                    "choice",
                    options=_words(Priority)[1:],
                    empty="(leave it)",
                ),
                Field("then.move_to", "move it to", "thing", of="ticketboxes", empty="(leave it)"),
                Field("then.assign_to", "give it to", "thing", of="people", empty="(leave it)"),
                Field("then.give_back", "give it back, for distribution to find an owner", "checkbox"),
                Field(
                    "then.state",
                    "and",
                    "choice",
                    options=(("solved", "solve it"), ("closed", "close it")),
                    empty="(leave it)",
                ),
            ),
            sentence=True,
        ),
        Group(
            "Tags",
            (
                Field("then.add_tags", "add the tags", "lines", "One a line.", suggestions="tags"),
                Field("then.remove_tags", "remove the tags", "lines", "One a line.", suggestions="tags"),
            ),
        ),
        Group(
            "Tell colleagues, by mail",
            (
                Field(
                    "then.tell",
                    "whoever is",
                    "choices",
                    options=(
                        ("owner", "its owner"),
                        ("watchers", "its watchers"),
                        ("supervisors", "a supervisor of its ticketbox"),
                    ),
                ),
                Field("then.tell_ids", "and always", "things", of="people teams"),
                Field("then.words", "What they are told beside the facts of the ticket", "text"),
            ),
        ),
        Group(
            "Remind the customer",
            (
                Field(
                    "then.remind",
                    "with these words",
                    "text",
                    "{number} and {subject} are those of the ticket. Empty: no reminder. Machines get none, and a "
                    "customer no more than one automatic letter a day for a ticket.",
                    leave_out=True,
                ),
            ),
        ),
    ),
)
PAGES: dict[str, Page] = {
    "ticketboxes": TICKETBOX,
    "teams": TEAM,
    "people": PERSON,
    "calendars": CALENDAR,
    "policies": POLICY,
    "fields": CUSTOM_FIELD,
    "categories": CATEGORY,
    "views": VIEW,
    "organisations": ORGANISATION,
    "templates": TEMPLATE,
    "automations": AUTOMATION,
}
"""By the word for many of them, in the order of the index."""


def summary(thing: AnyThing, names: Names) -> str:
    """What a list says of a thing, beside its name."""
    match thing:
        case Ticketbox():
            return ", ".join(thing.addresses)
        case Team():
            return ", ".join(names.get(one, "?") for one in thing.member_ids)
        case Person():
            return f"{thing.email}, {thing.role}{'' if thing.active else ', has left'}"
        case Calendar():
            return thing.time_zone
        case Policy():
            targets = thing.targets.items()
            return ", ".join(f"{target.replace('_', ' ')} {minutes} min" for target, minutes in targets)
        case CustomField():
            return f"{thing.key}, {thing.type}"
        case Category():
            return names.get(thing.parent_id, "") if thing.parent_id else ""
        case View():
            return names.get(thing.owner_id, "") if thing.owner_id else "shared"
        case Organisation():
            return ", ".join(thing.domains)
        case Template():
            boxes = (names.get(one, "") for one in thing.ticketbox_ids)
            return ", ".join(filter(None, (thing.language, *boxes)))
        case Automation():
            return sentence(thing, names)
        case _:
            assert_never(thing)
