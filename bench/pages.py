"""The list and one ticket, as page and as JSON, with many tickets in the read model."""

import asyncio
import os
import random
import subprocess
import sys
import time

import httpx

from bench.table import Figure, percentile
from tests.running import PASSWORD, TOKEN, Postroom

REQUESTS = 300


async def measure(postroom: Postroom, tickets: int) -> list[Figure]:
    began = time.perf_counter()
    environment = {**os.environ, "POSTROOM_DATABASE_URL": postroom.database_url}
    command = [sys.executable, "-m", "postroom", "load", "--tickets", str(tickets), "--seed", "1"]
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
    loaded = tickets / (time.perf_counter() - began)
    base = postroom.url
    async with httpx.AsyncClient(base_url=base, timeout=30) as http:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        while any(
            one["waiting"] for one in (await http.get("/api/v1/status", headers=bearer)).json()["consumers"]
        ):
            await asyncio.sleep(1)
        numbers = await _some_numbers(http, bearer)
        form = {"email": "admin@example.com", "password": PASSWORD}
        await http.post("/sign-in", data=form)
        chance = random.Random(1)
        lists = ["view=open", "view=mine", "view=unassigned", "view=solved", "view=all"]
        states = ["", "state=ticketed", "state=quarantined", "q=lamp", "source=smtp"]
        figures = [Figure(f"historical tickets loaded ({tickets:,}, all services at work)", loaded, "/s")]
        for what, path, headers in (
            ("list over the API", lambda: "/api/v1/tickets?limit=50&state=open", bearer),
            ("ticket over the API", lambda: f"/api/v1/tickets/{chance.choice(numbers)}", bearer),
            ("list of messages over the API", lambda: "/api/v1/messages?limit=50&state=ticketed", bearer),
            ("list as a page", lambda: f"/tickets?{chance.choice(lists)}", {}),
            ("list of messages as a page", lambda: f"/letters?{chance.choice(states)}", {}),
            ("ticket as a page", lambda: f"/tickets/{chance.choice(numbers)}", {}),
        ):
            waits = []
            for _ in range(REQUESTS):
                start = time.perf_counter()
                (await http.get(path(), headers=headers)).raise_for_status()
                waits.append(1000 * (time.perf_counter() - start))
            figures.append(Figure(f"{what}, median", percentile(waits, 0.5), "ms"))
            figures.append(Figure(f"{what}, p99", percentile(waits, 0.99), "ms", 50, "less"))
    return figures


async def _some_numbers(http: httpx.AsyncClient, headers: dict[str, str]) -> list[int]:
    numbers: list[int] = []
    cursor = None
    for _ in range(10):
        parameters = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/api/v1/tickets", params=parameters, headers=headers)).json()
        numbers += [item["number"] for item in page["items"]]
        cursor = page["next"]
    return numbers
