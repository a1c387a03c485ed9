"""Reads lists of tickets by keyset: which ones, and a line for each."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.tickets import State
from services.gateway.access.sight import Sight
from services.gateway.contacts.organisations import Membership
from services.gateway.desk import desk
from services.gateway.lists import COUNTED, Order, Where, Words, page
from services.gateway.numbers import number_in
from services.gateway.read_model.summary import Summary
from services.gateway.read_model.ticket_rows import line_of
from services.gateway.representations.basics import Contact, Named, Page
from services.gateway.representations.tickets import TicketItem

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
    state: State | None = None
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
    """What a search for `q` found; None: nobody has looked, or there are too many."""
    too_many_hits: bool = False


SOUGHT = 5_000
"""With so many hits or fewer, a search looks at them alone; with more, it tries the next tickets of the list first."""

# A search looks at what was written, at subjects and contacts, and at numbers. A letter is found in the ticket that it
# is in now, and in those that this goes on in.
_WORDS = "words IS NOT NULL AND words @@ websearch_to_tsquery('simple', {0})"
_SAID = f"""
SELECT ticket_id, message_id
FROM history
WHERE {_WORDS.format("$1")}
LIMIT $2
"""
_PLACED = """
WITH RECURSIVE placed (ticket_id, merged_into) AS (
    SELECT ticket.ticket_id, ticket.merged_into
    FROM message
    JOIN ticket USING (ticket_id)
    WHERE message.message_id {messages}
    UNION
    SELECT later.ticket_id, later.merged_into
    FROM placed
    JOIN ticket AS later ON later.number = placed.merged_into
)
SELECT ticket_id
FROM placed
"""
_TICKETS_OF = f"""
{_PLACED.format(messages="= ANY($2::uuid[])")}
UNION
SELECT ticket_id
FROM ticket
WHERE number = $3
UNION
SELECT ticket_id
FROM ticket
WHERE contact_address = lower($1)
"""
_COLLECTED = f"""
ticket.ticket_id IN (
    SELECT ticket_id
    FROM history
    WHERE source = 'tickets' AND {_WORDS}
    UNION ALL
    ({_PLACED.format(messages=f"IN (SELECT message_id FROM history WHERE source = 'ingest' AND {_WORDS})")})
)
"""
# OFFSET 0 keeps PostgreSQL from collecting all hits.
_TRIED = """
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
    if wanted.q is None or wanted.hits is not None or wanted.too_many_hits:
        return wanted
    words = wanted.q.strip().lstrip("#")
    said = await db.fetch(_SAID, words, SOUGHT + 1)
    if len(said) > SOUGHT:
        return replace(wanted, too_many_hits=True)
    placed = [row["message_id"] for row in said if row["ticket_id"] is None]
    rows = await db.fetch(_TICKETS_OF, words, placed, number_in(words))
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
        # Part of the query's text: one plan for all states would be a bad one for those that few have.
        result.add(f"ticket.state = '{wanted.state}'")
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
        result.words = Words(wanted.q.strip().lstrip("#"), tried=_TRIED, collected=_COLLECTED)
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

UNDELIVERED_INSIDE = _UNDELIVERED_INSIDE.format(
    number="$1", wanted="number, cardinality(undelivered) AS answers"
)
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
        db, _ITEMS, where(wanted, sight), _order(wanted), "ticket.ticket_id", cursor, limit
    )
    return Page(items=[_item(row) for row in rows], next=following)


def _order(wanted: Filter) -> Order:
    return replace(_ORDERS[wanted.sort], of_few=wanted.contact is not None)


async def count(db: Connection, sight: Sight, wanted: Filter) -> int:
    """How many tickets there are, up to `COUNTED`; also where so many hold what is sought that nobody counts them."""
    wanted = await sought(db, wanted)
    if wanted.too_many_hits:
        return COUNTED
    conditions = where(wanted, sight)
    number: int = await db.fetchval(
        f"SELECT count(*) FROM (SELECT FROM ticket WHERE {conditions.sql()} LIMIT {COUNTED}) AS counted",
        *conditions.parameters,
    )
    return number


async def select(db: Connection, sight: Sight, wanted: Filter, most: int) -> list[tuple[UUID, int]]:
    """All tickets of a list at one moment with their versions, up to `most`, in its order."""
    conditions, order = where(await sought(db, wanted), sight).collected(), _order(wanted)
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
    line = line_of(row)
    box = Named(id=line.ticketbox_id, name=row["ticketbox"] or "?")
    assignee = Named(id=line.assignee_id, name=row["assignee"] or "?") if line.assignee_id else None
    return item(line, box, assignee, len(line.undelivered) + row["undelivered_inside"])


def item(line: Summary, box: Named, assignee: Named | None, undelivered: int) -> TicketItem:
    """A ticket as a line of a list; `undelivered` counts the answers of tickets that go on in it, too."""
    return TicketItem(
        number=line.number,
        version=line.version,
        subject=line.subject,
        state=line.state,
        priority=line.priority,
        tags=list(line.tags),
        box=box,
        contact=Contact(name=line.contact_name, address=line.contact_address),
        assignee=assignee,
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
        undelivered=undelivered,
        excerpt=line.excerpt,
    )
