"""Migrations by an owner of the database who is no superuser, as servers that others run have it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from chassis.database import connect, eraser_of, role_of
from chassis.migrations import MayNotMakeRoles, Schema, migrate

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Owner:
    """Of the database, and of nothing else."""

    name: str
    url: str


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(database_url)
    yield db
    await db.close()


@pytest.fixture
async def owner(superuser: asyncpg.Connection, database_url: str) -> Owner:
    address = urlsplit(database_url)
    name = f"owner_{uuid4().hex}"
    await superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    await superuser.execute(f"ALTER DATABASE {address.path[1:]} OWNER TO {name}")
    place = address.netloc.rpartition("@")[2]
    return Owner(name, urlunsplit(address._replace(netloc=f"{name}:secret@{place}")))


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    """Of a service that no other database of this server has: roles belong to all of them."""
    return Schema(f"service_{uuid4().hex}", tmp_path / "none", speaks=True)


async def run(owner: Owner, schema: Schema) -> None:
    db = await asyncpg.connect(owner.url)
    try:
        await migrate(db, [schema])
    finally:
        await db.close()


async def test_services_work_as_an_owner_who_may_make_roles(
    superuser: asyncpg.Connection, owner: Owner, schema: Schema
) -> None:
    # Given an owner who may make roles and is no superuser,
    await superuser.execute(f"ALTER ROLE {owner.name} CREATEROLE")
    # when they migrate, twice,
    await run(owner, schema)
    await run(owner, schema)
    # then the service connects as them, works as its own role, and erases as that for it.
    db = await connect(owner.url, schema.service)
    assert await db.fetchval("SELECT current_user::text") == role_of(schema.service)
    assert await db.fetchval("SELECT count(*) FROM event") == 0
    await db.execute(f"SET ROLE {eraser_of(schema.service)}")
    await db.close()


async def test_an_owner_who_may_not_make_roles_is_told_what_they_need(owner: Owner, schema: Schema) -> None:
    with pytest.raises(MayNotMakeRoles, match="needs CREATEROLE"):
        await run(owner, schema)


async def test_an_owner_is_told_of_a_role_that_is_not_theirs_to_take_on(
    superuser: asyncpg.Connection, owner: Owner, schema: Schema
) -> None:
    await superuser.execute(f"ALTER ROLE {owner.name} CREATEROLE")
    await superuser.execute(f"CREATE ROLE {role_of(schema.service)}")
    with pytest.raises(MayNotMakeRoles, match=r"ADMIN OPTION.*Roles"):
        await run(owner, schema)
