"""Reads a stored message again, with the reader of this release."""

import asyncio
from uuid import UUID

from chassis import commands, log
from chassis.commands import Forbidden, Refusal, UnknownThing
from chassis.database import Connection
from chassis.log import Answer, History
from chassis.requests import ask
from chassis.service import Service
from contracts.commands import Done, Outcome, ReadAgain
from contracts.ingest import MessageReread, Reading
from contracts.queries import MayManage, Permission
from contracts.stream_ids import message_stream
from services.ingest.intake import receive
from services.ingest.reading import Letter, read
from services.ingest.settings import IngestSettings
from services.ingest.store import keep_blobs


class NotReadYet(Refusal):
    """It is held for the virus scanner."""

    code = "not_read_yet"

    def __init__(self) -> None:
        super().__init__("This message has not been read yet: it waits for the virus scanner.")


class Gone(Refusal):
    """Its bytes were erased."""

    code = "gone"

    def __init__(self) -> None:
        super().__init__("The bytes of this message are not stored any more.")


def reread(
    raw: bytes, letter: Letter, before: Reading, reread_by: UUID
) -> tuple[MessageReread, dict[str, bytes]] | None:
    """What is read now, and the blobs that it names; None if it reads as before.

    How the message came, when, and what was found out about it then stays as it was.
    """
    event, blobs = receive(
        before.letter.message_id,
        raw,
        letter,
        before.envelope,
        ticketbox_id=before.ticketbox_id,
        source=before.source,
        received_at=before.letter.received_at,
        authentication=before.authentication,
        scan=before.scan,
    )
    if all(getattr(event, name) == getattr(before, name) for name in Reading.model_fields):
        return None
    return MessageReread(**dict(event), reread_by=reread_by), blobs


def sender_of(message: Reading) -> str | None:
    """The sender of the envelope, where a client said it; that of a mailbox or a program is made from the header."""
    return message.envelope.mail_from if message.source in {"smtp", "lmtp"} else None


class Rereading:
    """Answers `ReadAgain`, one message at a time: new mail must not wait for it."""

    def __init__(self, service: Service[IngestSettings]) -> None:
        self._service = service
        self._one_at_a_time = asyncio.Lock()

    async def read_again(self, command: ReadAgain) -> Outcome:
        """Append what is read now, if it is something else than before.

        Raises:
            ServiceUnavailable: tickets, which knows the people.
        """
        may = await ask(self._service.nats, MayManage(person_id=command.actor_id), Permission)
        async with self._one_at_a_time:
            async with self._service.pool.acquire() as db:
                before = newest(await _history(db, command.message_id))
                raw = await db.fetchval(_RAW, bytes.fromhex(before.sha256)) if before else None
            letter = (
                await asyncio.to_thread(read, raw, sender_of(before)) if before and raw is not None else None
            )

            async def decide(db: Connection) -> Outcome:
                if not may.granted:
                    raise Forbidden("Only who manages a ticketbox can have a message read again.")
                return await self._append(command, raw, letter, db)

            return await commands.answer(self._service.pool, command, decide)

    async def _append(
        self, command: ReadAgain, raw: bytes | None, letter: Letter | None, db: Connection
    ) -> Outcome:
        history = await _history(db, command.message_id)
        if not history.events:
            raise UnknownThing(f"There is no message {command.message_id}.")
        before = newest(history)
        if before is None:
            raise NotReadYet
        if raw is None or letter is None:
            raise Gone
        found = reread(raw, letter, before, command.actor_id)
        if found is None:
            return Done(position=0, version=history.head.version)
        event, blobs = found
        await keep_blobs(db, blobs)
        meta = log.commanded(command.command_id, command.actor_id, command.message_id)
        now = self._service.clock()
        stream_id = message_stream(command.message_id)
        answer = Answer(stream_id, (event,), command.command_id, meta, now, history.head)
        return Done(position=await log.append(db, [answer], now), version=history.head.version + 1)


_RAW = "SELECT content FROM blob WHERE sha256 = $1"


async def _history(db: Connection, message_id: UUID) -> History:
    stream_id = message_stream(message_id)
    return (await log.load(db, [stream_id])).get(stream_id, log.NO_HISTORY)


def newest(history: History) -> Reading | None:
    """What was read last; None if nothing was read yet."""
    readings = [item.event for item in history.events if isinstance(item.event, Reading)]
    return readings[-1] if readings else None
