"""Ingest is killed after it has stored a message and before it has said so: sent again, it is one message."""

import asyncio
import os
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from chassis.database import Pool, connect_pool
from postroom.embedded.nats import Nats
from postroom.embedded.process import free_port
from postroom.migrate import migrate
from postroom.verify import verify
from tests.ingest.desks import set_desk
from tests.ingest.smtp.client import Client
from tests.proxy import Proxy
from tests.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.anyio,
]
LETTER = (
    b"From: Kim <kim@customers.example>\r\nSubject: Where is my order?\r\nMessage-ID: <1@customers.example>\r\n"
    b"Date: Mon, 2 Mar 2026 13:00:00 +0000\r\n\r\nHello\r\n"
)


class Ingest:
    """The service as a process, with a way to PostgreSQL that can be held."""

    def __init__(self, database_url: str, nats_url: str) -> None:
        self.proxy = Proxy(urlsplit(database_url).port or 5432)
        self.smtp_port, self.admin_port = free_port(), free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")},
            "POSTROOM_DATABASE_URL": database_url.replace(
                f":{urlsplit(database_url).port}/", f":{self.proxy.port}/"
            ),
            "POSTROOM_NATS_URL": nats_url,
            "POSTROOM_SMTP_LISTEN": f"127.0.0.1:{self.smtp_port}",
            "POSTROOM_ADMIN_HTTP": f"127.0.0.1:{self.admin_port}",
        }
        self.process: asyncio.subprocess.Process

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "postroom", "ingest"), env=self.environment
        )

        async def ready() -> bool:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"http://127.0.0.1:{self.admin_port}/readyz")).is_success

        await until(ready)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


async def test_a_kill_between_commit_and_250_makes_one_message_of_two_tries(
    database_url: str, nats_server: Nats
) -> None:
    await migrate(database_url, nats_server.url(), 1, {})
    pool = await connect_pool(database_url, "ingest", 2)
    await set_desk(pool, {"Support": ["support@example.com"], "Orders": ["orders@example.com"]})
    ingest = Ingest(database_url, nats_server.url())
    await ingest.start()

    client = await Client.greeted(ingest.smtp_port)
    await client.begin()
    ingest.proxy.hold_at = b"COMMIT"
    client.writer.write(LETTER + b".\r\n")
    assert await until(lambda: accepted(pool)) == 1
    await ingest.kill()
    assert await client.ended()

    ingest.proxy.hold_at = None
    ingest.proxy.held.clear()
    await ingest.start()
    again = await Client.greeted(ingest.smtp_port)
    assert (await again.send(LETTER)).startswith("250 2.0.0")
    assert await accepted(pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM event") == 1
    assert await verify(database_url) == []
    await ingest.kill()
    await pool.close()
    ingest.proxy.close()


async def accepted(pool: Pool) -> int:
    """Messages in the ledger, whoever was told of them."""
    return int(await pool.fetchval("SELECT count(*) FROM ledger"))
