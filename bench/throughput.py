"""Mail in, tickets out: accepted a second by SMTP, and in tickets a second, sustained."""

import asyncio
import time

from bench import memory
from bench.presence import presence
from bench.quiet import caught_up
from bench.smtp import send_all
from bench.table import Figure
from chassis.requests import ask
from contracts.people import Presence
from contracts.queries import GetLedger, Ledger
from tests.running import Postroom

CONNECTIONS = 8


async def measure(postroom: Postroom, messages: int, *, every_goes_on: int = 0) -> list[Figure]:
    """`messages` of them, of which each `every_goes_on`-th belongs to a ticket that is there."""
    run = str(time.time_ns())
    most = 0.0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, await asyncio.to_thread(memory.megabytes, postroom))
            await asyncio.sleep(5)

    async with await postroom.connect() as client:
        before = (await ask(client, GetLedger(), Ledger)).ticketed
        watching = asyncio.create_task(watch())
        began = time.perf_counter()
        await send_all(postroom.smtp_port, run, range(messages), CONNECTIONS, every_goes_on=every_goes_on)
        accepted = time.perf_counter() - began
        while (await ask(client, GetLedger(), Ledger)).ticketed < before + messages:
            await asyncio.sleep(0.1)
        ticketed = time.perf_counter() - began
        watching.cancel()
    return [
        Figure(f"mail accepted by SMTP ({messages:,} of 4 kB, 8 connections)", messages / accepted, "/s"),
        Figure("mail into tickets, sustained", messages / ticketed, "/s", 300),
        Figure("memory of the whole stack, under this load", most, "MB", memory.GOAL, "less"),
    ]


async def measure_given(postroom: Postroom, messages: int, *, every_goes_on: int) -> list[Figure]:
    """The same while somebody is there: each new ticket is given to them, too."""
    await presence(postroom, Presence.AVAILABLE)
    await caught_up(postroom)  # whoever comes is given what waits
    _, sustained, _ = await measure(postroom, messages, every_goes_on=every_goes_on)
    await presence(postroom, Presence.OFF)
    return [Figure("mail into tickets, each given to somebody", sustained.value, "/s")]
