"""Reads letters: lists, and the custody of one."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from contracts.ingest import MessageReceived
from contracts.router import Disposition
from services.gateway import desk, history
from services.gateway.conversation import contact, letter_of
from services.gateway.problems import NotFound
from services.gateway.representations import Custody, Letter, MessageItem, Page, Step
from services.gateway.sight import Sight, may_see_message

# What became of a message is what was last said of it; a ticket is the end, whatever was said before.
_STATES = """
SELECT received.position, received.message_id, received.data::text AS data, received.schema_version,
       outcome.state, outcome.reason, ticket.number
FROM (
    SELECT position, message_id, data, schema_version
    FROM history
    WHERE source = 'ingest'
      AND position < $1
      AND ($3::uuid[] IS NULL OR message_id IN (
          SELECT message_id
          FROM message
          LEFT JOIN ticket USING (ticket_id)
          WHERE coalesce(ticket.ticketbox_id, message.ticketbox_id) = ANY($3)
      ))
    ORDER BY position DESC
    LIMIT $2
) AS received
LEFT JOIN LATERAL (
    SELECT CASE
               WHEN later.source = 'tickets' AND later.type <> 'TicketingFailed' THEN 'ticketed'
               WHEN later.type IN ('TicketingFailed', 'RoutingFailed') THEN 'failed'
               WHEN later.data ->> 'disposition' = 'suppress' THEN 'suppressed'
               WHEN later.data ->> 'disposition' = 'quarantine' THEN 'quarantined'
           END AS state,
           coalesce(later.data ->> 'reason', later.data ->> 'error') AS reason,
           later.ticket_id
    FROM history AS later
    WHERE later.message_id = received.message_id
      AND later.source <> 'ingest'
    ORDER BY later.ticket_id IS NULL, later.recorded_at DESC
    LIMIT 1
) AS outcome ON true
LEFT JOIN ticket ON ticket.ticket_id = outcome.ticket_id
ORDER BY received.position DESC
"""


async def page_of_messages(db: Connection, sight: Sight, before: int | None, limit: int) -> Page[MessageItem]:
    """Letters as they came in, the newest first."""
    rows = await db.fetch(_STATES, before or 2**62, limit + 1, sight.in_order)
    return Page(
        items=[_item(row) for row in rows[:limit]],
        next=str(rows[limit - 1]["position"]) if len(rows) > limit else None,
    )


def _item(row: asyncpg.Record) -> MessageItem:
    received = MessageReceived.read(row["data"], row["schema_version"])
    letter = received.letter
    return MessageItem(
        message_id=letter.message_id,
        received_at=letter.received_at,
        from_=contact(letter.from_) if letter.from_ else None,
        subject=letter.subject,
        kind=letter.kind,
        size=received.size,
        state=row["state"] or "in_flight",
        reason=row["reason"],
        ticket=row["number"],
    )


async def received(db: Connection, message_id: UUID) -> MessageReceived:
    """A letter as it was read at intake.

    Raises:
        NotFound.
    """
    letter = (await history.letters(db, [message_id])).get(message_id)
    if letter is None:
        raise NotFound(f"There is no message {message_id}.")
    return letter


async def one_between(db: Connection, sight: Sight, least: UUID, greatest: UUID) -> UUID | None:
    """A letter in sight whose id is in the range."""
    found: UUID | None = await db.fetchval(
        "SELECT message_id FROM history WHERE message_id BETWEEN $1 AND $2 LIMIT 1", least, greatest
    )
    return found if found and await may_see_message(db, sight, found) else None


async def custody(db: Connection, message_id: UUID) -> Custody:
    """Everything that happened to a message, or to an answer of ours.

    Raises:
        NotFound.
    """
    rows = await history.of_message(db, message_id)
    if not rows:
        rows = await db.fetch(_OF_REPLY, message_id)
    if not rows:
        raise NotFound(f"There is no message {message_id}.")
    state, reason = state_of(rows)
    ticket_ids = [row["ticket_id"] for row in rows if row["ticket_id"]]
    number = await db.fetchval("SELECT number FROM ticket WHERE ticket_id = ANY($1::uuid[])", ticket_ids)
    actors = await desk.called(db, {row["actor"] for row in rows})
    return Custody(
        message_id=message_id,
        state=state,
        reason=reason,
        ticket=number,
        letter=_letter(rows),
        steps=[
            Step(
                at=row["occurred_at"],
                service=row["source"],
                event=row["type"],
                evidence=evidence(row["type"], orjson.loads(row["data"]), actors[row["actor"]]),
            )
            for row in rows
        ],
    )


_OF_REPLY = """
SELECT source, type, actor, occurred_at, ticket_id, schema_version, data::text AS data
FROM history
WHERE reply_id = $1
ORDER BY recorded_at, source, position
"""


def _letter(rows: Sequence[asyncpg.Record]) -> Letter | None:
    for row in rows:
        if row["source"] == "ingest":
            letter = MessageReceived.read(row["data"], row["schema_version"])
            return letter_of(letter.letter, letter, None)
    return None


_OUTGOING = {
    "ReplySubmitted": "in_flight",
    "ReplyReleased": "in_flight",
    "AcknowledgementReleased": "in_flight",
    "ReplyDelayed": "in_flight",
    "ReplySent": "sent",
    "ReplyFailed": "failed",
    "ReplyUncertain": "uncertain",
    "ReplyBounced": "bounced",
}


def state_of(rows: Sequence[asyncpg.Record]) -> tuple[str, str | None]:
    """The one state that a message is in, and why."""
    state, reason = "in_flight", None
    for row in rows:
        data = orjson.loads(row["data"])
        match row["type"]:
            case "MessageRouted" if data["disposition"] == Disposition.SUPPRESS:
                state, reason = "suppressed", data["reason"]
            case "MessageRouted" if data["disposition"] == Disposition.QUARANTINE:
                state, reason = "quarantined", data["reason"]
            case "RoutingFailed" | "TicketingFailed" if state != "ticketed":
                state, reason = "failed", data["error"]
            case "TicketOpened" | "CustomerReplied" | "AutomaticReplyReceived":
                state, reason = "ticketed", None
            case "ReplyBounced" if rows[0]["source"] == "ingest":
                state, reason = "ticketed", None
            case kind if kind in _OUTGOING:
                state, reason = _OUTGOING[kind], data.get("answer")
            case _:
                pass
    return state, reason


_ROUTING = ("rule", "ruleset_version", "ticketbox_rule", "condition", "matched", "acted", "failed")
_ORDERS = ("acknowledge", "acknowledgement", "forward_to")
_EVIDENCE = {
    "MessageReceived": ("source", "envelope", "authentication", "size", "sha256", "problems"),
    "MessageRouted": ("ticketbox", "disposition", "reason", "priority", "tags", *_ORDERS, *_ROUTING),
    "CopyReleased": ("to", "rule"),
    "AlertReleased": ("to", "rule"),
    "NoticeSent": ("to", "answer"),
    "NoticeFailed": ("to", "answer"),
    "RoutingFailed": ("error",),
    "TicketingFailed": ("error",),
    "TicketOpened": ("number", "ticketbox", "first_response_due_at"),
    "CustomerReplied": ("threaded_by",),
    "AutomaticReplyReceived": ("threaded_by",),
    "ReplyBounced": ("bounce",),
    "ReplyReleased": ("attempt",),
    "AcknowledgementReleased": ("attempt",),
    "AcknowledgementWithheld": ("recipient", "detail"),
    "ReplySent": ("relay", "answer", "attempts", "internet_message_id"),
    "ReplyDelayed": ("answer", "attempts", "next_try_at"),
    "ReplyFailed": ("answer", "attempts"),
    "ReplyUncertain": ("answer", "attempts"),
    "DeliveryRecorded": ("outcome", "answer"),
}
"""What proves a step; the rest of an event is its content."""


def evidence(kind: str, data: dict[str, object], actor: str) -> dict[str, object]:
    """What proves a step."""
    flat = {**data, **nested} if isinstance(nested := data.get("evidence"), dict) else data
    found = {name: flat[name] for name in _EVIDENCE.get(kind, ()) if flat.get(name) not in (None, [], "")}
    return found if actor == "postroom" else {**found, "actor": actor}
