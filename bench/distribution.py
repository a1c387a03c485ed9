"""Distribution with four routers: tickets given to agents a second, and how fairly."""

import asyncio
import time

import asyncpg

from bench.table import Figure
from contracts.desk import Distribution, DistributionMethod
from tests import crowd
from tests.running import Postroom

TICKETS = 5000
AGENTS = 20
ROUTERS = 4
_GIVEN = """
SELECT count(*)
FROM tickets.event
WHERE position > $1 AND type = 'TicketAssigned'
"""


async def measure(postroom: Postroom) -> list[Figure]:
    """Agents are there, and tickets come in two ticketboxes as fast as the log takes them."""
    boxes = [
        crowd.box("Bench in turn", Distribution(method=DistributionMethod.ROUND_ROBIN)),
        crowd.box("Bench by load", Distribution(method=DistributionMethod.LEAST_LOADED)),
    ]
    people = crowd.agents(AGENTS, boxes)
    await crowd.set_desk(postroom, [*people, *boxes])
    with crowd.more_of(postroom, "router", ROUTERS - 1):
        await asyncio.sleep(5)
        await crowd.come(postroom, people)
        db = await asyncpg.connect(postroom.database_url)
        before = await db.fetchval("SELECT max(position) FROM tickets.event")
        began = time.perf_counter()
        tickets = await crowd.open_tickets(postroom, boxes, TICKETS)
        while await db.fetchval(_GIVEN, before) < TICKETS:
            await asyncio.sleep(0.1)
        seconds = time.perf_counter() - began
        await db.close()
    spread = 100 * crowd.spread(await crowd.owners(postroom, tickets), people)
    await crowd.remove(postroom, people)
    return [
        Figure(f"distribution, {ROUTERS} routers, {AGENTS} agents", TICKETS / seconds, "/s", 300),
        Figure("distribution, farthest from a fair share", spread, "%", 5, "less"),
    ]
