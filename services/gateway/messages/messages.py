"""Reads messages: lists by keyset, and one."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from chassis.database import Connection
from contracts.ingest import MessageHeld, Reading
from contracts.standing import MessageState
from services.gateway.access.sight import Sight, may_see_message
from services.gateway.lists import COUNTED, Order, Where, add_search, page
from services.gateway.messages.withholding import withheld
from services.gateway.problems import NotFound
from services.gateway.read_model import history
from services.gateway.read_model.book import LONGEST_REASON
from services.gateway.representations.basics import Contact, Page
from services.gateway.representations.messages import MessageItem

RECENT = 1000
"""Reasons are offered that occur among so many of the newest messages of a state."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages; None: whatever it is."""

    state: MessageState | None = None
    reason: str | None = None
    source: str | None = None
    q: str | None = None


SOUGHT = 5_000
"""With so many hits or fewer, a search looks at them alone; with more, it tries the next messages of the list first.

PostgreSQL cannot know which is faster: it reckons with hits everywhere, and walks a million rows for one that is old.
"""

_HITS = """
SELECT message_id
FROM history
WHERE words @@ websearch_to_tsquery('simple', {0})
  AND source = 'ingest'
"""

# OFFSET 0 keeps PostgreSQL from collecting all hits.
_TRIED = """
EXISTS (
    SELECT
    FROM history AS said
    WHERE said.message_id = message.message_id
      AND said.source = 'ingest'
      AND said.words @@ websearch_to_tsquery('simple', {0})
    OFFSET 0
)
"""


async def where(db: Connection, sight: Sight, wanted: Filter) -> Where:
    """The conditions of a filter, within what the asker may see."""
    result = Where()
    result.add("message.received_at IS NOT NULL")
    if not sight.everything:
        # Where it goes on in another ticketbox, too, would be asked of each row; its page and its files know.
        result.add("coalesce(ticket.ticketbox_id, message.ticketbox_id) = ANY({0})", sight.in_order)
    if wanted.state is not None:
        # Part of the query's text: one plan for all states would be a bad one for those that few have.
        result.add(f"message.state = '{wanted.state}'")
    if wanted.reason is not None:
        result.add(f"left(message.reason, {LONGEST_REASON}) = left({{0}}, {LONGEST_REASON})", wanted.reason)
    if wanted.source is not None:
        result.add("message.source = {0}", wanted.source)
    if wanted.q is not None:
        await _add_search(db, result, wanted.q.strip())
    return result


async def _add_search(db: Connection, conditions: Where, q: str) -> None:
    try:
        conditions.add("message.message_id = {0}", UUID(q))
    except ValueError:
        await add_search(
            db, conditions, q, identity="message.message_id", hits=_HITS, tried=_TRIED, most=SOUGHT
        )


_ITEMS = """
SELECT message.*, ticket.number
FROM message
LEFT JOIN ticket USING (ticket_id)
"""


async def page_of_messages(
    db: Connection, sight: Sight, wanted: Filter, cursor: str | None, limit: int
) -> Page[MessageItem]:
    """A piece of the list, the newest first.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    conditions = await where(db, sight, wanted)
    rows, following = await page(
        db, _ITEMS, conditions, Order("message.received_at"), "message.message_id", cursor, limit
    )
    return Page(items=[_item(row) for row in rows], next=following)


async def item(db: Connection, sight: Sight, message_id: UUID) -> MessageItem:
    """One line of the book.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    row = await db.fetchrow(
        f"{_ITEMS} WHERE message.message_id = $1 AND message.received_at IS NOT NULL", message_id
    )
    if row is None or not await may_see_message(db, sight, message_id):
        raise NotFound(f"There is no message {message_id}.")
    return _item(row)


def _item(row: asyncpg.Record) -> MessageItem:
    has_sender = row["from_name"] or row["from_address"]
    return MessageItem(
        message_id=row["message_id"],
        received_at=row["received_at"],
        source=row["source"],
        from_=Contact(name=row["from_name"], address=row["from_address"]) if has_sender else None,
        subject=row["subject"],
        excerpt=row["excerpt"],
        kind=row["kind"],
        size=row["size"],
        attachments=row["attachments"],
        unreadable=row["unreadable"],
        scan=row["scan"],
        held=row["held"],
        state=row["state"],
        reason=row["reason"],
        ticket=row["number"],
    )


# None of the states that are counted is that of a message in a ticket.
_COUNT = """
SELECT count(*)
FROM (
    SELECT
    FROM message
    WHERE state = ANY($1::text[])
      AND ($3::uuid[] IS NULL OR ticketbox_id = ANY($3))
    LIMIT $2
) AS counted
"""


async def count(db: Connection, sight: Sight, *states: MessageState) -> int:
    """How many messages that were stopped or are under way there are, up to `COUNTED`."""
    number: int = await db.fetchval(_COUNT, list(states), COUNTED, sight.in_order)
    return number


_REASONS = f"""
SELECT reason
FROM (
    SELECT left(reason, {LONGEST_REASON}) AS reason
    FROM message
    WHERE state = $1
      AND received_at IS NOT NULL
      AND ($2::uuid[] IS NULL OR ticketbox_id = ANY($2))
    ORDER BY received_at DESC
    LIMIT {RECENT}
) AS recent
WHERE reason IS NOT NULL
GROUP BY reason
ORDER BY count(*) DESC, reason
LIMIT 20
"""


async def reasons(db: Connection, sight: Sight, state: MessageState) -> list[str]:
    """Why messages came into a state of late, the most frequent reason first."""
    return [row["reason"] for row in await db.fetch(_REASONS, state, sight.in_order)]


# Hops from one source to the next in the index: of a million messages it reads a handful.
_SOURCES = """
WITH RECURSIVE found (source) AS (
    SELECT min(source)
    FROM message
    UNION ALL
    SELECT (SELECT min(message.source) FROM message WHERE message.source > found.source)
    FROM found
    WHERE found.source IS NOT NULL
)
SELECT source
FROM found
WHERE source IS NOT NULL
"""


async def sources(db: Connection) -> list[str]:
    """Every way by which mail has come in."""
    return [row["source"] for row in await db.fetch(_SOURCES)]


async def received(db: Connection, message_id: UUID) -> Reading:
    """A letter as it was read last.

    Raises:
        NotFound, or nothing of it has been read yet.
    """
    letter = (await history.letters(db, [message_id])).get(message_id)
    if letter is None:
        raise NotFound(f"There is no message {message_id}, or it waits for the virus scanner.")
    return letter


async def one_between(db: Connection, sight: Sight, least: UUID, greatest: UUID) -> UUID | None:
    """A letter in sight whose id is in the range."""
    found: UUID | None = await db.fetchval(
        "SELECT message_id FROM message WHERE message_id BETWEEN $1 AND $2 LIMIT 1", least, greatest
    )
    return found if found and await may_see_message(db, sight, found) else None


async def stored(db: Connection, message_id: UUID) -> tuple[Reading | MessageHeld, str | None]:
    """A message that came in, and why its bytes are not given out; None if they are.

    Raises:
        NotFound.
    """
    rows = await history.of_message(db, message_id)
    message = history.newest(rows)
    if message is None:
        raise NotFound(f"There is no message {message_id}.")
    return message, withheld(message, released=history.was_released(rows))
