"""Events a second through a rebuild, beside the running services."""

import time

from bench.table import Figure
from chassis.rebuild import rebuild
from postroom.rebuild import PROJECTIONS
from tests.running import Postroom


async def measure(postroom: Postroom) -> list[Figure]:
    figures = []
    for projection in PROJECTIONS.values():
        began = time.perf_counter()
        events = await rebuild(postroom.database_url, projection, lambda _: None)
        speed = events / (time.perf_counter() - began)
        figures.append(Figure(f"rebuild of {projection.name}, {events:,} events", speed, "/s", 10_000))
    return figures
