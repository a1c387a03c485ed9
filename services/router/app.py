"""The shell of router: messages get a ticketbox, tickets get an agent."""

from functools import partial
from uuid import uuid5

from chassis import log
from chassis.consume import Batch, Item, TooEarly
from chassis.database import Connection
from chassis.log import Answer
from chassis.service import Service, run
from contracts.ingest import MessageReceived
from contracts.router import MessageRouted, RoutingFailed, TicketRouted
from contracts.stream_ids import message_stream, ticket_stream
from contracts.streams import ROUTER_DESK, ROUTER_MESSAGES
from contracts.tickets import TicketOpened
from services.router import tables
from services.router.distribution import next_agent
from services.router.ruleset import is_early, route
from services.router.settings import RouterSettings


async def take_received(service: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Decide about each message by the ruleset in force."""
    done = await log.answered(db, [item.event_id for item in batch])
    ruleset = await tables.read_ruleset(db)
    if ruleset is None:
        raise TooEarly("the desk's ruleset has not come yet")
    heads = await log.heads(db, [item.stream_id for item in batch])
    now = service.clock()
    answers = []
    for item in batch:
        if item.event_id in done or not isinstance(item.event, MessageReceived):
            continue
        if is_early(item.event, ruleset, now):
            raise TooEarly("a ticketbox that intake knows has not come yet")
        decision = route(item.event, ruleset)
        routed = MessageRouted(
            letter=item.event.letter,
            ticketbox_id=decision.ticketbox.ticketbox_id,
            ticketbox=decision.ticketbox.name,
            priority=decision.priority,
            tags=decision.tags,
            disposition=decision.disposition,
            reason=decision.reason,
            evidence=decision.evidence,
        )
        head = heads.get(item.stream_id, log.EMPTY)  # not empty where it was parked before
        answers.append(Answer(item.stream_id, (routed,), item.event_id, log.caused_by(item), now, head))
    await log.append(db, answers, now)


async def take_desk(service: Service[RouterSettings], batch: Batch, db: Connection) -> None:
    """Follow the desk's configuration, and choose an agent for each new ticket."""
    done = await log.answered(db, [item.event_id for item in batch])
    opened = []
    for item in batch:
        if isinstance(item.event, TicketOpened):
            if item.event_id not in done:
                opened.append((item, item.event))
        else:
            await tables.keep_desk(db, item)
    agents = await tables.present_agents(db) if opened else []
    rounds = await tables.rounds(db, [ticket.ticketbox_id for _, ticket in opened]) if agents else {}
    now = service.clock()
    answers = []
    for item, ticket in opened:
        candidates = [agent.agent_id for agent in agents if agent.works_in(ticket.ticketbox_id)]
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
    if item.event is None or not isinstance(item.event.event, MessageReceived):
        return
    cause = uuid5(item.event.event_id, "parked")
    if await log.answered(db, [cause]):
        return
    message_id = item.event.event.letter.message_id
    stream_id = message_stream(message_id)
    failed = RoutingFailed(message_id=message_id, error=error)
    answer = Answer(stream_id, (failed,), cause, log.caused_by(item.event), service.clock())
    await log.append(db, [answer], service.clock())


async def ruleset_known(service: Service[RouterSettings]) -> str | None:
    """Why messages cannot be routed yet."""
    async with service.pool.acquire() as db:
        return None if await tables.read_ruleset(db) else "the desk's ruleset has not come yet"


async def set_up(service: Service[RouterSettings]) -> None:
    """Say what this service does."""
    service.consume(ROUTER_MESSAGES, partial(take_received, service), partial(routing_failed, service))
    service.consume(ROUTER_DESK, partial(take_desk, service))
    service.ready_when(partial(ruleset_known, service))


def main() -> None:
    """`postroom router`."""
    run("router", RouterSettings, set_up)
