"""Every projection by its name, and how many events it is made of."""

import asyncpg

from chassis.projection import Projection
from services.analytics.facts import FACTS
from services.gateway.read_model.inbox import INBOX

PROJECTIONS: dict[str, Projection] = {projection.name: projection for projection in (INBOX, FACTS)}


async def count_events(database_url: str, projection: Projection) -> int:
    """How many events the logs hold that a projection reads."""
    db = await asyncpg.connect(database_url)
    try:
        counts = [
            await db.fetchval(f"SELECT count(*) FROM {consumer.source}.event")
            for consumer in projection.consumers
        ]
    finally:
        await db.close()
    return sum(counts)
