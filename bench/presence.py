"""Who has the token of the bench takes tickets, or does not."""

import httpx

from contracts.people import Presence
from tests.running import BEARER, Postroom


async def presence(postroom: Postroom, says: Presence) -> None:
    async with httpx.AsyncClient(base_url=postroom.url, headers=BEARER) as http:
        (await http.put("/api/v1/me/presence", json={"presence": says})).raise_for_status()
