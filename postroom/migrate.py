"""Brings schemas, streams, consumers and the first configuration up to date; safely repeatable."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import nats
from pydantic import BaseModel

import services
from chassis import migrations, provisioning
from chassis.database import as_owner
from contracts.services import SERVICES
from contracts.streams import ADVISORIES, CONSUMERS, LARGEST_MESSAGE, STREAMS
from postroom.installation import furnish
from postroom.people import Account, first_administrator

SCHEMAS = tuple(
    migrations.Schema(
        service,
        Path(services.__path__[0]) / service / "schema",
        speaks=service in STREAMS,
        tries=service in {"router", "tickets"},
    )
    for service in SERVICES
)


async def migrate_database(database_url: str) -> list[str]:
    """Run the SQL files that have not run yet; returns their names."""
    async with as_owner(database_url) as db:
        return await migrations.migrate(db, SCHEMAS)


async def migrate_streams(nats_url: str, replicas: int) -> Sequence[provisioning.Change]:
    """Make streams and consumers, and mend those that drifted; say so if NATS does not take what will be in them."""
    client = await nats.connect(nats_url.split(","), allow_reconnect=False, connect_timeout=5)
    try:
        streams = [*STREAMS.values(), ADVISORIES]
        changes = await provisioning.provision(client.jetstream(timeout=10), streams, CONSUMERS, replicas)
        if client.max_payload < LARGEST_MESSAGE:
            drift = (
                f"max_payload: {client.max_payload}, wanted {LARGEST_MESSAGE}; set it in its configuration"
            )
            changes.append(provisioning.Change("NATS", "cannot mend", (drift,)))
        return changes
    finally:
        await client.close()


class Migrated(BaseModel):
    """What was done; nothing, where everything was there already."""

    ran: list[str]
    streams: list[str]
    first_administrator: Account | None

    def lines(self) -> list[str]:
        """It for people."""
        done = [*(f"ran {name}" for name in self.ran), *self.streams]
        if account := self.first_administrator:
            done.append(
                f"first administrator {account.email}, password {account.password}, token {account.token}"
            )
        return done or ["Everything is up to date."]


async def migrate(
    database_url: str, nats_url: str, replicas: int, environment: Mapping[str, str]
) -> Migrated:
    """Bring everything up to date.

    Raises:
        CannotAdd: the first administrator, as the environment wants it, cannot be made.
        chassis.migrations.MayNotMakeRoles: whoever migrates lacks a right.
        chassis.database.Unreachable.
    """
    ran = await migrate_database(database_url)
    await furnish(database_url)
    account = await first_administrator(database_url, environment)
    changes = await migrate_streams(nats_url, replicas)
    streams = ["\n  ".join((f"{change.what} {change.name}", *change.drift)) for change in changes]
    return Migrated(ran=ran, streams=streams, first_administrator=account)
