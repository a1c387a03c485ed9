"""Plain SQL files, one folder a service, each run once and in order of its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from chassis.database import Connection, eraser_of, role_of, unlock

_SHARED = Path(__file__).parent / "schema"


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of one service. One that `speaks` has a log, and may obey; one that `tries` has trials."""

    service: str
    folder: Path
    speaks: bool
    tries: bool = False

    def files(self) -> list[tuple[str, Path]]:
        """Its migrations: a name that stays, and where its SQL is."""
        shared = [
            "consumption",
            *(["log", "erasure", "commands"] if self.speaks else []),
            *(["trial"] if self.tries else []),
        ]
        return [
            *((f"0000_{name}", _SHARED / f"{name}.sql") for name in shared),
            *((path.stem, path) for path in sorted(self.folder.glob("*.sql"))),
        ]


class ChangedMigration(Exception):
    """A file that has run was edited afterwards; write a new one instead."""


class MayNotMakeRoles(Exception):
    """Whoever migrates lacks CREATEROLE, or a role of a service is not theirs to give."""


async def migrate(db: Connection, schemas: Sequence[Schema]) -> list[str]:
    """Bring every schema up to date and return the names of what ran; safe when several processes start at once.

    Raises:
        ChangedMigration: a file that has run before is not what it was.
        MayNotMakeRoles.
    """
    # A lock of the session, not of a transaction: each file commits by itself, and the next process waits for all.
    await db.execute("SELECT pg_advisory_lock(hashtextextended('postroom migrate', 0))")
    try:
        return [name for schema in schemas for name in await _migrate_schema(db, schema)]
    finally:
        await unlock(db, "postroom migrate")


async def _migrate_schema(db: Connection, schema: Schema) -> list[str]:
    service = schema.service
    await _ensure_role(db, role_of(service))
    if schema.speaks:
        await _ensure_role(db, eraser_of(service))
    await db.execute(f"CREATE SCHEMA IF NOT EXISTS {service}")
    await db.execute(f"""
        CREATE TABLE IF NOT EXISTS {service}.migration (
            name text PRIMARY KEY,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
    """)
    applied = {
        row["name"]: row["sha256"] for row in await db.fetch(f"SELECT name, sha256 FROM {service}.migration")
    }
    ran = []
    for name, path in schema.files():
        sql = path.read_text()
        digest = sha256(sql.encode()).hexdigest()
        if name not in applied:
            await _apply(db, service, name, sql, digest)
            ran.append(f"{service}/{name}")
        elif applied[name] != digest:
            raise ChangedMigration(f"{service}/{name} was edited after it had run; add a new file instead")
    await _grant(db, schema)
    return ran


async def _apply(db: Connection, service: str, name: str, sql: str, digest: str) -> None:
    async with db.transaction():
        await db.execute(f"SET LOCAL search_path = {service}")
        await db.execute(sql)
        await db.execute(f"INSERT INTO {service}.migration (name, sha256) VALUES ($1, $2)", name, digest)


async def _ensure_role(db: Connection, role: str) -> None:
    if not await db.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await _change_roles(db, f"CREATE ROLE {role} NOLOGIN")
    # The services connect as the owner, too, and take on their role. Who is no superuser may do so only with a grant:
    # making a role gives none before PostgreSQL 16, and since then one without SET.
    sets = await db.fetchval("SELECT current_setting('server_version_num')::integer >= 160000")
    if not await db.fetchval("SELECT pg_has_role($1, $2)", role, "SET" if sets else "MEMBER"):
        await _change_roles(
            db, f"GRANT {role} TO CURRENT_USER" + (" WITH INHERIT FALSE, SET TRUE" if sets else "")
        )


async def _ensure_member(db: Connection, role: str, member: str) -> None:
    if not await db.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", member, role):
        await _change_roles(db, f"GRANT {role} TO {member}")


async def _change_roles(db: Connection, statement: str) -> None:
    """Make or grant a role.

    Raises:
        MayNotMakeRoles.
    """
    try:
        await db.execute(statement)
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError):
        return  # roles belong to the whole server: another database's migration, under another lock, did it meanwhile
    except asyncpg.InsufficientPrivilegeError as error:
        raise MayNotMakeRoles(
            f"{error.args[0]}. Each service works as a role of its own: the owner of the database needs CREATEROLE, and"
            " the ADMIN OPTION of roles that somebody else has made. See docs/operations.md, Roles."
        ) from error


async def _grant(db: Connection, schema: Schema) -> None:
    service, role = schema.service, role_of(schema.service)
    await db.execute(f"""
        GRANT USAGE ON SCHEMA {service} TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {service} TO {role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA {service} TO {role};
        REVOKE INSERT, UPDATE, DELETE ON {service}.migration FROM {role};
    """)
    if schema.speaks:
        eraser = eraser_of(service)
        await db.execute(f"""
            REVOKE UPDATE, DELETE ON {service}.event FROM {role};
            GRANT UPDATE (data, payload_sha256) ON {service}.event TO {eraser};
        """)
        await _ensure_member(db, role, eraser)
    await let_clean(db, service, f"ALL TABLES IN SCHEMA {service}")


async def let_clean(db: Connection, service: str, tables: str) -> None:
    """Let a service vacuum its tables behind an erasure; before PostgreSQL 17 autovacuum does it in its time."""
    if await db.fetchval("SELECT current_setting('server_version_num')::integer >= 170000"):
        await db.execute(f"GRANT MAINTAIN ON {tables} TO {role_of(service)}")
