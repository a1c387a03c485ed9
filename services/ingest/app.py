"""The shell of ingest: mail comes in, the ledger is kept, stored bytes are given out."""

from functools import partial
from uuid import uuid4

from chassis.service import Service, run
from contracts.commands import ReadAgain
from contracts.mail import SmtpEnvelope
from contracts.queries import GetBlob, GetLedger, GetSources, Ledger, Sources
from contracts.streams import LEDGER_ROUTER, LEDGER_TICKETS
from contracts.uploads import AcceptUpload, StoreUpload
from services.ingest import ledger, uploads
from services.ingest.blobs import piece_of
from services.ingest.rereading import Rereading
from services.ingest.settings import IngestSettings
from services.ingest.smtp import smtp_server
from services.ingest.sources.cursor import books
from services.ingest.sources.tending import Tending
from services.ingest.store import Store
from services.ingest.taking import Arrival, Intake, understand


async def deliver(intake: Intake, raw: bytes, envelope: SmtpEnvelope, traceparent: str | None) -> str:
    """Take a message for good and return its id; raises if it could not be stored."""
    arrival = Arrival(raw, await understand(raw), envelope, source="smtp", fresh=uuid4())
    return str(await intake.take(arrival, traceparent))


async def serve_smtp(service: Service[IngestSettings], intake: Intake) -> None:
    """Take mail until the service stops."""
    settings = service.settings
    async with smtp_server(
        settings.smtp_listen,
        partial(deliver, intake),
        hostname=settings.smtp_hostname,
        max_size=settings.max_message_size,
    ):
        await service.stopping.wait()


async def count(service: Service[IngestSettings], _: GetLedger) -> Ledger:
    """Answer what became of everything."""
    async with service.pool.acquire() as db:
        return await ledger.count(db)


async def sources(service: Service[IngestSettings], _: GetSources) -> Sources:
    """Answer what each source holds and what was taken of it."""
    async with service.pool.acquire() as db:
        return await books(db, [source.name for source in service.settings.sources])


async def set_up(service: Service[IngestSettings]) -> None:
    """Say what this service does."""
    service.consume(LEDGER_ROUTER, ledger.settle)
    service.consume(LEDGER_TICKETS, ledger.settle)
    service.answer(GetLedger, partial(count, service))
    service.answer_bytes(GetBlob, partial(piece_of, service.pool))
    service.answer(GetSources, partial(sources, service))
    service.answer(ReadAgain, Rereading(service).read_again)
    store = Store(service)
    service.background("ledger", partial(ledger.keep_totals, service))
    intake = Intake(service, store)
    service.answer(StoreUpload, partial(uploads.store_piece, service))
    service.answer(AcceptUpload, partial(uploads.accept_upload, service, intake))
    service.background("uploads", partial(uploads.clean, service))
    service.background("SMTP", partial(serve_smtp, service, intake))
    for source in service.settings.sources:
        service.background(f"source {source.name}", Tending(source, service, store).run)


def main() -> None:
    """`postroom ingest`."""
    run("ingest", IngestSettings, set_up)
