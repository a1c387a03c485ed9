"""Contacts: who has which addresses; merges and their ways back. Pure.

A merge moves nothing: it points from one contact to the one that it goes on in, and each keeps its own card. What
belongs to a contact is found by address, so that an undone merge gives back what came meanwhile, too.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from chassis.commands import Forbidden, Invalid, UnknownThing
from contracts.commands import (
    OPERATOR,
    AnyContactCommand,
    MergeContacts,
    MoveAddress,
    SetContact,
    UndoContactMerge,
)
from contracts.contacts import (
    AnyContactEvent,
    Card,
    ContactAdded,
    ContactChanged,
    ContactMergeUndone,
    ContactsMerged,
)
from contracts.desk import Organisation, Ticketbox
from contracts.mail import LONGEST_ADDRESS
from contracts.people import Person, Right
from contracts.stream_ids import contact_id
from services.tickets.desk import Desk, is_address
from services.tickets.refusals import AlreadyThere, ChangedMeanwhile, ContactMerged

Events = dict[UUID, list[AnyContactEvent]]
"""What happens, by contact, in the order in which it is to be written."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of which a card is kept."""

    card: Card
    version: int
    merged_into_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts with cards: all that a command may touch."""

    known: Mapping[UUID, Contact] = field(default_factory=dict)

    def version(self, identity: UUID) -> int:
        found = self.known.get(identity)
        return found.version if found else 0

    def holder(self, address: str) -> UUID:
        """The contact whose card names an address; without a card, the one that it is by itself."""
        for identity, contact in self.known.items():
            if address in contact.card.addresses:
                return identity
        return contact_id(address)

    def root(self, identity: UUID) -> UUID:
        """What a contact goes on in, through any number of merges; itself if it was not merged."""
        while (contact := self.known.get(identity)) is not None and contact.merged_into_id is not None:
            identity = contact.merged_into_id
        return identity

    def owner(self, address: str) -> UUID:
        """The contact that an address belongs to."""
        return self.root(self.holder(address))

    def with_merged(self, identity: UUID) -> Iterator[UUID]:
        """A contact, and those that were merged into it or into one of these."""
        yield identity
        for other_id, other in self.known.items():
            if other.merged_into_id == identity:
                yield from self.with_merged(other_id)

    def addresses(self, identity: UUID) -> list[str]:
        """All addresses of a contact, with those that came by merges."""
        members = [self.known[one].card for one in self.with_merged(identity) if one in self.known]
        return [address for card in members for address in card.addresses]


def evolve(contacts: Contacts, stream_of: UUID, event: AnyContactEvent, version: int = 0) -> Contacts:
    """Contacts after an event in the stream of one of them; `version` is that of a stream whose contact was erased."""
    before = contacts.known.get(stream_of)
    version = (before.version if before else version) + 1
    match event:
        case ContactAdded(contact=card) | ContactChanged(contact=card):
            after = Contact(card, version, before.merged_into_id if before else None)
        case ContactsMerged() | ContactMergeUndone():
            if before is None:  # its card comes first, always
                return contacts
            into = before.merged_into_id
            if stream_of == event.contact_id:
                into = event.into_id if isinstance(event, ContactsMerged) else None
            after = replace(before, version=version, merged_into_id=into)
        case _:
            assert_never(event)
    return Contacts({**contacts.known, stream_of: after})


def after(contacts: Contacts, events: Events, versions: Mapping[UUID, int] | None = None) -> Contacts:
    """Contacts as events make them that follow on these versions of their streams."""
    for identity, happened in events.items():
        for event in happened:
            contacts = evolve(contacts, identity, event, (versions or {}).get(identity, 0))
    return contacts


def decide(
    command: AnyContactCommand, contacts: Contacts, desk: Desk, hidden: Collection[UUID] = ()
) -> Events:
    """What happens to contacts. `hidden` are those that it is about and that its author does not see.

    Raises:
        Refusal: nothing happens, and why.
    """
    permit(command.actor_id, desk)
    if hidden:
        raise UnknownThing("There is no such contact.")
    for identity, seen in command.seen.items():
        if contacts.version(identity) != seen:
            raise ChangedMeanwhile(seen, contacts.version(identity))
    match command:
        case SetContact(contact=card):
            return _set(_tidy(card), contacts, desk)
        case MoveAddress(address=address, to_address=to_address):
            return _move(
                _address(address, desk), _address(to_address, desk) if to_address else None, contacts
            )
        case MergeContacts(address=address, into_address=into_address, actor_id=actor_id):
            return _merge(_address(address, desk), _address(into_address, desk), contacts, actor_id)
        case UndoContactMerge(contact_id=identity, actor_id=actor_id):
            return _undo(identity, contacts, actor_id)
        case _:
            assert_never(command)


def permit(actor_id: UUID, desk: Desk) -> None:
    """See that someone may change contacts: whoever answers customers may, those that they see.

    Raises:
        Forbidden.
    """
    actor = desk.get(Person, actor_id)
    if actor_id != OPERATOR and (actor is None or not actor.may_anywhere(Right.ANSWER)):
        raise Forbidden("Only who answers customers can change contacts.")


def in_view(actor_id: UUID, desk: Desk) -> frozenset[UUID] | None:
    """The ticketboxes by whose tickets someone sees contacts; None: all."""
    actor = desk.get(Person, actor_id)
    return actor.where(Right.SEE) if actor is not None else None


def _tidy(card: Card) -> Card:
    addresses = dict.fromkeys(address.strip().lower() for address in card.addresses)
    return card.model_copy(
        update={
            "addresses": tuple(address for address in addresses if address),
            "name": card.name.strip(),
            "language": card.language.strip(),
        }
    )


def _address(text: str, desk: Desk) -> str:
    """An address of a customer, in lower case.

    Raises:
        Invalid: it is none, or one of ours.
    """
    address = text.strip().lower()
    if not is_address(address):
        raise Invalid(f"“{text}” is not an e-mail address.")
    if len(address) > LONGEST_ADDRESS:
        raise Invalid(
            f"“{address[:50]}…” is too long: an e-mail address has at most {LONGEST_ADDRESS} characters."
        )
    if any(address in box.addresses for box in desk.every(Ticketbox)):
        raise Invalid(f"{address} is an address of ours, not of a customer.")
    return address


def _set(card: Card, contacts: Contacts, desk: Desk) -> Events:
    before = contacts.known.get(card.id)
    if not card.addresses:
        raise Invalid("A contact has at least one address.")
    for address in card.addresses:
        _address(address, desk)
    if before is None and card.id != contact_id(card.addresses[0]):
        raise UnknownThing("There is no such contact. A new one has the id of its first address.")
    if before is not None and before.merged_into_id is not None:
        raise ContactMerged(contacts.root(card.id))
    if card.organisation_id is not None and desk.get(Organisation, card.organisation_id) is None:
        raise Invalid("There is no such organisation.")
    for address in card.addresses:
        holder = contacts.holder(address)
        if holder != card.id and holder in contacts.known:
            raise _taken(address, contacts.known[holder].card)
    old = before.card.addresses if before else ()
    lost = [address for address in old if address not in card.addresses]
    for address in lost:
        if contact_id(address) == card.id:
            raise Invalid(
                f"This contact began with {address}, so it cannot go by itself; move it to another contact."
            )
    if before is not None and before.card == card:
        return {}
    gained = {address: card.id for address in card.addresses if address not in old}
    events: Events = {card.id: [_kept(card, contacts, gained)]}
    for address in lost:
        events = _come_home(address, contacts, events)
    return events


def _taken(address: str, by: Card) -> AlreadyThere:
    name = by.name or by.addresses[0]
    return AlreadyThere(
        f"{address} belongs to the contact {name}. Move it, or merge the two contacts.", taken_by=name
    )


def _kept(card: Card, contacts: Contacts, belongs: dict[str, UUID]) -> ContactAdded | ContactChanged:
    kind = ContactChanged if card.id in contacts.known else ContactAdded
    return kind(contact=card, belongs=belongs)


def _come_home(address: str, contacts: Contacts, events: Events) -> Events:
    """An address that no card names any more belongs to the contact that it is by itself."""
    home = contact_id(address)
    belongs = {address: contacts.root(home)}
    if home in contacts.known:
        card = contacts.known[home].card
        card = card.model_copy(update={"addresses": (*card.addresses, address)})
        return events | {home: [_kept(card, contacts, belongs)]}
    (holder, (changed, *_)), *rest = events.items()
    changed = changed.model_copy(update={"belongs": {**changed.belongs, **belongs}})
    return {holder: [changed], **dict(rest)}


def _move(address: str, to_address: str | None, contacts: Contacts) -> Events:
    holder = contacts.holder(address)
    if to_address is None and holder == contact_id(address):
        raise Invalid(f"{address} is a contact of its own already, or what its contact began with.")
    target = contacts.owner(to_address) if to_address else contact_id(address)
    if holder == target:
        return {}
    events: Events = {}
    if holder in contacts.known:
        card = contacts.known[holder].card
        left = tuple(one for one in card.addresses if one != address)
        if not left:
            raise Invalid(f"{address} is the only address of its contact; merge the two contacts instead.")
        events[holder] = [ContactChanged(contact=card.model_copy(update={"addresses": left}))]
    if to_address is None:
        return _come_home(address, contacts, events)
    known = contacts.known.get(target)
    card = known.card if known else Card(id=target, addresses=(to_address,))
    card = card.model_copy(update={"addresses": (*card.addresses, address)})
    gained = {address: target} if known else {address: target, to_address: target}
    return events | {target: [_kept(card, contacts, gained)]}


def _merge(address: str, into_address: str, contacts: Contacts, actor_id: UUID) -> Events:
    one, other = contacts.owner(address), contacts.owner(into_address)
    if one == other:
        raise Invalid("These are one contact already.")
    events: Events = {}
    for identity, known_by in ((one, address), (other, into_address)):
        if identity not in contacts.known:
            card = Card(id=identity, addresses=(known_by,))
            events[identity] = [ContactAdded(contact=card, belongs={known_by: identity})]
    belongs = dict.fromkeys(contacts.addresses(one) or [address], other)
    merged = ContactsMerged(contact_id=one, into_id=other, merged_by=actor_id, belongs=belongs)
    return {identity: [*events.get(identity, ()), merged] for identity in (other, one)}


def _undo(identity: UUID, contacts: Contacts, actor_id: UUID) -> Events:
    contact = contacts.known.get(identity)
    if contact is None:
        raise UnknownThing("There is no such contact.")
    if contact.merged_into_id is None:
        raise Invalid("This contact is not merged into another one.")
    undone = ContactMergeUndone(
        contact_id=identity,
        into_id=contact.merged_into_id,
        undone_by=actor_id,
        belongs=dict.fromkeys(contacts.addresses(identity), identity),
    )
    return {contact.merged_into_id: [undone], identity: [undone]}
