"""People who call the API, new tickets for them, and lists of tickets."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from postroom.people import make_token
from tests.running import Postroom, letter, until


def client(postroom: Postroom, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"{postroom.url}/api/v1", headers=headers, timeout=30)


async def colleague(
    api: httpx.AsyncClient, postroom: Postroom, name: str, **fields: object
) -> tuple[str, str]:
    """Someone new: their id, and a token."""
    person_id = uuid4()
    email = f"{name.lower()}-{person_id}@example.com"
    body = {"name": name, "email": email, "role": "agent", **fields}
    assert (await api.put(f"/desk/people/{person_id}", json=body)).status_code == 200
    db = await asyncpg.connect(postroom.database_url)
    try:
        return str(person_id), await make_token(db, email)
    finally:
        await db.close()


async def arrived(api: httpx.AsyncClient, postroom: Postroom, first: int, count: int, tag: str) -> list[int]:
    """New tickets with a tag."""
    postroom.send(*(letter(number) for number in range(first, first + count)))
    numbers = []
    for number in range(first, first + count):

        async def there(address: str = f"kim{number}@customers.example") -> int | None:
            items = (await api.get("/tickets", params={"contact": address})).json()["items"]
            return items[0]["number"] if items else None

        numbers.append(await until(there))
        tagged = await api.post(f"/tickets/{numbers[-1]}/tags", json={"add": [tag]})
        assert tagged.status_code == 201
    return numbers  # type: ignore[return-value]


async def lines(api: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    """Tickets as a list shows them."""
    items: list[dict[str, Any]] = (await api.get("/tickets", params=query)).json()["items"]
    return items


async def all_is_read(client: httpx.AsyncClient) -> bool:
    """Whether every service has read what the others said; `client` calls from the root."""
    status = (await client.get("/api/v1/status")).json()
    return not any(one["waiting"] or one["unacknowledged"] for one in status["consumers"])
