"""Who may come in: passwords, sessions and tokens in the tables of gateway."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts import people
from contracts.people import Presence, Right, Role, presence_at
from services.gateway.access import credentials
from services.gateway.access.credentials import (
    BY_ACCOUNT,
    BY_ACCOUNT_AND_ADDRESS,
    BY_ADDRESS,
    WINDOW,
    Failures,
    Patience,
)
from services.gateway.access.sight import Sight

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
"""A session ends after so long without a request, and after so long in any case."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works here, with what they may do now."""

    desk: people.Person
    presence: Presence
    until: datetime | None = None
    """When the presence is over; None: when the person says so."""

    @property
    def person_id(self) -> UUID:
        return self.desk.id

    @property
    def email(self) -> str:
        return self.desk.email

    @property
    def name(self) -> str:
        return self.desk.name

    @property
    def role(self) -> Role:
        return self.desk.role

    @property
    def sight(self) -> Sight:
        """What this person may see."""
        return Sight(self.desk.where(Right.SEE))

    def may(self, right: Right, ticketbox_id: UUID) -> bool:
        """Whether this person may do something in a ticketbox."""
        return self.desk.may(right, ticketbox_id)

    def right_in(self, ticketbox_id: UUID) -> Right | None:
        """The most that this person may do in a ticketbox."""
        return self.desk.right_in(ticketbox_id)

    @property
    def may_write(self) -> bool:
        """Whether there is a ticketbox in which this person may answer."""
        return self.desk.may_anywhere(Right.ANSWER)

    @property
    def may_oversee(self) -> bool:
        """Whether this person looks after everyone's work: their views, their jobs, all that is held of a contact."""
        return self.role in {Role.ADMINISTRATOR, Role.SUPERVISOR}

    @property
    def may_manage(self) -> bool:
        """Whether there is a ticketbox that this person manages: its rules, its templates, its stopped mail."""
        return self.desk.may_anywhere(Right.MANAGE)

    @property
    def manages(self) -> Sight:
        """The ticketboxes that this person manages."""
        return Sight(self.desk.where(Right.MANAGE))

    @property
    def may_administer(self) -> bool:
        return self.role is Role.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person, and the token that their forms must carry; None for programs, which have no cookie to abuse."""

    person: Person
    csrf_token: str | None


async def set_password(db: Connection, person_id: UUID, password: str) -> None:
    """Give a person a password, or another one. Their sessions end: somebody may know the last one."""
    await db.execute("DELETE FROM session WHERE person_id = $1", person_id)
    await db.execute(
        """
        INSERT INTO credential (person_id, password_hash)
        VALUES ($1, $2)
        ON CONFLICT (person_id) DO UPDATE
        SET password_hash = excluded.password_hash,
            changed_at = now()
        """,
        person_id,
        credentials.hash_password(password),
    )


async def keep_token(db: Connection, person_id: UUID, token: str) -> None:
    """Let a token stand for a person."""
    await db.execute(
        "INSERT INTO api_token (token_sha256, person_id) VALUES ($1, $2)",
        credentials.digest(token),
        person_id,
    )


async def revoke_tokens(db: Connection, person_id: UUID) -> int:
    """Let no token that was made until now stand for a person; returns how many did."""
    revoked = await db.fetch("DELETE FROM api_token WHERE person_id = $1 RETURNING token_sha256", person_id)
    return len(revoked)


_CREDENTIAL = """
SELECT credential.person_id, credential.password_hash
FROM thing
JOIN credential ON credential.person_id = thing.id
WHERE thing.kind = 'person'
  AND lower(thing.thing ->> 'email') = $1
  AND NOT thing.removed
  AND thing.thing -> 'active' IS DISTINCT FROM 'false'
"""


async def credential(db: Connection, email: str) -> tuple[UUID, str] | None:
    """A person who works here, and the hash of their password."""
    row = await db.fetchrow(_CREDENTIAL, email)
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
    await db.execute(
        """
        INSERT INTO signed_in (person_id, since)
        VALUES ($1, $2)
        ON CONFLICT (person_id) DO UPDATE
        SET since = excluded.since
        """,
        person_id,
        now,
    )
    return token


async def end_session(db: Connection, token: str) -> None:
    """End a session at once; what follows for the presence of its person is `presence.see_off`."""
    await db.execute("DELETE FROM session WHERE token_sha256 = $1", credentials.digest(token))


_PERSON = """
thing.thing::text AS thing,
coalesce(attendance.presence, 'off') AS presence,
attendance.until
"""

_STANDS_FOR = """
JOIN thing ON thing.kind = 'person' AND thing.id = {0}.person_id AND NOT thing.removed
LEFT JOIN attendance ON attendance.person_id = {0}.person_id
"""

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
{_STANDS_FOR.format("session")}
WHERE session.token_sha256 = $1
  AND session.seen_at > $3
  AND session.created_at > $4
  AND session.created_at > coalesce(attendance.shut_out_at, '-infinity')
"""

_BY_TOKEN = f"""
SELECT {_PERSON}
FROM api_token
{_STANDS_FOR.format("api_token")}
WHERE api_token.token_sha256 = $1
  AND api_token.created_at > coalesce(attendance.shut_out_at, '-infinity')
"""


async def by_session(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Who has this session, if it still lasts."""
    row = await db.fetchrow(_BY_SESSION, credentials.digest(token), now, now - IDLE, now - LONGEST)
    person = None if row is None else _person(row, now)
    return None if row is None or person is None else SignedIn(person, row["csrf_token"])


async def by_token(db: Connection, token: str, now: datetime) -> SignedIn | None:
    """Whom this API token stands for."""
    row = await db.fetchrow(_BY_TOKEN, credentials.digest(token))
    person = None if row is None else _person(row, now)
    return None if person is None else SignedIn(person, None)


def _person(row: asyncpg.Record, now: datetime) -> Person | None:
    """Who is behind a row; None if they have left."""
    found, until = people.Person.model_validate_json(row["thing"]), row["until"]
    if not found.active:
        return None
    presence = presence_at(Presence(row["presence"]), until, now)
    return Person(found, presence, until if until and until > now else None)
