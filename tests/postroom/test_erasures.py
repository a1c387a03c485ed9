"""`postroom erasures repeat` asks again for what a backup has undone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from chassis import log
from chassis.commands import Refusal
from contracts.commands import OPERATOR, RequestErasure
from contracts.event import Meta
from contracts.stream_ids import message_stream
from postroom.erasures import BadCertificates, Certificate, read_certificates, repeat
from services.tickets import desk_tables
from services.tickets.erasures import begin, digest_of
from tests.events import NOON, letter, received

pytestmark = pytest.mark.anyio


KIM = "kim@customers.example"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A Postroom restored from a backup in which a person has written, as its owner sees it."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "tickets"})
    head = letter()
    meta = Meta(correlation_id=head.message_id, causation_id=head.message_id)
    written = log.Answer(message_stream(head.message_id), (received(head),), head.message_id, meta, NOON)
    async with connection.transaction():
        await connection.execute("SET LOCAL search_path = ingest")
        await log.append(connection, [written], NOON)
    yield connection
    await connection.close()


async def certificate(db: asyncpg.Connection, address: str) -> Certificate:
    digest = digest_of(address, await desk_tables.erasure_secret(db))
    return Certificate(erasure_id=uuid4(), reason="Request 117", digests=[digest])


async def test_who_is_there_again_is_erased_again_and_nobody_else(db: asyncpg.Connection) -> None:
    certificates = [await certificate(db, KIM), await certificate(db, "never@restored.example")]

    assert await repeat(db, certificates) == 1

    assert await db.fetch("SELECT addresses FROM erasure") == [([KIM],)]


async def test_an_address_that_only_a_card_names_is_erased_with_the_contact_or_nothing_is(
    db: asyncpg.Connection,
) -> None:
    home = "kim@home.example"
    await db.execute(
        "INSERT INTO contact_address (address, contact_id) VALUES ($1, $3), ($2, $3)", KIM, home, uuid4()
    )
    one = await certificate(db, KIM)
    with pytest.raises(Refusal, match=home):
        await repeat(db, [one])

    both = one.model_copy(update={"digests": [*one.digests, *(await certificate(db, home)).digests]})
    assert await repeat(db, [both]) == 1
    assert await db.fetch("SELECT addresses FROM erasure") == [([KIM, home],)]


async def test_who_wrote_after_an_erasure_that_the_log_knows_is_not_erased_for_it(
    db: asyncpg.Connection,
) -> None:
    done = RequestErasure(command_id=uuid4(), actor_id=OPERATOR, addresses=(KIM,), reason="Request 117")
    async with db.transaction():
        await begin(db, done, datetime.now(UTC))
    known = (await certificate(db, KIM)).model_copy(update={"erasure_id": done.command_id})

    assert await repeat(db, [known]) == 0


def test_a_file_without_certificates_is_refused() -> None:
    with pytest.raises(BadCertificates):
        read_certificates(b"[]")
    assert read_certificates(b'{"items": [], "next": null}') == []
