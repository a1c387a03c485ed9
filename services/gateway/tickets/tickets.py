"""Reads one ticket with its conversation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.tickets import TicketOpened
from services.gateway.access.sight import Sight, out_of_sight
from services.gateway.desk import desk
from services.gateway.messages import why_here
from services.gateway.problems import NotFound, Unprocessable
from services.gateway.read_model import history
from services.gateway.read_model.summary import Summary, summarise
from services.gateway.read_model.whereabouts import letters_here, whereabouts
from services.gateway.representations.basics import Contact, Named
from services.gateway.representations.contacts import ErasedView
from services.gateway.representations.tickets import (
    AsOf,
    DeadlineView,
    FieldItem,
    LinkItem,
    RoutingView,
    StreamEvent,
    TaskItem,
    Ticket,
)
from services.gateway.tickets import past, ticket_lists
from services.gateway.tickets.choices import Choices, choices
from services.gateway.tickets.conversation import Sources, contact, conversation, recipient_of
from services.gateway.tickets.details import details
from services.gateway.tickets.past import DeskThen
from services.gateway.tickets.why_owner import why_owner


async def ticket_id_of(db: Connection, sight: Sight, number: int) -> UUID:
    """The ticket with this number.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    row = await db.fetchrow("SELECT ticket_id, ticketbox_id FROM ticket WHERE number = $1", number)
    if row is None or not sight.sees(row["ticketbox_id"]):
        raise NotFound(
            f"There is no ticket {number}. The last digit checks the others: is one of them wrong?"
        )
    ticket_id: UUID = row["ticket_id"]
    return ticket_id


async def exists(db: Connection, sight: Sight, number: int) -> bool:
    """Whether there is a ticket with this number that may be seen."""
    row = await db.fetchrow("SELECT ticketbox_id FROM ticket WHERE number = $1", number)
    return row is not None and sight.sees(row["ticketbox_id"])


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket as it is read: its line, its events, and what they refer to."""

    summary: Summary
    events: list[Recorded[Event]]
    sources: Sources
    boxes: Mapping[UUID, str]
    choices: Choices
    undelivered_inside: Mapping[int, int]
    """How many answers were not delivered of tickets that go on in it, by number."""
    then: DeskThen | None = None
    """The desk of the moment at which it is looked at; None: now."""
    as_of: datetime | None = None


async def open_ticket(db: Connection, sight: Sight, number: int) -> Opened:
    """Read a ticket.

    Raises:
        NotFound.
    """
    events = await history.of_ticket(db, await ticket_id_of(db, sight, number))
    chosen_from = await choices(db)
    return await _open(db, sight, events, chosen_from, chosen_from.names())


async def open_ticket_as_of(
    db: Connection, sight: Sight, number: int, as_of: datetime, now: datetime
) -> Opened:
    """Read a ticket as it stood; who sees it now may see how it was. Nothing but events is asked how it was.

    Raises:
        NotFound: it had not begun.
        Unprocessable: nobody knows yet how it will be.
    """
    if as_of > now:
        raise Unprocessable("This moment is still to come; ask for one in the past.", now=_text(now))
    events = await history.of_ticket(db, await ticket_id_of(db, sight, number))
    then = past.written_by(events, as_of)
    if not then:
        began_at = _text(events[0].recorded_at)
        raise NotFound(f"There was no ticket {number} yet: it began at {began_at}.", began_at=began_at)
    desk_then = await past.desk_at(db, as_of)
    # What was removed since has the name that it had; what was added later, if an event names it, that of now.
    names = (await choices(db)).names() | desk_then.choices().names()
    found = await _open(db, sight, then, desk_then.choices(), names, as_of)
    return replace(found, then=desk_then, as_of=as_of)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def _open(
    db: Connection,
    sight: Sight,
    events: list[Recorded[Event]],
    chosen_from: Choices,
    names: Mapping[UUID, str],
    as_of: datetime | None = None,
) -> Opened:
    summary = summarise(events)
    if summary is None:
        raise NotFound("This ticket has no beginning in the history: run postroom rebuild inbox.")
    message_ids = set(whereabouts(events))
    hidden = await out_of_sight(db, sight, message_ids)
    if any(letter.message_id in hidden for letter in letters_here(events)):
        summary = replace(summary, excerpt="")
    reply_ids = {reply_id for item in events if (reply_id := getattr(item.event, "reply_id", None))}
    known = await desk.names(db)
    deliveries = await history.deliveries(db, reply_ids)
    sources = Sources(
        letters=await history.letters(db, message_ids - hidden, as_of),
        deliveries={
            reply_id: [one for one in found if as_of is None or one.recorded_at <= as_of]
            for reply_id, found in deliveries.items()
        },
        people={**names, **known},
        hidden=hidden,
    )
    # Nothing but events knows the past.
    inside = await db.fetch(ticket_lists.UNDELIVERED_INSIDE, summary.number) if as_of is None else []
    return Opened(
        summary, events, sources, known, chosen_from, {row["number"]: row["answers"] for row in inside}
    )


def ticket_of(opened: Opened, routing: RoutingView | None = None) -> Ticket:
    """A ticket as people and programs get it."""
    line = opened.summary
    box = Named(id=line.ticketbox_id, name=opened.boxes.get(line.ticketbox_id, "?"))
    undelivered = len(line.undelivered) + sum(opened.undelivered_inside.values())
    return Ticket(
        **dict(ticket_lists.item(line, box, opened.sources.person(line.assignee_id), undelivered)),
        undelivered_in=sorted(opened.undelivered_inside),
        recipient=contact(recipient)
        if (recipient := recipient_of(opened.events))
        else Contact(name=line.contact_name, address=line.contact_address),
        conversation=conversation(opened.events, opened.sources),
        as_of=_as_of(opened),
        why_here=why_here.sentence(routing),
        routing=routing,
        why_owner=why_owner(opened.events, opened.sources.person),
        **_details(opened),
    )


def _as_of(opened: Opened) -> AsOf | None:
    if opened.then is None or opened.as_of is None:
        return None
    found = details(opened.events)
    box_id = opened.summary.ticketbox_id
    return past.in_force(opened.then, opened.as_of, box_id, found.policy_id, found.deadlines, opened.events)


def _details(opened: Opened) -> dict[str, object]:
    found, choices, box_id = details(opened.events), opened.choices, opened.summary.ticketbox_id
    required = choices.required_in(box_id)
    return {
        "hold_reason": found.hold_reason,
        "held_for": found.held_for,
        "erased": ErasedView(
            at=found.erased_at, by=opened.sources.person(found.erased_by), erasure_id=found.erasure_id
        )
        if found.erased_at and found.erasure_id
        else None,
        "only_thanks": found.only_thanks,
        "policy": found.policy,
        "deadlines": [DeadlineView(**item.model_dump()) for item in found.deadlines],
        "category": opened.sources.person(found.category_id),
        "fields": [
            FieldItem(
                key=field.key,
                name=field.name,
                type=field.type,
                choices=list(field.choices),
                required=field.key in required,
                value=found.fields.get(field.key),
            )
            for field in choices.fields_of(box_id)
        ],
        "watchers": [opened.sources.person(one) for one in found.watcher_ids],
        "tasks": [
            TaskItem(
                id=task.task_id,
                text=task.text,
                owner=opened.sources.person(task.owner_id),
                due_on=task.due_on,
                done=task.done,
                version=task.version,
            )
            for task in found.tasks.values()
        ],
        "links": [LinkItem(number=number, link=link) for (_, link), number in found.links.items()],
        "absorbed": list(found.absorbed.values()),
    }


async def routing_of(db: Connection, opened: Opened) -> RoutingView | None:
    """What the rules had said of the ticket's first letter."""
    first = next((item.event for item in opened.events if isinstance(item.event, TicketOpened)), None)
    seen = first is not None and first.letter.message_id not in opened.sources.hidden
    return await why_here.routing(db, first.letter.message_id if first and seen else None, opened.as_of)


def stream_of(events: Sequence[Recorded[Event]], hidden: Collection[UUID] = ()) -> list[StreamEvent]:
    """Events as they are in the log, but for what letters say that are out of sight."""
    return [
        StreamEvent(
            version=item.version,
            type=item.event.type_name(),
            event_id=item.event_id,
            actor=item.meta.actor,
            occurred_at=item.occurred_at,
            recorded_at=item.recorded_at,
            data=_seen(item.event, hidden).model_dump(mode="json"),
        )
        for item in events
    ]


def _seen(event: Event, hidden: Collection[UUID]) -> Event:
    heads = vars(event)
    if isinstance(letter := heads.get("letter"), LetterHead) and letter.message_id in hidden:
        return event.model_copy(update={"letter": _without_words(letter)})
    if letters := heads.get("letters"):
        shown = tuple(_without_words(one) if one.message_id in hidden else one for one in letters)
        return event.model_copy(update={"letters": shown})
    return event


def _without_words(letter: LetterHead) -> LetterHead:
    return letter.model_copy(update={"subject": "", "excerpt": ""})
