"""The list, one ticket and a search, as page and as JSON, with what is in the read model."""

import random
import time
from collections.abc import Callable

import httpx

from bench.presence import presence
from bench.quiet import caught_up
from bench.table import Figure, percentile
from contracts.people import Presence
from tests.running import BEARER, PASSWORD, Postroom

REQUESTS = 300
WORDS = (
    "warehouse",
    "Auftrag",
    "facture",
    "lamp",
    "Kettle",
    "kim@customers.example",
    "nobodywrotethis",
)


async def measure(postroom: Postroom) -> list[Figure]:
    async with httpx.AsyncClient(base_url=postroom.url, timeout=30) as http:
        form = {"email": "admin@example.com", "password": PASSWORD}
        await http.post("/sign-in", data=form)
        await caught_up(postroom)  # whoever comes is given tickets
        numbers = await _some_numbers(http, BEARER)
        chance = random.Random(1)
        lists = ["view=open", "view=mine", "view=unassigned", "view=solved", "view=all"]
        states = ["", "state=ticketed", "state=quarantined", "q=lamp", "source=smtp"]
        figures = []
        asked: tuple[tuple[str, Callable[[], str], dict[str, str]], ...] = (
            ("list over the API", lambda: "/api/v1/tickets?limit=50&state=open", BEARER),
            ("ticket over the API", lambda: f"/api/v1/tickets/{chance.choice(numbers)}", BEARER),
            ("list of messages over the API", lambda: "/api/v1/messages?limit=50&state=ticketed", BEARER),
            ("list as a page", lambda: f"/tickets?{chance.choice(lists)}", {}),
            ("search for tickets as a page", lambda: f"/tickets?view=all&q={chance.choice(WORDS)}", {}),
            ("list of messages as a page", lambda: f"/letters?{chance.choice(states)}", {}),
            ("ticket as a page", lambda: f"/tickets/{chance.choice(numbers)}", {}),
        )
        for what, path, headers in asked:
            waits = []
            for _ in range(REQUESTS):
                start = time.perf_counter()
                (await http.get(path(), headers=headers)).raise_for_status()
                waits.append(1000 * (time.perf_counter() - start))
            figures.append(Figure(f"{what}, median", percentile(waits, 0.5), "ms"))
            figures.append(Figure(f"{what}, p99", percentile(waits, 0.99), "ms", 50, "less"))
        await presence(postroom, Presence.OFF)  # else all mail that follows is given to them
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
