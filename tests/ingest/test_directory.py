"""The ticketboxes that intake knows: they change, and go."""

import pytest

from chassis.database import connect_pool
from contracts.desk import ThingRemoved, Ticketbox, TicketboxChanged
from services.ingest import directory
from tests.events import recorded
from tests.ingest.desks import box_id, set_desk

pytestmark = pytest.mark.anyio
SUPPORT, ORDERS = box_id("Support"), box_id("Orders")


async def test_a_ticketbox_takes_mail_at_the_addresses_that_it_has_now(database_url: str) -> None:
    pool = await connect_pool(database_url, "ingest", 2)
    try:
        await set_desk(pool, {"Support": ["support@example.com"], "Orders": ["orders@example.com"]})
        moved = Ticketbox(id=ORDERS, name="Sales", addresses=("sales@example.com",))
        async with pool.acquire() as db:
            await directory.keep(recorded(TicketboxChanged(thing=moved), version=3), db)
            await directory.keep(
                recorded(TicketboxChanged(thing=moved.model_copy(update={"name": "Old"})), version=2), db
            )
            desk = await directory.read_desk(db)
            assert desk.owner_of("sales@example.com") == ORDERS
            assert desk.owner_of("orders@example.com") is None

            await directory.keep(recorded(ThingRemoved(kind="ticketbox", id=ORDERS), version=4), db)
            await directory.keep(recorded(TicketboxChanged(thing=moved), version=3), db)
            desk = await directory.read_desk(db)
            assert desk.owner_of("sales@example.com") is None
            assert desk.only_one
            await directory.keep(recorded(TicketboxChanged(thing=moved), version=5), db)
            assert (await directory.read_desk(db)).owner_of("sales@example.com") == ORDERS
    finally:
        await pool.close()
