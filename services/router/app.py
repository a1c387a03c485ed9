"""The shell of router: messages get a ticketbox, tickets get an agent."""

from collections.abc import Iterable
from functools import partial
from uuid import uuid5

from chassis import log, parking, telemetry
from chassis.consume import Batch, Item, TooEarly
from chassis.database import Connection
from chassis.log import Answer
from chassis.service import Service, run
from contracts.commands import DiscardMessage, Done, Outcome, ReleaseMessage
from contracts.desk import Right
from contracts.event import Meta
from contracts.ingest import Reading
from contracts.router import MessageRouted, RoutingFailed, TicketRouted
from contracts.standing import MessageState
from contracts.stream_ids import message_stream, ticket_stream
from contracts.streams import ROUTER_DESK, ROUTER_MESSAGES, ROUTER_TICKETS
from contracts.tickets import TicketingFailed, TicketOpened
from services.router import tables
from services.router.distribution import next_agent
from services.router.message import Message, NotRoutedYet, discard, is_to_be_routed, permit, release
from services.router.ruleset import is_early, route
from services.router.settings import RouterSettings


async def take_received(service: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Decide about each message by the ruleset in force, and about a new reading of one that waits for a person."""
    done = await log.answered(db, [item.event_id for item in batch])
    ruleset = await tables.read_ruleset(db)
    if ruleset is None:
        raise TooEarly("the desk's ruleset has not come yet")
    # The newest reading of each message counts.
    readings = {
        item.event.letter.message_id: (item, item.event)
        for item in batch
        if isinstance(item.event, Reading) and item.event_id not in done
    }
    messages = await tables.messages(db, readings)
    now = service.clock()
    answers = []
    for message_id, (item, event) in readings.items():
        message = messages[message_id]
        if not is_to_be_routed(event, message):
            continue
        if is_early(event, ruleset, now):
            raise TooEarly("a ticketbox that intake knows has not come yet")
        decision = route(event, ruleset)
        routed = MessageRouted(
            letter=event.letter,
            ticketbox_id=decision.ticketbox.ticketbox_id,
            ticketbox=decision.ticketbox.name,
            priority=decision.priority,
            tags=decision.tags,
            disposition=decision.disposition,
            reason=decision.reason,
            evidence=decision.evidence,
        )
        answers.append(
            Answer(item.stream_id, (routed,), item.event_id, log.caused_by(item), now, message.history.head)
        )
    await _forget_parked(db, messages.values())
    await log.append(db, answers, now)


async def _forget_parked(db: Connection, messages: Iterable[Message]) -> None:
    """What is decided anew is not to be replayed as it was."""
    failed = [
        message_stream(message.message_id)
        for message in messages
        if message.standing.state is MessageState.FAILED
    ]
    if failed:
        await parking.forget(db, ROUTER_MESSAGES.name, failed)


async def decide_message(
    service: Service[RouterSettings], command: ReleaseMessage | DiscardMessage, db: Connection
) -> Outcome:
    """Do with a message what a person wishes.

    Raises:
        Refusal: it is left where it is, and why.
    """
    message = (await tables.messages(db, [command.message_id]))[command.message_id]
    ruleset = await tables.read_ruleset(db)
    if ruleset is None:
        raise NotRoutedYet
    permit(await tables.person(db, command.actor_id), command.actor_id, message, ruleset)
    match command:
        case ReleaseMessage():
            events = release(message, ruleset, command.actor_id)
        case DiscardMessage():
            events = discard(message, command.actor_id)
    await _forget_parked(db, [message])
    meta = Meta(
        correlation_id=command.message_id,
        causation_id=command.command_id,
        actor=str(command.actor_id),
        traceparent=telemetry.current_traceparent(),
    )
    now, head = service.clock(), message.history.head
    stream_id = message_stream(command.message_id)
    answer = Answer(stream_id, tuple(events), command.command_id, meta, now, head)
    position = await log.append(db, [answer], now)
    return Done(position=position, version=head.version + len(events))


async def take_desk(_: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Follow the desk's configuration."""
    for item in batch:
        await tables.keep_desk(db, item)


async def take_tickets(service: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Choose an agent for each new ticket."""
    done = await log.answered(db, [item.event_id for item in batch])
    opened = []
    for item in batch:
        match item.event:
            case TicketOpened() as ticket if item.event_id not in done:
                opened.append((item, ticket))
            case TicketingFailed() as failed:
                await tables.keep_undelivered(db, item, failed)
            case _:
                pass
    now = service.clock()
    people = await tables.available_people(db, now) if opened else []
    rounds = await tables.rounds(db, [ticket.ticketbox_id for _, ticket in opened]) if people else {}
    answers = []
    for item, ticket in opened:
        candidates = [one.id for one in people if one.may(Right.ANSWER, ticket.ticketbox_id)]
        chosen = next_agent(candidates, rounds.get(ticket.ticketbox_id))
        if chosen is None:
            continue  # nobody is there: the ticket waits without an owner
        rounds[ticket.ticketbox_id] = chosen
        routed = TicketRouted(
            ticket_id=ticket.ticket_id,
            ticketbox_id=ticket.ticketbox_id,
            agent_id=chosen,
            candidates=len(candidates),
        )
        stream_id = ticket_stream(ticket.ticket_id)
        answers.append(Answer(stream_id, (routed,), item.event_id, log.caused_by(item), now))
    await tables.keep_rounds(db, rounds)
    await log.append(db, answers, now)


async def routing_failed(service: Service[RouterSettings], item: Item, error: str, db: Connection) -> None:
    """Let the ledger know that a message is parked here."""
    if item.event is None or not isinstance(item.event.event, Reading):
        return
    cause = uuid5(item.event.event_id, "parked")
    if await log.answered(db, [cause]):
        return
    reading = item.event.event
    letter = reading.letter
    stream_id = message_stream(letter.message_id)
    head = (await log.heads(db, [stream_id])).get(stream_id, log.EMPTY)  # not empty if it was routed before
    failed = RoutingFailed(
        message_id=letter.message_id, error=error, letter=letter, ticketbox_id=reading.ticketbox_id
    )
    answer = Answer(stream_id, (failed,), cause, log.caused_by(item.event), service.clock(), head)
    await log.append(db, [answer], service.clock())


async def ruleset_known(service: Service[RouterSettings]) -> str | None:
    """Why messages cannot be routed yet."""
    async with service.pool.acquire() as db:
        return None if await tables.read_ruleset(db) else "the desk's ruleset has not come yet"


async def set_up(service: Service[RouterSettings]) -> None:
    """Say what this service does."""
    service.consume(ROUTER_MESSAGES, partial(take_received, service), partial(routing_failed, service))
    service.consume(ROUTER_DESK, partial(take_desk, service))
    service.consume(ROUTER_TICKETS, partial(take_tickets, service))
    for command in (ReleaseMessage, DiscardMessage):
        service.obey(command, partial(decide_message, service))
    service.ready_when(partial(ruleset_known, service))


def main() -> None:
    """`postroom router`."""
    run("router", RouterSettings, set_up)
