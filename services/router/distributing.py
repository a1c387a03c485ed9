"""The shell of distribution: it follows tickets, looks where something changed, and writes down who gets what.

All of its state is in the database, so every router sees the same, and one at a time gives.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from chassis import log
from chassis.consume import Batch
from chassis.database import Connection, listening
from chassis.log import Answer
from chassis.service import Service
from contracts import desk
from contracts.commands import Done, NextTicket, Outcome
from contracts.correspondence import ReplyReleased
from contracts.desk import DistributionMethod
from contracts.event import Event, Meta, Recorded
from contracts.ids import derived
from contracts.people import Right
from contracts.router import (
    Distributed,
    MessageRouted,
    TicketOverflowed,
    TicketRouted,
    TicketTakenBack,
)
from contracts.service_levels import Calendar
from contracts.stream_ids import message_stream, ticket_of, ticket_stream
from contracts.streams import ROUTER_QUEUE
from rules.hours import Hours, hours_of
from services.router import pull, queue_tables, tables
from services.router.distribution import (
    MOST_AT_ONCE,
    Agent,
    Plan,
    Situation,
    Wanted,
    gone_at,
    hindrance,
    plan,
)
from services.router.language import language_of
from services.router.notices import supervisors, waiting_notices
from services.router.queue import LastAnswer, Queued, follows, hear, matters
from services.router.settings import RouterSettings

BOXES_A_TURN = 20
SKILLED_AT_ONCE = 10_000
"""Tickets that are looked through where the most urgent may ask for what nobody has who is there."""
LONGEST_SLEEP = timedelta(seconds=1)
FAR_BEHIND = 1000
"""Events; before a router has read on, what it would give is given long since."""


async def follow(batch: Batch, db: Connection) -> None:
    """Take what happened to tickets into the queue, and have the ticketboxes looked at that it matters to.

    Several routers read, and one of them may die with a batch in its hands, so events may come in any order.
    """
    await queue_tables.lock(db)
    happened = {item.stream_id: ticket_id for item in batch if (ticket_id := ticket_of(item.stream_id))}
    before = await queue_tables.tickets(db, happened.values())
    after = dict(before)
    answers: dict[UUID, LastAnswer] = {}
    early: list[Recorded[Event]] = []
    items = [item for item in batch if item.stream_id in happened]
    items += await queue_tables.take_early(db, happened)
    for item in sorted(items, key=attrgetter("version")):
        ticket_id = happened[item.stream_id]
        if follows(after.get(ticket_id), item):
            after[ticket_id] = heard = hear(after.get(ticket_id), item)
            if isinstance(item.event, ReplyReleased) and item.event.attempt == 1:
                answer = LastAnswer(item.occurred_at, item.event.author_id)
                # Of the same moment, what is heard later came later.
                known = answers.get(heard.contact_key, answer)
                answers[heard.contact_key] = max(answer, known, key=attrgetter("at"))
        else:
            early.append(item)
    await queue_tables.keep_early(db, early)
    changed = [ticket for ticket_id, ticket in after.items() if ticket != before.get(ticket_id)]
    if not changed:
        return
    wishes = await queue_tables.wishes(db, [ticket.ticket_id for ticket in changed])
    loads: Counter[UUID] = Counter()
    expected: Counter[UUID] = Counter()
    marked: set[UUID] = set()
    for ticket in changed:
        earlier = before.get(ticket.ticket_id)
        if matters(ticket, earlier):
            marked.add(ticket.ticketbox_id)
        placed = earlier is None or ticket.placed_version > earlier.placed_version
        if placed and (wished := wishes.get(ticket.ticket_id)):
            expected[wished] += 1
        if earlier is not None and earlier.loads is not None:
            loads[earlier.loads] -= 1
        if ticket.loads is not None:
            loads[ticket.loads] += 1
    now = max(item.recorded_at for item in batch)
    await queue_tables.mark(db, marked, now)
    if any(loads[agent] < expected[agent] for agent in {*loads, *expected}):
        await queue_tables.mark_all(db, now, waiting_only=True)  # somebody has time again
    await queue_tables.keep(db, changed)
    await queue_tables.add_loads(db, loads)
    await queue_tables.keep_last_agents(db, answers)


async def distribute(service: Service[RouterSettings]) -> None:
    """Give tickets whenever there is something to look at, until cancelled."""
    settings = service.settings
    async with listening(settings.database_url, service.name, queue_tables.CHANNEL) as announced:
        await _catch_up(service)
        while True:
            announced.take()
            async with service.pool.acquire() as db:
                async with db.transaction():
                    await look(db, service.clock())
                at = await queue_tables.next_look(db)
            wait = min(at - service.clock(), LONGEST_SLEEP) if at else LONGEST_SLEEP
            await announced.wait(max(wait.total_seconds(), 0.001))


async def _catch_up(service: Service[RouterSettings]) -> None:
    """Wait until the queue is nearly as it is now."""
    while True:
        info = await service.js.consumer_info(ROUTER_QUEUE.stream.name, ROUTER_QUEUE.name)
        if (info.num_pending or 0) < FAR_BEHIND:
            return
        await asyncio.sleep(LONGEST_SLEEP.total_seconds())


async def look(db: Connection, now: datetime) -> None:
    """Look at the ticketboxes that are due, and write down what is to happen, in the caller's transaction."""
    await queue_tables.lock(db)
    box_ids = await queue_tables.due(db, now, BOXES_A_TURN)
    if not box_ids:
        return
    boxes = {box.id: box for box in await tables.things(db, desk.Ticketbox)}
    agents = await tables.agents(db, now)
    calendars = {calendar.id: calendar for calendar in await tables.things(db, Calendar)}
    loads = await queue_tables.loads(db, [agent.id for agent in agents])
    looks: dict[UUID, datetime | None] = dict.fromkeys(box_ids)
    answers: list[Answer] = []
    for box_id in box_ids:
        if (box := boxes.get(box_id)) is None:
            continue  # removed: its tickets wait for a person who moves them
        hours = hours_of(calendars.get(box.calendar_id) if box.calendar_id else None)
        situation = await _situation(db, box, boxes, agents, loads, hours, now)
        made = await _planned(db, situation, loads, now)
        looks[box_id] = made.look_at
        answers += await _write_down(db, situation, made, now)
    await queue_tables.keep_looks(db, looks)
    await log.append(db, answers, now)


async def _situation(
    db: Connection,
    box: desk.Ticketbox,
    boxes: Mapping[UUID, desk.Ticketbox],
    agents: Sequence[Agent],
    loads: Mapping[UUID, int],
    hours: Hours,
    now: datetime,
) -> Situation:
    rule = box.distribution
    members = [agent for agent in agents if agent.person.may(Right.ANSWER, box.id)]
    gives = rule.method.gives and _anybody_free(members, loads)
    overflows = rule.overflow_after_minutes is not None and rule.overflow_to in boxes
    tells = rule.tell_after_minutes is not None
    keepers = [agent.id for agent in members if (gone := gone_at(agent, box, hours)) is None or gone > now]
    read = 2 * MOST_AT_ONCE  # of what waits, part is given now
    return Situation(
        box=box,
        members=members,
        hours=hours,
        last=(await tables.rounds(db, [box.id])).get(box.id),
        waiting=await _wanted(db, box, MOST_AT_ONCE) if gives else (),
        may_overflow=await queue_tables.may_overflow(db, box, read) if overflows else (),
        untold=await queue_tables.untold(db, box.id, read) if tells else (),
        left=await queue_tables.left(db, box.id, keepers, MOST_AT_ONCE),
    )


async def _planned(db: Connection, situation: Situation, loads: dict[UUID, int], now: datetime) -> Plan:
    """What happens in a ticketbox now; `loads` count what is given here too."""
    given = dict(loads)
    made = plan(situation, given, now)
    if _others_may_fit(situation, made, given):
        more = replace(situation, waiting=await _wanted(db, situation.box, SKILLED_AT_ONCE))
        given = dict(loads)
        made = plan(more, given, now)
    loads |= given
    return made


def _others_may_fit(situation: Situation, made: Plan, loads: Mapping[UUID, int]) -> bool:
    """Whether somebody has time whom none of the most urgent tickets fits, and there are less urgent ones."""
    return (
        situation.box.distribution.method is DistributionMethod.SKILLS
        and len(situation.waiting) == MOST_AT_ONCE > len(made.choices)
        and _anybody_free(situation.members, loads)
    )


def _anybody_free(members: Sequence[Agent], loads: Mapping[UUID, int]) -> bool:
    return any(hindrance(agent, loads) is None for agent in members)


async def _wanted(db: Connection, box: desk.Ticketbox, most: int) -> list[Wanted]:
    waiting = await queue_tables.waiting(db, [box.id], most)
    by_skill = box.distribution.method is DistributionMethod.SKILLS
    languages = await _languages(db, waiting) if by_skill else {}
    last_agents = (
        await queue_tables.last_agents(db, {ticket.contact_key for ticket in waiting})
        if box.distribution.last_agent_first
        else {}
    )
    return [
        Wanted(ticket, languages.get(ticket.ticket_id, ""), last_agents.get(ticket.contact_key))
        for ticket in waiting
    ]


async def _languages(db: Connection, waiting: Sequence[Queued]) -> dict[UUID, str]:
    """Of the letters that opened the tickets, as far as our own log has them."""
    known = await queue_tables.languages(db, [ticket.ticket_id for ticket in waiting])
    unknown = {ticket.message_id: ticket.ticket_id for ticket in waiting if ticket.ticket_id not in known}
    if unknown:
        histories = await log.load(db, [message_stream(message_id) for message_id in unknown])
        guessed = dict.fromkeys(unknown.values(), "")
        for history in histories.values():
            for item in history.events:
                if isinstance(item.event, MessageRouted):
                    letter = item.event.letter
                    guessed[unknown[letter.message_id]] = language_of(f"{letter.subject}\n{letter.excerpt}")
        await queue_tables.keep_languages(db, guessed)
        known |= guessed
    return known


Wish = tuple[Queued, UUID | None, Distributed]
"""What is wanted of a ticket, and who is to get it."""


async def _write_down(db: Connection, situation: Situation, made: Plan, now: datetime) -> list[Answer]:
    box = situation.box
    wishes = [*_routed(made), *_overflowed(made, box), *_taken_back(made)]
    alarms = {
        ticket.ticket_id: derived(ticket.ticket_id, f"waits since {ticket.waiting_since}")
        for ticket in made.tells
    }
    if not wishes and not alarms:
        return []
    # What the log has and the tables lost, as after a restore, is on its way or done.
    done = await log.answered(db, [*(ticket.placed_id for ticket, _, _ in wishes), *alarms.values()])
    await queue_tables.keep_wishes(db, [(ticket, agent_id) for ticket, agent_id, _ in wishes])
    await tables.keep_rounds(db, {box.id: made.last} if made.last else {})
    await queue_tables.keep_told(db, made.tells)
    to_tell = supervisors([agent.person for agent in situation.members], box)
    streams = [ticket_stream(ticket.ticket_id) for ticket, _, _ in wishes]
    streams += [message_stream(ticket.message_id) for ticket in made.tells]
    heads = await log.heads(db, streams)
    answers = []
    for ticket, _, event in wishes:
        if ticket.placed_id not in done:
            stream_id = ticket_stream(ticket.ticket_id)
            head = heads.get(stream_id, log.EMPTY)
            answers.append(Answer(stream_id, (event,), ticket.placed_id, _caused(ticket), now, head))
    for ticket in made.tells:
        if (cause := alarms[ticket.ticket_id]) not in done:
            stream_id = message_stream(ticket.message_id)
            head = heads.get(stream_id, log.EMPTY)
            notices = tuple(waiting_notices(ticket, box, to_tell, now))
            answers.append(Answer(stream_id, notices, cause, _caused(ticket), now, head))
    return answers


def _caused(ticket: Queued) -> Meta:
    return Meta(
        correlation_id=ticket.correlation_id,
        causation_id=ticket.placed_id,
        traceparent=ticket.traceparent,
    )


def _routed(made: Plan) -> Iterator[Wish]:
    for choice in made.choices:
        routed = TicketRouted(
            ticket_id=choice.ticket.ticket_id,
            ticketbox_id=choice.ticket.ticketbox_id,
            seen_version=choice.ticket.placed_version,
            agent_id=choice.agent_id,
            method=choice.method,
            candidates=choice.evidence.candidates,
            evidence=choice.evidence,
        )
        yield choice.ticket, choice.agent_id, routed


def _overflowed(made: Plan, box: desk.Ticketbox) -> Iterator[Wish]:
    for ticket in made.overflows:
        assert box.distribution.overflow_to is not None  # noqa: S101 - nothing overflows to nowhere
        assert ticket.waiting_since is not None  # noqa: S101 - it waits
        overflowed = TicketOverflowed(
            ticket_id=ticket.ticket_id,
            ticketbox_id=ticket.ticketbox_id,
            seen_version=ticket.placed_version,
            to_id=box.distribution.overflow_to,
            waited_since=ticket.waiting_since,
        )
        yield ticket, None, overflowed


def _taken_back(made: Plan) -> Iterator[Wish]:
    for ticket, why in made.taken_back:
        assert ticket.owner_id is not None  # noqa: S101 - it is taken from somebody
        taken = TicketTakenBack(
            ticket_id=ticket.ticket_id,
            ticketbox_id=ticket.ticketbox_id,
            seen_version=ticket.placed_version,
            agent_id=ticket.owner_id,
            why=why,
        )
        yield ticket, None, taken


async def next_ticket(service: Service[RouterSettings], command: NextTicket, db: Connection) -> Outcome:
    """Give whoever asks the most urgent ticket that waits.

    Raises:
        Refusal: none is given, and why.
    """
    now = service.clock()
    await queue_tables.lock(db)
    agents = {agent.id: agent for agent in await tables.agents(db, now)}
    boxes = [box.id for box in await tables.things(db, desk.Ticketbox)]
    agent = agents.get(command.actor_id)
    loads = await queue_tables.loads(db, [command.actor_id])
    within = pull.permit(agent, loads.get(command.actor_id, 0), boxes, command.ticketbox_id)
    waiting = await queue_tables.waiting(db, within, 1)
    if not waiting:
        raise pull.NothingWaits
    (ticket,) = waiting
    await queue_tables.keep_wishes(db, [(ticket, command.actor_id)])
    meta = log.commanded(command.command_id, command.actor_id, ticket.correlation_id)
    stream_id = ticket_stream(ticket.ticket_id)
    head = await log.head_of(db, stream_id)
    routed = pull.routed(ticket, command.actor_id, loads.get(command.actor_id, 0))
    position = await log.append(db, [Answer(stream_id, (routed,), command.command_id, meta, now, head)], now)
    return Done(position=position, version=head.version + 1)
