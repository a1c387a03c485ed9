"""From the 250 to the ticket that the API shows, at 50 messages a second.

The live feed says when a ticket is in the read model that the API answers from; asking again and again for each of
them would be most of the load.
"""

import asyncio
import json
import time

import httpx

from bench.smtp import Client, message
from bench.table import Figure, percentile
from tests.running import BEARER, Postroom

RATE, SECONDS, CONNECTIONS = 50, 30, 8


async def measure(postroom: Postroom) -> list[Figure]:
    run = str(time.time_ns())
    accepted: dict[int, float] = {}
    seen: dict[int, float] = {}
    number_of = RATE * SECONDS
    async with httpx.AsyncClient(base_url=postroom.url, headers=BEARER) as http:
        listening = asyncio.create_task(_listen(http, seen))
        await asyncio.sleep(1)
        clients: asyncio.Queue[Client] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            clients.put_nowait(await Client.connect(postroom.smtp_port))
        began = time.perf_counter()

        async def send(number: int) -> None:
            client = await clients.get()
            await client.send(f"c{run}.{number}@customers.example", message(number, run))
            accepted[number] = time.perf_counter()
            clients.put_nowait(client)

        async with asyncio.TaskGroup() as tasks:
            for number in range(number_of):
                await asyncio.sleep(max(0, began + number / RATE - time.perf_counter()))
                tasks.create_task(send(number))
        await asyncio.sleep(3)
        listening.cancel()
        tickets = await _tickets(http, run, number_of)
    waits = [1000 * (seen[ticket] - accepted[number]) for number, ticket in tickets.items()]
    if len(waits) != number_of:
        raise RuntimeError(f"{number_of - len(waits)} of {number_of} tickets are missing")
    return [
        Figure("accepted to visible at 50 messages/s, median", percentile(waits, 0.5), "ms", 60, "less"),
        Figure("accepted to visible at 50 messages/s, p99", percentile(waits, 0.99), "ms", 300, "less"),
    ]


async def _listen(http: httpx.AsyncClient, seen: dict[int, float]) -> None:
    async with http.stream("GET", "/api/v1/live", timeout=None) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                seen.setdefault(json.loads(line[6:])["number"], time.perf_counter())


async def _tickets(http: httpx.AsyncClient, run: str, number_of: int) -> dict[int, int]:
    """Ticket by number of the message."""
    tickets: dict[int, int] = {}
    cursor = None
    while len(tickets) < number_of:
        parameters: dict[str, str | int] = {"limit": 200, "sort": "opened"} | (
            {"cursor": cursor} if cursor else {}
        )
        page = (await http.get("/api/v1/tickets", params=parameters)).raise_for_status().json()
        for item in page["items"]:
            subject, _, number = item["subject"].rpartition(" ")
            if subject == f"Bench {run}":
                tickets[int(number)] = item["number"]
        cursor = page["next"]
        if cursor is None:
            break
    return tickets
