"""Which of several processes of a service reads a log: one at a time, and when it dies another takes over.

Two that read one consumer each hold part of what is in flight, so both would find gaps and hand their parts back.
"""

import asyncio
from contextlib import suppress

from chassis.database import connect

POLL_SECONDS = 1.0


class Turn:
    """Held while a connection of its own holds the lock; a process that is killed loses both at once."""

    def __init__(self, database_url: str, service: str, consumer: str) -> None:
        self._database_url = database_url
        self._service = service
        self._consumer = consumer
        self._mine = asyncio.Event()

    async def comes(self, seconds: float) -> bool:
        """Whether it is this process's turn, within so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._mine.wait(), seconds)
        return self._mine.is_set()

    async def hold(self) -> None:
        """Wait for the turn and keep it, until cancelled.

        Raises:
            The errors of the connection: the turn is over then.
        """
        db = await connect(self._database_url, self._service)
        try:
            await db.execute(
                "SELECT pg_advisory_lock(hashtextextended('postroom turn ' || $1, 0))", self._consumer
            )
            self._mine.set()
            while True:
                await asyncio.sleep(POLL_SECONDS)
                await db.execute("SELECT 1")
        finally:
            self._mine.clear()
            db.terminate()
