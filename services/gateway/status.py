"""How the whole of it is: the ledger, what consumers have still to do, and what is parked."""

import asyncio
from collections.abc import Iterator, Sequence
from uuid import UUID

import nats.errors
import nats.js.errors

from chassis.requests import M
from contracts.queries import (
    GetLedger,
    GetSources,
    GetTransport,
    GetVirusScanner,
    Ledger,
    ListParked,
    ParkedList,
    Replayed,
    ReplayParked,
    SourceBooks,
    Sources,
    Transport,
    VirusScanner,
)
from contracts.requests import Query
from contracts.services import SERVICES
from contracts.streams import CONSUMERS, Consumer
from services.gateway.access.sight import Sight
from services.gateway.gateway import Gateway
from services.gateway.problems import NotFound, Problem
from services.gateway.representations.system import (
    ConsumerLag,
    LedgerView,
    ParkedItem,
    SourceItem,
    Status,
    VirusScannerItem,
)


def ledger_view(ledger: Ledger) -> LedgerView:
    return LedgerView(**ledger.model_dump(), balanced=ledger.balanced)


async def status(gateway: Gateway, sight: Sight) -> Status:
    """Ask everyone at once; who does not answer is named instead of waited for.

    The errors of what is parked may quote any letter.
    """
    silent: set[str] = set()

    async def ask(service: str, query: Query, answer: type[M]) -> M | None:
        try:
            return await gateway.ask(query, answer, service)
        except Problem:
            silent.add(service)
            return None

    ledger, sources, scanner, transport, consumers, parked = await asyncio.gather(
        ask("ingest", GetLedger(), Ledger),
        ask("ingest", GetSources(), Sources),
        ask("ingest", GetVirusScanner(), VirusScanner),
        ask("notify", GetTransport(), Transport),
        asyncio.gather(*(_lag(gateway, consumer) for consumer in CONSUMERS)),
        asyncio.gather(*(ask(one, ListParked(), ParkedList) for one in SERVICES)),
    )
    return Status(
        ledger=ledger and ledger_view(ledger),
        sources=[_source(one) for one in sources.items] if sources else [],
        scanner=scanner and VirusScannerItem(**scanner.model_dump()),
        outgoing=transport and _outgoing(transport),
        consumers=list(consumers),
        parked=list(_parked(parked)) if sight.everything else [],
        silent=sorted(silent),
    )


def _source(source: SourceBooks) -> SourceItem:
    return SourceItem(**source.model_dump(), balanced=source.balanced)


def _outgoing(transport: Transport) -> str:
    return f"{'to the relay' if transport.kind == 'smtp' else 'into the Maildir'} {transport.target}"


def _parked(lists: Sequence[ParkedList | None]) -> Iterator[ParkedItem]:
    for service, found in zip(SERVICES, lists, strict=True):
        for one in found.items if found else ():
            yield ParkedItem(service=service, **one.model_dump(exclude={"event_id"}))


async def replay_parked(gateway: Gateway, service: str, parked_id: UUID) -> Replayed:
    """Have a service handle again what it parked.

    Raises:
        Problem.
    """
    if service not in SERVICES:
        raise NotFound(f"There is no service “{service}”.")
    return await gateway.ask(ReplayParked(parked_id=parked_id), Replayed, service)


async def _lag(gateway: Gateway, consumer: Consumer) -> ConsumerLag:
    stream = consumer.stream.name
    try:
        info = await gateway.service.js.consumer_info(stream, consumer.name, timeout=3)
    except (nats.errors.Error, nats.js.errors.Error, TimeoutError):
        return ConsumerLag(name=consumer.name, stream=stream, waiting=0, unacknowledged=0, missing=True)
    return ConsumerLag(
        name=consumer.name,
        stream=stream,
        waiting=info.num_pending or 0,
        unacknowledged=info.num_ack_pending or 0,
        missing=False,
    )
