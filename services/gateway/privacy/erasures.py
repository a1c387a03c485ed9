"""Erasures of people's data: what one would take, what was asked for, and how far each is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.database import Connection
from contracts.commands import RequestErasure
from contracts.erasures import (
    DataErased,
    ErasureBegun,
    ErasureEnded,
    ErasureProgress,
    ErasureRequested,
    GetErasure,
)
from contracts.event import Event, Recorded
from contracts.services import SERVICES
from contracts.stream_ids import erasure_stream
from services.gateway.access.guard import Administrator, Here, command_id_of
from services.gateway.asking import Asking
from services.gateway.desk import desk
from services.gateway.problems import NotFound, Unanswered, Unprocessable
from services.gateway.read_model import history
from services.gateway.representations.basics import Named, Representation


class ErasurePreview(Representation):
    """What would be erased, counted before it is asked for."""

    addresses: list[str]
    """Those that were asked about, and all others of the same contact: an erasure takes them together."""
    tickets: int
    """Their number, times, states and figures stay."""
    open_tickets: int
    letters: int
    files: int
    answers: int
    """Of ours, in these tickets."""
    cards: int
    """What is kept of the person as a contact."""
    letters_of_others: int
    """In these tickets, by other people: they stay."""


class Holder(Representation):
    """One service's part of the certificate."""

    service: str
    done_at: datetime | None
    """Null: not yet."""
    rows: int
    files: int


class ErasureView(Representation):
    """The certificate: what, when, by whom, and which service is done. It does not name the person."""

    erasure_id: UUID
    requested_at: datetime
    requested_by: Named | None
    reason: str
    digests: list[str]
    """HMAC-SHA-256 of the addresses, keyed by a secret of the installation."""
    begun_at: datetime | None
    """What was accepted before is erased, what came later is not."""
    letters: int
    tickets: int
    answers: int
    holders: list[Holder]
    ended_at: datetime | None
    waits_for: str | None = None
    """What it waits for now; null if for nothing, or if nobody can say."""


def normal(addresses: Sequence[str]) -> list[str]:
    """Addresses as they are looked for; each once, empty ones not at all.

    Raises:
        Unprocessable: none is left.
    """
    found = list(dict.fromkeys(filter(None, (address.strip().lower() for address in addresses))))
    if not found:
        raise Unprocessable("Say whose data it is: write an address.")
    return found


_PREVIEW = """
WITH theirs AS (
    SELECT ticket_id, state
    FROM ticket
    WHERE contact_address = ANY($1::text[])
)
SELECT
    (SELECT count(*) FROM theirs) AS tickets,
    (SELECT count(*) FROM theirs WHERE state NOT IN ('solved', 'closed')) AS open_tickets,
    count(*) AS letters,
    coalesce(sum(attachments), 0) AS files,
    (SELECT count(DISTINCT reply_id)
     FROM history
     WHERE source = 'tickets'
       AND ticket_id IN (SELECT ticket_id FROM theirs)
       AND type IN ('ReplyReleased', 'AcknowledgementReleased', 'ReminderReleased')) AS answers,
    (SELECT count(*) FROM contact WHERE addresses && $1::text[]) AS cards,
    (SELECT count(*)
     FROM message AS other
     WHERE other.ticket_id IN (SELECT ticket_id FROM theirs)
       AND lower(other.from_address) <> ALL($1::text[])) AS letters_of_others
FROM message
WHERE lower(from_address) = ANY($1::text[])
"""


_OTHERS = """
SELECT other.address
FROM contact_address AS mine
JOIN contact_address AS other USING (contact_id)
WHERE mine.address = ANY($1::text[])
ORDER BY other.address
"""


async def preview(db: Connection, addresses: Sequence[str]) -> ErasurePreview:
    """Count what belongs to the person with these addresses, and with all others of the same contact."""
    named = normal(addresses)
    sought = normal([*named, *(row["address"] for row in await db.fetch(_OTHERS, named))])
    row = await db.fetchrow(_PREVIEW, sought)
    return ErasurePreview(addresses=sought, **dict(row or {}))


_ALL = f"""
SELECT {history.COLUMNS}
FROM history
WHERE {history.BY_STREAM}
  AND stream_id LIKE 'erasure-%'
  AND ($1::text IS NULL OR stream_id = $1)
ORDER BY stream_id, version
"""


async def _read(db: Connection, stream_id: str | None) -> list[ErasureView]:
    names = await desk.names(db)
    streams: dict[str, list[Recorded[Event]]] = {}
    for row in await db.fetch(_ALL, stream_id):
        item = history.recorded(row)
        streams.setdefault(item.stream_id, []).append(item)
    found = [_view(events, names) for events in streams.values()]
    return sorted(found, key=lambda one: one.requested_at, reverse=True)


async def every(db: Connection) -> list[ErasureView]:
    """All that were ever asked for, the newest first."""
    return await _read(db, None)


def _view(events: Sequence[Recorded[Event]], names: Mapping[UUID, str]) -> ErasureView:
    begun, begun_at, ended_at = (
        ErasureBegun(erasure_id=UUID(int=0), letters=0, tickets=0, answers=0),
        None,
        None,
    )
    done: dict[str, Holder] = {}
    for item in events:
        match item.event:
            case ErasureBegun() as begun:
                begun_at = item.recorded_at
            case DataErased(holder=holder, rows=rows, files=files):
                done[holder] = Holder(service=holder, done_at=item.recorded_at, rows=rows, files=files)
            case ErasureEnded():
                ended_at = item.recorded_at
            case _:
                pass
    first = events[0]
    requested = first.event
    assert isinstance(requested, ErasureRequested)  # noqa: S101 - the stream begins with it
    by = requested.requested_by
    return ErasureView(
        erasure_id=requested.erasure_id,
        requested_at=first.recorded_at,
        requested_by=Named(id=by, name=names.get(by, "somebody")),
        reason=requested.reason,
        digests=list(requested.digests),
        begun_at=begun_at,
        letters=begun.letters,
        tickets=begun.tickets,
        answers=begun.answers,
        holders=[done.get(one, Holder(service=one, done_at=None, rows=0, files=0)) for one in SERVICES],
        ended_at=ended_at,
    )


@dataclass(frozen=True, slots=True)
class Erasing(Asking):
    """What an administrator does about people's data. Each method raises a `Problem` if it is refused."""

    async def request(self, addresses: Sequence[str], reason: str) -> ErasureView:
        """Have a person's data erased."""
        command = RequestErasure(
            **self.signature,
            addresses=tuple(normal(addresses)),
            reason=reason,
        )
        await self.gateway.command(command)
        return await self.find(self.command_id)

    async def find(self, erasure_id: UUID) -> ErasureView:
        """One, with what it waits for."""
        async with self.gateway.service.pool.acquire() as db:
            found = await _read(db, erasure_stream(erasure_id))
        if not found:
            raise NotFound(f"There is no erasure {erasure_id}.")
        if found[0].ended_at is not None:
            return found[0]
        try:
            progress = await self.gateway.ask(GetErasure(erasure_id=erasure_id), ErasureProgress)
        except Unanswered as error:
            return found[0].model_copy(update={"waits_for": error.detail})
        return found[0].model_copy(update={"waits_for": progress.waits_for})


def _erasing(request: Request, here: Here, person: Administrator) -> Erasing:
    return Erasing(here, person, command_id_of(request, person))


Wish = Annotated[Erasing, Depends(_erasing)]
