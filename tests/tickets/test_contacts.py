"""Contacts: whose an address is, merges and their ways back; against a simple model."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.commands import Forbidden, Invalid, UnknownThing
from contracts.commands import AnyContactCommand, MergeContacts, MoveAddress, SetContact, UndoContactMerge
from contracts.contacts import Card, ContactAdded, ContactChanged, ContactMergeUndone, ContactsMerged
from contracts.desk import Organisation, Ticketbox
from contracts.mail import LONGEST_ADDRESS
from contracts.people import BoxRight, Person, Right, Role
from contracts.stream_ids import contact_id
from services.tickets.contacts import Contacts, Events, after, decide
from services.tickets.desk import Desk
from services.tickets.refusals import AlreadyThere, ChangedMeanwhile, ContactMerged

ANNA, ANALYST, BOX, ACME = (uuid4() for _ in range(4))
DESK = Desk(
    {
        BOX: Ticketbox(id=BOX, name="Support", addresses=("support@example.com",)),
        ANNA: Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT),
        ANALYST: Person(
            id=ANALYST,
            name="Ana",
            email="ana@example.com",
            role=Role.ANALYST,
            rights=(BoxRight(ticketbox_id=BOX, right=Right.SEE),),
        ),
        ACME: Organisation(id=ACME, name="Acme", domains=("acme.example",)),
    }
)
KIM, KIM_AT_HOME, LEE = "kim@acme.example", "kim@home.example", "lee@acme.example"


@dataclass
class Book:
    """Contacts as commands make them, and whose every address is by what the events tell."""

    contacts: Contacts = field(default_factory=Contacts)
    told: dict[str, UUID] = field(default_factory=dict)

    def do(self, command: AnyContactCommand) -> Events:
        events = decide(command, self.contacts, DESK)
        self.contacts = after(self.contacts, events)
        for happened in events.values():
            for event in happened:
                self.told |= event.belongs
        return events

    def set(self, *addresses: str, identity: UUID | None = None, **fields: object) -> Events:
        card = Card(id=identity or contact_id(addresses[0]), addresses=addresses, **fields)  # type: ignore[arg-type]
        return self.do(SetContact(command_id=uuid4(), actor_id=ANNA, contact=card))

    def move(self, address: str, to: str | None = None) -> Events:
        return self.do(MoveAddress(command_id=uuid4(), actor_id=ANNA, address=address, to_address=to))

    def merge(self, address: str, into: str) -> Events:
        return self.do(MergeContacts(command_id=uuid4(), actor_id=ANNA, address=address, into_address=into))

    def undo(self, identity: UUID) -> Events:
        return self.do(UndoContactMerge(command_id=uuid4(), actor_id=ANNA, contact_id=identity))

    def owner(self, address: str) -> UUID:
        """Whose it is, by what was told: the way of every reader."""
        return self.told.get(address, contact_id(address))

    def same(self, *addresses: str) -> bool:
        return len({self.owner(address) for address in addresses}) == 1


@pytest.fixture
def book() -> Book:
    return Book()


def test_an_address_of_which_nobody_spoke_is_a_contact_of_its_own(book: Book) -> None:
    assert book.contacts.owner(KIM) == contact_id(KIM) == contact_id("Kim@Acme.Example ")
    assert not book.same(KIM, LEE)


def test_a_contact_has_the_id_of_its_first_address_whoever_makes_it(book: Book) -> None:
    (event,) = book.set(" Kim@Acme.example", KIM_AT_HOME, identity=contact_id(KIM), name="Kim ")[
        contact_id(KIM)
    ]
    card = Card(id=contact_id(KIM), addresses=(KIM, KIM_AT_HOME), name="Kim")
    assert event == ContactAdded(contact=card, belongs={KIM: card.id, KIM_AT_HOME: card.id})
    with pytest.raises(UnknownThing):
        book.set(LEE, identity=uuid4())


def test_saying_the_same_again_changes_nothing(book: Book) -> None:
    book.set(KIM, name="Kim")
    assert book.set(KIM, name="Kim") == {}


def test_an_address_belongs_to_one_contact(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    with pytest.raises(AlreadyThere):
        book.set(LEE, KIM_AT_HOME)
    with pytest.raises(AlreadyThere):
        book.set(KIM_AT_HOME)


def test_an_address_is_no_longer_than_those_of_letters(book: Book) -> None:
    longest = f"{'k' * (LONGEST_ADDRESS - len('@acme.example'))}@acme.example"
    book.set(longest)
    with pytest.raises(Invalid, match="at most 600 characters"):
        book.set(f"k{longest}")
    with pytest.raises(Invalid, match="at most 600 characters"):
        book.move(f"k{longest}", longest)


def test_an_address_moves_to_another_contact(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    events = book.move(KIM_AT_HOME, LEE)
    assert [type(one) for happened in events.values() for one in happened] == [ContactChanged, ContactAdded]
    assert book.same(KIM_AT_HOME, LEE)
    assert not book.same(KIM, LEE)


def test_an_address_may_go_by_itself_again(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    book.move(KIM_AT_HOME)
    assert book.owner(KIM_AT_HOME) == contact_id(KIM_AT_HOME)
    with pytest.raises(Invalid):
        book.move(KIM)  # its contact began with it


def test_an_address_that_a_card_names_no_more_goes_home(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    book.set(LEE, name="Lee")
    book.move(KIM, LEE)
    assert book.same(KIM, LEE)
    book.set(LEE, name="Lee")
    assert book.same(KIM, KIM_AT_HOME)
    assert not book.same(KIM, LEE)


def test_the_only_address_of_a_contact_does_not_leave_it(book: Book) -> None:
    book.set(KIM, name="Kim")
    with pytest.raises(Invalid, match="merge"):
        book.move(KIM, LEE)


def test_two_contacts_become_one_with_all_addresses(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    events = book.merge(KIM, LEE)
    merged = [one for happened in events.values() for one in happened if isinstance(one, ContactsMerged)]
    assert len(merged) == 2  # in the stream of each
    assert book.same(KIM, KIM_AT_HOME, LEE)
    assert book.owner(KIM) == contact_id(LEE)
    with pytest.raises(Invalid):
        book.merge(LEE, KIM_AT_HOME)
    with pytest.raises(ContactMerged):
        book.set(KIM, KIM_AT_HOME, name="Kim")


def test_an_undone_merge_gives_each_its_addresses_back(book: Book) -> None:
    book.set(KIM, KIM_AT_HOME)
    book.merge(KIM, LEE)
    events = book.undo(contact_id(KIM))
    assert all(isinstance(one, ContactMergeUndone) for happened in events.values() for one in happened)
    assert book.same(KIM, KIM_AT_HOME)
    assert not book.same(KIM, LEE)
    with pytest.raises(Invalid):
        book.undo(contact_id(KIM))


def test_a_chain_of_merges_is_undone_in_any_order(book: Book) -> None:
    book.merge(KIM, LEE)
    book.merge(LEE, KIM_AT_HOME)
    book.undo(contact_id(KIM))
    assert book.same(LEE, KIM_AT_HOME)
    assert not book.same(KIM, LEE)
    book.undo(contact_id(LEE))
    assert not book.same(LEE, KIM_AT_HOME)


def test_a_change_of_what_was_changed_meanwhile_is_refused(book: Book) -> None:
    book.set(KIM, name="Kim")
    card = Card(id=contact_id(KIM), addresses=(KIM,), name="K.")
    with pytest.raises(ChangedMeanwhile):
        book.do(SetContact(command_id=uuid4(), actor_id=ANNA, contact=card, seen={card.id: 0}))
    book.do(SetContact(command_id=uuid4(), actor_id=ANNA, contact=card, seen={card.id: 1}))


def test_what_makes_no_sense_is_refused(book: Book) -> None:
    for addresses in (["nobody"], ["support@example.com"], [KIM, "support@example.com"]):
        with pytest.raises(Invalid):
            book.set(*addresses)
    with pytest.raises(Invalid):
        book.set(KIM, organisation_id=uuid4())
    book.set(KIM, organisation_id=ACME)
    with pytest.raises(UnknownThing):
        book.undo(contact_id(LEE))


def test_who_answers_nobody_changes_no_contact(book: Book) -> None:
    card = Card(id=contact_id(KIM), addresses=(KIM,))
    with pytest.raises(Forbidden):
        book.do(SetContact(command_id=uuid4(), actor_id=ANALYST, contact=card))


ADDRESSES = tuple(f"{name}@example.net" for name in "abcdef")
some_address = st.sampled_from(ADDRESSES)


@dataclass
class Plain:
    """The model: who holds each address, and who was merged into whom."""

    holder: dict[str, str] = field(default_factory=lambda: {one: one for one in ADDRESSES})
    """By the address that a contact began with."""
    kept: set[str] = field(default_factory=set)
    """Contacts with a card."""
    into: dict[str, str] = field(default_factory=dict)

    def root(self, contact: str) -> str:
        while contact in self.into:
            contact = self.into[contact]
        return contact

    def owner(self, address: str) -> str:
        return self.root(self.holder[address])

    def held(self, contact: str) -> list[str]:
        return [address for address, holder in self.holder.items() if holder == contact]


class ContactsAreAsTheModelSays(RuleBasedStateMachine):
    """Cards, moves, merges and undone merges in any order, with mail by any address meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.book, self.model = Book(), Plain()
        self.mail: list[str] = []

    @rule(address=some_address)
    def a_letter_comes(self, address: str) -> None:
        self.mail.append(address)  # whose it is follows from the address, whenever it is asked

    @rule(address=some_address, more=st.sets(some_address, max_size=2))
    def a_card_is_written(self, address: str, more: set[str]) -> None:
        model = self.model
        first, addresses = address, list(dict.fromkeys([address, *sorted(more)]))
        held = model.held(first)
        allowed = (
            first not in model.into
            and all(model.holder[one] == first or model.holder[one] not in model.kept for one in addresses)
            and (first not in held or first in addresses)
        )
        if first in model.kept and first not in addresses:
            allowed = False
        try:
            self.book.set(*addresses, identity=contact_id(first))
        except (AlreadyThere, ContactMerged, Invalid):
            assert not allowed
            return
        assert allowed
        for one in held:
            if first in model.kept and one not in addresses:
                model.holder[one] = one
        for one in addresses:
            model.holder[one] = first
        model.kept.add(first)

    @rule(address=some_address, to=st.none() | some_address)
    def an_address_moves(self, address: str, to: str | None) -> None:
        model, holder = self.model, self.model.holder[address]
        target = address if to is None else model.owner(to)
        stays = holder == target
        last = holder in model.kept and model.held(holder) == [address]
        try:
            self.book.move(address, to)
        except Invalid:
            assert (to is None and stays) or (not stays and last)
            return
        assert stays or not last
        if not stays:
            model.holder[address] = target
            if to is not None and target not in model.kept:
                model.kept.add(target)
                model.holder[to] = target

    @rule(one=some_address, other=some_address)
    def two_are_merged(self, one: str, other: str) -> None:
        mine, theirs = self.model.owner(one), self.model.owner(other)
        try:
            self.book.merge(one, other)
        except Invalid:
            assert mine == theirs
            return
        assert mine != theirs
        self.model.kept |= {mine, theirs}
        self.model.into[mine] = theirs

    @rule(contact=some_address)
    def a_merge_is_undone(self, contact: str) -> None:
        try:
            self.book.undo(contact_id(contact))
        except (Invalid, UnknownThing):
            assert contact not in self.model.into
            return
        del self.model.into[contact]

    @invariant()
    def every_address_and_its_mail_belong_where_the_model_says(self) -> None:
        for address in (*ADDRESSES, *self.mail):
            assert self.book.contacts.owner(address) == contact_id(self.model.owner(address))
            assert self.book.owner(address) == contact_id(self.model.owner(address))

    @invariant()
    def no_address_is_on_two_cards_and_every_card_has_one(self) -> None:
        cards = [one.card for one in self.book.contacts.known.values()]
        named = [address for card in cards for address in card.addresses]
        assert len(named) == len(set(named))
        assert all(card.addresses for card in cards)


TestContactsAreAsTheModelSays = ContactsAreAsTheModelSays.TestCase
TestContactsAreAsTheModelSays.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
