"""Keys that all gateways of an installation share."""

import secrets

from chassis.database import Connection

FORMS = "forms"
_BYTES = 32


async def key(db: Connection, name: str) -> bytes:
    """The key of this name; it is made when it is asked for the first time."""
    found: bytes | None = await db.fetchval("SELECT value FROM secret WHERE name = $1", name)
    if found is not None:
        return found
    await db.execute(
        "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name,
        secrets.token_bytes(_BYTES),
    )
    return await key(db, name)  # whoever was first, made it
