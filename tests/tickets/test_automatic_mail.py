"""How much automatic mail one person gets, whatever comes at once; with the real tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.database import Connection
from chassis.log import VersionConflict
from contracts.correspondence import AcknowledgementReleased, ReminderReleased
from contracts.desk import AutomationChanged, Ticketbox, TicketboxChanged
from contracts.event import Meta
from contracts.mail import Address, LetterHead
from contracts.tickets import TicketSetPending
from services.tickets import acknowledging, clock, desk_tables
from services.tickets.work import Work
from tests.events import ANNA, BOX, NOON, letter, opened
from tests.tickets.automation_story import pending_for

pytestmark = pytest.mark.anyio
SUPPORT = Ticketbox(id=BOX, name="Support", addresses=("support@example.com",))
TwoServices = tuple[Connection, Connection]
REMIND_IN_AN_HOUR = pending_for(60, remind="Are you still there?")


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[TwoServices]:
    """Those of two services of the same kind."""
    settings = {"search_path": "tickets", "role": "postroom_tickets"}
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            asyncpg.create_pool(database_url, min_size=2, server_settings=settings)
        )
        first, second = [await stack.enter_async_context(pool.acquire()) for _ in range(2)]
        await desk_tables.keep_desk(first, [TicketboxChanged(thing=SUPPORT)], NOON)
        yield first, second


async def begun(db: Connection) -> Work:
    """A transaction that knows what automatic mail Kim got."""
    work = Work(NOON, await desk_tables.read_desk(db))
    await work.recall_automatic_mail(db, {"kim@customers.example"})
    return work


def acknowledge(work: Work, *heads: LetterHead) -> None:
    """Open a ticket of each letter of Kim's and acknowledge it, as far as it may be."""
    for head in heads:
        event = opened(head, 10_000 + int(head.message_id) % 10**9)
        meta = Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id)
        work.open(event, head.message_id, meta)
        earlier = work.automatic_mail_to("Kim@customers.example")
        answer = acknowledging.acknowledge(event, SUPPORT, b"secret", "Thank you.", earlier, NOON)
        if isinstance(answer, AcknowledgementReleased):
            work.keep_automatic_mail(work.tickets[event.ticket_id], "Kim@customers.example")
        work.add(work.tickets[event.ticket_id], [answer], head.message_id, meta)


async def letters_that_left(db: Connection) -> int:
    left: int = await db.fetchval(
        "SELECT count(*) FROM event WHERE type = ANY($1)",
        [AcknowledgementReleased.type_name(), ReminderReleased.type_name()],
    )
    return left


async def test_several_services_together_send_one_person_no_more_than_one_of_them(
    connections: TwoServices,
) -> None:
    first, second = connections
    heads = [letter() for _ in range(12)]

    # Both look before either has written anything.
    ours, theirs = first.transaction(), second.transaction()
    await ours.start()
    await theirs.start()
    one, other = await begun(first), await begun(second)
    acknowledge(one, *heads[:6])
    acknowledge(other, *heads[6:])
    await one.save(first)
    late = asyncio.create_task(other.save(second))
    await asyncio.sleep(0)
    await ours.commit()
    with pytest.raises(VersionConflict):
        await late
    await theirs.rollback()
    # Who comes later looks again, as after every conflict.
    async with second.transaction():
        again = await begun(second)
        acknowledge(again, *heads[6:])
        await again.save(second)

    assert await letters_that_left(first) == 10


async def test_who_writes_to_other_people_meanwhile_is_in_nobodys_way(
    connections: TwoServices,
) -> None:
    first, second = connections
    eve = letter().model_copy(update={"from_": Address(address="eve@elsewhere.example")})
    async with second.transaction():
        other = await begun(second)
        async with first.transaction():
            one = await begun(first)
            acknowledge(one, letter())
            await one.save(first)
        event = opened(eve, 10_024)
        meta = Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id)
        other.open(event, eve.message_id, meta)
        other.keep_automatic_mail(other.tickets[event.ticket_id], "eve@elsewhere.example")
        await other.save(second)

    rows = await first.fetch("SELECT recipient FROM automatic_mail ORDER BY recipient")
    assert [row["recipient"] for row in rows] == ["eve@elsewhere.example", "kim@customers.example"]


async def test_each_letter_of_a_ticket_counts(
    connections: TwoServices,
) -> None:
    db, _ = connections
    work = await begun(db)
    acknowledge(work, letter())
    (ticket,) = work.tickets.values()
    work.keep_automatic_mail(ticket, "kim@customers.example")
    await work.save(db)

    assert (await begun(db)).automatic_mail == {"kim@customers.example": [NOON, NOON]}


async def test_after_an_outage_one_person_gets_no_more_reminders_at_once_than_within_ten_minutes(
    connections: TwoServices,
) -> None:
    db, _ = connections
    await desk_tables.keep_desk(db, [AutomationChanged(thing=REMIND_IN_AN_HOUR)], NOON)
    for number in range(15):
        at = NOON + timedelta(hours=number)
        work = Work(at, await desk_tables.read_desk(db))
        event = opened(letter(at), 10_000 + number)
        meta = Meta(correlation_id=event.ticket_id, causation_id=event.ticket_id)
        work.open(event, uuid4(), meta)
        waits = TicketSetPending(ticket_id=event.ticket_id, set_by=ANNA)
        work.add(work.tickets[event.ticket_id], [waits], uuid4(), meta)
        await work.save(db)

    await clock.take_turn(db, NOON + timedelta(days=4))

    assert await letters_that_left(db) == 10
    assert await db.fetchval("SELECT count(*) FROM automatic_mail") == 10
