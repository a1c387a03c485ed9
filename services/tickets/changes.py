"""The shell for commands: people change tickets and the desk."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from opentelemetry.trace import SpanKind

from chassis import log, telemetry
from chassis.commands import UnknownThing
from chassis.database import Connection
from chassis.log import Answer
from chassis.service import Service
from contracts.commands import (
    AnyConfiguringCommand,
    AnyContactCommand,
    AnyRulesetCommand,
    AnyTicketCommand,
    AnyTwoTicketsCommand,
    ChangeDesk,
    Done,
    DraftRuleset,
    DropRulesetDraft,
    HoldForTicket,
    MergeContacts,
    MoveAddress,
    Outcome,
    PublishRuleset,
    RemoveThing,
    SetContact,
    SetThing,
    SplitTicket,
    SubmitReply,
    TicketCommand,
    UndoChange,
    UndoContactMerge,
)
from contracts.event import Event, Meta
from contracts.queries import MayManage, Permission
from contracts.stream_ids import RULESET, RULESET_DRAFT, contact_stream, thing_stream
from contracts.ticket_events import TicketEvent
from contracts.tickets import TicketOpened
from services.tickets import (
    bulk,
    commands,
    contact_tables,
    contacts,
    desk,
    desk_checks,
    desk_commands,
    desk_tables,
    rearranging,
    rulesets,
    ticket_tables,
    undoing,
)
from services.tickets.refusals import ChangedMeanwhile
from services.tickets.settings import TicketsSettings
from services.tickets.ticket import Ticket
from services.tickets.work import Work


async def change_ticket(
    service: Service[TicketsSettings], command: AnyTicketCommand, db: Connection
) -> Outcome:
    """Do what a command about a ticket asks.

    Raises:
        Refusal: nothing is changed, and why.
    """
    work = Work(service.clock(), await desk_tables.read_desk(db))
    await work.load(db, {command.ticket_id})
    current = _known(work, command.ticket_id)
    events = commands.decide(command, current, work.desk, work.now)
    return await _write(work, command, {current.ticket_id: events}, db)


async def undo_change(service: Service[TicketsSettings], command: UndoChange, db: Connection) -> Outcome:
    """Undo what an earlier command changed in a ticket.

    Raises:
        Refusal: nothing is changed, and why.
    """
    work = Work(service.clock(), await desk_tables.read_desk(db))
    await work.load(db, {command.ticket_id})
    current, undone = _known(work, command.ticket_id), undoing.by_command(command.undone_id)
    history = work.histories[current.ticket_id]
    turn = bulk.Turn(command.command_id, command.actor_id, current.version, work.now)
    events = undoing.undo(undone, history, current, work.desk, turn)
    if not undoing.is_change(item.event for item in history if undone(item)):
        raise UnknownThing("There is nothing here that can be undone so.")
    return await _write(work, command, {current.ticket_id: events}, db)


async def change_two(
    service: Service[TicketsSettings], command: AnyTwoTicketsCommand, db: Connection
) -> Outcome:
    """Do what a command about two tickets asks.

    Raises:
        Refusal: nothing is changed, and why.
    """
    work = Work(service.clock(), await desk_tables.read_desk(db))
    if isinstance(command, HoldForTicket):
        await ticket_tables.lock_beginning(db, {command.other_id})
    await work.load(db, {command.ticket_id, command.other_id})
    ticket, other = _known(work, command.ticket_id), _known(work, command.other_id)
    inside = await work.load_inside(db, ticket.ticket_id)
    awaited = await work.load_awaited(db, other.ticket_id)
    events = rearranging.decide(command, ticket, other, work.desk, inside, awaited)
    return await _write(work, command, events, db)


async def split_ticket(service: Service[TicketsSettings], command: SplitTicket, db: Connection) -> Outcome:
    """Make a ticket of some letters of another.

    Raises:
        Refusal: nothing is changed, and why.
    """
    work = Work(service.clock(), await desk_tables.read_desk(db))
    (number,) = await ticket_tables.new_numbers(db, 1)
    await work.load(db, {command.ticket_id})
    ticket = _known(work, command.ticket_id)
    inside = await work.load_inside(db, ticket.ticket_id)
    # Whoever wrote one of them may become the customer of the new one.
    await work.look_up(db, [one.from_.address for one in ticket.letters.values() if one.from_])
    events = rearranging.split(command, ticket, work.desk, number, work.now, inside)
    return await _write(work, command, events, db)


def _known(work: Work, ticket_id: UUID) -> Ticket:
    ticket = work.tickets.get(ticket_id)
    if ticket is None:
        raise UnknownThing("There is no such ticket.")
    return ticket


async def _write(
    work: Work, command: TicketCommand, events: Mapping[UUID, Sequence[TicketEvent]], db: Connection
) -> Done:
    # An answer belongs to the trace of the letter that it answers; the request that brought it is linked.
    asked = telemetry.current_traceparent()
    parent = work.tickets[command.ticket_id].trace if isinstance(command, SubmitReply) else asked
    with telemetry.span(
        type(command).__name__, SpanKind.INTERNAL, parent=parent, links=[asked] if asked else []
    ) as span:
        meta = Meta(
            correlation_id=command.ticket_id,
            causation_id=command.command_id,
            actor=str(command.actor_id),
            traceparent=span.traceparent,
        )
        for ticket_id, happened in events.items():
            opened = [event for event in happened if isinstance(event, TicketOpened)]
            for event in opened:
                work.open(event, command.command_id, meta)
            work.add(work.tickets[ticket_id], happened[len(opened) :], command.command_id, meta)
        position = await work.save(db)
    return Done(position=position, version=work.tickets[command.ticket_id].version)


async def change_contacts(
    service: Service[TicketsSettings], command: AnyContactCommand, db: Connection
) -> Outcome:
    """Do what a command about contacts asks.

    Raises:
        Refusal: nothing is changed, and why.
    """
    return await keep_contacts(db, command, service.clock())


async def keep_contacts(db: Connection, command: AnyContactCommand, now: datetime) -> Outcome:
    """Change contacts in the caller's transaction.

    Raises:
        Refusal: nothing was changed, and why.
    """
    await contact_tables.lock(db)
    identities, addresses = _named(command)
    before = await contact_tables.load(db, identities, addresses)
    await contact_tables.refuse_erased(db, before, addresses)
    present_desk, hidden = await desk_tables.read_desk(db), []
    if (boxes := contacts.in_view(command.actor_id, present_desk)) is not None:
        hidden = await contact_tables.hidden(db, before, identities, addresses, boxes)
    events = contacts.decide(command, before, present_desk, hidden)
    if not events:
        return Done(position=0, version=0)
    heads = await log.heads(db, [contact_stream(identity) for identity in events])
    # The stream of a contact that was erased goes on where it was, though nothing is known of it.
    versions = {
        identity: heads[stream].version
        for identity in events
        if (stream := contact_stream(identity)) in heads
    }
    present = contacts.after(before, events, versions)
    await contact_tables.keep(db, present, events, now)
    meta = log.commanded(command.command_id, command.actor_id)
    answers = [
        Answer(stream, tuple(happened), command.command_id, meta, now, heads.get(stream, log.EMPTY))
        for identity, happened in events.items()
        for stream in [contact_stream(identity)]
    ]
    *_, last = events
    return Done(position=await log.append(db, answers, now), version=present.version(last))


def _named(command: AnyContactCommand) -> tuple[set[UUID], set[str]]:
    """The contacts that a command is about, by id and by address."""
    match command:
        case SetContact(contact=card):
            identities, addresses = {card.id}, {*card.addresses}
        case MoveAddress(address=address, to_address=to_address):
            identities, addresses = set(), {address, to_address or address}
        case MergeContacts(address=address, into_address=into_address):
            identities, addresses = set(), {address, into_address}
        case UndoContactMerge(contact_id=identity):
            identities, addresses = {identity}, set()
        case _:
            assert_never(command)
    return {*identities, *command.seen}, {address.strip().lower() for address in addresses}


async def change_desk(
    service: Service[TicketsSettings], command: AnyConfiguringCommand, db: Connection
) -> Outcome:
    """Do what a command about the desk's configuration asks.

    Raises:
        Refusal: nothing is changed, and why.
    """
    return await configure(db, command, service.clock())


async def may_manage(service: Service[TicketsSettings], query: MayManage) -> Permission:
    """Answer a service that knows no people whether somebody may do what is for those who manage."""
    async with service.pool.acquire() as db:
        present = await desk_tables.read_desk(db)
    return Permission(granted=desk.may_manage(present, query.person_id))


async def configure(db: Connection, command: AnyConfiguringCommand, now: datetime) -> Outcome:
    """Change the desk's configuration in the caller's transaction.

    Raises:
        Refusal: nothing was changed, and why.
    """
    return await configure_together(db, [command], now)


async def configure_together(
    db: Connection, commands: Sequence[AnyConfiguringCommand], now: datetime
) -> Done:
    """Do several commands in the caller's transaction; only what comes of all of them must hold together.

    Raises:
        Refusal: roll back.
    """
    await desk_tables.lock_desk(db)
    before = await _configured(db)
    intended, after = _intend_together(commands, before)
    done = Done(position=0, version=0)
    for command, events in zip(commands, intended, strict=True):
        done = await _append(db, command, events, now)
    desk_checks.check(after, before)
    return done


async def check_together(db: Connection, commands: Sequence[AnyConfiguringCommand]) -> None:
    """Look whether `configure_together` would do several commands, without doing them.

    Raises:
        Refusal: it would not.
    """
    before = await _configured(db)
    _, after = _intend_together(commands, before)
    desk_checks.check(after, before)


async def _configured(db: Connection) -> desk.Desk:
    return replace(await desk_tables.read_desk(db), ruleset=await desk_tables.ruleset_in_force(db))


def _intend_together(
    commands: Sequence[AnyConfiguringCommand], before: desk.Desk
) -> tuple[list[dict[str, list[Event]]], desk.Desk]:
    """The events of each command, as it finds the desk after those before it, and the desk after all."""
    intended, present = [], before
    for command in commands:
        intended.append(_intend(command, present))
        present = desk.after(present, intended[-1])
    return intended, present


async def _append(
    db: Connection, command: AnyConfiguringCommand, events: Mapping[str, Sequence[Event]], now: datetime
) -> Done:
    seen = _seen(command)
    changed = await desk_tables.thing_versions(db, seen)
    for stream_id, version in seen.items():
        if changed.get(stream_id, 0) != version:
            raise ChangedMeanwhile(version, changed.get(stream_id, 0))
    heads = await log.heads(db, list(events))
    await desk_tables.keep_desk(db, [event for happened in events.values() for event in happened], now)
    meta = log.commanded(command.command_id, command.actor_id)
    answers = [
        Answer(stream_id, tuple(happened), command.command_id, meta, now, heads.get(stream_id, log.EMPTY))
        for stream_id, happened in events.items()
    ]
    position = await log.append(db, answers, now)
    return Done(position=position, version=_version_after(answers))


def _intend(command: AnyConfiguringCommand, present: desk.Desk) -> dict[str, list[Event]]:
    if isinstance(command, AnyRulesetCommand):
        return rulesets.decide(command, present)
    return desk_commands.intend(command, present)


def _seen(command: AnyConfiguringCommand) -> dict[str, int]:
    """The versions of streams that the person saw."""
    match command:
        case PublishRuleset(seen_version=version, seen_draft=None):
            return {RULESET: version}
        case PublishRuleset(seen_version=version, seen_draft=int(draft)):
            return {RULESET: version, RULESET_DRAFT: draft}
        case DraftRuleset(seen_version=int(version)) | DropRulesetDraft(seen_version=version):
            return {RULESET_DRAFT: version}
        case ChangeDesk(changes=changes):
            return {
                thing_stream(*_kind_and_id(change)): change.seen_version
                for change in changes
                if change.seen_version is not None
            }
        case _:
            return {}


def _kind_and_id(change: SetThing | RemoveThing) -> tuple[str, UUID]:
    match change:
        case SetThing(thing=thing):
            return thing.kind, thing.id
        case RemoveThing(kind=kind, id=identity):
            return kind, identity
        case _:
            assert_never(change)


def _version_after(answers: Sequence[Answer]) -> int:
    return max((answer.head.version + len(answer.events) for answer in answers), default=0)
