"""The bytes of an erased person's letters go, save those that a letter of somebody else has too."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from uuid import uuid4

import asyncpg
import pytest

from chassis.database import connect
from chassis.erasing import begin, erase_log
from chassis.log import Answer, append
from contracts.erasures import ErasePiece, FindLetters, Subject
from contracts.event import Meta
from contracts.mail import Address, Attachment, LetterHead
from contracts.stream_ids import message_stream
from services.ingest.erasing import find, forget_bytes
from services.ingest.store import keep_blobs
from tests.events import NOON, letter, received

pytestmark = pytest.mark.anyio
PRICES = b"our price list"


async def keep(db: asyncpg.Connection, *contents: bytes) -> None:
    await keep_blobs(db, {sha256(content).hexdigest(): content for content in contents})


async def say(db: asyncpg.Connection, head: LetterHead, raw: bytes) -> None:
    """Append that a letter came, with the price list."""
    digest = sha256(PRICES).hexdigest()
    attached = Attachment(name="prices.pdf", type="application/pdf", size=len(PRICES), sha256=digest)
    event = received(head).model_copy(update={"sha256": sha256(raw).hexdigest(), "attachments": (attached,)})
    meta = Meta(correlation_id=head.message_id, causation_id=head.message_id)
    await append(db, [Answer(message_stream(head.message_id), (event,), head.message_id, meta, NOON)], NOON)


async def take(db: asyncpg.Connection, head: LetterHead, raw: bytes) -> None:
    async with db.transaction():
        await keep(db, raw, PRICES)
        await say(db, head, raw)


async def erase(db: asyncpg.Connection, *heads: LetterHead) -> int:
    addresses = {head.from_.address for head in heads if head.from_}
    person = Subject(
        erasure_id=uuid4(), addresses=tuple(addresses), message_ids=tuple(head.message_id for head in heads)
    )
    async with db.transaction():
        await begin(db, "ingest")
        piece = ErasePiece(person=person, end=10**9)
        done = await erase_log(db, "ingest", piece, datetime.now(UTC), partial(forget_bytes, person))
    return done.files


async def stored(db: asyncpg.Connection) -> set[bytes]:
    return {row["content"] for row in await db.fetch("SELECT content FROM blob")}


async def test_a_file_that_others_sent_too_stays_until_they_are_erased(db: asyncpg.Connection) -> None:
    kim, otto = letter(), letter().model_copy(update={"from_": Address(address="otto@customers.example")})
    await take(db, kim, b"Kim's letter")
    await take(db, otto, b"Otto's letter")

    assert await erase(db, kim) == 1
    assert await stored(db) == {b"Otto's letter", PRICES}

    assert await erase(db, otto) == 2
    assert await stored(db) == set()


async def test_the_same_letter_to_two_ticketboxes_goes_from_both(db: asyncpg.Connection) -> None:
    one, other = letter(), letter()
    await take(db, one, b"The same letter")
    await take(db, other, b"The same letter")

    assert await erase(db, one, other) == 2
    assert await stored(db) == set()


async def test_letters_are_found_in_as_many_answers_as_it_takes(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.erasing.MOST_BYTES", 1)
    heads = [letter() for _ in range(3)]
    for head in heads:
        await take(db, head, f"Kim's letter {head.message_id}".encode())

    wanted = FindLetters(addresses=("kim@customers.example",))
    first = await find(db, wanted)
    second = await find(db, wanted.model_copy(update={"after": first.following}))
    third = await find(db, wanted.model_copy(update={"after": second.following}))

    by_id = sorted(heads, key=lambda head: head.message_id)
    for answer, head in zip((first, second, third), by_id, strict=True):
        assert answer.message_ids == (head.message_id,)
        assert answer.internet_message_ids == (head.internet_message_id,)
        assert answer.names == ("Kim",)
    assert third.following is None


async def test_a_file_that_comes_in_again_while_it_is_erased_is_stored_again(
    database_url: str, db: asyncpg.Connection
) -> None:
    kim, otto = letter(), letter().model_copy(update={"from_": Address(address="otto@customers.example")})
    await take(db, kim, b"Kim's letter")
    intake = await connect(database_url, "ingest")
    taking = intake.transaction()
    await taking.start()
    # Otto's letter is being taken in: its file is known to be there already.
    await keep(intake, b"Otto's letter", PRICES)

    erasing = asyncio.create_task(erase(db, kim))
    await asyncio.sleep(0.3)
    assert not erasing.done()
    await say(intake, otto, b"Otto's letter")
    await taking.commit()

    assert await erasing == 1
    assert PRICES in await stored(db)
    await intake.close()
