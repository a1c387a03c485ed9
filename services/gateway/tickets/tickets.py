"""Reads tickets: lists by keyset, and one with its conversation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.event import Event, Recorded
from contracts.mail import LetterHead
from contracts.tickets import TicketOpened
from services.gateway.access.sight import Sight, out_of_sight
from services.gateway.contacts.organisations import Membership
from services.gateway.desk import desk
from services.gateway.lists import COUNTED, Order, Where, page
from services.gateway.messages import why_here
from services.gateway.problems import BadRequest, NotFound, Unprocessable
from services.gateway.read_model import history
from services.gateway.read_model.summary import Summary, summarise
from services.gateway.read_model.whereabouts import letters_here, whereabouts
from services.gateway.representations.basics import Contact, Named, Page
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
    TicketItem,
)
from services.gateway.tickets import past
from services.gateway.tickets.choices import Choices, choices
from services.gateway.tickets.conversation import Sources, contact, conversation, recipient_of
from services.gateway.tickets.details import details
from services.gateway.tickets.past import DeskThen
from services.gateway.tickets.why_owner import why_owner

Sort = Literal["changed", "opened", "due", "waiting"]
_ORDERS: dict[Sort, Order] = {
    "changed": Order("ticket.changed_at"),
    "opened": Order("ticket.opened_at"),
    "due": Order("ticket.due_at", ascending=True),
    "waiting": Order("ticket.waiting_since", ascending=True),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tickets; None: whatever it is."""

    box: UUID | None = None
    state: str | None = None
    assignee: UUID | None = None
    unassigned: bool = False
    watcher: UUID | None = None
    """A person, who watches also as one of a team, or a team."""
    contact: UUID | str | None = None
    """By id or by one of the addresses."""
    organisation: Membership | None = None
    tag: str | None = None
    priority: str | None = None
    category: UUID | None = None
    due_within: timedelta | None = None
    merged: bool = False
    """Those too that go on in another ticket."""
    q: str | None = None
    sort: Sort = "changed"
    numbers: tuple[int, ...] | None = None
    """Only these."""
    hits: frozenset[UUID] | None = None
    """What a search for `q` found; None: nobody has looked, or there are very many."""


SOUGHT = 5_000
"""With so many hits or fewer, a search looks at them alone; with more, it walks through the list until a page is full:
see `services.gateway.messages`."""

# A search looks at what was written, at subjects and contacts, and at numbers. A letter is found in the ticket that it
# is in now, and in those that this goes on in.
_SAID = """
SELECT ticket_id, message_id
FROM history
WHERE words IS NOT NULL
  AND words @@ websearch_to_tsquery('simple', $1)
LIMIT $2
"""
_TICKETS_OF = """
WITH RECURSIVE placed (ticket_id, merged_into) AS (
    SELECT ticket.ticket_id, ticket.merged_into
    FROM message
    JOIN ticket USING (ticket_id)
    WHERE message.message_id = ANY($2::uuid[])
    UNION
    SELECT later.ticket_id, later.merged_into
    FROM placed
    JOIN ticket AS later ON later.number = placed.merged_into
)
SELECT ticket_id
FROM placed
UNION
SELECT ticket_id
FROM ticket
WHERE number = CASE WHEN $1::text ~ '^[0-9]{1,18}$' THEN $1::bigint END
UNION
SELECT ticket_id
FROM ticket
WHERE contact_address = lower($1)
"""
# Asked of one ticket after the other: OFFSET 0 keeps PostgreSQL from collecting all hits for the first page.
_FOUND = """
(EXISTS (
    SELECT
    FROM history AS said
    WHERE said.source = 'tickets'
      AND said.ticket_id = ticket.ticket_id
      AND said.words @@ websearch_to_tsquery('simple', {0})
    OFFSET 0
) OR EXISTS (
    WITH RECURSIVE inside (ticket_id, number) AS (
        SELECT ticket.ticket_id, ticket.number
        UNION ALL
        SELECT earlier.ticket_id, earlier.number
        FROM inside
        JOIN ticket AS earlier ON earlier.merged_into = inside.number
    )
    SELECT
    FROM inside
    JOIN message ON message.ticket_id = inside.ticket_id
    JOIN history AS said ON said.message_id = message.message_id AND said.words IS NOT NULL
    WHERE said.words @@ websearch_to_tsquery('simple', {0})
    OFFSET 0
))
"""


async def sought(db: Connection, wanted: Filter) -> Filter:
    """A filter that knows the hits of its search, if they are not too many."""
    if wanted.q is None or wanted.hits is not None:
        return wanted
    words = wanted.q.strip().lstrip("#")
    said = await db.fetch(_SAID, words, SOUGHT + 1)
    if len(said) > SOUGHT:
        return wanted
    placed = [row["message_id"] for row in said if row["ticket_id"] is None]
    rows = await db.fetch(_TICKETS_OF, words, placed)
    return replace(wanted, hits=frozenset(row["ticket_id"] for row in (*said, *rows) if row["ticket_id"]))


# Addresses are looked up first, so that the tickets of each are found by the index.
_OF_CONTACT = """
ticket.contact_address = ANY(ARRAY(SELECT address FROM contact_address WHERE contact_id = {0}))
"""

_OF_ADDRESS = """
ticket.contact_address = ANY(ARRAY(
    SELECT lower({0})
    UNION
    SELECT other.address
    FROM contact_address AS mine
    JOIN contact_address AS other USING (contact_id)
    WHERE mine.address = lower({0})
))
"""


def where(wanted: Filter, sight: Sight) -> Where:
    """The conditions of a filter, within what the asker may see."""
    result = Where()
    if not sight.everything:
        result.add("ticket.ticketbox_id = ANY({0})", sight.in_order)
    if wanted.box is not None:
        result.add("ticket.ticketbox_id = {0}", wanted.box)
    if wanted.state is not None:
        result.add("ticket.state = {0}", wanted.state)
    if wanted.tag is not None:
        result.add("ticket.tags @> ARRAY[{0}]::text[]", wanted.tag)
    if wanted.priority is not None:
        result.add("ticket.priority = {0}", wanted.priority)
    if wanted.category is not None:
        result.add("ticket.category_id = {0}", wanted.category)
    if wanted.due_within is not None:
        result.add("ticket.due_at <= now() + {0}::interval", wanted.due_within)
    if (order := _ORDERS[wanted.sort]).ascending:
        result.add(f"{order.moment} IS NOT NULL")
    if wanted.numbers is not None:
        result.add("ticket.number = ANY({0}::bigint[])", wanted.numbers)
    if not wanted.merged and wanted.q is None:
        result.add("ticket.merged_into IS NULL")
    if wanted.unassigned:
        result.add("ticket.assignee_id IS NULL")
    elif wanted.assignee is not None:
        result.add("ticket.assignee_id = {0}", wanted.assignee)
    if wanted.watcher is not None:
        result.add(f"ticket.watcher_ids && {desk.WITH_TEAMS}", wanted.watcher)
    if isinstance(wanted.contact, UUID):
        result.add(_OF_CONTACT, wanted.contact)
    elif wanted.contact is not None:
        result.add(_OF_ADDRESS, wanted.contact)
    if wanted.organisation is not None:
        wanted.organisation.add_addresses_to(result, "ticket.contact_address")
    if wanted.hits is not None:
        result.add("ticket.ticket_id = ANY({0}::uuid[])", list(wanted.hits))
    elif wanted.q is not None:
        result.add(_FOUND, wanted.q.strip().lstrip("#"))
    return result


# Answers of tickets that go on in one are not shown there; that one was not delivered must be.
_UNDELIVERED_INSIDE = """
WITH RECURSIVE inside (number, undelivered) AS (
    SELECT earlier.number, earlier.undelivered
    FROM ticket AS earlier
    WHERE earlier.merged_into = {number}
    UNION ALL
    SELECT earlier.number, earlier.undelivered
    FROM inside
    JOIN ticket AS earlier ON earlier.merged_into = inside.number
)
SELECT {wanted}
FROM inside
WHERE cardinality(undelivered) > 0
"""

_INSIDE = _UNDELIVERED_INSIDE.format(number="$1", wanted="number, cardinality(undelivered) AS answers")
_COUNT_INSIDE = _UNDELIVERED_INSIDE.format(number="ticket.number", wanted="sum(cardinality(undelivered))")

_ITEMS = f"""
SELECT ticket.*, box.thing ->> 'name' AS ticketbox, person.thing ->> 'name' AS assignee,
       coalesce(({_COUNT_INSIDE}), 0)::integer AS undelivered_inside
FROM ticket
LEFT JOIN thing AS box ON box.kind = 'ticketbox' AND box.id = ticket.ticketbox_id
LEFT JOIN thing AS person ON person.kind = 'person' AND person.id = ticket.assignee_id
"""


async def page_of_tickets(
    db: Connection, sight: Sight, wanted: Filter, cursor: str | None, limit: int
) -> Page[TicketItem]:
    """A piece of the list.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    wanted = await sought(db, wanted)
    rows, following = await page(
        db, _ITEMS, where(wanted, sight), _ORDERS[wanted.sort], "ticket.ticket_id", cursor, limit
    )
    return Page(items=[_item(row) for row in rows], next=following)


async def count(db: Connection, sight: Sight, wanted: Filter) -> int:
    """How many tickets there are, up to `COUNTED`."""
    conditions = where(await sought(db, wanted), sight)
    number: int = await db.fetchval(
        f"SELECT count(*) FROM (SELECT FROM ticket WHERE {conditions.sql()} LIMIT {COUNTED}) AS counted",
        *conditions.parameters,
    )
    return number


async def select(db: Connection, sight: Sight, wanted: Filter, most: int) -> list[tuple[UUID, int]]:
    """All tickets of a list at one moment with their versions, up to `most`, in its order."""
    conditions, order = where(await sought(db, wanted), sight), _ORDERS[wanted.sort]
    rows = await db.fetch(
        f"""
        SELECT ticket_id, version
        FROM ticket
        WHERE {conditions.sql()}
        ORDER BY {order.sql("ticket_id")}
        LIMIT {most}
        """,
        *conditions.parameters,
    )
    return [(row["ticket_id"], row["version"]) for row in rows]


def _item(row: asyncpg.Record) -> TicketItem:
    return TicketItem(
        number=row["number"],
        version=row["version"],
        subject=row["subject"],
        state=row["state"],
        priority=row["priority"],
        tags=row["tags"],
        box=Named(id=row["ticketbox_id"], name=row["ticketbox"] or "?"),
        contact=Contact(name=row["contact_name"], address=row["contact_address"]),
        assignee=Named(id=row["assignee_id"], name=row["assignee"] or "?") if row["assignee_id"] else None,
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        waiting_since=row["waiting_since"],
        held_until=row["held_until"],
        merged_into=row["merged_into"],
        due_target=row["due_target"],
        due_at=row["due_at"],
        warned=list(row["warned"]),
        missed=list(row["missed"]),
        first_response_due_at=row["first_response_due_at"],
        first_response_at=row["first_response_at"],
        breached=row["breached"],
        letters=row["letters"],
        replies=row["replies"],
        undelivered=len(row["undelivered"]) + row["undelivered_inside"],
        excerpt=row["excerpt"],
    )


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
    then = [one for one in events if one.recorded_at <= as_of]
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
    inside = (
        await db.fetch(_INSIDE, summary.number) if as_of is None else []
    )  # nothing but events knows the past
    return Opened(
        summary, events, sources, known, chosen_from, {row["number"]: row["answers"] for row in inside}
    )


def ticket_of(opened: Opened, routing: RoutingView | None = None) -> Ticket:
    """A ticket as people and programs get it."""
    line = opened.summary
    return Ticket(
        number=line.number,
        version=line.version,
        subject=line.subject,
        state=line.state,
        priority=line.priority,
        tags=list(line.tags),
        box=Named(id=line.ticketbox_id, name=opened.boxes.get(line.ticketbox_id, "?")),
        contact=Contact(name=line.contact_name, address=line.contact_address),
        assignee=opened.sources.person(line.assignee_id),
        opened_at=line.opened_at,
        changed_at=line.changed_at,
        waiting_since=line.waiting_since,
        held_until=line.held_until,
        merged_into=line.merged_into,
        due_target=line.due_target,
        due_at=line.due_at,
        warned=list(line.warned),
        missed=list(line.missed),
        first_response_due_at=line.first_response_due_at,
        first_response_at=line.first_response_at,
        breached=line.breached,
        letters=line.letters,
        replies=line.replies,
        undelivered=len(line.undelivered) + sum(opened.undelivered_inside.values()),
        undelivered_in=sorted(opened.undelivered_inside),
        recipient=contact(recipient)
        if (recipient := recipient_of(opened.events))
        else Contact(name=line.contact_name, address=line.contact_address),
        excerpt=line.excerpt,
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


def identity(text: str) -> UUID:
    """An id that someone wrote.

    Raises:
        BadRequest: it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest(f"“{text}” is no id.") from None
