"""Desks as the events of tickets would make them."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from chassis.database import Pool
from contracts.desk import TicketboxCreated
from contracts.rulesets import RulesetPublished
from services.ingest import directory
from tests.events import recorded

DESK = UUID("6a3c8f0e-6f2b-4b5e-9a52-6d6f7f3d9a10")


def box_id(name: str) -> UUID:
    return uuid5(DESK, name)


async def set_desk(pool: Pool, boxes: Mapping[str, Sequence[str]], version: int = 1) -> None:
    """Ticketboxes by name, with their addresses; the first is the default."""
    events = [
        TicketboxCreated(ticketbox_id=box_id(name), name=name, addresses=tuple(addresses))
        for name, addresses in boxes.items()
    ]
    ruleset = RulesetPublished(rules=(), default_ticketbox_id=box_id(next(iter(boxes))))
    async with pool.acquire() as db:
        for event in (*events, ruleset):
            await directory.keep(recorded(event, version=version), db)
