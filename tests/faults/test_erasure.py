"""Whoever is killed while a person is erased, and whatever the person writes meanwhile: all of it, or nothing."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contracts.services import SERVICES
from postroom.verify import verify
from services.router.queue import contact_key
from tests.erasing import ADDRESS, JANE, SECRETS, Desk, letter_from, write_history
from tests.running import Postroom, until

pytestmark = [pytest.mark.system, pytest.mark.faults, pytest.mark.anyio]
LETTERS = 40
WITH_EVERY_LETTER = {ADDRESS, "Quast", str(contact_key(ADDRESS))}
"""What a letter that came afterwards brings again."""
VICTIMS = ("tickets", "ingest", "postgres", "router", "gateway", "notify", "nats-server", "analytics")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    postroom = Postroom(tmp_path / "data")
    postroom.start()
    desk = Desk(postroom)
    await write_history(desk)
    yield desk
    await desk.http.aclose()
    postroom.close()


def word(number: int) -> str:
    return f"bubblefish-{number:03}"


def keep_writing(postroom: Postroom, numbers: range, pause: float) -> None:
    """The person writes on; what was not accepted is sent again, as a mail server does."""
    import time

    for number in numbers:
        what = word(number)
        message = letter_from(100 + number, JANE, f"About {what}", f"Hello {what}\n", id=f"later-{number}")
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", postroom.smtp_port, timeout=30) as client:
                    client.send_message(message)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.2)
            else:
                break
        time.sleep(pause)


async def kill_one_after_the_other(postroom: Postroom, ended: asyncio.Event) -> list[str]:
    killed: list[str] = []
    for victim in cycle(VICTIMS):
        if ended.is_set():
            return killed
        try:
            postroom.kill(victim)
        except StopIteration:
            continue  # it is on its way back
        killed.append(victim)
        await asyncio.sleep(2.5)
        if len(killed) == 2 * len(VICTIMS):
            return killed
    return killed


async def test_an_erasure_ends_whoever_is_killed_and_every_letter_is_wholly_before_or_wholly_after_it(
    desk: Desk,
) -> None:
    postroom, half = desk.postroom, LETTERS // 2
    await asyncio.to_thread(keep_writing, postroom, range(half), 0)
    await until(desk.settled)
    asked = await desk.post("/erasures", {"addresses": [ADDRESS], "reason": "Request 2026-118"})
    ended = asyncio.Event()
    writing = asyncio.create_task(asyncio.to_thread(keep_writing, postroom, range(half, LETTERS), 0.3))
    killing = asyncio.create_task(kill_one_after_the_other(postroom, ended))

    async def certificate() -> Any:
        found = await desk.get(f"/erasures/{asked['erasure_id']}")
        return found if found["ended_at"] else None

    found: Any = await until(certificate, 240)
    ended.set()
    killed, _ = await asyncio.gather(killing, writing)
    assert set(killed) & set(SERVICES)
    await until(desk.settled, 90)

    assert [one["service"] for one in found["holders"]] == list(SERVICES)
    assert all(one["done_at"] for one in found["holders"])
    # What was there before is gone from everywhere.
    past = [secret for secret in SECRETS if secret not in WITH_EVERY_LETTER]
    early = await desk.find((*past, *(word(number) for number in range(half))))
    assert early == {}
    # Of what came meanwhile each letter is either gone or whole.
    db = await asyncpg.connect(postroom.database_url)
    try:
        rows = await db.fetch("SELECT data::text AS data FROM ingest.event WHERE type = 'MessageReceived'")
    finally:
        await db.close()
    texts = [row["data"] for row in rows]
    for number in range(half, LETTERS):
        whole = [text for text in texts if word(number) in text]
        assert len(whole) in {0, 1}
        if whole:
            assert ADDRESS in whole[0]
            assert "[erased]" not in whole[0]
        else:
            assert await desk.find((word(number),)) == {}
    assert sum("[erased]" in text for text in texts) == found["letters"]
    assert await verify(postroom.database_url, deep=True) == []
