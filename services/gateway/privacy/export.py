"""Everything that is held of a contact, as one JSON document or as an archive with the bytes; in bounded memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from contracts.stream_ids import contact_stream
from services.gateway.access.accounts import Person
from services.gateway.access.sight import may_see_message
from services.gateway.contacts import contacts
from services.gateway.gateway import Gateway
from services.gateway.messages import messages
from services.gateway.messages.custody import custody
from services.gateway.problems import NotFound
from services.gateway.read_model import history
from services.gateway.representations.contacts import ContactDetail
from services.gateway.tickets import tickets

AT_ONCE = 100
"""Messages that are looked up together."""

_MESSAGES = """
SELECT message_id
FROM message
WHERE lower(from_address) = ANY($1::text[])
  AND message_id > $2
ORDER BY message_id
LIMIT $3
"""
_FIRST = UUID(int=0)

# Only these very words use the index of what we wrote by its recipient.
_WRITTEN_TO_THEM = """
type IN ('ReplyReleased', 'AcknowledgementReleased', 'ReminderReleased')
  AND lower(data #>> '{letter,to,0,address}') = ANY($1::text[])
"""

# One that was released again is the same letter.
_ANSWERS = f"""
SELECT DISTINCT ON (reply_id) {history.COLUMNS}
FROM history
WHERE {_WRITTEN_TO_THEM}
  AND ticket_id = ANY($2::uuid[])
ORDER BY reply_id, position DESC
"""

_ELSEWHERE = f"""
SELECT DISTINCT ticket.ticket_id, ticket.number, ticket.ticketbox_id
FROM history
JOIN ticket USING (ticket_id)
WHERE {_WRITTEN_TO_THEM}
  AND history.ticket_id <> ALL($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Export:
    """What one person may take away of one contact."""

    gateway: Gateway
    person: Person
    contact: ContactDetail
    ticket_numbers: list[int]
    elsewhere: dict[UUID, int]
    """The numbers of others' tickets in which we wrote to the contact, as where one of theirs was merged into."""
    out_of_sight: int
    """Tickets of both kinds that this person may not see: they are left out."""

    async def document(self) -> AsyncIterator[bytes]:
        """The JSON document, a ticket or a message at a time."""
        yield b'{"contact":' + self.contact.model_dump_json(by_alias=True).encode()
        yield b',"tickets_out_of_sight":%d' % self.out_of_sight
        yield b',"changes":' + orjson.dumps(await self._changes())
        yield b',"tickets":['
        for index, number in enumerate(self.ticket_numbers):
            yield (b"," if index else b"") + await self._ticket(number)
        yield b'],"answers_in_other_tickets":' + orjson.dumps(await self._answers_elsewhere())
        yield b',"messages":['
        first = True
        async for message_id in self._message_ids():
            async with self.gateway.service.pool.acquire() as db:
                found = await custody(db, message_id)
            yield (b"" if first else b",") + found.model_dump_json(by_alias=True).encode()
            first = False
        yield b"]}"

    async def _changes(self) -> list[dict[str, object]]:
        identities = [self.contact.id, *(one.id for one in self.contact.merged)]
        async with self.gateway.service.pool.acquire() as db:
            events = await history.of_streams(db, [contact_stream(identity) for identity in identities])
        return [one.model_dump(mode="json") for one in tickets.stream_of(events)]

    async def _ticket(self, number: int) -> bytes:
        async with self.gateway.service.pool.acquire() as db:
            opened = await tickets.open_ticket(db, self.person.sight, number)
            shown = tickets.ticket_of(opened, await tickets.routing_of(db, opened))
        events = [
            one.model_dump(mode="json") for one in tickets.stream_of(opened.events, opened.sources.hidden)
        ]
        return orjson.dumps({"ticket": shown.model_dump(mode="json", by_alias=True), "events": events})

    async def _answers_elsewhere(self) -> list[dict[str, object]]:
        async with self.gateway.service.pool.acquire() as db:
            rows = await db.fetch(_ANSWERS, self.contact.addresses, list(self.elsewhere))
        return [
            {"ticket": self.elsewhere[row["ticket_id"]], **answer.model_dump(mode="json")}
            for row in sorted(rows, key=lambda one: one["position"])
            for answer in tickets.stream_of([history.recorded(row)])
        ]

    async def _message_ids(self) -> AsyncIterator[UUID]:
        """Of all that came from the contact's addresses, whatever became of it, as far as it may be seen."""
        last = _FIRST
        while True:
            async with self.gateway.service.pool.acquire() as db:
                rows = await db.fetch(_MESSAGES, self.contact.addresses, last, AT_ONCE)
                seen = [
                    row["message_id"]
                    for row in rows
                    if await may_see_message(db, self.person.sight, row["message_id"])
                ]
            for message_id in seen:
                yield message_id
            if len(rows) < AT_ONCE:
                return
            last = rows[-1]["message_id"]

    async def archive(self, now: datetime) -> AsyncIterator[bytes]:
        """A ZIP with the document, and each message as it was received; its files are inside of it."""
        pipe = _Pipe()
        with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # it needs no more to write
            async for piece in _added(archive, pipe, "contact.json", self.document(), now):
                yield piece
            async for message_id in self._message_ids():
                name, content = await self._raw(message_id)
                async for piece in _added(archive, pipe, name, content, now):
                    yield piece
        yield pipe.taken()

    async def _raw(self, message_id: UUID) -> tuple[str, AsyncIterator[bytes]]:
        async with self.gateway.service.pool.acquire() as db:
            message, withheld = await messages.stored(db, message_id)
        if withheld is not None:
            return f"messages/{message_id}.withheld.txt", _text(withheld)
        try:
            return f"messages/{message_id}.eml", await self.gateway.blob(message.sha256)
        except NotFound as error:
            return f"messages/{message_id}.missing.txt", _text(error.detail)


async def prepare(gateway: Gateway, person: Person, contact_id: UUID) -> Export:
    """See what there is to take away.

    Raises:
        NotFound: there is no such contact, or it is out of sight.
    """
    async with gateway.service.pool.acquire() as db:
        contact = await contacts.detail(db, person.sight, contact_id)
        identities = await contacts.ticket_ids(db, contact.addresses)
        rows = await db.fetch(
            "SELECT number, ticketbox_id FROM ticket WHERE ticket_id = ANY($1::uuid[]) ORDER BY number",
            identities,
        )
        others = await db.fetch(_ELSEWHERE, contact.addresses, identities)
    seen = [row["number"] for row in rows if person.sight.sees(row["ticketbox_id"])]
    elsewhere = {row["ticket_id"]: row["number"] for row in others if person.sight.sees(row["ticketbox_id"])}
    out_of_sight = len(rows) - len(seen) + len(others) - len(elsewhere)
    return Export(gateway, person, contact, seen, elsewhere, out_of_sight)


class _Pipe:
    """Where an archive is written to, piece by piece, and taken from."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        """What was written since it was taken last."""
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def _added(
    archive: ZipFile, pipe: _Pipe, name: str, content: AsyncIterator[bytes], now: datetime
) -> AsyncIterator[bytes]:
    entry = ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        async for piece in content:
            file.write(piece)
            if taken := pipe.taken():
                yield taken
    yield pipe.taken()


async def _text(text: str) -> AsyncIterator[bytes]:
    yield text.encode()
