"""Takes a batch of messages from a mailbox: fetched, read, and committed together with the cursor."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.database import TRANSIENT, Connection
from chassis.log import AlreadyAnswered, VersionConflict
from chassis.logging import get_logger
from chassis.service import Service
from contracts.ids import fresh
from contracts.mail import SmtpEnvelope
from services.ingest.desk import Desk
from services.ingest.directory import DeskUnknown, Directory
from services.ingest.examining import Examiner
from services.ingest.intake import Accepted, accept
from services.ingest.reading import Letter, read
from services.ingest.settings import IngestSettings
from services.ingest.sources import cursor as books
from services.ingest.sources import measures
from services.ingest.sources.cursor import MovedElsewhere, Place, Step
from services.ingest.sources.fetching import Listed, Refusal, old, sort, too_large
from services.ingest.sources.mailbox import Fetched
from services.ingest.sources.settings import ImapSource, Source
from services.ingest.store import Store

logger = get_logger(__name__)

PASSING = (
    *TRANSIENT,
    MovedElsewhere,
    DeskUnknown,
    # Another process takes the same message by another way at this moment: next time it is a duplicate.
    asyncpg.UniqueViolationError,
    AlreadyAnswered,
    VersionConflict,
)
Behind = Callable[[Sequence[Listed]], Step]
"""What the books say when a batch is done with."""


@dataclass(frozen=True, slots=True)
class Server:
    """With whom we are connected: evidence for the custody of each message."""

    peer: str
    tls: str | None


class Taking:
    """Commits batches of one source; `place` is where the last commit left it."""

    def __init__(
        self,
        source: Source,
        service: Service[IngestSettings],
        store: Store,
        directory: Directory,
        examiner: Examiner,
        place: Place,
    ) -> None:
        self.place = place
        self._source = source
        self._service = service
        self._store = store
        self._directory = directory
        self._examiner = examiner

    async def take(
        self,
        batch: tuple[Listed, ...],
        fetch: Callable[[Sequence[Listed]], Awaitable[Fetched]],
        behind: Behind,
        server: Server,
    ) -> None:
        """Fetch a batch and commit it; a message that cannot be stored does not stop the others.

        Raises:
            what the network raises, and `PASSING`: nothing of the batch is stored, and it is fetched again.
        """
        with telemetry.span(
            f"fetch {self._source.kind.upper()}",
            SpanKind.CLIENT,
            attributes={
                "network.protocol.name": self._source.kind,
                "messaging.batch.message_count": len(batch),
            },
        ) as span:
            desk = await self._directory.desk([self._source.address])
            raws, step = await self._fetch(batch, fetch, behind(batch))
            try:
                accepted = await self._read(raws, server, desk)
                await self.commit(step, accepted, span.traceparent)
            except PASSING:
                raise
            except Exception as error:
                logger.exception("messages not stored", source=self._source.name, messages=len(raws))
                if not raws:
                    raise
                if len(batch) == 1:
                    # Kept in the mailbox and in the books, and tried again at the next start.
                    refusal = Refusal(batch[0], f"could not be stored: {error!r}"[:500])
                    await self.commit(replace(behind(batch), refused=(refusal,)))
                    return
            else:
                return
        for one in batch:
            await self.take((one,), fetch, behind, server)

    async def _fetch(
        self,
        batch: tuple[Listed, ...],
        fetch: Callable[[Sequence[Listed]], Awaitable[Fetched]],
        step: Step,
    ) -> tuple[tuple[bytes, ...], Step]:
        limit = self._service.settings.max_message_size
        chosen = sort(batch, most_bytes=limit, passed=self._passed(batch))
        fetched = await fetch(chosen.wanted) if chosen.wanted else Fetched({})
        # What the server said of a size may be an estimate.
        fitting = {key: raw for key, raw in fetched.found.items() if len(raw) <= limit}
        refused = (
            *chosen.refused,
            *fetched.refused,
            *(too_large(one, limit) for one in chosen.wanted if len(fetched.found.get(one.key, b"")) > limit),
        )
        return tuple(fitting.values()), replace(
            step,
            letters=len(fitting),
            pending=() if self._source.after == "leave" else tuple(fitting),
            refused=refused,
            passed=chosen.passed,
            vanished=len(batch) - len(fitting) - len(refused) - chosen.passed,
        )

    def _passed(self, batch: Sequence[Listed]) -> frozenset[str]:
        begun_at, anew_until = self.place.begun_at, self.place.anew_until
        if not isinstance(self._source, ImapSource) or self._source.begin == "everything" or begun_at is None:
            return frozenset()
        return old(batch, anew_until, begun_at)

    async def _read(self, raws: tuple[bytes, ...], server: Server, desk: Desk) -> tuple[Accepted, ...]:
        ticketbox_id = desk.box_of(self._source.address) or desk.default
        way = f"{self._source.kind}:{self._source.name}"
        now = self._service.clock()
        letters = await asyncio.to_thread(lambda: [read(raw) for raw in raws])
        envelopes = [envelope_of(letter, self._source.address, server) for letter in letters]
        messages = list(zip(raws, letters, envelopes, strict=True))
        findings = await asyncio.gather(
            *(
                self._examiner.examine(*message, source=way, authserv_id=self._source.authserv_id)
                for message in messages
            )
        )
        return await asyncio.to_thread(
            lambda: tuple(
                accept(
                    *message,
                    ticketbox_id=ticketbox_id,
                    source=way,
                    received_at=now,
                    fresh=fresh(),
                    again=way,
                    findings=found,
                )
                for message, found in zip(messages, findings, strict=True)
            )
        )

    async def commit(
        self, step: Step, accepted: tuple[Accepted, ...] = (), traceparent: str | None = None
    ) -> None:
        """Store messages and the step behind them in one transaction."""
        source, place, now = self._source.name, self.place, self._service.clock()
        taken = 0

        async def move(db: Connection, _: tuple[UUID, ...], new: int) -> None:
            nonlocal taken
            taken = new
            await books.move(db, source, place.revision, step, new, now)

        await self._store.accept(accepted, traceparent, move)
        self.place = Place(
            place.revision + 1,
            step.cursor,
            place.begun_at or now,
            place.anew_until if step.anew_until is None else step.anew_until,
        )
        measures.TAKEN.labels(source).inc(taken)
        measures.LAST_SUCCESS.labels(source).set(now.timestamp())


def envelope_of(letter: Letter, address: str, server: Server) -> SmtpEnvelope:
    """What is known of the way of a message: its last server wrote the sender into Return-Path (RFC 5321 §4.4)."""
    if letter.return_path is not None:
        mail_from = letter.return_path.strip().strip("<>")
    else:
        mail_from = letter.from_.address if letter.from_ else address
    return SmtpEnvelope(
        client_address=server.peer, tls=server.tls, mail_from=mail_from, recipients=(address,)
    )
