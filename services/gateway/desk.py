"""Reads who works here and where mail comes in."""

from collections.abc import Collection

import asyncpg

from chassis.database import Connection
from services.gateway.representations import BoxItem, PersonItem


async def people(db: Connection) -> list[PersonItem]:
    rows = await db.fetch(
        "SELECT person_id AS id, name, email, role, presence FROM person ORDER BY name, email"
    )
    return [PersonItem(**row) for row in rows]


async def called(db: Connection, actors: set[str]) -> dict[str, str]:
    """Actors by their id, as people call them: `Anna <anna@example.com>`; who is no person keeps the id."""
    rows = await db.fetch(
        "SELECT person_id::text AS id, name, email FROM person WHERE person_id::text = ANY($1::text[])",
        list(actors),
    )
    return {actor: actor for actor in actors} | {row["id"]: f"{row['name']} <{row['email']}>" for row in rows}


async def boxes(db: Connection, with_form: Collection[str] = ()) -> list[BoxItem]:
    """Every ticketbox. `with_form` are the addresses of those that strangers may write to by a form; `*`: of all."""
    rows = await db.fetch("SELECT ticketbox_id AS id, name, addresses FROM ticketbox ORDER BY name")
    return [BoxItem(**row, form=_form(row, with_form)) for row in rows]


def _form(box: asyncpg.Record, with_form: Collection[str]) -> str | None:
    chosen = {address.lower() for address in with_form}
    offered = "*" in chosen or chosen & {address.lower() for address in box["addresses"]}
    return f"/forms/{box['id']}" if box["addresses"] and offered else None
