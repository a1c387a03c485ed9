"""A message as the conditions of a ruleset see it. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from contracts.ingest import Reading
from contracts.mail import Authentication
from rules.domains import own_domains
from rules.fields import METHODS, NO_SCAN, WEEKDAYS, Facts
from rules.hours import WALL_CLOCK, Hours
from services.router.language import language_of


@dataclass(frozen=True, slots=True)
class Contact:
    """What people say of someone who writes."""

    name: str
    organisation: str | None
    """The name of the one that they chose; None: by the domain."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What conditions may ask beside the message itself."""

    organisations: Mapping[str, str] = field(default_factory=dict)
    """Names by domain."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """By address, where people keep a card."""
    hours: Hours = WALL_CLOCK
    """Of the ticketbox that the message is written to."""


def facts_of(message: Reading, around: Surroundings, names: Collection[str]) -> Facts:
    """Those facts about a message that are asked for by `names`; docs/routing.md lists them all."""
    return {name: _FACTS[name](message, around) for name in names}


def _sender(message: Reading, _: Surroundings) -> str:
    return message.letter.from_.address.lower() if message.letter.from_ else ""


def _domain(message: Reading, around: Surroundings) -> str:
    return _sender(message, around).rpartition("@")[2]


def _contact(message: Reading, around: Surroundings) -> str:
    contact = around.contacts.get(_sender(message, around))
    return contact.name if contact else ""


def _organisation(message: Reading, around: Surroundings) -> str:
    """The one that people chose for the contact, or else the one that has the closest domain."""
    sender = _sender(message, around)
    contact = around.contacts.get(sender)
    if contact is not None and contact.organisation is not None:
        return contact.organisation
    return next((around.organisations[one] for one in own_domains(sender) if one in around.organisations), "")


def _headers(message: Reading, _: Surroundings) -> dict[str, str]:
    """The first of each name counts."""
    return {name.lower(): value for name, value in reversed(message.headers)}


_TELLING = ("pass", "temperror", "fail", "policy", "permerror", "softfail", "neutral", "none")


def authentication_result(authentication: Authentication | None, method: str) -> str:
    """The result of a method; of several signatures the one that says most: a single good one is enough."""
    results = authentication.results if authentication else ()
    said = {one.result for one in results if one.method == method}
    return next((result for result in _TELLING if result in said), "none")


def _local(message: Reading, around: Surroundings) -> dict[str, object]:
    at = around.hours.local(message.letter.received_at)
    return {"weekday": WEEKDAYS[at.weekday()], "hour": at.hour, "date": at.date().isoformat()}


_FACTS: dict[str, Callable[[Reading, Surroundings], object]] = {
    "from": _sender,
    "from_name": lambda message, _: message.letter.from_.name if message.letter.from_ else "",
    "from_domain": _domain,
    "contact": _contact,
    "organisation": _organisation,
    "recipients": lambda message, _: [address.lower() for address in message.letter.recipients],
    "to": lambda message, _: [person.address.lower() for person in message.letter.to],
    "cc": lambda message, _: [person.address.lower() for person in message.letter.cc],
    "lower": lambda message, _: {
        "subject": message.letter.subject.lower(),
        "text": message.text.lower(),
    },
    "subject": lambda message, _: message.letter.subject,
    "text": lambda message, _: message.text,
    "reply": lambda message, _: message.text if message.reply is None else message.reply,
    "language": lambda message, _: language_of(message.reply or message.text),
    "kind": lambda message, _: message.letter.kind.value,
    "automatic": lambda message, _: message.letter.automatic,
    "attachments": lambda message, _: [attachment.name for attachment in message.attachments],
    "attachment_types": lambda message, _: [attachment.type.lower() for attachment in message.attachments],
    "size": lambda message, _: message.size,
    "source": lambda message, _: message.source,
    "headers": _headers,
    "authentication": lambda message, _: {
        method: authentication_result(message.authentication, method) for method in METHODS
    },
    "scan": lambda message, _: message.scan.verdict.value if message.scan else NO_SCAN,
    "in_business_hours": lambda message, around: around.hours.is_open(message.letter.received_at),
    "local": _local,
}
"""One function a fact, by the first part of the field's name."""
