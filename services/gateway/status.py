"""How the whole of it is: the ledger, what consumers have still to do, and what is parked."""

import asyncio

import nats.errors
import nats.js.errors

from contracts.queries import (
    GetLedger,
    GetSources,
    GetTransport,
    GetVirusScanner,
    Ledger,
    ListParked,
    ParkedList,
    Sources,
    Transport,
    VirusScanner,
)
from contracts.services import SERVICES
from contracts.streams import CONSUMERS, Consumer
from services.gateway.access.sight import Sight
from services.gateway.gateway import Gateway
from services.gateway.problems import Problem
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
    silent: list[str] = []

    async def ledger() -> LedgerView | None:
        try:
            return ledger_view(await gateway.ask(GetLedger(), Ledger))
        except Problem:
            silent.append("ingest")
            return None

    async def sources() -> list[SourceItem]:
        try:
            found = await gateway.ask(GetSources(), Sources)
        except Problem:
            silent.append("ingest")
            return []
        return [SourceItem(**one.model_dump(), balanced=one.balanced) for one in found.items]

    async def scanner() -> VirusScannerItem | None:
        try:
            found = await gateway.ask(GetVirusScanner(), VirusScanner)
        except Problem:
            silent.append("ingest")
            return None
        return VirusScannerItem(**found.model_dump())

    async def outgoing() -> str | None:
        try:
            transport = await gateway.ask(GetTransport(), Transport)
        except Problem:
            silent.append("notify")
            return None
        return f"{'to the relay' if transport.kind == 'smtp' else 'into the Maildir'} {transport.target}"

    async def parked(service: str) -> list[ParkedItem]:
        try:
            found = await gateway.ask(ListParked(), ParkedList, ListParked.subject_of(service))
        except Problem:
            silent.append(service)
            return []
        return [ParkedItem(service=service, **one.model_dump(exclude={"event_id"})) for one in found.items]

    ledger_now, sources_now, scanner_now, outgoing_now, consumers, parked_now = await asyncio.gather(
        ledger(),
        sources(),
        scanner(),
        outgoing(),
        asyncio.gather(*(_lag(gateway, consumer) for consumer in CONSUMERS)),
        asyncio.gather(*(parked(service) for service in SERVICES)),
    )
    return Status(
        ledger=ledger_now,
        sources=sources_now,
        scanner=scanner_now,
        outgoing=outgoing_now,
        consumers=list(consumers),
        parked=[one for found in parked_now for one in found] if sight.everything else [],
        silent=sorted(set(silent)),
    )


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
