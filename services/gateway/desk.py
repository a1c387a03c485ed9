"""Reads who works here and where mail comes in."""

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


async def boxes(db: Connection) -> list[BoxItem]:
    rows = await db.fetch("SELECT ticketbox_id AS id, name, addresses FROM ticketbox ORDER BY name")
    return [BoxItem(**row) for row in rows]
