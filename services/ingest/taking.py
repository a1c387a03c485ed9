"""Takes one message for good, whichever way it came: what is done between reading and commit is done here."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from chassis.service import Service
from contracts.ids import derived
from contracts.mail import SmtpEnvelope
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.intake import accept
from services.ingest.reading import Letter, read
from services.ingest.settings import IngestSettings
from services.ingest.store import Move, Store

LARGE = 256 * 1024
"""Bytes from which a message is read in a thread, so that other clients need not wait."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as a way in hands it over, and what was read in it."""

    raw: bytes
    letter: Letter
    envelope: SmtpEnvelope
    source: str
    fresh: UUID
    """Of what its ids are made, if nothing in it says which message it is."""
    actor: str = "postroom"
    """The person who handed it in, by id."""


async def understand(raw: bytes, mail_from: str | None = None) -> Letter:
    return await asyncio.to_thread(read, raw, mail_from) if len(raw) > LARGE else read(raw, mail_from)


class Intake:
    """The one way into the store for messages that come one at a time."""

    def __init__(
        self, service: Service[IngestSettings], store: Store, directory: Directory, examiner: Examiner
    ) -> None:
        self._service = service
        self._store = store
        self._directory = directory
        self._examiner = examiner

    async def take(
        self, arrival: Arrival, traceparent: str | None, move: Move | None = None
    ) -> tuple[UUID, ...]:
        """Commit a message once for each ticketbox of its recipients, with what `move` writes; returns the ids.

        Raises:
            whatever kept it from being stored: then nothing of it is.
        """
        received_at = self._service.clock()
        desk = await self._directory.desk(arrival.envelope.recipients)
        findings = await self._examiner.examine(arrival.raw, arrival.letter, arrival.envelope, arrival.source)
        accepted = tuple(
            accept(
                arrival.raw,
                arrival.letter,
                arrival.envelope.model_copy(update={"recipients": recipients}),
                ticketbox_id=ticketbox_id,
                source=arrival.source,
                received_at=received_at,
                fresh=derived(arrival.fresh, str(ticketbox_id)),
                actor=arrival.actor,
                findings=findings,
            )
            for ticketbox_id, recipients in desk.sort(arrival.envelope.recipients).items()
        )
        return await self._store.accept(accepted, traceparent, move)
