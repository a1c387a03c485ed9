"""What people may change of the desk, and what happens then."""

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

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
from contracts.desk import Template, ThingRemoved, Ticketbox, TicketboxCreated, View, changed
from contracts.event import Event
from contracts.people import Person, PersonAdded, PresenceChanged, Right, Role
from contracts.stream_ids import person_stream, thing_stream, ticketbox_stream
from contracts.things import Thing, kind_of
from services.tickets.desk import Desk, only_administrators


def intend(command: AnyDeskCommand, desk: Desk) -> dict[str, list[Event]]:
    """What would happen to the desk, by stream, whether it holds together then or not.

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
                    events.setdefault(thing_stream(thing.kind, thing.id), []).append(changed(thing))
            case RemoveThing(kind=kind, id=identity):
                before = desk.things.get(identity)
                # Others know things by kind and id: they would keep one that was removed as something else.
                if before is None or kind_of(type(before)) != kind:
                    raise UnknownThing(f"There is no such {kind}.", id=identity)
                _may_remove(desk, actor_id, before)
                removed = ThingRemoved(kind=kind, id=identity)
                events.setdefault(thing_stream(kind, identity), []).append(removed)
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
