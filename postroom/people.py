"""People and their API tokens, written where the services find them; the services need not run."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.commands import Refusal
from chassis.database import Connection, as_owner
from contracts.commands import OPERATOR, AddPerson
from contracts.people import Person, Role
from services.gateway.access import accounts, credentials
from services.tickets.changes import configure
from services.tickets.desk_tables import read_desk


class CannotAdd(Exception):
    """Told to the person who typed the command."""


@dataclass(frozen=True, slots=True)
class Account:
    """What someone needs to come in. The password and the token are kept nowhere in clear."""

    email: str
    password: str
    token: str | None = None


async def add_person(db: Connection, email: str, name: str, role: Role, password: str | None) -> Account:
    """Add a person; without a password, one is made.

    Raises:
        CannotAdd: the address is taken or none, or the password is too short.
    """
    email = email.strip().lower()
    password = _long_enough(password)
    person_id = uuid4()
    command = AddPerson(
        command_id=uuid4(), actor_id=OPERATOR, person_id=person_id, email=email, name=name, role=role
    )
    async with db.transaction():
        await db.execute("SET LOCAL search_path = gateway")
        await accounts.set_password(db, person_id, password)
        await db.execute("SET LOCAL search_path = tickets")
        try:
            await configure(db, command, datetime.now(UTC))
        except Refusal as refusal:
            raise CannotAdd(str(refusal)) from refusal
    return Account(email, password)


async def make_token(db: Connection, email: str, token: str | None = None) -> str:
    """Make an API token that stands for a person.

    Raises:
        CannotAdd: there is nobody with this address.
    """
    token = token or credentials.new_token()
    async with db.transaction():
        person_id = await _person_id(db, email)
        await db.execute("SET LOCAL search_path = gateway")
        await accounts.keep_token(db, person_id, token)
    return token


async def revoke_tokens(db: Connection, email: str) -> int:
    """End all API tokens of a person, and return how many there were.

    Raises:
        CannotAdd: there is nobody with this address.
    """
    async with db.transaction():
        person_id = await _person_id(db, email)
        await db.execute("SET LOCAL search_path = gateway")
        return await accounts.revoke_tokens(db, person_id)


async def change_password(db: Connection, email: str, password: str | None) -> Account:
    """Give someone who is on the desk a password, or another one; without one, it is made. Their sessions end.

    Raises:
        CannotAdd: there is nobody with this address, or the password is too short.
    """
    password = _long_enough(password)
    async with db.transaction():
        person_id = await _person_id(db, email)
        await db.execute("SET LOCAL search_path = gateway")
        await accounts.set_password(db, person_id, password)
    return Account(email.strip().lower(), password)


def _long_enough(password: str | None) -> str:
    password = password or secrets.token_urlsafe(12)
    if len(password) < credentials.LEAST_PASSWORD:
        raise CannotAdd(f"A password has at least {credentials.LEAST_PASSWORD} characters.")
    return password


async def _person_id(db: Connection, email: str) -> UUID:
    await db.execute("SET LOCAL search_path = tickets")
    people = (await read_desk(db)).every(Person)
    found = next((one.id for one in people if one.email.lower() == email.strip().lower()), None)
    if found is None:
        raise CannotAdd(f"Nobody has the address {email}. Add a person with: postroom user add {email}")
    return found


async def first_administrator(database_url: str, environment: Mapping[str, str]) -> Account | None:
    """Make the first administrator of a new installation; None if there is somebody already."""
    async with as_owner(database_url) as db:
        # Several processes may start at once: the first makes it.
        await db.execute("SELECT pg_advisory_lock(hashtextextended('postroom first administrator', 0))")
        if await db.fetchval("SELECT true FROM gateway.credential LIMIT 1"):
            return None
        email = environment.get("POSTROOM_ADMIN_EMAIL", "admin@example.com")
        password = environment.get("POSTROOM_ADMIN_PASSWORD")
        account = await add_person(db, email, "Administrator", Role.ADMINISTRATOR, password)
        token = await make_token(db, account.email, environment.get("POSTROOM_ADMIN_TOKEN"))
        return Account(account.email, account.password, token)
