"""Distribution with four routers: tickets given to agents a second, and how fairly."""

import asyncio
import time

from bench.table import Figure
from contracts.desk import Distribution, DistributionMethod
from tests import crowd
from tests.running import Postroom

TICKETS = 5000
AGENTS = 20
ROUTERS = 4


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
        began = time.perf_counter()
        tickets = await crowd.open_tickets(postroom, boxes, TICKETS)
        given = await crowd.owners(postroom, tickets)
        while len(given) < TICKETS:
            await asyncio.sleep(0.1)
            given = await crowd.owners(postroom, tickets)
        seconds = time.perf_counter() - began
    spread = 100 * crowd.spread(given, people)
    await crowd.remove(postroom, people)
    return [
        Figure(f"distribution, {ROUTERS} routers, {AGENTS} agents", TICKETS / seconds, "/s", 300),
        Figure("distribution, farthest from a fair share", spread, "%", 5, "less"),
    ]
