"""Letters that come too late for their ticket: the first opens another one, and the next go on there; real tables."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import log
from contracts.commands import MergeTicket, SolveTicket
from contracts.desk import FollowUp, PersonChanged, Ticketbox, TicketboxChanged
from contracts.mail import Address, LetterHead
from contracts.people import Person as DeskPerson
from contracts.people import Role
from contracts.tickets import ThreadedBy
from services.tickets import changes, desk_tables
from services.tickets.evolve import load
from services.tickets.letters import take_routed
from services.tickets.threading import Place, places_from
from services.tickets.ticket import Ticket
from tests.events import ANNA, BOX, NOON, letter, recorded, routed

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
SUPPORT = Ticketbox(
    id=BOX,
    name="Support",
    addresses=("support@example.com",),
    follow_up=FollowUp(reopen_within_days=14, close_after_days=None),
)
EVE = Address(address="eve@elsewhere.example")


@pytest.fixture
async def db(db: asyncpg.Connection) -> asyncpg.Connection:
    anna = DeskPerson(id=ANNA, name="Anna", email="anna@example.com", role=Role.AGENT)
    await desk_tables.keep_desk(db, [TicketboxChanged(thing=SUPPORT), PersonChanged(thing=anna)], NOON)
    return db


def serving(now: datetime) -> Any:
    return SimpleNamespace(clock=lambda: now)


def answering(head: LetterHead, at: datetime, **changed: object) -> LetterHead:
    named = head.internet_message_id
    return letter(at).model_copy(update={"in_reply_to": named, "excerpt": "It broke again.", **changed})


async def come(db: asyncpg.Connection, *heads: LetterHead) -> None:
    """Letters that are taken in one batch."""
    async with db.transaction():
        batch = [one for head in heads for one in recorded(routed(head), at=head.received_at)]
        await take_routed(serving(heads[-1].received_at), batch, db)


async def solve(db: asyncpg.Connection, ticket_id: UUID, at: datetime) -> None:
    async with db.transaction():
        command = SolveTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=ticket_id)
        await changes.change_ticket(serving(at), command, db)


async def tickets(db: asyncpg.Connection) -> list[Ticket]:
    """All that there are, in the order in which they began."""
    rows = await db.fetch("SELECT stream_id FROM event WHERE type = 'TicketOpened' ORDER BY position")
    histories = await log.load(db, [row["stream_id"] for row in rows])
    found = (load(histories[row["stream_id"]].events) for row in rows)
    return [one for one in found if one is not None]


async def a_done_ticket(db: asyncpg.Connection) -> LetterHead:
    """Kim's, solved the day after she wrote."""
    first = letter(NOON)
    await come(db, first)
    (ticket,) = await tickets(db)
    await solve(db, ticket.ticket_id, NOON + DAY)
    return first


async def test_the_second_letter_that_comes_too_late_goes_on_in_the_ticket_of_the_first(
    db: asyncpg.Connection,
) -> None:
    first = await a_done_ticket(db)
    second, third = (answering(first, NOON + days * DAY) for days in (30, 31))
    await come(db, second)
    await come(db, third)
    old, new = await tickets(db)
    assert [*old.letters] == [first.message_id]
    assert (new.follows_id, [*new.letters]) == (old.ticket_id, [second.message_id, third.message_id])


async def test_so_it_does_if_both_come_at_once(db: asyncpg.Connection) -> None:
    first = await a_done_ticket(db)
    await come(db, *(answering(first, NOON + 30 * DAY) for _ in range(3)))
    assert [len(one.letters) for one in await tickets(db)] == [1, 3]


async def test_who_takes_no_part_in_what_follows_does_not_go_on_there(db: asyncpg.Connection) -> None:
    first = await a_done_ticket(db)
    await come(db, answering(first, NOON + 30 * DAY))
    known = {one.ticket_id: one for one in await tickets(db)}
    old, new = known.values()
    place = Place(old.ticket_id, ThreadedBy.OUR_MESSAGE_ID)
    assert [one.ticket_id for one in places_from(first, place, known)] == [old.ticket_id, new.ticket_id]
    of_eve = answering(first, NOON + 31 * DAY, from_=EVE)
    assert [*places_from(of_eve, place, known)] == [place]


async def test_what_follows_may_be_done_for_too_long_as_well(db: asyncpg.Connection) -> None:
    first = await a_done_ticket(db)
    await come(db, answering(first, NOON + 30 * DAY))
    _, new = await tickets(db)
    await solve(db, new.ticket_id, NOON + 31 * DAY)
    await come(db, answering(first, NOON + 40 * DAY))
    await solve(db, new.ticket_id, NOON + 41 * DAY)
    await come(db, answering(first, NOON + 90 * DAY), answering(first, NOON + 91 * DAY))
    old, new, newest = await tickets(db)
    assert [len(one.letters) for one in (old, new, newest)] == [1, 2, 2]
    assert newest.follows_id == new.ticket_id


async def test_what_follows_may_have_been_merged_into_the_ticket_that_it_follows(
    db: asyncpg.Connection,
) -> None:
    first = await a_done_ticket(db)
    await come(db, answering(first, NOON + 30 * DAY))
    old, new = await tickets(db)
    merge = MergeTicket(command_id=uuid4(), actor_id=ANNA, ticket_id=new.ticket_id, other_id=old.ticket_id)
    async with db.transaction():
        await changes.change_two(serving(NOON + 31 * DAY), merge, db)
    await solve(db, old.ticket_id, NOON + 32 * DAY)
    late = answering(first, NOON + 90 * DAY)
    await come(db, late)
    assert [*(await tickets(db))[2].letters] == [late.message_id]
