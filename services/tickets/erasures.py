"""Erasures: asked for by an administrator, led through all services, and told in a certificate.

Whoever leads is killed at any moment: another one begins where the table says. Each service erases in pieces, and a
piece that comes again erases nothing more.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import digest
from uuid import UUID

import asyncpg
import orjson
from nats.aio.client import Client

from chassis import log
from chassis.backoff import growing
from chassis.commands import Invalid
from chassis.database import LONG_COMMAND_SECONDS, Connection, connect, lead
from chassis.log import Answer
from chassis.logging import get_logger
from chassis.requests import RequestFailed, ServiceUnavailable, ask, ask_patiently
from chassis.service import Service
from contracts.commands import Done, RequestErasure
from contracts.desk import Ticketbox
from contracts.erasures import (
    DataErased,
    End,
    ErasePiece,
    ErasureBegun,
    ErasureEnded,
    ErasureProgress,
    ErasureRequested,
    FindLetters,
    FinishErasure,
    FoundLetters,
    GetEnd,
    GetErasure,
    PieceErased,
    Subject,
)
from contracts.event import Event
from contracts.ids import derived
from contracts.mail import without_detail
from contracts.model import is_erased
from contracts.people import Person
from contracts.services import SERVICES
from contracts.stream_ids import erasure_stream
from contracts.streams import STREAMS
from services.tickets import contact_tables, desk, desk_tables, erasing
from services.tickets.settings import TicketsSettings

logger = get_logger(__name__)

POLL_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
"""Between two looks at one that waits for something."""
TICKETS_AT_ONCE = 50
READ_MODELS = tuple(holder for holder in SERVICES if holder not in STREAMS)


async def request(service: Service[TicketsSettings], command: RequestErasure, db: Connection) -> Done:
    """Begin an erasure.

    Raises:
        Refusal: nothing is erased, and why.
    """
    return await begin(db, command, service.clock())


async def begin(db: Connection, command: RequestErasure, now: datetime) -> Done:
    """Begin an erasure in the caller's transaction; the running services do the rest.

    Raises:
        Refusal: nothing is erased, and why.
    """
    present = await desk_tables.read_desk(db)
    addresses = decide(command, present)
    await contact_tables.lock(db)
    await contact_tables.refuse_half(db, addresses)
    secret = await desk_tables.erasure_secret(db)
    event = ErasureRequested(
        erasure_id=command.command_id,
        digests=tuple(digest_of(address, secret) for address in addresses),
        reason=command.reason.strip(),
        requested_by=command.actor_id,
    )
    await db.execute(
        "INSERT INTO erasure (erasure_id, requested_at, addresses) VALUES ($1, $2, $3)",
        command.command_id,
        now,
        list(addresses),
    )
    return await _say(db, command.command_id, event, command.command_id, command.actor_id, now)


def digest_of(address: str, secret: bytes) -> str:
    """By which an address is known again that stands nowhere any more."""
    return digest(secret, address.lower().encode(), "sha256").hex()


def decide(command: RequestErasure, present: desk.Desk) -> tuple[str, ...]:
    """The addresses whose person is to be erased. Pure.

    Raises:
        Refusal: nothing is erased, and why.
    """
    desk.only_administrators(present, command.actor_id)
    ours = {address: box.name for box in present.every(Ticketbox) for address in box.addresses}
    ours |= {person.email.lower(): person.name for person in present.every(Person)}
    addresses = tuple(dict.fromkeys(address.strip().lower() for address in command.addresses))
    for address in addresses:
        if not desk.is_address(address) or is_erased(address):
            raise Invalid(f"“{address}” is no address of a person.")
        if without_detail(address) in ours:
            raise Invalid(f"“{address}” belongs to the desk itself, to “{ours[without_detail(address)]}”.")
        if address in command.reason.lower():
            raise Invalid("The reason stays: say it without the person's address or name.")
    if not command.reason.strip():
        raise Invalid("Say why it is erased.")
    return addresses


async def progress(service: Service[TicketsSettings], query: GetErasure) -> ErasureProgress:
    """Answer what an erasure waits for."""
    waits_for = await service.pool.fetchval(
        "SELECT waits_for FROM erasure WHERE erasure_id = $1", query.erasure_id
    )
    return ErasureProgress(waits_for=waits_for)


async def _say(
    db: Connection, erasure_id: UUID, event: Event, cause: UUID, actor_id: UUID, now: datetime
) -> Done:
    """Append to the erasure's own stream, in the caller's transaction."""
    stream_id = erasure_stream(erasure_id)
    head = await log.head_of(db, stream_id)
    meta = log.commanded(erasure_id, actor_id)
    position = await log.append(db, [Answer(stream_id, (event,), cause, meta, now, head)], now)
    return Done(position=position, version=head.version + 1)


class NotYet(Exception):
    """Something must happen before the erasure goes on; it is tried again in a moment."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One that goes on."""

    erasure_id: UUID
    addresses: tuple[str, ...]
    requested_by: UUID
    person: Subject | None
    ends: Mapping[str, int]
    erased: Mapping[str, Mapping[str, int]]
    """How many rows and files each service has erased that has been through all that it holds."""


async def work(service: Service[TicketsSettings]) -> None:
    """Lead every erasure to its end; one process does it, the others wait to take over."""
    db = await connect(service.settings.database_url, service.name, LONG_COMMAND_SECONDS)
    try:
        await lead(db, "postroom erasures")
        waits = growing(most=LONGEST_WAIT_SECONDS)
        while True:
            going_on = [_erasure(row) for row in await db.fetch(_GOING_ON)]
            moved = [await _lead(service, db, erasure) for erasure in going_on]
            if any(moved) or not going_on:
                waits = growing(most=LONGEST_WAIT_SECONDS)
            await asyncio.sleep(next(waits) if going_on else POLL_SECONDS)
    finally:
        db.terminate()  # its lock goes with it


_GOING_ON = """
SELECT erasure.erasure_id, erasure.addresses, erasure.person::text AS person, erasure.ends::text AS ends,
       erasure.erased::text AS erased, (event.data ->> 'requested_by')::uuid AS requested_by
FROM erasure
JOIN event ON event.stream_id = 'erasure-' || erasure.erasure_id AND event.version = 1
ORDER BY erasure.requested_at
"""


def _erasure(row: asyncpg.Record) -> Erasure:
    return Erasure(
        erasure_id=row["erasure_id"],
        addresses=tuple(row["addresses"]),
        requested_by=row["requested_by"],
        person=Subject.model_validate_json(row["person"]) if row["person"] else None,
        ends=orjson.loads(row["ends"]),
        erased=orjson.loads(row["erased"]),
    )


async def _lead(service: Service[TicketsSettings], db: Connection, erasure: Erasure) -> bool:
    """Go on with an erasure; whether it waits for something else now than before."""
    waits_for = None
    try:
        await _go_on(service, db, erasure)
    except (NotYet, ServiceUnavailable, RequestFailed) as error:
        waits_for = str(error)
    except (log.VersionConflict, log.AlreadyAnswered) as error:
        waits_for = repr(error)  # its ticket changed at this very moment
    changed = await db.execute(
        "UPDATE erasure SET waits_for = $2 WHERE erasure_id = $1 AND waits_for IS DISTINCT FROM $2",
        erasure.erasure_id,
        waits_for,
    )
    return bool(changed == "UPDATE 1")


async def _go_on(service: Service[TicketsSettings], db: Connection, erasure: Erasure) -> None:
    """Do all that can be done.

    Raises:
        NotYet.
    """
    # 1. What belongs to the person, once nothing of it is on its way.
    if erasure.person is None:
        erasure = await _find(service, db, erasure)
    person = erasure.person
    assert person is not None  # noqa: S101 - it was found a line above
    # 2. The logs, which everything else is made from; what is published meanwhile is in them.
    for holder in STREAMS:
        erasure = await _erase(service, db, erasure, person, holder, {"end": erasure.ends[holder]})
    # 3. Who had read a ticket before that may write what he made of it a moment later. So what came since then is
    # looked at again each time, and the wait for the streams gives him that moment.
    ends = await _ends(service)
    for holder in STREAMS:
        await erase_in_pieces(service.nats, person, holder, erasure.ends[holder], {"end": ends[holder]})
    # 4. What is made of the logs: at once, since people look at it.
    for holder in READ_MODELS:
        erasure = await _erase(service, db, erasure, person, holder, {"ends": ends})
    for number in range(0, len(person.ticket_ids), TICKETS_AT_ONCE):
        some = person.ticket_ids[number : number + TICKETS_AT_ONCE]
        async with db.transaction():
            await erasing.say_in_tickets(service, db, person, erasure.requested_by, some)
    # 5. The streams, and each service's part of the certificate. One that waits hinders no other.
    waiting = [why for holder in STREAMS if (why := await _finish(service, db, erasure, holder)) is not None]
    if waiting:
        raise NotYet("; ".join(waiting))
    # 6. Nothing of the person comes any more: once more what may have come meanwhile.
    person = await erasing.with_notices(db, person)
    for holder in STREAMS:
        await erase_in_pieces(service.nats, person, holder, erasure.ends[holder], {"end": ends[holder]})
    for holder in READ_MODELS:
        await erase_in_pieces(service.nats, person, holder, 0, {"ends": ends})
        if (why := await _finish(service, db, erasure, holder)) is not None:
            raise NotYet(why)
    async with db.transaction():
        await db.execute("DELETE FROM erasure WHERE erasure_id = $1", erasure.erasure_id)
        ended = ErasureEnded(erasure_id=erasure.erasure_id)
        cause = derived(erasure.erasure_id, "ended")
        await _say(db, erasure.erasure_id, ended, cause, erasure.requested_by, service.clock())
    await db.execute("VACUUM erasure")
    logger.info("erased", erasure_id=str(erasure.erasure_id))


async def _find(service: Service[TicketsSettings], db: Connection, erasure: Erasure) -> Erasure:
    letters = await letters_of(service.nats, erasure.addresses)
    person = await erasing.find_all(db, erasure.erasure_id, erasure.addresses, letters)
    ends = await _ends(service)
    async with db.transaction():
        await db.execute(
            "UPDATE erasure SET person = $2::jsonb, ends = $3::jsonb WHERE erasure_id = $1",
            erasure.erasure_id,
            person.model_dump_json(),
            orjson.dumps(ends).decode(),
        )
        begun = ErasureBegun(
            erasure_id=erasure.erasure_id,
            letters=len(person.message_ids),
            tickets=len(person.ticket_ids),
            answers=len(person.reply_ids),
        )
        cause = derived(erasure.erasure_id, "begun")
        await _say(db, erasure.erasure_id, begun, cause, erasure.requested_by, service.clock())
    return replace(erasure, person=person, ends=ends)


async def letters_of(nats: Client, addresses: tuple[str, ...]) -> FoundLetters:
    """All letters that a person wrote.

    Raises:
        NotYet: some are on their way.
    """
    message_ids: list[UUID] = []
    internet_message_ids: set[str] = set()
    names: set[str] = set()
    query: FindLetters | None = FindLetters(addresses=addresses)
    while query is not None:
        found = await ask_patiently(nats, query, FoundLetters)
        if found.in_flight:
            raise NotYet(f"{found.in_flight} letters of the person are on their way into tickets")
        message_ids += found.message_ids
        internet_message_ids.update(found.internet_message_ids)
        names.update(found.names)
        query = FindLetters(addresses=addresses, after=found.following) if found.following else None
    return FoundLetters(
        message_ids=tuple(message_ids),
        internet_message_ids=tuple(internet_message_ids),
        names=tuple(names),
    )


async def _ends(service: Service[TicketsSettings]) -> dict[str, int]:
    """Where each log ends now."""
    return {holder: (await ask(service.nats, GetEnd(), End, holder)).position for holder in STREAMS}


async def _erase(
    service: Service[TicketsSettings],
    db: Connection,
    erasure: Erasure,
    person: Subject,
    holder: str,
    limits: Mapping[str, object],
) -> Erasure:
    """Have a service erase all that it holds, once."""
    if holder in erasure.erased:
        return erasure
    total = await erase_in_pieces(service.nats, person, holder, 0, limits)
    erased = {**erasure.erased, holder: {"rows": total.rows, "files": total.files}}
    await db.execute(
        "UPDATE erasure SET erased = $2::jsonb WHERE erasure_id = $1",
        erasure.erasure_id,
        orjson.dumps(erased).decode(),
    )
    return replace(erasure, erased=erased)


async def erase_in_pieces(
    nats: Client, person: Subject, holder: str, after: int, limits: Mapping[str, object]
) -> PieceErased:
    """Have a service erase what it holds behind a place, piece by piece and for each part of the person.

    Raises:
        NotYet: the service waits for something.
    """
    rows = files = 0
    for part in person.parts():
        following: int | None = after
        while following is not None:
            piece = ErasePiece.model_validate({"person": part, "after": following, **limits})
            done = await ask_patiently(nats, piece, PieceErased, holder)
            if done.waits_for is not None:
                raise NotYet(done.waits_for)
            rows, files, following = rows + done.rows, files + done.files, done.following
    return PieceErased(rows=rows, files=files)


async def _finish(
    service: Service[TicketsSettings], db: Connection, erasure: Erasure, holder: str
) -> str | None:
    """Have a service end its part, and put that into the certificate; why it is not done yet, or None."""
    cause = derived(erasure.erasure_id, holder)
    if await log.answered(db, [cause]):
        return None
    request = FinishErasure(erasure_id=erasure.erasure_id)
    try:
        done = await ask_patiently(service.nats, request, PieceErased, holder)
    except (ServiceUnavailable, RequestFailed) as error:
        return str(error)
    if done.waits_for is not None:
        return done.waits_for
    counted = erasure.erased[holder]
    rows, files = (done.rows, done.files) if holder in STREAMS else (counted["rows"], counted["files"])
    event = DataErased(erasure_id=erasure.erasure_id, holder=holder, rows=rows, files=files)
    async with db.transaction():
        await _say(db, erasure.erasure_id, event, cause, erasure.requested_by, service.clock())
    return None
