"""What the pages say about each kind of thing, and which fields its form has."""

from collections.abc import Mapping
from typing import assert_never
from uuid import UUID

from contracts.automations import Automation
from contracts.desk import AnyThing, Category, CustomField, Organisation, Team, Template, Ticketbox, View
from contracts.people import Person
from contracts.service_levels import Calendar, Policy
from services.gateway.desk.automations import sentence
from services.gateway.pages.desk.kinds.automations import AUTOMATION
from services.gateway.pages.desk.kinds.organisations import ORGANISATION
from services.gateway.pages.desk.kinds.page import Page
from services.gateway.pages.desk.kinds.people import PERSON, TEAM
from services.gateway.pages.desk.kinds.service_levels import CALENDAR, POLICY
from services.gateway.pages.desk.kinds.ticketboxes import TICKETBOX
from services.gateway.pages.desk.kinds.tickets import CATEGORY, CUSTOM_FIELD, TEMPLATE, VIEW

Names = Mapping[UUID, str]

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
