"""Whether a desk holds together: references, names, addresses, times, placeholders."""

import re
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from chassis.commands import Invalid
from contracts.automations import Automation
from contracts.desk import (
    PATH_SEPARATOR,
    Category,
    CustomField,
    FieldType,
    Organisation,
    Placeholder,
    Team,
    Template,
    Ticketbox,
    View,
)
from contracts.languages import LANGUAGES
from contracts.people import Person, Role
from contracts.rulesets import RulesetPublished
from contracts.service_levels import Calendar, Holidays, Policy
from contracts.things import Thing
from rules.domains import is_public
from rules.hours import LONGEST_WAIT
from services.tickets.custom_fields import belongs
from services.tickets.desk import Desk, T, is_address
from services.tickets.refusals import AlreadyThere


def check(desk: Desk, before: Desk) -> None:
    """See that a desk holds together after a change: references, addresses, names of time zones and countries.

    Raises:
        Refusal: with the first thing that is wrong, and what to do.
    """
    _check_unique(desk)
    people = desk.every(Person)
    if (people or before.every(Person)) and not any(
        person.active and person.role is Role.ADMINISTRATOR for person in people
    ):
        raise Invalid("At least one active person must be an administrator.")
    if desk.ruleset is not None:
        _check_ruleset(desk, desk.ruleset, before)
    for thing in desk.things.values():
        match thing:
            case Ticketbox():
                _check_ticketbox(desk, thing, before)
            case Person():
                if not is_address(thing.email):
                    raise Invalid(f"“{thing.email}” is not an e-mail address.")
                _check_languages(thing, before.get(Person, thing.id))
                for right in thing.rights:
                    _require(desk, Ticketbox, right.ticketbox_id, thing.name)
                if len({right.ticketbox_id for right in thing.rights}) < len(thing.rights):
                    raise Invalid(f"“{thing.name}” has two rights in one ticketbox; one is enough.")
            case Team():
                for member_id in thing.member_ids:
                    _require(desk, Person, member_id, thing.name)
            case Calendar():
                _check_calendar(thing)
            case Policy():
                _check_policy(desk, thing, before)
            case CustomField():
                if (thing.type is FieldType.CHOICE) != bool(thing.choices):
                    raise Invalid(
                        f"The field “{thing.name}” needs choices if its type is choice, and none else."
                    )
                for ticketbox_id in thing.ticketbox_ids:
                    _require(desk, Ticketbox, ticketbox_id, thing.name)
            case Category():
                _check_category(desk, thing)
            case Organisation() if thing != before.things.get(thing.id):
                _check_organisation(thing)
            case Template():
                for ticketbox_id in thing.ticketbox_ids:
                    _require(desk, Ticketbox, ticketbox_id, thing.name)
                _check_placeholders(thing)
            case Automation():
                _check_automation(desk, thing)
            case _:
                pass


def _check_languages(person: Person, before: Person | None) -> None:
    # What earlier releases let in counts for nothing, and must not stop other changes.
    for language in person.languages:
        if language not in LANGUAGES and (before is None or language not in before.languages):
            raise Invalid(f"“{language}” is no code of a language: write de for German, or fr for French.")


def _check_ruleset(desk: Desk, ruleset: RulesetPublished, before: Desk) -> None:
    _require(desk, Ticketbox, ruleset.default_ticketbox_id, "The ruleset")
    # What is gone already, as it could be in earlier releases, must not stop other changes.
    removed = [thing for thing in before.things.values() if thing.id not in desk.things]
    for rule in ruleset.rules:
        by, named = f"The rule “{rule.name}”", {rule.category_id, rule.assignee_id, *rule.alert}
        _require(desk, Ticketbox, rule.ticketbox_id, by)
        for thing in removed:
            if thing.id in named:
                _require(desk, type(thing), thing.id, by)


def _check_unique(desk: Desk) -> None:
    """Names are what a file of the desk knows things by: for each there is one thing of its kind."""
    taken: dict[tuple[str, ...], Thing] = {}

    def claim(thing: Thing, what: str, value: str, within: str = "") -> None:
        other = taken.setdefault((what, within, value.casefold()), thing)
        if other.id != thing.id:
            raise AlreadyThere(f"The {what} {value} belongs to “{other.name}” already.", taken_by=other.name)

    for thing in desk.things.values():
        match thing:
            case Ticketbox():
                claim(thing, "ticketbox name", thing.name)
                for address in thing.addresses:
                    claim(thing, "address", address)
            case Person():
                claim(thing, "e-mail address", thing.email)
            case CustomField():
                claim(thing, "key", thing.key)
            case Organisation():
                claim(thing, "organisation name", thing.name)
                for domain in thing.domains:
                    claim(thing, "domain", domain)
            case Category():
                claim(thing, "category name", thing.name, str(thing.parent_id))
            case View():
                claim(thing, "view name", thing.name, str(thing.owner_id))
            case Team() | Calendar() | Policy() | Template() | Automation():
                claim(thing, f"{thing.kind} name", thing.name)
            case _:
                pass


def _require(desk: Desk, kind: type[T], identity: UUID | None, by: str) -> None:
    if identity is not None and desk.get(kind, identity) is None:
        raise Invalid(f"{by} refers to a {kind.__name__.lower()} that does not exist.", id=identity)


def _check_ticketbox(desk: Desk, box: Ticketbox, before: Desk) -> None:
    for address in box.addresses:
        if address != address.lower() or not is_address(address):
            raise Invalid(f"“{address}” is not an e-mail address in lower case, such as orders@example.com.")
    _require(desk, Calendar, box.calendar_id, box.name)
    overflow_to = box.distribution.overflow_to
    _require(desk, Ticketbox, overflow_to, box.name)
    if (overflow_to is None) != (box.distribution.overflow_after_minutes is None):
        raise Invalid(f"“{box.name}”: an overflow needs both a ticketbox and a time.")
    if overflow_to == box.id:
        raise Invalid(f"“{box.name}” cannot overflow into itself.")
    if box != before.things.get(box.id):
        follow_up, distribution = box.follow_up, box.distribution
        _check_wait(box.name, follow_up.reopen_within_days, "days")
        _check_wait(box.name, follow_up.close_after_days, "days")
        _check_wait(box.name, distribution.overflow_after_minutes, "minutes")
        _check_wait(box.name, distribution.tell_after_minutes, "minutes")
        _check_wait(box.name, distribution.take_back_after_minutes, "minutes")
        _check_wait(box.name, box.first_response_seconds, "seconds")
    known = _missing(before, before.get(Ticketbox, box.id))
    if new := [key for key in _missing(desk, box) if key not in known]:
        raise Invalid(
            f"“{box.name}” requires the field {new[0]}, which its tickets do not have: none could be solved."
        )


def _check_policy(desk: Desk, policy: Policy, before: Desk) -> None:
    _require(desk, Calendar, policy.calendar_id, policy.name)
    for ticketbox_id in policy.ticketbox_ids:
        _require(desk, Ticketbox, ticketbox_id, policy.name)
    for organisation_id in policy.organisation_ids:
        _require(desk, Organisation, organisation_id, policy.name)
    if policy != before.things.get(policy.id):
        for minutes in (*policy.targets.values(), policy.warn_minutes_before):
            _check_wait(policy.name, minutes, "minutes")


_SECONDS = {"days": 24 * 60 * 60, "minutes": 60, "seconds": 1}


def _check_wait(name: str, number: int | None, unit: str) -> None:
    # Refused here and not by its type: what earlier releases let through must stay readable.
    if number is not None and number * _SECONDS[unit] > LONGEST_WAIT.total_seconds():
        raise Invalid(f"“{name}”: {number} {unit} are too long; {LONGEST_WAIT.days} days are the most.")


def _missing(desk: Desk, box: Ticketbox | None) -> list[str]:
    """Required fields that tickets of a ticketbox do not have."""
    if box is None:
        return []
    keys = {one.key for one in desk.every(CustomField) if belongs(one, box.id)}
    return [key for key in box.required_fields if key not in keys]


def _check_placeholders(template: Template) -> None:
    for word in re.findall(r"{([A-Za-z_]+)}", template.text):
        if word not in list(Placeholder):
            known = ", ".join(f"{{{one}}}" for one in Placeholder)
            raise Invalid(f"“{template.name}”: {{{word}}} is filled by nothing; there are {known}.")


def _check_automation(desk: Desk, automation: Automation) -> None:
    chosen, then = automation.tickets, automation.then
    for kind, identities in (
        (Ticketbox, (*chosen.ticketbox_ids, then.move_to)),
        (Category, chosen.category_ids),
        (Organisation, chosen.organisation_ids),
        (Person, (then.assign_to,)),
    ):
        for identity in identities:
            _require(desk, kind, identity, automation.name)
    for identity in then.tell_ids:
        if desk.get(Team, identity) is None:
            _require(desk, Person, identity, automation.name)
    if then.nothing:
        raise Invalid(f"“{automation.name}” does nothing yet: say what shall happen.")
    if then.give_back and then.assign_to is not None:
        raise Invalid(f"“{automation.name}” cannot give a ticket back and to somebody; choose one.")


def _check_calendar(calendar: Calendar) -> None:
    try:
        ZoneInfo(calendar.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # “Europe” is a directory
        raise Invalid(
            f"“{calendar.time_zone}” is no time zone; write it as in Europe/Berlin or UTC."
        ) from error
    if calendar.holidays is not None:
        _check_holidays(calendar.name, calendar.holidays)


def _check_holidays(name: str, chosen: Holidays) -> None:
    known = holidays.list_supported_countries(include_aliases=False)
    if chosen.country not in known:
        raise Invalid(f"“{name}”: there are no holidays for “{chosen.country}”; write it as in DE or US.")
    if chosen.subdivision is not None and chosen.subdivision not in known[chosen.country]:
        raise Invalid(f"“{name}”: {chosen.country} has no part “{chosen.subdivision}”.")


def _check_organisation(organisation: Organisation) -> None:
    for domain in organisation.domains:
        if domain != domain.lower() or "@" in domain or not is_address(f"someone@{domain}"):
            raise Invalid(f"“{domain}” is not a domain in lower case, such as example.com.")
        if is_public(domain):
            raise Invalid(
                f"{domain} gives addresses to everyone, so it makes no organisation; choose the organisation "
                "of such contacts one by one."
            )


def _check_category(desk: Desk, category: Category) -> None:
    if PATH_SEPARATOR in category.name:
        raise Invalid(
            f"“{category.name}”: a category's name has no {PATH_SEPARATOR.strip()} with spaces around it."
        )
    _require(desk, Category, category.parent_id, category.name)
    seen, above = {category.id}, desk.get(Category, category.parent_id)
    while above is not None:
        if above.id in seen:
            raise Invalid(f"“{category.name}” cannot be below itself.")
        seen.add(above.id)
        above = desk.get(Category, above.parent_id)
