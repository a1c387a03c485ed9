"""The same figures while the log grows: all its tickets are open."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence

import asyncpg

from bench import bulk, distribution, latency, pages, routing, throughput, what_if
from bench.quiet import caught_up
from bench.table import Figure, side_by_side
from contracts.streams import STREAMS
from tests.running import Postroom

MESSAGES = 3_000
"""As mail, at each size: each fifth goes on with an earlier one, and all ask 200 rules."""


async def measure(postroom: Postroom, sizes: Sequence[int]) -> list[Figure]:
    """Figures at each size of a Postroom with policies and 200 rules.

    `what` ends with the size, so that they can be shown side by side.
    """
    await routing.publish(postroom)
    figures: list[Figure] = []
    for size in sorted(sizes):
        there = await _tickets(postroom)
        loaded = await load(postroom, max(1, size - there), seed=size)
        events = await _events(postroom)
        print(f"{size:,} tickets are there, {events:,} events in all logs", flush=True)
        found = [Figure("events in all logs", events, "")]
        # Else most of them came as mail, and the start of the load is what took the time.
        if there < size / 2:
            found.append(Figure("tickets loaded, all services at work", loaded, "/s"))
        for part in (
            throughput.measure(postroom, MESSAGES, every_goes_on=5),
            latency.measure(postroom),
            pages.measure(postroom),
            throughput.measure_given(postroom, MESSAGES, every_goes_on=5),
            distribution.measure(postroom),
            bulk.measure(postroom),
            routing.dry_run(postroom),
            what_if.measure(postroom),
        ):
            found += await part
            await caught_up(postroom)
        figures += [one._replace(what=f"{one.what} @ {size:,}") for one in found]
        print(side_by_side(figures), flush=True)
    return figures


async def load(postroom: Postroom, tickets: int, seed: int) -> float:
    """Load open tickets, a second; and wait until every reader has them."""
    began = time.perf_counter()
    environment = {**os.environ, "POSTROOM_DATABASE_URL": postroom.database_url}
    command = [sys.executable, "-m", "postroom", "load", "--tickets", str(tickets), "--seed", str(seed)]
    await asyncio.to_thread(subprocess.run, [*command, "--waiting", "1"], env=environment, check=True)
    loaded = tickets / (time.perf_counter() - began)
    await caught_up(postroom)
    # As after any bulk load: PostgreSQL would clean up and count while the figures are taken.
    db = await asyncpg.connect(postroom.database_url)
    try:
        await db.execute("VACUUM (ANALYZE)")
    finally:
        await db.close()
    return loaded


async def _tickets(postroom: Postroom) -> int:
    return await _count(postroom, "SELECT count(*) FROM gateway.ticket")


async def _events(postroom: Postroom) -> int:
    logs = [f"SELECT count(*) AS number FROM {service}.event" for service in STREAMS]
    return await _count(postroom, f"SELECT sum(number) FROM ({' UNION ALL '.join(logs)}) AS log")


async def _count(postroom: Postroom, question: str) -> int:
    db = await asyncpg.connect(postroom.database_url)
    try:
        return int(await db.fetchval(question))
    finally:
        await db.close()
