"""The same figures while the log grows: all its tickets are open."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence

import asyncpg
import httpx

from bench import pages, throughput, what_if
from bench.table import Figure
from tests.running import Postroom

MOST_MESSAGES = 3_000
"""At each size."""


async def measure(postroom: Postroom, sizes: Sequence[int], messages: int) -> list[Figure]:
    """Figures at each size, where `messages` come in as mail, too.

    `what` ends with the size, so that they can be shown side by side.
    """
    figures: list[Figure] = []
    there = 0
    for size in sorted(sizes):
        loaded = await load(postroom, max(1, size - there), seed=size)
        there = max(size, there + 1)
        events = await _events(postroom)
        print(f"{size:,} tickets are there, {events:,} events in all logs", flush=True)
        mail = await throughput.measure(postroom, min(messages, MOST_MESSAGES))
        there += min(messages, MOST_MESSAGES)
        await caught_up(postroom)
        found = [
            Figure("events in all logs", events, ""),
            Figure("tickets loaded, all services at work", loaded, "/s"),
            *(one for one in mail if one.what.startswith(("mail into", "memory"))),
            *await pages.measure(postroom),
            *((one._replace(what="what-if, for 100,000 tickets")) for one in await what_if.measure(postroom)),
        ]
        figures += [one._replace(what=f"{one.what} @ {size:,}") for one in found]
    return figures


async def load(postroom: Postroom, tickets: int, seed: int) -> float:
    """Load open tickets, a second; and wait until every reader has them."""
    began = time.perf_counter()
    environment = {**os.environ, "POSTROOM_DATABASE_URL": postroom.database_url}
    command = [sys.executable, "-m", "postroom", "load", "--tickets", str(tickets), "--seed", str(seed)]
    await asyncio.to_thread(subprocess.run, [*command, "--waiting", "1"], env=environment, check=True)
    loaded = tickets / (time.perf_counter() - began)
    await caught_up(postroom)
    return loaded


async def caught_up(postroom: Postroom) -> None:
    """Wait until nobody has anything left to read."""
    async with httpx.AsyncClient(base_url=postroom.url, timeout=30, headers=pages.BEARER) as http:
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(1)
            consumers = (await http.get("/api/v1/status")).json()["consumers"]
            quiet = 0 if any(one["waiting"] for one in consumers) else quiet + 1


async def _events(postroom: Postroom) -> int:
    db = await asyncpg.connect(postroom.database_url)
    try:
        counted = [
            await db.fetchval(f"SELECT count(*) FROM {service}.event")
            for service in ("ingest", "router", "tickets", "notify")
        ]
    finally:
        await db.close()
    return sum(counted)
