"""Every projection by its name, and how many events it is made of."""

from chassis.database import as_owner
from chassis.projection import Projection
from services.analytics.facts import FACTS
from services.gateway.read_model.inbox import INBOX

PROJECTIONS: dict[str, Projection] = {projection.name: projection for projection in (INBOX, FACTS)}


async def count_events(database_url: str, projection: Projection) -> int:
    """How many events the logs hold that a projection reads."""
    async with as_owner(database_url) as db:
        counts: list[int] = [
            await db.fetchval(f"SELECT count(*) FROM {consumer.source}.event")
            for consumer in projection.consumers
        ]
    return sum(counts)
