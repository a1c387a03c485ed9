"""The desk's configuration: what is on it, and what may be changed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from chassis.commands import Forbidden, Invalid, UnknownThing
from contracts.commands import (
    OPERATOR,
    AddPerson,
    AnyDeskCommand,
    ChangeDesk,
    CreateTicketbox,
    RemoveThing,
    SetPresence,
    SetThing,
)
from contracts.desk import (
    PATH_SEPARATOR,
    Automation,
    Calendar,
    Category,
    CustomField,
    FieldType,
    Holidays,
    Organisation,
    Person,
    Placeholder,
    Policy,
    Right,
    Team,
    Template,
    Thing,
    ThingRemoved,
    Ticketbox,
    View,
    changed,
    kind_of,
    thing_of,
)
from contracts.event import Event
from contracts.languages import LANGUAGES
from contracts.people import PersonAdded, PresenceChanged, Role
from contracts.rulesets import RulesetPublished
from contracts.stream_ids import person_stream, ticketbox_stream
from contracts.tickets import TicketboxCreated
from rules.domains import is_public
from rules.hours import LONGEST_WAIT
from services.tickets.custom_fields import belongs
from services.tickets.refusals import AlreadyThere
from services.tickets.ticket import NEVER

T = TypeVar("T", bound=Thing)


@dataclass(slots=True)
class _Sorted:
    """Things as they are asked for again and again, once they were asked for: at every step of every ticket."""

    of: Mapping[UUID, Thing]
    by_kind: dict[type[Thing], list[Thing]] = field(default_factory=dict)
    by_domain: dict[str, Organisation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """All things as they are now, and what signs the reply addresses of this installation."""

    things: Mapping[UUID, Thing] = field(default_factory=dict)
    secret: bytes = b""
    ruleset: RulesetPublished | None = None
    """Read where the desk changes only."""
    chosen_organisations: Mapping[str, UUID] = field(default_factory=dict)
    """Those that people chose for contacts, by address, as far as they were looked up: see `Work.look_up`."""
    contacts_since: Mapping[str, datetime] = field(default_factory=dict)
    """When people last said something of the contacts of addresses, as far as these were looked up."""
    since: Mapping[UUID, datetime] = field(default_factory=dict)
    """When each thing became as it is."""
    removed_at: datetime = NEVER
    """When anything that clocks depend on was last removed."""
    service_levels_since: datetime = NEVER
    """When a policy, a calendar or an organisation last changed, or anything that clocks depend on was removed."""
    revision: int = 0
    """Counts the changes after which alarms may be others."""
    _sorted: _Sorted = field(default_factory=lambda: _Sorted({}), repr=False, compare=False)

    def __post_init__(self) -> None:
        # `replace` hands it on, which is right only for the same things.
        if self._sorted.of is not self.things:
            object.__setattr__(self, "_sorted", _Sorted(self.things))

    def get(self, kind: type[T], identity: UUID | None) -> T | None:
        """A thing by its id, if it is of this kind."""
        found = self.things.get(identity) if identity is not None else None
        return found if isinstance(found, kind) else None

    def every(self, kind: type[T]) -> list[T]:
        """All things of a kind, by name."""
        by_kind = self._sorted.by_kind
        if kind not in by_kind:
            found = [thing for thing in self.things.values() if isinstance(thing, kind)]
            by_kind[kind] = sorted(found, key=lambda thing: thing.name)
        return [*by_kind[kind]]  # type: ignore[list-item]  # they are of this kind

    def organisations_by_domain(self) -> Mapping[str, Organisation]:
        """Where two name the same domain, the last by name has it."""
        by_domain = self._sorted.by_domain
        if not by_domain:
            by_domain.update({domain: one for one in self.every(Organisation) for domain in one.domains})
        return by_domain

    def people_of(self, identities: Iterable[UUID]) -> frozenset[UUID]:
        """The people behind ids of people and teams."""
        found: set[UUID] = set()
        for identity in identities:
            team = self.get(Team, identity)
            found |= set(team.member_ids) if team else {identity}
        return frozenset(found)


def stream_of(kind: str, identity: UUID) -> str:
    """The stream of a thing's history."""
    match kind:
        case "ticketbox":
            return ticketbox_stream(identity)
        case "person":
            return person_stream(identity)
        case _:
            return f"desk-{kind}-{identity}"


def decide(command: AnyDeskCommand, desk: Desk) -> dict[str, list[Event]]:
    """What happens to the desk, by stream.

    Raises:
        Refusal: nothing happens, and why.
    """
    events = intend(command, desk)
    check(after(desk, events), desk)
    return events


def intend(command: AnyDeskCommand, desk: Desk) -> dict[str, list[Event]]:
    """What would happen to the desk, whether it holds together then or not.

    Raises:
        Refusal: the actor may not do it, or it makes no sense.
    """
    match command:
        case SetPresence(person_id=person_id):
            _may_say_presence(desk, command.actor_id, person_id)
            changed = PresenceChanged(person_id=person_id, presence=command.presence, until=command.until)
            return {person_stream(person_id): [changed]}
        case CreateTicketbox():
            only_administrators(desk, command.actor_id)
            return {ticketbox_stream(command.ticketbox_id): [_create_ticketbox(command)]}
        case AddPerson():
            only_administrators(desk, command.actor_id)
            return {person_stream(command.person_id): [_add_person(command)]}
        case ChangeDesk(changes=changes):
            return _change(changes, desk, command.actor_id)
        case _:
            assert_never(command)


def after(desk: Desk, events: Mapping[str, Iterable[Event]]) -> Desk:
    """The desk as events make it."""
    things, ruleset = dict(desk.things), desk.ruleset
    for event in (event for happened in events.values() for event in happened):
        if (thing := thing_of(event)) is not None:
            things[thing.id] = thing
        elif isinstance(event, ThingRemoved):
            things.pop(event.id, None)
        elif isinstance(event, RulesetPublished):
            ruleset = event
    return replace(desk, things=things, ruleset=ruleset)


def only_administrators(desk: Desk, actor_id: UUID) -> None:
    """See that someone may change anything.

    Raises:
        Forbidden.
    """
    actor = desk.get(Person, actor_id)
    if actor_id != OPERATOR and (actor is None or not actor.active or actor.role is not Role.ADMINISTRATOR):
        raise Forbidden("Only administrators can change this.")


def may_manage(desk: Desk, actor_id: UUID) -> bool:
    """Whether somebody manages a ticketbox, whichever it is."""
    actor = desk.get(Person, actor_id)
    return actor_id == OPERATOR or (actor is not None and actor.may_anywhere(Right.MANAGE))


def _may_say_presence(desk: Desk, actor_id: UUID, person_id: UUID) -> None:
    person, actor = desk.get(Person, person_id), desk.get(Person, actor_id)
    if person is None:
        raise UnknownThing("There is no such person.", person_id=person_id)
    if actor_id not in {person_id, OPERATOR} and (actor is None or not actor.supervises(person)):
        raise Forbidden("Only administrators, and supervisors where someone answers, say this of others.")


def _create_ticketbox(command: CreateTicketbox) -> TicketboxCreated:
    return TicketboxCreated(
        ticketbox_id=command.ticketbox_id,
        name=command.name.strip(),
        addresses=tuple(dict.fromkeys(address.strip().lower() for address in command.addresses)),
        first_response_seconds=command.first_response_seconds,
        acknowledgement=command.acknowledgement,
    )


def _add_person(command: AddPerson) -> PersonAdded:
    email = command.email.strip().lower()
    return PersonAdded(
        person_id=command.person_id,
        email=email,
        name=command.name.strip() or email.partition("@")[0],
        role=command.role,
        ticketbox_ids=command.ticketbox_ids,
    )


def _change(changes: Sequence[SetThing | RemoveThing], desk: Desk, actor_id: UUID) -> dict[str, list[Event]]:
    """The events of all changes; things that stay as they are have none.

    The outcome is looked at as a whole, so a file may name things in any order.
    """
    events: dict[str, list[Event]] = {}
    for change in changes:
        match change:
            case SetThing(thing=thing):
                before = desk.things.get(thing.id)
                _may_change(desk, actor_id, before, thing)
                if before is not None and type(before) is not type(thing):
                    raise Invalid(f"“{before.name}” is not a {thing.kind}; things cannot change their kind.")
                if thing != before:
                    events.setdefault(stream_of(thing.kind, thing.id), []).append(changed(thing))
            case RemoveThing(kind=kind, id=identity):
                before = desk.things.get(identity)
                # Others know things by kind and id: they would keep one that was removed as something else.
                if before is None or kind_of(type(before)) != kind:
                    raise UnknownThing(f"There is no such {kind}.", id=identity)
                _may_remove(desk, actor_id, before)
                removed = ThingRemoved(kind=kind, id=identity)
                events.setdefault(stream_of(kind, identity), []).append(removed)
            case _:
                assert_never(change)
    return events


def _may_remove(desk: Desk, actor_id: UUID, thing: Thing) -> None:
    """Who may change a thing may remove it, but for ticketboxes and people: that belongs to administrators."""
    if isinstance(thing, Ticketbox | Person):
        only_administrators(desk, actor_id)
    else:
        _may_change(desk, actor_id, thing, thing)


def _may_change(desk: Desk, actor_id: UUID, before: Thing | None, after: Thing) -> None:
    """A view of one's own belongs to oneself, shared ones to supervisors too; who manages a ticketbox changes it.

    A template belongs to those who manage every ticketbox in which it is offered; who sees and answers in a ticketbox,
    those decide who manage it. All else belongs to administrators.
    """
    actor = desk.get(Person, actor_id)
    both = [thing for thing in (before, after) if thing is not None]
    own = {actor_id, None} if actor is not None and actor.role is Role.SUPERVISOR else {actor_id}
    if actor is not None and actor.active and all(isinstance(v, View) and v.owner_id in own for v in both):
        return
    if isinstance(before, Ticketbox) and actor is not None and actor.may(Right.MANAGE, before.id):
        return
    if isinstance(before, Person) and actor is not None and _only_membership(actor, before, after):
        return
    if isinstance(after, Template) and actor_id != OPERATOR:
        if actor is None or not all(isinstance(t, Template) and t.is_managed_by(actor) for t in both):
            raise Forbidden("Only who manages every ticketbox in which a template is offered can change it.")
        return
    only_administrators(desk, actor_id)


def _only_membership(actor: Person, before: Person, after: Thing) -> bool:
    """Whether a change only lets somebody see or answer, or no longer, in ticketboxes that the actor manages.

    Who has no rights of their own may what their role may, in all ticketboxes: to give or take that is more.
    """
    if not isinstance(after, Person) or not before.rights or not after.rights:
        return False
    if before.model_copy(update={"rights": after.rights}) != after:
        return False
    had, has = ({one.ticketbox_id: one.right for one in person.rights} for person in (before, after))
    changed = {box for box in had.keys() | has.keys() if had.get(box) != has.get(box)}
    # Who manages a ticketbox may say once more what is so already; nothing comes of it.
    return actor.where(Right.MANAGE) != frozenset() and all(
        actor.may(Right.MANAGE, box) and Right.MANAGE not in {had.get(box), has.get(box)} for box in changed
    )


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


def is_address(text: str) -> bool:
    """Whether it looks like an e-mail address; only sending tells more."""
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() for character in text)
