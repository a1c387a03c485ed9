"""Letters from several addresses of one person: threads and service levels, with the real tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.commands import Invalid, UnknownThing
from chassis.database import connect
from contracts.automations import Actions, Automation, Moment, Selection, Timing
from contracts.commands import (
    OPERATOR,
    AnyContactCommand,
    Done,
    MergeContacts,
    MergeTicket,
    MoveAddress,
    MoveTicket,
    RequestErasure,
    SetContact,
    SplitTicket,
    UndoContactMerge,
)
from contracts.contacts import Card
from contracts.correspondence import CustomerReplied
from contracts.desk import (
    AutomationChanged,
    Organisation,
    OrganisationChanged,
    PersonChanged,
    PolicyChanged,
    Ticketbox,
    TicketboxChanged,
)
from contracts.erasures import FoundLetters
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Person, Right, Role
from contracts.queries import GetWhatComes, TryAutomation
from contracts.router import MessageRouted, RoutingEvidence
from contracts.service_levels import Policy, Target
from contracts.stream_ids import contact_id, contact_stream, ticket_stream
from contracts.tickets import ThreadedBy
from services.tickets import (
    alarm_tables,
    changes,
    coming,
    contact_tables,
    desk_tables,
    erasing,
    erasures,
    intake,
    ticket_tables,
)
from services.tickets.changes import keep_contacts
from services.tickets.letters import take_routed
from services.tickets.service_level import organisation_of
from services.tickets.threading import Place, Tokens, find_place
from services.tickets.work import Work
from tests.events import recorded

pytestmark = pytest.mark.anyio
NOON, HOUR = datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(hours=1)
WITHIN_AN_HOUR = {Target.FIRST_RESPONSE: 60}
ANNA, LIU, BOX, ZOO, ACME, BLOOM = (uuid4() for _ in range(6))
KIM, KIM_AT_HOME, EVE = "kim@acme.example", "kim@gmail.com", "eve@elsewhere.example"
META = Meta(correlation_id=ANNA, causation_id=ANNA)


@pytest.fixture
async def db(db: asyncpg.Connection) -> asyncpg.Connection:
    anna = Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT)
    in_zoo = (BoxRight(ticketbox_id=ZOO, right=Right.ANSWER),)
    liu = Person(id=LIU, name="Liu", email="liu@example.com", role=Role.AGENT, rights=in_zoo)
    acme = Organisation(id=ACME, name="Acme", domains=("acme.example",))
    bloom = Organisation(id=BLOOM, name="Bloom", domains=("de.acme.example",))
    await desk_tables.keep_desk(
        db,
        [
            TicketboxChanged(thing=Ticketbox(id=BOX, name="Support", addresses=("support@example.com",))),
            TicketboxChanged(thing=Ticketbox(id=ZOO, name="Zoo", addresses=("zoo@example.com",))),
            PersonChanged(thing=anna),
            PersonChanged(thing=liu),
            OrganisationChanged(thing=acme),
            OrganisationChanged(thing=bloom),
        ],
        NOON - HOUR,
    )
    return db


@pytest.fixture
async def other(db: asyncpg.Connection, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Of another service, beside `db`."""
    connection = await connect(database_url, "tickets")
    yield connection
    await connection.close()


def letter(sender: str, *, answers: str | None = None, number: int | None = None) -> LetterHead:
    return LetterHead(
        message_id=uuid4(),
        internet_message_id=f"<{uuid4()}@mail.example>",
        in_reply_to=answers,
        subject=f"Lamp [#{number}]" if number else "Lamp",
        received_at=NOON,
        from_=Address(address=sender),
    )


def routed(head: LetterHead, box: UUID = BOX) -> MessageRouted:
    evidence = RoutingEvidence(ruleset_version=1, rule=None)
    return MessageRouted(letter=head, ticketbox_id=box, ticketbox="Support", evidence=evidence)


async def a_ticket_of(
    db: asyncpg.Connection, sender: str, number: int = 10_000, box: UUID = BOX
) -> tuple[UUID, LetterHead]:
    head = letter(sender)
    work = Work(NOON, await desk_tables.read_desk(db))
    work.open(opened := intake.open_ticket(routed(head, box), number, work.desk), uuid4(), META)
    work.changed.add(opened.ticket_id)
    await work.save(db)
    return opened.ticket_id, head


async def change(db: asyncpg.Connection, command: MoveTicket | MergeTicket) -> None:
    service: Any = SimpleNamespace(clock=lambda: NOON)
    async with db.transaction():
        match command:
            case MoveTicket():
                await changes.change_ticket(service, command, db)
            case MergeTicket():
                await changes.change_two(service, command, db)


def serving(db: asyncpg.Connection, now: datetime) -> Any:
    """A service with this connection, at a time."""

    @asynccontextmanager
    async def acquire() -> AsyncIterator[asyncpg.Connection]:
        yield db

    return SimpleNamespace(clock=lambda: now, pool=SimpleNamespace(acquire=acquire))


async def place_of(db: asyncpg.Connection, head: LetterHead) -> Place | None:
    """Where a letter belongs, found as the service does."""
    work = Work(NOON, await desk_tables.read_desk(db))
    assert head.from_ is not None
    await work.look_up(db, [head.from_.address])
    work.index = await ticket_tables.known_messages(db, [head.in_reply_to] if head.in_reply_to else [])
    named = await ticket_tables.tickets_by_number(db, [10_000])
    await work.load(db, named.values())
    tokens = Tokens(work.desk.secret, named=named)
    return find_place(head, work.index, tokens, work.tickets, work.others(head))


async def do(db: asyncpg.Connection, command: AnyContactCommand, at: datetime = NOON) -> None:
    async with db.transaction():
        await keep_contacts(db, command, at)


async def configure(db: asyncpg.Connection, policy: Policy) -> None:
    """There was a policy from the beginning."""
    await desk_tables.keep_desk(db, [PolicyChanged(thing=policy)], NOON - HOUR)


def merge(address: str, into: str) -> MergeContacts:
    return MergeContacts(command_id=uuid4(), actor_id=ANNA, address=address, into_address=into)


def undo(address: str) -> UndoContactMerge:
    return UndoContactMerge(command_id=uuid4(), actor_id=ANNA, contact_id=contact_id(address))


def card(*addresses: str, organisation: UUID | None = None) -> SetContact:
    kept = Card(id=contact_id(addresses[0]), addresses=addresses, organisation_id=organisation)
    return SetContact(command_id=uuid4(), actor_id=ANNA, contact=kept)


async def test_a_letter_from_another_address_of_the_contact_joins_the_ticket(db: asyncpg.Connection) -> None:
    ticket_id, first = await a_ticket_of(db, KIM)
    answer, by_number = (
        letter("Kim@Gmail.com", answers=first.internet_message_id),
        letter(KIM_AT_HOME, number=10_000),
    )
    assert await place_of(db, answer) is None
    await do(db, card(KIM, KIM_AT_HOME))
    assert await place_of(db, answer) == Place(ticket_id, ThreadedBy.IN_REPLY_TO)
    assert await place_of(db, by_number) == Place(ticket_id, ThreadedBy.SUBJECT_TOKEN)


async def test_a_stranger_never_joins_whoever_was_merged(db: asyncpg.Connection) -> None:
    _, first = await a_ticket_of(db, KIM)
    await do(db, card(KIM, KIM_AT_HOME))
    await do(db, card(EVE, "eve@gmail.com"))
    for stranger in (EVE, "eve@gmail.com", "someone@acme.example"):
        assert await place_of(db, letter(stranger, answers=first.internet_message_id)) is None
        assert await place_of(db, letter(stranger, number=10_000)) is None


async def test_after_a_merge_either_joins_and_after_its_undo_neither_joins_the_others(
    db: asyncpg.Connection,
) -> None:
    ticket_id, first = await a_ticket_of(db, KIM)
    answer = letter(KIM_AT_HOME, answers=first.internet_message_id)
    await do(db, merge(KIM, KIM_AT_HOME))
    assert await place_of(db, answer) == Place(ticket_id, ThreadedBy.IN_REPLY_TO)
    await do(db, undo(KIM))
    assert await place_of(db, answer) is None
    assert await place_of(db, letter(KIM, answers=first.internet_message_id)) is not None


async def test_a_moved_address_goes_with_its_new_contact(db: asyncpg.Connection) -> None:
    _, first = await a_ticket_of(db, KIM)
    await do(db, card(KIM, KIM_AT_HOME))
    move = MoveAddress(command_id=uuid4(), actor_id=ANNA, address=KIM_AT_HOME, to_address=EVE)
    await do(db, move)
    assert await place_of(db, letter(KIM_AT_HOME, answers=first.internet_message_id)) is None


async def organisation(db: asyncpg.Connection, address: str) -> UUID | None:
    work = Work(NOON, await desk_tables.read_desk(db))
    await work.look_up(db, [address])
    found = organisation_of(address, work.desk)
    return found.id if found else None


async def test_the_chosen_organisation_counts_before_the_closest_domain(db: asyncpg.Connection) -> None:
    assert await organisation(db, KIM) == ACME
    assert await organisation(db, "li@berlin.de.acme.example") == BLOOM
    assert await organisation(db, KIM_AT_HOME) is None
    await do(db, card(KIM_AT_HOME, organisation=BLOOM))
    assert await organisation(db, KIM_AT_HOME) == BLOOM
    await do(db, merge(KIM, KIM_AT_HOME))
    assert await organisation(db, KIM) == BLOOM
    await do(db, undo(KIM))
    assert await organisation(db, KIM) == ACME


async def test_it_is_known_since_when_people_say_so_of_an_address(db: asyncpg.Connection) -> None:
    async def since(address: str) -> datetime | None:
        work = Work(NOON, await desk_tables.read_desk(db))
        await work.look_up(db, [address])
        return work.desk.contacts_since.get(address)

    await do(db, card(KIM, organisation=BLOOM))
    await do(db, card(EVE, organisation=BLOOM), NOON + HOUR)
    assert (await since(KIM), await since(EVE), await since(KIM_AT_HOME)) == (NOON, NOON + HOUR, None)
    await do(db, merge(KIM_AT_HOME, KIM), NOON + 2 * HOUR)
    assert (await since(KIM), await since(KIM_AT_HOME)) == (NOON + 2 * HOUR, NOON + 2 * HOUR)
    assert await since(EVE) == NOON + HOUR


async def test_what_a_chosen_organisation_asks_for_counts_since_it_was_chosen(db: asyncpg.Connection) -> None:
    await configure(db, Policy(id=uuid4(), name="Bloom", organisation_ids=(BLOOM,), targets=WITHIN_AN_HOUR))
    ticket_id, _ = await a_ticket_of(db, KIM)
    await do(db, card(KIM, organisation=BLOOM), NOON + 3 * HOUR)
    async with db.transaction():
        work = Work(NOON + 5 * HOUR, await desk_tables.read_desk(db))
        await work.load(db, [ticket_id])
        await work.save(db)
    happened = await db.fetch(
        "SELECT type, occurred_at FROM event WHERE stream_id = $1 ORDER BY version OFFSET 1",
        ticket_stream(ticket_id),
    )
    assert [tuple(row) for row in happened] == [
        ("DeadlinesChanged", NOON + 3 * HOUR),
        ("SLABreached", NOON + 3 * HOUR),
    ]


async def test_what_comes_next_and_a_dry_look_know_the_chosen_organisation(db: asyncpg.Connection) -> None:
    solve = Automation(
        id=uuid4(),
        name="Solve",
        when=Timing(minutes=60, moment=Moment.OPEN, clock="wall"),
        tickets=Selection(organisation_ids=(BLOOM,)),
        then=Actions(state="solved"),
    )
    ticket_id, _ = await a_ticket_of(db, KIM_AT_HOME)
    await a_ticket_of(db, EVE, 10_018)
    await do(db, card(KIM_AT_HOME, organisation=BLOOM))
    service = serving(db, NOON + HOUR)
    looked = await coming.try_automation(service, TryAutomation(automation=solve))
    assert (looked.at_once, looked.examples) == (1, (10_000,))
    await desk_tables.keep_desk(db, [AutomationChanged(thing=solve)], NOON)
    told = await coming.what_comes(service, GetWhatComes(ticket_id=ticket_id))
    assert [(one.automation, one.at) for one in told.items] == [("Solve", NOON + HOUR)]


async def test_a_ticket_that_is_split_off_has_the_deadlines_of_its_own_contact(
    db: asyncpg.Connection,
) -> None:
    await configure(db, Policy(id=uuid4(), name="Bloom", organisation_ids=(BLOOM,), targets=WITHIN_AN_HOUR))
    await do(db, card(EVE, organisation=BLOOM))
    ticket_id, first = await a_ticket_of(db, KIM_AT_HOME)
    second = letter(EVE, answers=first.internet_message_id)
    work = Work(NOON, await desk_tables.read_desk(db))
    await work.load(db, [ticket_id])
    said = CustomerReplied(ticket_id=ticket_id, letter=second, threaded_by=ThreadedBy.IN_REPLY_TO)
    work.add(work.tickets[ticket_id], [said], uuid4(), META)
    await work.save(db)
    split = SplitTicket(
        command_id=uuid4(), actor_id=ANNA, ticket_id=ticket_id, message_ids=(second.message_id,)
    )
    async with db.transaction():
        await changes.split_ticket(serving(db, NOON), split, db)
    made = await db.fetchval(
        "SELECT data ->> 'policy' FROM event WHERE type = 'TicketOpened' AND stream_id <> $1",
        ticket_stream(ticket_id),
    )
    assert made == "Bloom"


async def test_the_clocks_of_a_contact_are_looked_at_again_when_it_changes(db: asyncpg.Connection) -> None:
    ticket_id, _ = await a_ticket_of(db, KIM)
    other_id, _ = await a_ticket_of(db, EVE, 10_018)
    await do(db, card(KIM, organisation=BLOOM))
    stale = await alarm_tables.stale_alarms(db, 10)
    assert ticket_id in stale
    assert other_id not in stale


async def test_when_a_contact_changes_while_a_ticket_of_it_opens_that_is_looked_at_again(
    db: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    async with db.transaction():
        await take_routed(serving(db, NOON), recorded(routed(letter(KIM_AT_HOME))), db)
        choosing = asyncio.create_task(do(other, card(KIM_AT_HOME, organisation=BLOOM)))
        await asyncio.sleep(0.3)  # it goes as far as it can
    await choosing
    assert len(await alarm_tables.stale_alarms(db, 10)) == 1


async def test_a_ticket_that_opens_while_its_contact_changes_is_as_the_contact_is_then(
    db: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    await configure(db, Policy(id=uuid4(), name="Bloom", organisation_ids=(BLOOM,), targets=WITHIN_AN_HOUR))

    async def open_ticket() -> None:
        async with db.transaction():
            await take_routed(serving(db, NOON), recorded(routed(letter(KIM_AT_HOME))), db)

    async with other.transaction():
        await keep_contacts(other, card(KIM_AT_HOME, organisation=BLOOM), NOON)
        opening = asyncio.create_task(open_ticket())
        await asyncio.sleep(0.3)  # it goes as far as it can
    await opening
    made = await db.fetchval("SELECT data ->> 'policy' FROM event WHERE type = 'TicketOpened'")
    assert made == "Bloom"


async def by_liu(db: asyncpg.Connection, command: AnyContactCommand) -> None:
    """By who answers in the ticketbox Zoo, and sees no other."""
    await do(db, command.model_copy(update={"actor_id": LIU}))


async def test_nobody_changes_a_contact_whose_tickets_are_out_of_sight(db: asyncpg.Connection) -> None:
    await a_ticket_of(db, KIM)
    await do(db, card(KIM, KIM_AT_HOME))
    parts = MoveAddress(command_id=uuid4(), actor_id=ANNA, address=KIM_AT_HOME)
    takes = MoveAddress(command_id=uuid4(), actor_id=ANNA, address=KIM_AT_HOME, to_address=EVE)
    for command in (card(KIM), card(EVE, KIM), merge(KIM, EVE), merge(EVE, KIM_AT_HOME), parts, takes):
        with pytest.raises(UnknownThing):
            await by_liu(db, command)
    await do(db, merge(KIM, EVE))
    with pytest.raises(UnknownThing):
        await by_liu(db, undo(KIM))


async def test_contacts_of_tickets_in_sight_are_changed_and_those_of_whom_no_letter_came(
    db: asyncpg.Connection,
) -> None:
    await by_liu(db, card("new@elsewhere.example"))
    await a_ticket_of(db, KIM)
    await a_ticket_of(db, "Kim@Acme.Example", 10_018, ZOO)
    await by_liu(db, card(KIM, KIM_AT_HOME))
    await by_liu(db, merge(KIM, EVE))
    await by_liu(db, undo(KIM))


async def test_a_contact_comes_into_sight_with_its_ticket_or_letter(db: asyncpg.Connection) -> None:
    moved, _ = await a_ticket_of(db, KIM)
    await change(db, MoveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=moved, ticketbox_id=ZOO))
    await by_liu(db, card(KIM))

    merged, _ = await a_ticket_of(db, EVE, 10_018)
    await change(db, MergeTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=merged, other_id=moved))
    await by_liu(db, card(EVE))

    await change(db, MoveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=moved, ticketbox_id=BOX))
    for address in (KIM, EVE):
        with pytest.raises(UnknownThing):
            await by_liu(db, card(address, "another@acme.example"))


def erasure(*addresses: str) -> RequestErasure:
    return RequestErasure(command_id=uuid4(), actor_id=OPERATOR, addresses=addresses, reason="Request 117")


async def test_a_person_is_erased_by_all_addresses_of_the_contact_or_not_at_all(
    db: asyncpg.Connection,
) -> None:
    await do(db, card(KIM))
    await do(db, merge(KIM_AT_HOME, KIM))

    with pytest.raises(Invalid, match=KIM_AT_HOME):
        await erasures.begin(db, erasure(KIM), NOON)

    await erasures.begin(db, erasure(KIM, KIM_AT_HOME), NOON)


async def test_nobody_changes_a_contact_that_is_being_erased(db: asyncpg.Connection) -> None:
    await do(db, card(KIM))
    await erasures.begin(db, erasure(KIM), NOON)

    for command in (merge(KIM, EVE), merge(EVE, KIM), undo(KIM), card(KIM, KIM_AT_HOME)):
        with pytest.raises(Invalid, match="being erased"):
            await do(db, command)
    await do(db, card(EVE))


async def test_an_erased_person_who_writes_again_joins_nothing_and_the_card_begins_anew(
    db: asyncpg.Connection,
) -> None:
    await do(db, card(KIM))
    await do(db, merge(KIM_AT_HOME, KIM))
    ticket_id, _ = await a_ticket_of(db, KIM)
    found = FoundLetters()
    person = await erasing.find_all(db, uuid4(), (KIM, KIM_AT_HOME), found)
    assert set(person.contact_ids) == {contact_id(KIM), contact_id(KIM_AT_HOME)}

    await contact_tables.forget(db, person.contact_ids, person.addresses)
    await alarm_tables.forget_customer(db, [ticket_id], person.alias)

    assert await place_of(db, letter(KIM_AT_HOME, number=10_000)) is None
    alarms = await db.fetch("SELECT contact, standing ->> 'contact' AS standing FROM alarm")
    assert alarms == [(person.alias, person.alias)]
    async with db.transaction():
        again = await keep_contacts(db, card(KIM), NOON)
    assert isinstance(again, Done)
    assert again.version == await db.fetchval(
        "SELECT max(version) FROM event WHERE stream_id = $1", contact_stream(contact_id(KIM))
    )
    changed = card(KIM).model_copy(update={"seen": {contact_id(KIM): again.version}})
    async with db.transaction():
        await keep_contacts(db, changed, NOON)
