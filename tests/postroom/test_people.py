"""Passwords, sessions and tokens by the command line, on a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from contracts.people import Role
from postroom.installation import furnish
from postroom.people import CannotAdd, add_person, change_password, make_token, revoke_tokens
from services.gateway.access import accounts

pytestmark = pytest.mark.anyio
ANNA, BELA = "anna@example.com", "bela@example.com"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A desk with two people."""
    await furnish(database_url)
    db = await asyncpg.connect(database_url)
    for email in (ANNA, BELA):
        await add_person(db, email, "", Role.ADMINISTRATOR, None)
    yield db
    await db.close()


async def sign_in(db: asyncpg.Connection, email: str) -> None:
    """As the page does with the right password."""
    person_id = await db.fetchval("SELECT id FROM tickets.thing WHERE thing ->> 'email' = $1", email)
    async with db.transaction():
        await db.execute("SET LOCAL search_path = gateway")
        await accounts.begin_session(db, person_id, "192.0.2.1", "a browser", datetime.now(UTC))


async def test_a_new_password_ends_the_sessions_of_its_person_and_no_others(db: asyncpg.Connection) -> None:
    for email in (ANNA, ANNA, BELA):
        await sign_in(db, email)
    await change_password(db, ANNA, None)
    assert await db.fetchval("SELECT count(*) FROM gateway.session") == 1


async def test_all_tokens_of_a_person_are_revoked_and_no_others(db: asyncpg.Connection) -> None:
    for email in (ANNA, ANNA, BELA):
        await make_token(db, email)
    assert await revoke_tokens(db, "Anna@example.com") == 2
    assert await revoke_tokens(db, ANNA) == 0
    assert await db.fetchval("SELECT count(*) FROM gateway.api_token") == 1
    with pytest.raises(CannotAdd, match="Nobody has the address"):
        await revoke_tokens(db, "nobody@example.com")
