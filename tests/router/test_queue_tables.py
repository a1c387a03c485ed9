"""The queue with many tickets: distribution reads those that something happens to, and no others."""

from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection
from services.router import queue_tables
from services.router.queue import Queued
from tests.desks import ANNA, LEO, ORDERS, SUPPORT
from tests.events import NOON
from tests.router.rows import reading

pytestmark = pytest.mark.anyio
MANY = 4000
FEW = 40
SECOND = timedelta(seconds=1)


def waiting(box: UUID = SUPPORT.id, number: int = MANY) -> Iterator[Queued]:
    """Tickets that nobody has, as they came in one after the other."""
    for n in range(number):
        yield Queued(
            ticket_id=uuid4(),
            number=n,
            message_id=uuid4(),
            contact_key=uuid4(),
            version=1,
            placed_version=1,
            placed_id=uuid4(),
            correlation_id=uuid4(),
            traceparent=None,
            ticketbox_id=box,
            waiting_since=NOON + n * SECOND,
        )


def owned(by: UUID, box: UUID = SUPPORT.id, number: int = MANY) -> Iterator[Queued]:
    """Tickets that somebody has not answered."""
    for n, ticket in enumerate(waiting(box, number)):
        yield replace(ticket, owner_id=by, owned_since=NOON + n * SECOND, waiting_since=None)


async def keep(db: Connection, *tickets: Queued) -> None:
    await db.copy_records_to_table(
        "ticket", records=map(astuple, tickets), columns=[*Queued.__dataclass_fields__]
    )
    owners = [ticket.owner_id for ticket in tickets if ticket.owner_id is not None]
    await queue_tables.add_loads(db, {owner: owners.count(owner) for owner in {*owners}})
    await db.execute("ANALYZE")


async def test_the_most_urgent_that_wait_are_found_without_reading_the_others(db: Connection) -> None:
    *others, urgent = waiting()
    (elsewhere,) = waiting(ORDERS.id, 1)
    urgent = replace(urgent, urgency=3)
    await keep(db, *others, urgent, elsewhere)
    async with reading(db) as read:
        found = await queue_tables.waiting(db, [SUPPORT.id], 3)
    assert found == [urgent, *others[:2]]
    assert read.rows < FEW


async def test_the_next_ticket_is_the_most_urgent_of_several_ticketboxes(db: Connection) -> None:
    in_support, in_orders = [*waiting()], [*waiting(ORDERS.id)]
    in_orders[-1] = urgent = replace(in_orders[-1], urgency=2)
    in_support[-1] = due = replace(in_support[-1], due_at=NOON)
    await keep(db, *in_support, *in_orders)
    async with reading(db) as read:
        found = await queue_tables.waiting(db, [SUPPORT.id, ORDERS.id], 3)
    assert found[:2] == [urgent, due]
    assert found[2].waiting_since == NOON
    assert read.rows < FEW
    await queue_tables.keep_wishes(db, [(urgent, ANNA.id)])
    assert await queue_tables.waiting(db, [SUPPORT.id, ORDERS.id], 1) == [due]


async def test_while_nobody_has_left_no_ticket_is_read_to_find_that_out(db: Connection) -> None:
    await keep(db, *owned(ANNA.id))
    async with reading(db) as read:
        assert await queue_tables.left(db, SUPPORT.id, [ANNA.id], 10) == []
    assert read.rows == 0


async def test_of_those_who_left_the_tickets_that_they_had_longest_are_read(db: Connection) -> None:
    longer = [*owned(ANNA.id)]
    of_leo = [
        replace(one, owned_since=NOON + MANY * SECOND + n * SECOND) for n, one in enumerate(owned(LEO.id))
    ]
    await keep(db, *longer, *of_leo, *owned(LEO.id, ORDERS.id, 1))
    async with reading(db) as read:
        found = await queue_tables.left(db, SUPPORT.id, [ANNA.id], 3)
    assert found == of_leo[:3]
    assert read.rows < FEW


async def test_tickets_that_supervisors_were_told_of_are_not_read_again(db: Connection) -> None:
    *told, fresh = waiting()
    await keep(db, *told, fresh)
    await queue_tables.keep_told(db, told)
    async with reading(db) as read:
        assert await queue_tables.untold(db, SUPPORT.id, 10) == [fresh]
    assert read.rows < FEW


async def test_a_new_wait_is_told_again(db: Connection) -> None:
    (ticket,) = waiting(number=1)
    await keep(db, ticket)
    await queue_tables.keep_told(db, [ticket])
    again = replace(ticket, version=3, waiting_since=NOON + 9 * SECOND)
    await queue_tables.keep(db, [again])
    assert await queue_tables.untold(db, SUPPORT.id, 10) == [again]


async def test_however_busy_others_are_the_ticketboxes_that_are_due_longest_come_first(
    db: Connection,
) -> None:
    *busy, last = sorted(uuid4() for _ in range(4))
    await queue_tables.mark(db, [last], NOON - 3600 * SECOND)
    await queue_tables.mark(db, busy, NOON)
    found = await queue_tables.due(db, NOON, 3)
    assert found == [*busy[:2], last]
