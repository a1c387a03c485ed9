"""Ingest is killed while it fetches 500 letters: each is accepted exactly once."""

import asyncio

import asyncpg
import httpx
import pytest

from contracts.queries import Ledger
from postroom.verify import verify
from tests.ingest.sources.conftest import needs_dovecot
from tests.ingest.sources.dovecot import USER, Dovecot
from tests.ingest.sources.letters import mail, source
from tests.running import BEARER, Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio, needs_dovecot]
LETTERS = 1000
BATCH = 50
"""The most that is committed at a time."""


async def taken(postroom: Postroom) -> int:
    db = await asyncpg.connect(postroom.database_url)
    try:
        return int(await db.fetchval("SELECT coalesce(sum(taken), 0) FROM ingest.source"))
    finally:
        await db.close()


async def test_ingest_is_killed_while_it_fetches_and_each_letter_is_accepted_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # A folder named after this test would have the word "ingest" in the command lines of all processes.
    tmp_path = tmp_path_factory.mktemp("sources")
    server = Dovecot(tmp_path / "dovecot")
    server.fill({f"{number:05}.M1.host": mail(number, size=40_000) for number in range(LETTERS)})
    before = server.held()
    sources = tmp_path / "sources.toml"
    sources.write_text(source("imap", server.imap_port, USER))
    postroom = Postroom(tmp_path / "data", POSTROOM_SOURCES=str(sources))
    postroom.start()
    try:
        kills = 0
        reached = killed_at = 0
        while reached < LETTERS:
            reached = await taken(postroom)
            if kills < 3 and killed_at < reached < LETTERS:
                postroom.kill("ingest")
                kills += 1
                killed_at = reached + BATCH  # as much may have been under way: it must have begun again
            await asyncio.sleep(0.05)
        assert kills == 3

        async def ledger() -> Ledger | None:
            books = await postroom.ledger()
            return books if books.ticketed == LETTERS else None

        said = await until(ledger)
        assert isinstance(said, Ledger)
        assert (said.accepted, said.balanced) == (LETTERS, True)
        subjects = [
            event["letter"]["subject"] for event in await postroom.events("ingest", "MessageReceived")
        ]  # type: ignore[index]
        assert subjects == [f"Letter {number}" for number in range(LETTERS)]
        assert await verify(postroom.database_url) == []
        async with httpx.AsyncClient(headers=BEARER) as client:
            answer = await client.get(f"{postroom.url}/api/v1/status")
        books = answer.json()["sources"][0]
        assert (books["name"], books["state"], books["held"], books["taken"]) == (
            "support",
            "watching",
            LETTERS,
            LETTERS,
        )
        assert books["balanced"]
        assert server.held() == before
    finally:
        postroom.close()
        server.stop()
