"""The shell of router: messages get a ticketbox, tickets get an agent."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import assert_never

from chassis import log, parking, trials
from chassis.consume import Batch, Item, TooEarly
from chassis.database import Connection
from chassis.log import Answer
from chassis.service import Service, run
from contracts.commands import (
    CancelDryRun,
    DiscardMessage,
    Done,
    NextTicket,
    Outcome,
    ReleaseMessage,
    StartDryRun,
)
from contracts.ingest import Reading
from contracts.mail import Address
from contracts.reports import GetRuleFigures, RuleFiguresList
from contracts.router import RoutingFailed
from contracts.standing import MessageState
from contracts.stream_ids import message_stream
from contracts.streams import ROUTER_CONTACTS, ROUTER_DESK, ROUTER_MESSAGES, ROUTER_QUEUE, ROUTER_TICKETS
from contracts.tickets import TicketingFailed
from contracts.trials import GetDryRun, ListDryRuns
from services.router import contacts, distributing, dry_runs, erasing, hits, queue_tables, tables
from services.router.message import Message, NotRoutedYet, discard, is_to_be_routed, permit, release
from services.router.notices import notices
from services.router.ruleset import is_early, route, routed
from services.router.settings import RouterSettings

_ERASED_FROM = (
    "event",
    "undelivered",
    "rule_hit",
    "contact",
    "contact_address",
    "ticket",
    "last_agent",
    "early",
    "thing",
    "trial",
    "finding",
)


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
    undecided = [
        (item, event)
        for message_id, (item, event) in readings.items()
        if is_to_be_routed(event, messages[message_id])
    ]
    if any(is_early(event, ruleset, now) for _, event in undecided):
        raise TooEarly("a ticketbox that intake knows has not come yet")
    if ruleset.asks_for_contacts:
        senders = {event.letter.from_.address.lower() for _, event in undecided if event.letter.from_}
        ruleset = replace(ruleset, contacts=await contacts.read(db, senders))
    decided = [(item, event, routed(event.letter, route(event, ruleset))) for item, event in undecided]
    people = await tables.addresses_behind(db, {one for _, _, decision in decided for one in decision.alert})
    answers = []
    for item, event, decision in decided:
        box = ruleset.ticketboxes[decision.ticketbox_id]
        told = notices(decision, event.sha256, Address(name=box.name, address=box.sender), people)
        head = messages[event.letter.message_id].history.head
        meta = log.caused_by(item)
        answers.append(Answer(item.stream_id, (decision, *told), item.event_id, meta, now, head))
    await _forget_parked(db, messages.values())
    await hits.keep(db, [decision.evidence for _, _, decision in decided], now)
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
        case _:
            assert_never(command)
    await _forget_parked(db, [message])
    meta = log.commanded(command.command_id, command.actor_id, command.message_id)
    now, head = service.clock(), message.history.head
    stream_id = message_stream(command.message_id)
    answer = Answer(stream_id, tuple(events), command.command_id, meta, now, head)
    position = await log.append(db, [answer], now)
    return Done(position=position, version=head.version + len(events))


async def take_desk(service: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Follow the desk's configuration, and have distribution look again.

    It waits while a router follows tickets or gives them: each would lock ticketboxes that the other one waits for.
    """
    await queue_tables.lock(db)
    for item in batch:
        await tables.keep_desk(db, item)
    await queue_tables.mark_all(db, service.clock())


async def take_contacts(_: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Follow what people say of contacts."""
    for item in batch:
        await contacts.keep(db, item)


async def take_tickets(_: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Remember the messages that tickets could not take."""
    for item in batch:
        if isinstance(item.event, TicketingFailed):
            await tables.keep_undelivered(db, item, item.event)


async def routing_failed(service: Service[RouterSettings], item: Item, error: str, db: Connection) -> None:
    """Let the ledger know that a message is parked here."""
    if item.event is None or not isinstance(item.event.event, Reading):
        return
    reading = item.event.event
    letter = reading.letter
    failed = RoutingFailed(
        message_id=letter.message_id, error=error, letter=letter, ticketbox_id=reading.ticketbox_id
    )
    await parking.tell(db, item.event, message_stream(letter.message_id), failed, service.clock())


async def ruleset_known(service: Service[RouterSettings]) -> str | None:
    """Why messages cannot be routed yet."""
    async with service.pool.acquire() as db:
        return None if await tables.read_ruleset(db) else "the desk's ruleset has not come yet"


async def rule_figures(service: Service[RouterSettings], _: GetRuleFigures) -> RuleFiguresList:
    """How often each rule held."""
    async with service.pool.acquire() as db:
        return RuleFiguresList(items=await hits.figures(db))


async def set_up(service: Service[RouterSettings]) -> None:
    """Say what this service does."""
    service.consume(ROUTER_MESSAGES, partial(take_received, service), partial(routing_failed, service))
    service.consume(ROUTER_DESK, partial(take_desk, service))
    service.consume(ROUTER_CONTACTS, partial(take_contacts, service))
    service.consume(ROUTER_TICKETS, partial(take_tickets, service))
    service.consume(ROUTER_QUEUE, distributing.follow)
    service.background("distribution", partial(distributing.distribute, service))
    service.obey(NextTicket, partial(distributing.next_ticket, service))
    for command in (ReleaseMessage, DiscardMessage):
        service.obey(command, partial(decide_message, service))
    service.obey(StartDryRun, partial(dry_runs.start, service))
    service.obey(CancelDryRun, partial(dry_runs.cancel, service))
    service.answer(GetDryRun, partial(dry_runs.get, service))
    service.answer(ListDryRuns, partial(dry_runs.list_them, service))
    service.background("dry runs", partial(trials.work, service, partial(dry_runs.prepare, service)))
    service.answer(GetRuleFigures, partial(rule_figures, service))
    service.erase(partial(erasing.erase, service), _ERASED_FROM)
    service.ready_when(partial(ruleset_known, service))


def main() -> None:
    """`postroom router`."""
    run("router", RouterSettings, set_up)
