"""A ticket on hold until a linked one is solved, with the real tables."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import log
from chassis.commands import Forbidden, Invalid
from chassis.database import connect
from contracts.automations import Actions, Automation, Moment, Timing
from contracts.commands import (
    AnyTicketCommand,
    CloseTicket,
    Command,
    HoldForTicket,
    LinkTickets,
    MergeTicket,
    PutOnHold,
    ReopenTicket,
    SetPending,
    SolveTicket,
    SubmitReply,
    UndoChange,
    UndoMerge,
    UnlinkTickets,
)
from contracts.desk import AutomationChanged, PersonChanged, Ticketbox, TicketboxChanged
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.people import BoxRight, Person, Right, Role
from contracts.stream_ids import ticket_stream
from contracts.tickets import LinkKind, State, TicketOpened, TicketReopened
from services.tickets import changes, desk_tables
from services.tickets.evolve import load
from services.tickets.ticket import Ticket
from services.tickets.work import Work

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANNA, LIU, BOX, ZOO = (uuid4() for _ in range(4))
SERVICE: Any = SimpleNamespace(clock=lambda: NOON)


class Desk:
    """Some tickets, changed in a transaction each."""

    def __init__(self, db: asyncpg.Connection) -> None:
        self.db = db

    async def ticket(self, number: int, box: UUID = BOX) -> UUID:
        head = LetterHead(
            message_id=uuid4(),
            internet_message_id=None,
            received_at=NOON,
            from_=Address(address="k@x.example"),
        )
        opened = TicketOpened(
            ticket_id=uuid4(),
            number=number,
            ticketbox_id=box,
            ticketbox="Support",
            subject="Lamp",
            contact=Address(address="k@x.example"),
            letter=head,
        )
        work = Work(NOON, await desk_tables.read_desk(self.db))
        work.open(opened, uuid4(), Meta(correlation_id=ANNA, causation_id=ANNA))
        await work.save(self.db)
        return opened.ticket_id

    async def do(self, kind: type[Command], ticket_id: UUID, by: UUID = ANNA, **wanted: object) -> UUID:
        who = {"command_id": uuid4(), "actor_id": by, "ticket_id": ticket_id}
        command: Any = kind.model_validate(who | wanted)
        change: Any = changes.change_ticket if isinstance(command, AnyTicketCommand) else changes.change_two
        change = changes.undo_change if isinstance(command, UndoChange) else change
        async with self.db.transaction():
            await change(SERVICE, command, self.db)
        return command.command_id  # type: ignore[no-any-return]

    async def answer(self, ticket_id: UUID) -> None:
        seen = (await self.read(ticket_id)).version
        await self.do(SubmitReply, ticket_id, reply_id=uuid4(), text="Soon.", seen_version=seen)

    async def keep(self, automation: Automation) -> None:
        await desk_tables.keep_desk(self.db, [AutomationChanged(thing=automation)], NOON)

    async def linked(self, one: UUID, other: UUID) -> None:
        await self.do(LinkTickets, one, other_id=other, link=LinkKind.CHILD)

    async def read(self, ticket_id: UUID) -> Ticket:
        work = Work(NOON, await desk_tables.read_desk(self.db))
        await work.load(self.db, {ticket_id})
        return work.tickets[ticket_id]

    async def stands(self, ticket_id: UUID) -> State:
        """How it is by its log, whatever is due by now."""
        history = await log.load(self.db, [ticket_stream(ticket_id)])
        ticket = load(history[ticket_stream(ticket_id)].events)
        assert ticket is not None
        return ticket.state


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    opened = [await connect(database_url, "tickets") for _ in range(2)]
    in_box = (BoxRight(ticketbox_id=BOX, right=Right.ANSWER),)
    things = [
        TicketboxChanged(thing=Ticketbox(id=BOX, name="Support", addresses=("support@example.com",))),
        TicketboxChanged(thing=Ticketbox(id=ZOO, name="Zoo", addresses=("zoo@example.com",))),
        PersonChanged(thing=Person(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT)),
        PersonChanged(
            thing=Person(id=LIU, name="Liu", email="liu@example.com", role=Role.AGENT, rights=in_box)
        ),
    ]
    await desk_tables.keep_desk(opened[0], things, datetime.now(UTC))
    yield opened
    for one in opened:
        await one.close()


@pytest.fixture
async def desk(connections: list[asyncpg.Connection]) -> Desk:
    return Desk(connections[0])


async def test_a_ticket_waits_until_a_linked_one_is_solved(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts, reason="Parts first")
    held = await desk.read(order)
    assert (held.state, held.held_until, held.held_for_id) == (State.ON_HOLD, None, parts)

    await desk.do(SolveTicket, parts)

    opened = await desk.read(order)
    assert (opened.state, opened.held_for_id) == (State.OPEN, None)
    data = await desk.db.fetchval(
        "SELECT data::text FROM event WHERE stream_id = $1 AND type = 'TicketReopened'", ticket_stream(order)
    )
    assert TicketReopened.model_validate_json(data).why == "hold_ended"


async def test_who_waits_no_more_is_left_as_it_is(desk: Desk) -> None:
    order, other, parts = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    for one in (order, other):
        await desk.linked(one, parts)
        await desk.do(HoldForTicket, one, other_id=parts)
    await desk.do(PutOnHold, order, reason="Something else")
    await desk.do(ReopenTicket, other)
    await desk.do(SolveTicket, parts)
    assert (await desk.read(order)).state is State.ON_HOLD
    assert (await desk.read(other)).state is State.OPEN


async def test_a_ticket_waits_only_for_what_is_linked_and_not_done(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    with pytest.raises(Invalid, match="Link"):
        await desk.do(HoldForTicket, order, other_id=parts)
    await desk.linked(order, parts)
    await desk.do(SolveTicket, parts)
    with pytest.raises(Invalid, match="solved"):
        await desk.do(HoldForTicket, order, other_id=parts)


async def test_two_tickets_do_not_wait_for_one_another(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    with pytest.raises(Invalid, match="waits for this one"):
        await desk.do(HoldForTicket, parts, other_id=order)


async def test_who_may_not_answer_in_both_ticketboxes_cannot_let_one_wait_for_the_other(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017, ZOO)
    await desk.linked(order, parts)
    with pytest.raises(Forbidden):
        await desk.do(HoldForTicket, order, by=LIU, other_id=parts)


async def test_the_link_stays_while_a_ticket_waits(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    for one, other, link in ((order, parts, LinkKind.CHILD), (parts, order, LinkKind.PARENT)):
        with pytest.raises(Invalid, match="waits"):
            await desk.do(UnlinkTickets, one, other_id=other, link=link)
    await desk.do(ReopenTicket, order)
    await desk.do(UnlinkTickets, order, other_id=parts, link=LinkKind.CHILD)


async def test_what_a_ticket_waits_for_goes_on_where_it_is_merged_into(desk: Desk) -> None:
    order, parts, other = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    await desk.do(MergeTicket, parts, other_id=other)
    assert (await desk.read(order)).state is State.ON_HOLD
    await desk.do(SolveTicket, other)
    assert (await desk.read(order)).state is State.OPEN


async def test_a_merged_ticket_waits_on_until_the_merge_is_undone(desk: Desk) -> None:
    order, parts, other = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    await desk.do(MergeTicket, order, other_id=other)
    await desk.do(SolveTicket, parts)
    assert (await desk.read(order)).state is State.ON_HOLD
    await desk.do(UndoMerge, order, other_id=other)
    assert (await desk.read(order)).state is State.OPEN


async def test_a_chain_opens_link_by_link(desk: Desk) -> None:
    first, second, third = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    for one, other in ((first, second), (second, third)):
        await desk.linked(one, other)
        await desk.do(HoldForTicket, one, other_id=other)
    await desk.do(SolveTicket, third)
    assert [(await desk.read(one)).state for one in (first, second)] == [State.ON_HOLD, State.OPEN]


async def test_an_undone_merge_that_closes_a_ticket_again_opens_what_waits_for_it(desk: Desk) -> None:
    order, parts, other = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    await desk.do(SolveTicket, parts)
    await desk.do(CloseTicket, parts)
    await desk.do(MergeTicket, other, other_id=parts)
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    await desk.do(UndoMerge, other, other_id=parts)
    assert (await desk.read(parts)).state is State.CLOSED
    assert (await desk.read(order)).state is State.OPEN


async def test_what_an_automation_solves_when_a_linked_ticket_is_solved_opens_what_waits_for_it(
    desk: Desk,
) -> None:
    order, parts, bill = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    await desk.linked(parts, bill)
    await desk.do(SetPending, parts)
    await desk.keep(
        Automation(
            id=uuid4(),
            name="Done",
            when=Timing(minutes=0, moment=Moment.PENDING, clock="wall"),
            then=Actions(state="solved"),
        )
    )
    await desk.do(SolveTicket, bill)
    assert await desk.stands(parts) is State.SOLVED
    assert await desk.stands(order) is State.OPEN


async def test_of_three_tickets_none_waits_for_itself(desk: Desk) -> None:
    first, second, third = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    for one, other in ((first, second), (second, third), (third, first)):
        await desk.linked(one, other)
    for one, other in ((first, second), (second, third)):
        await desk.do(HoldForTicket, one, other_id=other)
    with pytest.raises(Invalid, match="waits for this one"):
        await desk.do(HoldForTicket, third, other_id=first)


@pytest.mark.parametrize("undone", [False, True])
async def test_tickets_that_begin_to_wait_at_the_same_moment_do_not_wait_in_a_circle(
    connections: list[asyncpg.Connection], undone: bool
) -> None:
    one, two = map(Desk, connections)
    first, second, third = [await one.ticket(number) for number in (10009, 10017, 10025)]
    for ticket_id, other in ((first, second), (second, third), (third, first)):
        await one.linked(ticket_id, other)
    await one.do(HoldForTicket, first, other_id=second)
    await one.do(HoldForTicket, second, other_id=third)
    reopened = await one.do(ReopenTicket, second)
    async with one.db.transaction():
        if undone:
            await one.do(UndoChange, second, undone_id=reopened)
        else:
            await one.do(HoldForTicket, second, other_id=third)
        last = asyncio.create_task(two.do(HoldForTicket, third, other_id=first))
        await asyncio.sleep(0.3)  # it reads, unless it waits for its turn
    with pytest.raises(Invalid, match="waits for this one"):
        await last


@pytest.mark.parametrize("through_another", [False, True])
async def test_a_ticket_does_not_wait_for_what_is_merged_into_it(desk: Desk, through_another: bool) -> None:
    order, parts, between = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    awaited = between if through_another else parts
    await desk.linked(order, awaited)
    await desk.linked(between, parts)
    await desk.do(HoldForTicket, order, other_id=awaited)
    await desk.do(HoldForTicket, between, other_id=parts)
    for one in (order, parts):
        await desk.answer(one)

    await desk.do(MergeTicket, parts, other_id=order)
    assert (await desk.read(order)).state is State.OPEN

    await desk.do(UndoMerge, parts, other_id=order)
    given_back = await desk.read(order)
    assert (given_back.state, given_back.held_for_id) == (State.ON_HOLD, awaited)


async def test_of_tickets_that_an_undoing_lets_wait_in_a_circle_it_opens_one(desk: Desk) -> None:
    first, second, third = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    for one, other in ((first, second), (second, third), (third, first)):
        await desk.linked(one, other)
    await desk.do(HoldForTicket, first, other_id=second)
    undone = await desk.do(ReopenTicket, first)
    await desk.do(HoldForTicket, second, other_id=third)
    await desk.do(HoldForTicket, third, other_id=first)
    await desk.do(UndoChange, first, undone_id=undone)
    states = [(await desk.read(one)).state for one in (first, second, third)]
    assert states == [State.OPEN, State.ON_HOLD, State.ON_HOLD]


async def test_waiting_that_is_undone_or_given_back_is_as_it_would_be_now(desk: Desk) -> None:
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    for kind in (PutOnHold, ReopenTicket):
        undone = await desk.do(kind, order)
        await desk.do(UndoChange, order, undone_id=undone)
        assert (await desk.read(order)).held_for_id == parts

    undone = await desk.do(ReopenTicket, order)
    await desk.do(SolveTicket, parts)
    await desk.do(UndoChange, order, undone_id=undone)
    given_back = await desk.read(order)
    assert (given_back.state, given_back.held_for_id) == (State.OPEN, None), "it would have ended meanwhile"


@pytest.mark.parametrize("solved_meanwhile", [False, True])
async def test_waiting_that_an_undone_merge_gives_back_is_as_it_would_be_now(
    desk: Desk, solved_meanwhile: bool
) -> None:
    order, parts, other = [await desk.ticket(number) for number in (10009, 10017, 10025)]
    await desk.linked(order, parts)
    await desk.do(HoldForTicket, order, other_id=parts)
    await desk.do(MergeTicket, other, other_id=order)
    assert (await desk.read(order)).state is State.OPEN
    if solved_meanwhile:
        await desk.do(SolveTicket, parts)
    await desk.do(UndoMerge, other, other_id=order)
    given_back = await desk.read(order)
    assert given_back.held_for_id == (None if solved_meanwhile else parts)
    assert given_back.state is (State.OPEN if solved_meanwhile else State.ON_HOLD)


async def test_nobody_waits_for_what_is_being_solved_at_this_moment(
    connections: list[asyncpg.Connection],
) -> None:
    desk, meanwhile = map(Desk, connections)
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    solving = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=parts)
    async with desk.db.transaction():
        await changes.change_ticket(SERVICE, solving, desk.db)
        holding = asyncio.create_task(meanwhile.do(HoldForTicket, order, other_id=parts))
        await asyncio.sleep(0.2)
        assert not holding.done()
    with pytest.raises(Invalid, match="solved"):
        await holding
    assert (await desk.read(order)).state is State.OPEN


async def test_who_waits_since_a_moment_ago_is_not_forgotten(connections: list[asyncpg.Connection]) -> None:
    desk, meanwhile = map(Desk, connections)
    order, parts = await desk.ticket(10009), await desk.ticket(10017)
    await desk.linked(order, parts)
    holding = HoldForTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=order, other_id=parts)
    async with desk.db.transaction():
        await changes.change_two(SERVICE, holding, desk.db)
        solving = asyncio.create_task(meanwhile.do(SolveTicket, parts))
        await asyncio.sleep(0.2)
        assert not solving.done()
    await solving
    assert (await desk.read(order)).state is State.OPEN
