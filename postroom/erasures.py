"""Asks again for erasures that a backup from before them has undone; the services that run do them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError

from chassis.database import Connection
from contracts.commands import OPERATOR, RequestErasure
from contracts.stream_ids import erasure_stream
from services.tickets import desk_tables
from services.tickets.erasures import begin, digest_of


class BadCertificates(Exception):
    """Told to the person who typed the command."""


class Certificate(BaseModel):
    """What is needed of one, as the API gives it."""

    erasure_id: UUID
    reason: str
    digests: list[str]


class _Certificates(BaseModel):
    items: list[Certificate]


def read_certificates(content: bytes) -> list[Certificate]:
    """The certificates in an answer of the API.

    Raises:
        BadCertificates: it is no such answer.
    """
    try:
        return _Certificates.model_validate_json(content).items
    except ValidationError as error:
        raise BadCertificates("it does not hold the answer of GET /api/v1/erasures") from error


_WRITERS = """
SELECT DISTINCT
    lower(coalesce(data -> 'letter' -> 'from_' ->> 'address', data -> 'envelope' ->> 'mail_from')) AS address
FROM ingest.event
WHERE type IN ('MessageHeld', 'MessageReceived', 'MessageReread')
"""

_CONTACTS = "SELECT address FROM tickets.contact_address"

_KNOWN = """
SELECT stream_id
FROM event
WHERE stream_id = ANY($1::text[])
  AND version = 1
"""


async def repeat(db: Connection, certificates: Sequence[Certificate]) -> int:
    """Ask for those again whose person is there and whose erasure the log does not know; how many these are.

    Raises:
        Refusal: one cannot be asked for, and why; then none is.
    """
    rows = [*await db.fetch(_WRITERS), *await db.fetch(_CONTACTS)]
    writers = {row["address"] for row in rows} - {None, ""}
    asked = 0
    async with db.transaction():
        await db.execute("SET LOCAL search_path = tickets")
        secret = await desk_tables.erasure_secret(db)
        by_digest = {digest_of(address, secret): address for address in writers}
        known_rows = await db.fetch(_KNOWN, [erasure_stream(one.erasure_id) for one in certificates])
        known = {row["stream_id"] for row in known_rows}
        for one in certificates:
            addresses = tuple(by_digest[digest] for digest in one.digests if digest in by_digest)
            # What the log knows was done, or goes on by itself; who wrote since then is not erased for that.
            if addresses and erasure_stream(one.erasure_id) not in known:
                command = RequestErasure(
                    command_id=uuid4(), actor_id=OPERATOR, addresses=addresses, reason=one.reason
                )
                await begin(db, command, datetime.now(UTC))
                asked += 1
    return asked
