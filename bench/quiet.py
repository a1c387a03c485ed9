"""Waits until nobody is at work, so that what follows is measured by itself."""

import asyncio

import httpx

from tests.running import BEARER, Postroom


async def caught_up(postroom: Postroom) -> None:
    """Wait until nobody has anything left to read."""
    async with httpx.AsyncClient(base_url=postroom.url, timeout=30, headers=BEARER) as http:
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(1)
            consumers = (await http.get("/api/v1/status")).json()["consumers"]
            quiet = 0 if any(one["waiting"] for one in consumers) else quiet + 1
