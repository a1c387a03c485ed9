"""Brings schemas, streams, consumers and the first configuration up to date; safely repeatable."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg
import nats

import services
from chassis import migrations, provisioning
from contracts.services import SERVICES
from contracts.streams import ADVISORIES, CONSUMERS, STREAMS

SCHEMAS = tuple(
    migrations.Schema(service, Path(services.__path__[0]) / service / "schema", speaks=service in STREAMS)
    for service in SERVICES
)


async def migrate_database(database_url: str) -> list[str]:
    """Run the SQL files that have not run yet; returns their names."""
    db = await asyncpg.connect(database_url)
    try:
        return await migrations.migrate(db, SCHEMAS)
    finally:
        await db.close()


async def migrate_streams(nats_url: str, replicas: int) -> Sequence[provisioning.Change]:
    """Make streams and consumers, and mend those that drifted."""
    client = await nats.connect(nats_url.split(","), allow_reconnect=False, connect_timeout=5)
    try:
        streams = [*STREAMS.values(), ADVISORIES]
        return await provisioning.provision(client.jetstream(timeout=10), streams, CONSUMERS, replicas)
    finally:
        await client.close()
