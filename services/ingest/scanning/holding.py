"""Has messages scanned that were held while the scanner was away, in order, and lets them go on."""

import asyncio

from chassis import log
from chassis.backoff import growing
from chassis.database import TRANSIENT, Connection, try_lock, unlock
from chassis.log import AlreadyAnswered, Answer, VersionConflict
from chassis.logging import get_logger
from chassis.service import Service
from contracts.ids import derived
from contracts.ingest import MessageHeld
from contracts.mail import Scan, ScanVerdict
from contracts.stream_ids import message_stream
from services.ingest.intake import receive
from services.ingest.reading import Letter, read
from services.ingest.scanning import held, measures
from services.ingest.scanning.answer import NotScanned, ScannerAway
from services.ingest.scanning.held import Held
from services.ingest.scanning.scanner import OURSELVES, Scanner
from services.ingest.settings import IngestSettings
from services.ingest.store import keep_blobs

logger = get_logger(__name__)

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 300.0
"""For the whole of a message, for which nobody waits now."""
MOST_TRIES = 5
"""A scanner that scans others, and never this one, is not waited for any longer: a person looks at the message."""

_LOCK = "postroom held"


class Holding:
    """Every process sees for itself when the scanner is back; one of them scans what is held, and a lock says which."""

    def __init__(self, service: Service[IngestSettings], scanner: Scanner) -> None:
        self._service = service
        self._scanner = scanner

    async def run(self) -> None:
        """Watch until cancelled."""
        waits = growing(2, 60)
        while True:
            if not await self._needed():
                wait = POLL_SECONDS
            elif await self._back() and await self._work_off():
                waits = growing(2, 60)
                wait = POLL_SECONDS
            else:
                wait = next(waits)
            await asyncio.sleep(wait)

    async def _needed(self) -> bool:
        async with self._service.pool.acquire() as db:
            waiting = await held.count(db)
        measures.HELD.set(waiting)
        return waiting > 0 or self._scanner.away is not None

    async def _back(self) -> bool:
        try:
            await self._scanner.check()
        except ScannerAway as away:
            logger.warning("virus scanner is away", error=str(away))
            return False
        return True

    async def _work_off(self) -> bool:
        """Scan what is held; False if something is left over that should be tried again after a while."""
        everything = True
        async with self._service.pool.acquire() as db:
            if not await try_lock(db, _LOCK):
                return True
            try:
                for one in await held.waiting(db):
                    if await self._goes_on(db, one):
                        continue
                    everything = False
                    if not await self._back():
                        break
                await unlock(db, _LOCK)
            except BaseException:
                db.terminate()  # its lock goes with it
                raise
        return everything

    async def _goes_on(self, db: Connection, one: Held) -> bool:
        try:
            reason = await self._settle(db, one)
        except (*TRANSIENT, AlreadyAnswered, VersionConflict):
            raise
        except Exception as error:
            logger.exception("held message not stored", message_id=str(one.message_id))
            reason = f"It could not be stored: {error!r}"[:500]
        if reason is not None:
            await held.tried(db, one.message_id, reason)
        return reason is None

    async def _settle(self, db: Connection, one: Held) -> str | None:
        """Scan a message and let it go on; None, or why it goes on waiting."""
        stream_id = message_stream(one.message_id)
        history = (await log.load(db, [stream_id]))[stream_id]
        first = history.events[0]
        message = first.event
        assert isinstance(message, MessageHeld)  # noqa: S101 - the row came with it
        raw = await db.fetchval("SELECT content FROM blob WHERE sha256 = $1", bytes.fromhex(message.sha256))
        letter = await asyncio.to_thread(read, raw, message.envelope.mail_from)
        scan = await self._scan(one, raw, letter)
        if isinstance(scan, NotScanned):
            return scan.reason
        event, blobs = receive(
            one.message_id,
            raw,
            letter,
            message.envelope,
            ticketbox_id=message.ticketbox_id,
            source=message.source,
            received_at=first.occurred_at,
            authentication=message.authentication,
            scan=scan,
        )
        now = self._service.clock()
        cause = derived(one.message_id, "scanned")
        answer = Answer(stream_id, (event,), cause, log.caused_by(first, first.meta.actor), now, history.head)
        async with db.transaction():
            if await held.let_go(db, one.message_id):
                await keep_blobs(db, blobs)
                await log.append(db, [answer], now)
        return None

    async def _scan(self, one: Held, raw: bytes, letter: Letter) -> Scan | NotScanned | None:
        if one.tries < MOST_TRIES:
            return await self._scanner.examine(raw, letter, PATIENCE_SECONDS)
        return Scan(
            verdict=ScanVerdict.UNSCANNABLE,
            scanner=OURSELVES,
            finding=f"the scanner answers, but not to this message, in {one.tries} tries",
            scanned_at=self._service.clock(),
        )
