"""Messages that another service hands over in pieces: kept until they are whole, then taken like any other."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg

from chassis import log, telemetry
from chassis.database import Connection
from chassis.requests import TryAgain
from chassis.service import Service
from contracts.commands import Refused
from contracts.uploads import AcceptUpload, Stored, StoreUpload, UploadAccepted
from services.ingest.settings import IngestSettings
from services.ingest.sources.taking import Server, envelope_of
from services.ingest.taking import Arrival, Intake, understand

PIECES_KEPT = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=7)
CLEANED_EVERY_SECONDS = 600

# A piece that is sent again is the same piece: each try of a message has an id of its own.
_STORE = """
INSERT INTO upload (upload_id, number, content, stored_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (upload_id, number) DO NOTHING
"""


async def store_piece(service: Service[IngestSettings], piece: StoreUpload) -> Stored:
    """Keep a piece of a message."""
    await service.pool.execute(_STORE, piece.upload_id, piece.number, piece.content, service.clock())
    return Stored(upload_id=piece.upload_id, number=piece.number)


async def accept_upload(
    service: Service[IngestSettings], intake: Intake, request: AcceptUpload
) -> UploadAccepted | Refused:
    """Take a message whose pieces are all here."""
    async with service.pool.acquire() as db:
        answered = await _answer(db, request.command_id)
        raw = b"" if answered else await _whole(db, request.upload_id)
    if answered is None:
        if sha256(raw).hexdigest() != request.sha256:
            return Refused(code="incomplete", detail="Pieces of the message are missing; send it again.")
        answered = await _take(service, intake, request, raw)
    await service.pool.execute("DELETE FROM upload WHERE upload_id = $1", request.upload_id)
    return answered


async def _take(
    service: Service[IngestSettings], intake: Intake, request: AcceptUpload, raw: bytes
) -> UploadAccepted:
    letter = await understand(raw)
    arrival = Arrival(
        raw,
        letter,
        envelope_of(letter, request.recipient, Server(request.client_address, tls=None)),
        source=request.source,
        fresh=request.command_id,
        actor=str(request.actor_id or "postroom"),
    )

    async def keep_answer(db: Connection, message_ids: tuple[UUID, ...], new: int) -> None:
        (message_id,) = message_ids  # there is one recipient
        await db.execute(_KEEP_ANSWER, request.command_id, message_id, not new, service.clock())

    # Another worker has the same request, or another way the same message.
    with suppress(asyncpg.UniqueViolationError, log.AlreadyAnswered, log.VersionConflict):
        await intake.take(arrival, telemetry.current_traceparent(), keep_answer)
    async with service.pool.acquire() as db:
        answered = await _answer(db, request.command_id)
    if answered is None:
        raise TakenElsewhere(request.command_id)
    return answered


class TakenElsewhere(TryAgain):
    """The same message came by another way at this very moment: asked again, it is a duplicate."""


_KEEP_ANSWER = """
INSERT INTO upload_answer (command_id, message_id, duplicate, answered_at)
VALUES ($1, $2, $3, $4)
"""


async def _answer(db: Connection, command_id: UUID) -> UploadAccepted | None:
    row = await db.fetchrow(
        "SELECT message_id, duplicate FROM upload_answer WHERE command_id = $1", command_id
    )
    if row is None:
        return None
    return UploadAccepted(
        message_id=row["message_id"],
        duplicate=row["duplicate"],
        position=await log.position_of(db, row["message_id"]),
    )


async def _whole(db: Connection, upload_id: UUID) -> bytes:
    rows = await db.fetch("SELECT content FROM upload WHERE upload_id = $1 ORDER BY number", upload_id)
    return b"".join(row["content"] for row in rows)


async def clean(service: Service[IngestSettings]) -> None:
    """Forget, now and then, pieces that were never accepted and answers that nobody asks for any more."""
    while True:
        now = service.clock()
        await service.pool.execute("DELETE FROM upload WHERE stored_at < $1", now - PIECES_KEPT)
        await service.pool.execute("DELETE FROM upload_answer WHERE answered_at < $1", now - ANSWERS_KEPT)
        await asyncio.sleep(CLEANED_EVERY_SECONDS)
