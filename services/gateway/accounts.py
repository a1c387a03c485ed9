"""Who may come in: passwords, sessions and tokens in the tables of gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.tickets import Role
from services.gateway import credentials
from services.gateway.credentials import (
    BY_ACCOUNT,
    BY_ACCOUNT_AND_ADDRESS,
    BY_ADDRESS,
    WINDOW,
    Failures,
    Patience,
)

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
"""A session ends after so long without a request, and after so long in any case."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works here."""

    person_id: UUID
    email: str
    name: str
    role: Role
    presence: str

    @property
    def may_write(self) -> bool:
        """Analysts read."""
        return self.role is not Role.ANALYST

    @property
    def may_decide(self) -> bool:
        """Whether a person decides what becomes of mail that was stopped."""
        return self.role in {Role.SUPERVISOR, Role.ADMINISTRATOR}

    @property
    def may_administer(self) -> bool:
        return self.role is Role.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person, and the token that their forms must carry; None for programs, which have no cookie to abuse."""

    person: Person
    csrf_token: str | None


async def set_password(db: Connection, person_id: UUID, email: str, password: str) -> None:
    """Give a person a password, or another one."""
    await db.execute(
        """
        INSERT INTO credential (person_id, email, password_hash)
        VALUES ($1, $2, $3)
        ON CONFLICT (person_id) DO UPDATE
        SET password_hash = excluded.password_hash,
            changed_at = now()
        """,
        person_id,
        email,
        credentials.hash_password(password),
    )


async def keep_token(db: Connection, email: str, token: str) -> bool:
    """Let a token stand for a person; False if there is nobody with this address."""
    kept = await db.fetchval(
        """
        INSERT INTO api_token (token_sha256, person_id)
        SELECT $1, person_id
        FROM credential
        WHERE email = $2
        RETURNING true
        """,
        credentials.digest(token),
        email,
    )
    return bool(kept)


async def credential(db: Connection, email: str) -> tuple[UUID, str] | None:
    """A person and the hash of their password."""
    row = await db.fetchrow("SELECT person_id, password_hash FROM credential WHERE email = $1", email)
    return None if row is None else (row["person_id"], row["password_hash"])


_FAILURES = """
SELECT count(*) FILTER (WHERE email = $1 AND client_address = $2) AS both_number,
       max(failed_at) FILTER (WHERE email = $1 AND client_address = $2) AS both_at,
       count(*) FILTER (WHERE client_address = $2) AS address_number,
       max(failed_at) FILTER (WHERE client_address = $2) AS address_at,
       count(*) FILTER (WHERE email = $1) AS account_number,
       max(failed_at) FILTER (WHERE email = $1) AS account_at
FROM failed_sign_in
WHERE (email = $1 OR client_address = $2)
  AND failed_at > $3
"""


async def failures(
    db: Connection, email: str, client_address: str, now: datetime
) -> list[tuple[Failures, Patience]]:
    """What has failed of late, for `credentials.wait_before`."""
    row = await db.fetchrow(_FAILURES, email, client_address, now - WINDOW)
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return [
        (Failures(row["both_number"], row["both_at"]), BY_ACCOUNT_AND_ADDRESS),
        (Failures(row["address_number"], row["address_at"]), BY_ADDRESS),
        (Failures(row["account_number"], row["account_at"]), BY_ACCOUNT),
    ]


async def keep_failure(db: Connection, email: str, client_address: str, now: datetime) -> None:
    await db.execute("DELETE FROM failed_sign_in WHERE failed_at < $1", now - WINDOW)
    await db.execute(
        "INSERT INTO failed_sign_in (email, client_address, failed_at) VALUES ($1, $2, $3)",
        email,
        client_address,
        now,
    )


async def forget_failures(db: Connection, email: str, client_address: str) -> None:
    await db.execute(
        "DELETE FROM failed_sign_in WHERE email = $1 AND client_address = $2", email, client_address
    )


async def begin_session(
    db: Connection, person_id: UUID, client_address: str, user_agent: str, now: datetime
) -> str:
    """Make a session and return its token; the token is nowhere else."""
    token = credentials.new_token()
    await db.execute("DELETE FROM session WHERE seen_at < $1 OR created_at < $2", now - IDLE, now - LONGEST)
    await db.execute(
        """
        INSERT INTO session
            (token_sha256, person_id, csrf_token, client_address, user_agent, created_at, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        """,
        credentials.digest(token),
        person_id,
        credentials.new_token(),
        client_address,
        user_agent[:200],
        now,
    )
    return token


async def end_session(db: Connection, token: str) -> None:
    await db.execute("DELETE FROM session WHERE token_sha256 = $1", credentials.digest(token))


_PERSON = "person.person_id, person.email, person.name, person.role, person.presence"

# Seen once a minute is often enough to know who is idle, and spares a write at each request.
_BY_SESSION = f"""
WITH seen AS (
    UPDATE session
    SET seen_at = $2
    WHERE token_sha256 = $1
      AND seen_at BETWEEN $3 AND $2::timestamptz - interval '1 minute'
)
SELECT {_PERSON}, session.csrf_token
FROM session
JOIN person USING (person_id)
WHERE session.token_sha256 = $1
  AND session.seen_at > $3
  AND session.created_at > $4
"""

_BY_TOKEN = f"""
SELECT {_PERSON}
FROM api_token
JOIN person USING (person_id)
WHERE api_token.token_sha256 = $1
"""


async def by_session(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Who has this session, if it still lasts."""
    row = await db.fetchrow(_BY_SESSION, credentials.digest(token), now, now - IDLE, now - LONGEST)
    return None if row is None else SignedIn(_person(row), row["csrf_token"])


async def by_token(db: Connection, token: str) -> SignedIn | None:
    """Whom this API token stands for."""
    row = await db.fetchrow(_BY_TOKEN, credentials.digest(token))
    return None if row is None else SignedIn(_person(row), None)


def _person(row: asyncpg.Record) -> Person:
    return Person(row["person_id"], row["email"], row["name"], Role(row["role"]), row["presence"])
