"""The shell of tickets: routed mail and deliveries come in, commands are answered, clocks strike."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from opentelemetry.trace import SpanKind

from chassis import log, telemetry
from chassis.consume import Batch, Item
from chassis.database import Connection
from chassis.log import Answer, Head
from chassis.service import Service, run
from contracts.commands import (
    AddNote,
    AddPerson,
    AssignTicket,
    CreateTicketbox,
    Done,
    Outcome,
    PublishRuleset,
    Refused,
    ReopenTicket,
    RetryReply,
    SetPresence,
    SolveTicket,
    SubmitReply,
)
from contracts.event import Event, Meta, Recorded
from contracts.mail import Address
from contracts.notify import ReplyFailed, ReplySent, ReplyUncertain
from contracts.router import Disposition, MessageRouted, TicketRouted
from contracts.stream_ids import message_stream, ticket_stream
from contracts.streams import TICKETS_DELIVERIES, TICKETS_ROUTED
from contracts.tickets import (
    AcknowledgementReleased,
    Released,
    SLABreached,
    TicketAssigned,
    TicketingFailed,
    TicketOpened,
    TicketsEvent,
)
from services.tickets import acknowledging, commands, desk, intake, service_level, tables, threading, ticket
from services.tickets.refusals import ChangedMeanwhile, Refusal, UnknownThing, UnseenMessages
from services.tickets.service_level import FIRST_RESPONSE
from services.tickets.settings import TicketsSettings
from services.tickets.threading import Known
from services.tickets.ticket import Ticket, TicketEvent

CLOCKS_A_TURN = 200
LONGEST_SLEEP = timedelta(seconds=1)
CONFLICTS = 10


@dataclass(slots=True)
class Work:
    """Tickets as they change during one transaction, and what is to be written in the end."""

    now: datetime
    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    heads: dict[UUID, Head] = field(default_factory=dict)
    index: dict[str, list[Known]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    indexed: list[tuple[str, Known]] = field(default_factory=list)
    automatic_mail: dict[str, list[datetime]] = field(default_factory=dict)
    """When automatic mail went to people lately."""
    acknowledged: dict[UUID, str] = field(default_factory=dict)
    """Whom it goes to now, by ticket."""
    changed: set[UUID] = field(default_factory=set)

    async def load(self, db: Connection, ticket_ids: set[UUID]) -> None:
        """Read tickets from the log."""
        histories = await log.load(db, [ticket_stream(ticket_id) for ticket_id in ticket_ids])
        for history in histories.values():
            if (loaded := ticket.load(history.events)) is not None:
                self.tickets[loaded.ticket_id] = loaded
                self.heads[loaded.ticket_id] = history.head

    def open(self, opened: TicketOpened, cause: Recorded[Event]) -> None:
        """A ticket begins."""
        self._answer(opened.ticket_id, [opened], cause.event_id, log.caused_by(cause))
        self.tickets[opened.ticket_id] = ticket.opened(opened, cause.meta.traceparent)
        self._remember(opened.letter.internet_message_id, Known(opened.ticket_id, None))

    def add(self, current: Ticket, events: Sequence[TicketEvent], cause: UUID, meta: Meta) -> None:
        """A ticket goes on."""
        if not events:
            return
        self._answer(current.ticket_id, events, cause, meta)
        for event in events:
            current = ticket.evolve(current, event, current.version + 1, self.now, meta.traceparent)
            letter = getattr(event, "letter", None)
            reply_id = event.reply_id if isinstance(event, Released) else None
            if letter is not None:
                self._remember(letter.internet_message_id, Known(current.ticket_id, reply_id))
        self.tickets[current.ticket_id] = current

    def acknowledge(
        self, opened: TicketOpened, boxes: Mapping[UUID, tables.Ticketbox], cause: Recorded[Event]
    ) -> None:
        """Tell the customer that the letter has arrived, where the ticketbox does so and no loop is fed."""
        box, to = boxes.get(opened.ticketbox_id), acknowledging.answer_to(opened.letter)
        ours = frozenset[str]().union(*(one.addresses for one in boxes.values()))
        if box is None or box.acknowledgement is None or to is None:
            return
        if not acknowledging.wanted(opened.letter, ours):
            return
        person = acknowledging.person_behind(to.address)
        earlier = self.automatic_mail.setdefault(person, [])
        sender = Address(name=box.name, address=box.address)
        event = acknowledging.acknowledge(opened, sender, box.acknowledgement, earlier, self.now)
        if isinstance(event, AcknowledgementReleased):
            earlier.append(self.now)
            self.acknowledged[opened.ticket_id] = person
        self.add(self.tickets[opened.ticket_id], [event], cause.event_id, log.caused_by(cause))

    def _answer(self, ticket_id: UUID, events: Sequence[TicketEvent], cause: UUID, meta: Meta) -> None:
        self.answers.append(
            Answer(
                ticket_stream(ticket_id),
                tuple(events),
                cause,
                meta,
                self.now,
                self.heads.get(ticket_id, log.EMPTY),
            )
        )
        self.changed.add(ticket_id)

    def _remember(self, internet_message_id: str | None, known: Known) -> None:
        if internet_message_id:
            self.index.setdefault(internet_message_id, []).append(known)
            self.indexed.append((internet_message_id, known))

    async def save(self, db: Connection) -> int:
        """Write it all; the append comes last."""
        await tables.index_messages(db, self.indexed)
        due = {ticket_id: service_level.running(self.tickets[ticket_id]) for ticket_id in self.changed}
        await tables.set_clocks(db, FIRST_RESPONSE, due)
        await tables.keep_automatic_mail(
            db, self.acknowledged, self.now, self.now - acknowledging.LONGEST_SPAN
        )
        return await log.append(db, self.answers, self.now)


async def take_routed(service: Service[TicketsSettings], batch: Batch, db: Connection) -> None:
    """Put each routed message into its conversation, and each choice of an agent into its ticket."""
    done = await log.answered(db, [item.event_id for item in batch])
    news = [item for item in batch if item.event_id not in done]
    letters = [item.event.letter for item in news if isinstance(item.event, MessageRouted)]
    work = Work(service.clock())
    mentioned = {identity for letter in letters for identity in threading.mentioned(letter)}
    work.index = await tables.known_messages(db, mentioned)
    wanted = {known.ticket_id for places in work.index.values() for known in places}
    wanted |= {item.event.ticket_id for item in news if isinstance(item.event, TicketRouted)}
    await work.load(db, wanted)
    boxes = await tables.ticketboxes(db)
    if any(box.acknowledgement for box in boxes.values()):
        people = {
            acknowledging.person_behind(to.address) for one in letters if (to := acknowledging.answer_to(one))
        }
        since = work.now - acknowledging.LONGEST_SPAN
        work.automatic_mail = await tables.automatic_mail(db, people, since)
    numbers = deque(await tables.new_numbers(db, len(letters)))
    for item in news:
        match item.event:
            case MessageRouted(disposition=Disposition.DELIVER) as routed:
                _take_message(work, item, routed, boxes, numbers)
            case TicketRouted(ticket_id=ticket_id, agent_id=agent_id, method=method):
                current = work.tickets[ticket_id]
                if current.assignee_id is None:
                    assigned = TicketAssigned(ticket_id=ticket_id, agent_id=agent_id, method=method)
                    work.add(current, [assigned], item.event_id, log.caused_by(item))
            case _:  # suppressed, quarantined: no conversation of ours
                pass
    await work.save(db)


def _take_message(
    work: Work,
    item: Recorded[Event],
    routed: MessageRouted,
    boxes: dict[UUID, tables.Ticketbox],
    numbers: deque[int],
) -> None:
    place = threading.find_place(routed.letter, work.index, work.tickets)
    if place is not None:
        current = work.tickets[place.ticket_id]
        events = intake.continue_ticket(routed, current, place)
        work.add(current, events, item.event_id, log.caused_by(item))
        return
    box = boxes.get(routed.ticketbox_id)
    target = box.first_response_seconds if box else None
    due_at = service_level.first_response_due(routed.letter.received_at, target)
    opened = intake.open_ticket(routed, numbers.popleft(), due_at)
    work.open(opened, item)
    work.acknowledge(opened, boxes, item)


async def take_deliveries(service: Service[TicketsSettings], batch: Batch, db: Connection) -> None:
    """Take what became of our answers into their conversations."""
    done = await log.answered(db, [item.event_id for item in batch])
    work = Work(service.clock())
    news = [
        (item, item.event)
        for item in batch
        if item.event_id not in done and isinstance(item.event, ReplySent | ReplyFailed | ReplyUncertain)
    ]
    await work.load(db, {event.ticket_id for _, event in news})
    for item, event in news:
        current = work.tickets[event.ticket_id]
        work.add(current, [intake.record_delivery(event)], item.event_id, log.caused_by(item))
    await work.save(db)


async def ticketing_failed(service: Service[TicketsSettings], item: Item, error: str, db: Connection) -> None:
    """Let the ledger know that a message is parked here."""
    if item.event is None or not isinstance(item.event.event, MessageRouted):
        return
    cause = uuid5(item.event.event_id, "parked")
    if await log.answered(db, [cause]):
        return
    message_id = item.event.event.letter.message_id
    failed = TicketingFailed(message_id=message_id, error=error)
    answer = Answer(message_stream(message_id), (failed,), cause, log.caused_by(item.event), service.clock())
    await log.append(db, [answer], service.clock())


async def change_ticket(service: Service[TicketsSettings], command: commands.TicketCommand) -> Outcome:
    """Answer a command about a ticket."""
    for _ in range(CONFLICTS):
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            async with service.pool.acquire() as db, db.transaction():
                return await _change_ticket(service, command, db)
    raise log.VersionConflict(f"ticket {command.ticket_id} changes too fast")


async def _change_ticket(
    service: Service[TicketsSettings], command: commands.TicketCommand, db: Connection
) -> Outcome:
    if (before := await log.outcome(db, command.command_id)) is not None:
        return Done(position=before.position, version=before.version)
    work = Work(service.clock())
    await work.load(db, {command.ticket_id})
    current = work.tickets.get(command.ticket_id)
    try:
        if current is None:
            raise UnknownThing("There is no such ticket.")
        sender = await _sender(db, current, command.actor_id)
        events = commands.decide(command, current, sender, work.now)
    except Refusal as refusal:
        return _refused(refusal, current)
    # An answer belongs to the trace of the letter that it answers; the request that brought it is linked.
    asked = telemetry.current_traceparent()
    parent = current.trace if isinstance(command, SubmitReply) else asked
    with telemetry.span(
        type(command).__name__, SpanKind.INTERNAL, parent=parent, links=[asked] if asked else []
    ) as span:
        meta = Meta(
            correlation_id=command.ticket_id,
            causation_id=command.command_id,
            actor=str(command.actor_id),
            traceparent=span.traceparent,
        )
        work.add(current, events, command.command_id, meta)
        position = await work.save(db)
    return Done(position=position, version=work.tickets[command.ticket_id].version)


async def _sender(db: Connection, current: Ticket, actor_id: UUID) -> commands.Sender:
    box = (await tables.ticketboxes(db))[current.ticketbox_id]
    person = await tables.person_name(db, actor_id)
    if person is None:
        raise UnknownThing("Nobody with this account works here.", person_id=actor_id)
    return commands.Sender(box.name, box.address, person)


def _refused(refusal: Refusal, current: Ticket | None) -> Refused:
    return Refused(
        code=refusal.code,
        detail=str(refusal),
        version=current.version if current and isinstance(refusal, UnseenMessages) else None,
        facts=refusal.facts,
    )


async def change_desk(service: Service[TicketsSettings], command: desk.DeskCommand) -> Outcome:
    """Answer a command about the desk's configuration."""
    for _ in range(CONFLICTS):
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            async with service.pool.acquire() as db:
                try:
                    async with db.transaction():
                        return await configure(db, command, service.clock())
                except Refusal as refusal:
                    return _refused(refusal, None)
    raise log.VersionConflict(f"{desk.stream_of(command)} changes too fast")


async def configure(db: Connection, command: desk.DeskCommand, now: datetime) -> Outcome:
    """Change the desk's configuration in the caller's transaction.

    Raises:
        Refusal: nothing was changed, and why.
    """
    if (before := await log.outcome(db, command.command_id)) is not None:
        return Done(position=before.position, version=before.version)
    stream_id = desk.stream_of(command)
    history = (await log.load(db, [stream_id])).get(stream_id)
    head = history.head if history else log.EMPTY
    if isinstance(command, PublishRuleset) and command.seen_version != head.version:
        raise ChangedMeanwhile(command.seen_version, head.version)
    if isinstance(command, SetPresence) and history is None:
        raise UnknownThing("There is no such person.", person_id=command.person_id)
    events: list[TicketsEvent] = desk.decide(command)
    await tables.keep_desk(db, events)
    meta = Meta(
        correlation_id=command.command_id,
        causation_id=command.command_id,
        actor=str(command.actor_id),
        traceparent=telemetry.current_traceparent(),
    )
    answer = Answer(stream_id, tuple(events), command.command_id, meta, now, head)
    position = await log.append(db, [answer], now)
    return Done(position=position, version=head.version + len(events))


async def strike_clocks(service: Service[TicketsSettings]) -> None:
    """Append a breach for each clock that is due, also for those that came due while nothing ran."""
    while True:
        with suppress(log.VersionConflict, log.AlreadyAnswered):
            async with service.pool.acquire() as db:
                async with db.transaction():
                    struck = await _strike(service, db)
                deadline = await tables.next_deadline(db)
            wait = min(deadline - service.clock(), LONGEST_SLEEP) if deadline else LONGEST_SLEEP
            if struck < CLOCKS_A_TURN:
                await asyncio.sleep(max(wait.total_seconds(), 0.01))


async def _strike(service: Service[TicketsSettings], db: Connection) -> int:
    work = Work(service.clock())
    due = await tables.due_clocks(db, FIRST_RESPONSE, work.now, CLOCKS_A_TURN)
    await work.load(db, set(due))
    for ticket_id in due:
        current = work.tickets[ticket_id]
        work.changed.add(ticket_id)
        if (due_at := service_level.breached(current, work.now)) is None:
            continue
        # Hours after the letter: a trace of its own, linked back.
        links = [current.trace] if current.trace else []
        with telemetry.root_span("strike clock", links=links) as span:
            meta = Meta(correlation_id=ticket_id, causation_id=ticket_id, traceparent=span.traceparent)
            breach = SLABreached(ticket_id=ticket_id, target=FIRST_RESPONSE, due_at=due_at)
            work.add(current, [breach], uuid5(ticket_id, f"{FIRST_RESPONSE} {due_at.isoformat()}"), meta)
    await work.save(db)
    return len(due)


async def set_up(service: Service[TicketsSettings]) -> None:
    """Say what this service does."""
    service.consume(TICKETS_ROUTED, partial(take_routed, service), partial(ticketing_failed, service))
    service.consume(TICKETS_DELIVERIES, partial(take_deliveries, service))
    for ticket_command in (SubmitReply, RetryReply, AddNote, AssignTicket, SolveTicket, ReopenTicket):
        service.answer(ticket_command, partial(change_ticket, service))
    for desk_command in (SetPresence, CreateTicketbox, AddPerson, PublishRuleset):
        service.answer(desk_command, partial(change_desk, service))
    service.background("clocks", partial(strike_clocks, service))


def main() -> None:
    """`postroom tickets`."""
    run("tickets", TicketsSettings, set_up)
