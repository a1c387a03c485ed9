"""Watches for what a person must look at: mail that is stuck in flight, and mail that waits for a decision."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from chassis import requests
from chassis.requests import RequestFailed, ServiceUnavailable
from chassis.service import Service
from contracts.queries import GetLedger, Ledger
from contracts.standing import MessageState
from services.gateway.access.sight import EVERYTHING
from services.gateway.live import Feed
from services.gateway.messages import messages
from services.gateway.settings import GatewaySettings

LOOK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Attention:
    """What pages point out to the people who can act."""

    waiting: int = 0
    """Messages that are quarantined or failed, up to `COUNTED`."""
    late: int = 0
    """Messages in flight for more than a minute."""
    oldest_at: datetime | None = None


class Watch:
    """Looks once for everybody, whoever has a page open."""

    def __init__(self, service: Service[GatewaySettings], feed: Feed) -> None:
        self._service = service
        self._feed = feed
        self.attention = Attention()

    async def run(self) -> None:
        """Look every few seconds, until the service stops."""
        while True:
            await self.look_at_ledger()
            await self.count_waiting()
            await asyncio.sleep(LOOK_SECONDS)

    async def look_at_ledger(self) -> None:
        """The ledger knows what is stuck even if nothing of it came here; while it is silent, its last news counts."""
        try:
            ledger = await requests.ask(self._service.nats, GetLedger(), Ledger)
        except (ServiceUnavailable, RequestFailed):
            return
        oldest_at = ledger.oldest_in_flight_at if ledger.late else None
        self._notice(replace(self.attention, late=ledger.late, oldest_at=oldest_at))

    async def count_waiting(self) -> None:
        """Count what waits for a person, as the lists of this service have it."""
        async with self._service.pool.acquire() as db:
            waiting = await messages.count(db, EVERYTHING, MessageState.QUARANTINED, MessageState.FAILED)
        self._notice(replace(self.attention, waiting=waiting))

    def _notice(self, attention: Attention) -> None:
        if attention != self.attention:
            self.attention = attention
            self._feed.say("attention")
