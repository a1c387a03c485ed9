"""Takes one message for good, whichever way it came: what is done between reading and commit is done here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from chassis.database import Connection
from chassis.service import Service
from contracts.mail import SmtpEnvelope
from services.ingest.intake import accept
from services.ingest.reading import Letter, read
from services.ingest.settings import IngestSettings
from services.ingest.store import Store

LARGE = 256 * 1024
"""Bytes from which a message is read in a thread, so that other clients need not wait."""

MoveWith = Callable[[UUID, Connection, int], Awaitable[None]]
"""Writes in the transaction of a message; it is told the message's id, and 1 if it is new, else 0."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as a way in hands it over, and what was read in it."""

    raw: bytes
    letter: Letter
    envelope: SmtpEnvelope
    source: str
    fresh: UUID
    """Its id, if nothing in it says which message it is."""
    actor: str = "postroom"
    """The person who handed it in, by id."""


async def understand(raw: bytes) -> Letter:
    return await asyncio.to_thread(read, raw) if len(raw) > LARGE else read(raw)


class Intake:
    """The one way into the store for messages that come one at a time."""

    def __init__(self, service: Service[IngestSettings], store: Store) -> None:
        self._service = service
        self._store = store

    async def take(self, arrival: Arrival, traceparent: str | None, move: MoveWith | None = None) -> UUID:
        """Commit a message, with what `move` writes, and return its id.

        Raises:
            whatever kept it from being stored: then nothing of it is.
        """
        accepted = accept(
            arrival.raw,
            arrival.letter,
            arrival.envelope,
            source=arrival.source,
            received_at=self._service.clock(),
            fresh=arrival.fresh,
            actor=arrival.actor,
        )
        message_id = accepted.message_id
        await self._store.accept_group((accepted,), traceparent, partial(move, message_id) if move else None)
        return message_id
