"""Streams, subjects and durable consumers of JetStream, as data that `postroom migrate` makes real."""

import zlib
from dataclasses import dataclass
from typing import get_args

from contracts import (
    bulk,
    contacts,
    correspondence,
    desk,
    erasures,
    ingest,
    notify,
    people,
    router,
    rulesets,
    ticket_events,
    tickets,
)
from contracts.event import Event, snake_case

PARTITIONS = 64
LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes that NATS must take in one message, with its headers (`max_payload`)."""


def partition(stream_id: str) -> int:
    """A stable hash of the conversation key: all events of one stream lie in one partition."""
    return zlib.crc32(stream_id.encode()) % PARTITIONS


def subject(event: type[Event], stream_id: str) -> str:
    return f"postroom.{event.service}.{snake_case(event.type_name())}.{partition(stream_id)}"


def every(event: type[Event]) -> str:
    """The subject of an event type in all partitions."""
    return f"postroom.{event.service}.{snake_case(event.type_name())}.*"


THINGS: tuple[type[Event], ...] = (
    desk.TicketboxCreated,
    people.PersonAdded,
    *get_args(desk.ThingChanged),
    desk.ThingRemoved,
)
"""What says how things of the desk are: see `desk.thing_of`."""

EVENTS: dict[str, type[Event]] = {
    event.type_name(): event
    for event in (
        ingest.MessageHeld,
        ingest.MessageReceived,
        ingest.MessageReread,
        router.MessageRouted,
        router.MessageDiscarded,
        router.CopyReleased,
        router.AlertReleased,
        router.TicketRouted,
        router.TicketOverflowed,
        router.TicketTakenBack,
        router.RoutingFailed,
        *get_args(ticket_events.TicketEvent),
        tickets.TicketingFailed,
        bulk.BulkJobStarted,
        bulk.BulkJobFinished,
        *THINGS,
        people.PresenceChanged,
        rulesets.RulesetPublished,
        rulesets.RulesetDrafted,
        rulesets.RulesetDraftDropped,
        *get_args(contacts.AnyContactEvent),
        notify.ReplySent,
        notify.ReplyDelayed,
        notify.ReplyFailed,
        notify.ReplyUncertain,
        notify.NoticeSent,
        notify.NoticeFailed,
        erasures.ErasureRequested,
        erasures.ErasureBegun,
        erasures.DataErased,
        erasures.ErasureEnded,
        *erasures.ROWS_ERASED.values(),
    )
}
"""Every event by its name."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The log of one service, as JetStream carries it."""

    name: str
    service: str
    subjects: tuple[str, ...]


def _stream_of(service: str) -> Stream:
    # The event names are spelled out: `postroom.tickets.*.*` would swallow the commands too, and answer them.
    return Stream(
        name=service.upper(),
        service=service,
        subjects=tuple(every(event) for event in EVENTS.values() if event.service == service),
    )


STREAMS: dict[str, Stream] = {
    service: _stream_of(service) for service in ("ingest", "router", "tickets", "notify")
}
"""By the service that publishes."""

ADVISORIES = Stream(
    name="ADVISORIES",
    service="nats",
    subjects=(
        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
    ),
)
"""What the server itself says of messages that were given up; a crash passes by every middleware."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer: what one service reads of another's stream, in batches and in order."""

    service: str
    source: str
    """The service whose stream is read."""
    purpose: str
    events: tuple[type[Event], ...] = ()
    """Empty: all events of the stream, so that the reader can tell that nothing is missing."""
    batch: int = 100
    pause_seconds: float = 0.02
    """Between two fetches while there is something to fetch, so that batches grow under load. The first is at once."""

    @property
    def name(self) -> str:
        return f"{self.service}-{self.purpose}-{self.source}"

    @property
    def stream(self) -> Stream:
        return STREAMS[self.source]

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(every(event) for event in self.events)


ROUTER_MESSAGES = Consumer("router", "ingest", "messages", (ingest.MessageReceived, ingest.MessageReread))
ROUTER_DESK = Consumer(
    "router", "tickets", "things", (*THINGS, people.PresenceChanged, rulesets.RulesetPublished)
)
ROUTER_CONTACTS = Consumer("router", "tickets", "cards", get_args(contacts.AnyContactEvent))
"""Under its first name, “contacts”, it would not read again what it read before addresses had keys."""
ROUTER_TICKETS = Consumer("router", "tickets", "desk", (tickets.TicketingFailed,))
"""Its name is from when it heard of the desk, too: under another one, it would hear of all old failures again."""
ROUTER_QUEUE = Consumer("router", "tickets", "queue", batch=200, pause_seconds=0.1)
TICKETS_ROUTED = Consumer(
    "tickets",
    "router",
    "routed",
    (
        router.MessageRouted,
        router.MessageDiscarded,
        router.TicketRouted,
        router.TicketOverflowed,
        router.TicketTakenBack,
    ),
)
TICKETS_DELIVERIES = Consumer(
    "tickets", "notify", "deliveries", (notify.ReplySent, notify.ReplyFailed, notify.ReplyUncertain)
)
NOTIFY_RELEASED = Consumer(
    "notify",
    "tickets",
    "released",
    (correspondence.ReplyReleased, correspondence.AcknowledgementReleased, correspondence.ReminderReleased),
)
NOTIFY_NOTICES = Consumer(
    "notify", "router", "notices", (router.CopyReleased, router.AlertReleased), batch=20
)
"""Apart from answers, which must not wait until the bytes of a copy are fetched."""
NOTIFY_TICKET_NOTICES = Consumer("notify", "tickets", "notices", (correspondence.NoticeReleased,))
INGEST_DESK = Consumer(
    "ingest",
    "tickets",
    "desk",
    (desk.TicketboxCreated, desk.TicketboxChanged, desk.ThingRemoved, rulesets.RulesetPublished),
)
LEDGER_ROUTER = Consumer(
    "ingest",
    "router",
    "ledger",
    (router.MessageRouted, router.RoutingFailed, router.MessageDiscarded),
    pause_seconds=0.2,
)
LEDGER_TICKETS = Consumer(
    "ingest",
    "tickets",
    "ledger",
    (
        tickets.TicketOpened,
        correspondence.CustomerReplied,
        correspondence.AutomaticReplyReceived,
        correspondence.ReplyBounced,
        tickets.TicketingFailed,
    ),
    pause_seconds=0.2,
)
ANALYTICS = tuple(Consumer("analytics", source, "facts", batch=200, pause_seconds=0.5) for source in STREAMS)
GATEWAY = tuple(Consumer("gateway", source, "inbox", batch=100) for source in STREAMS)

CONSUMERS: tuple[Consumer, ...] = (
    ROUTER_MESSAGES,
    ROUTER_DESK,
    ROUTER_CONTACTS,
    ROUTER_TICKETS,
    ROUTER_QUEUE,
    TICKETS_ROUTED,
    TICKETS_DELIVERIES,
    NOTIFY_RELEASED,
    NOTIFY_NOTICES,
    NOTIFY_TICKET_NOTICES,
    INGEST_DESK,
    LEDGER_ROUTER,
    LEDGER_TICKETS,
    *ANALYTICS,
    *GATEWAY,
)
