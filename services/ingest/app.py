"""The shell of ingest: mail comes in, the ledger is kept, stored bytes are given out."""

from functools import partial

from chassis.service import Service, run
from chassis.settings import ListenAddress, SocketPath
from contracts.commands import ReadAgain
from contracts.erasures import FindLetters
from contracts.ids import fresh
from contracts.mail import SmtpEnvelope
from contracts.queries import GetBlob, GetLedger, GetSources, GetVirusScanner, Ledger, Sources, VirusScanner
from contracts.streams import INGEST_DESK, LEDGER_ROUTER, LEDGER_TICKETS
from contracts.uploads import AcceptUpload, StoreUpload
from services.ingest import directory, erasing, ledger, uploads
from services.ingest.authentication import Authenticator
from services.ingest.blobs import piece_of
from services.ingest.directory import Directory
from services.ingest.examining import Examiner
from services.ingest.rereading import Rereading
from services.ingest.scanning import held
from services.ingest.scanning.holding import Holding
from services.ingest.scanning.scanner import Scanner
from services.ingest.settings import IngestSettings
from services.ingest.smtp.conversation import Protocol
from services.ingest.smtp.door import door_of
from services.ingest.smtp.server import serve
from services.ingest.sources.cursor import books
from services.ingest.sources.tending import Tending
from services.ingest.store import Store
from services.ingest.taking import Arrival, Intake, understand


async def deliver(
    intake: Intake, protocol: Protocol, raw: bytes, envelope: SmtpEnvelope, traceparent: str | None
) -> str:
    """Take a message for good and return its ids; raises if it could not be stored."""
    arrival = Arrival(
        raw, await understand(raw, envelope.mail_from), envelope, source=protocol, fresh=fresh()
    )
    return " ".join(map(str, await intake.take(arrival, traceparent)))


async def take_mail(
    service: Service[IngestSettings],
    intake: Intake,
    ticketboxes: Directory,
    protocol: Protocol,
    address: ListenAddress | SocketPath,
) -> None:
    """Take mail by SMTP or LMTP until the service stops."""
    door = door_of(
        service.settings,
        protocol,
        recipient=ticketboxes.recipient,
        deliver=partial(deliver, intake, protocol),
    )
    async with serve(door, address):
        await service.stopping.wait()


async def count(service: Service[IngestSettings], _: GetLedger) -> Ledger:
    """Answer what became of everything."""
    async with service.pool.acquire() as db:
        return await ledger.count(db)


async def sources(service: Service[IngestSettings], _: GetSources) -> Sources:
    """Answer what each source holds and what was taken of it."""
    async with service.pool.acquire() as db:
        return await books(db, [source.name for source in service.settings.sources])


async def virus_scanner(service: Service[IngestSettings], _: GetVirusScanner) -> VirusScanner:
    """Answer whether mail is scanned, and how much waits for it."""
    address = service.settings.clamd
    async with service.pool.acquire() as db:
        messages, since, reason = await held.standing(db)
    return VirusScanner(
        address=None if address is None else str(address), held=messages, held_since=since, reason=reason
    )


async def set_up(service: Service[IngestSettings]) -> None:
    """Say what this service does."""
    service.consume(INGEST_DESK, directory.keep)
    service.consume(LEDGER_ROUTER, ledger.settle)
    service.consume(LEDGER_TICKETS, ledger.settle)
    service.answer(GetLedger, partial(count, service))
    service.answer_bytes(GetBlob, partial(piece_of, service.pool))
    service.answer(GetSources, partial(sources, service))
    service.answer(GetVirusScanner, partial(virus_scanner, service))
    service.answer(ReadAgain, Rereading(service).read_again)
    service.answer(FindLetters, partial(erasing.find_letters, service))
    service.erase(partial(erasing.erase, service), ("event", "blob", "ledger"))
    store = Store(service)
    ticketboxes = Directory(service.pool, up_to_date=lambda: service.nats.is_connected)
    service.ready_when(ticketboxes.known)
    authenticator = Authenticator(service.settings)
    scanner = Scanner(service.settings.clamd, service.settings.scan_limits, service.clock)
    examiner = Examiner(authenticator, scanner)
    intake = Intake(service, store, ticketboxes, examiner)
    service.answer(StoreUpload, partial(uploads.store_piece, service))
    service.answer(AcceptUpload, partial(uploads.accept_upload, service, intake))
    service.background("name servers", authenticator.watch)
    service.background("uploads", partial(uploads.clean, service))
    service.background("held messages", Holding(service, scanner).run)
    smtp, lmtp = service.settings.smtp_listen, service.settings.lmtp_listen
    service.background("SMTP", partial(take_mail, service, intake, ticketboxes, "smtp", smtp))
    if lmtp is not None:
        service.background("LMTP", partial(take_mail, service, intake, ticketboxes, "lmtp", lmtp))
    service.background("ledger", partial(ledger.keep_totals, service))
    for source in service.settings.sources:
        service.background(
            f"source {source.name}", Tending(source, service, store, ticketboxes, examiner).run
        )


def main() -> None:
    """`postroom ingest`."""
    run("ingest", IngestSettings, set_up)
