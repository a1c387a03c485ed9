"""`postroom erasures repeat` asks again for what a backup has undone."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from contracts.commands import OPERATOR, RequestErasure
from postroom.erasures import BadCertificates, Certificate, read_certificates, repeat
from postroom.installation import furnish
from postroom.load.writing import load
from postroom.migrate import migrate_database
from services.tickets import tables
from services.tickets.erasures import begin, digest_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str) -> asyncpg.Connection:
    """A Postroom restored from a backup, as its owner sees it."""
    await migrate_database(database_url)
    await furnish(database_url)
    await load(database_url, 3, 30, 1, datetime.now(UTC), lambda _: None)
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "tickets"})
    yield connection
    await connection.close()


async def writer(db: asyncpg.Connection) -> str:
    address: str = await db.fetchval(
        "SELECT data -> 'letter' -> 'from_' ->> 'address' FROM ingest.event LIMIT 1"
    )
    return address


async def certificate(db: asyncpg.Connection, address: str) -> Certificate:
    digest = digest_of(address, await tables.erasure_secret(db))
    return Certificate(erasure_id=uuid4(), reason="Request 117", digests=[digest])


async def test_who_is_there_again_is_erased_again_and_nobody_else(db: asyncpg.Connection) -> None:
    address = await writer(db)
    certificates = [await certificate(db, address), await certificate(db, "never@restored.example")]

    assert await repeat(db, certificates) == 1

    assert await db.fetch("SELECT addresses FROM erasure") == [([address],)]


async def test_who_wrote_after_an_erasure_that_the_log_knows_is_not_erased_for_it(
    db: asyncpg.Connection,
) -> None:
    address = await writer(db)
    done = RequestErasure(command_id=uuid4(), actor_id=OPERATOR, addresses=(address,), reason="Request 117")
    async with db.transaction():
        await begin(db, done, datetime.now(UTC))
    known = (await certificate(db, address)).model_copy(update={"erasure_id": done.command_id})

    assert await repeat(db, [known]) == 0


def test_a_file_without_certificates_is_refused() -> None:
    with pytest.raises(BadCertificates):
        read_certificates(b"[]")
    assert read_certificates(b'{"items": [], "next": null}') == []
