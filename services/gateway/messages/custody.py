"""The custody of a message: every step with its evidence."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from contracts.ingest import MessageHeld, Reading
from contracts.router import DISTRIBUTION, RoutingEvidence
from contracts.standing import MessageState
from services.gateway.desk import desk
from services.gateway.messages.why_here import is_nobodys, unasked
from services.gateway.messages.withholding import withheld
from services.gateway.problems import NotFound
from services.gateway.read_model import history
from services.gateway.representations.messages import Custody, Step
from services.gateway.tickets.conversation import letter_of

Data = Mapping[str, object]
"""An event's content as JSON has it."""


async def custody(db: Connection, message_id: UUID) -> Custody:
    """Everything that happened to a message, or to an answer of ours, as of one moment.

    Raises:
        NotFound.
    """
    async with db.transaction(isolation="repeatable_read", readonly=True):
        return await _custody(db, message_id)


async def _custody(db: Connection, message_id: UUID) -> Custody:
    rows = await history.of_message(db, message_id) or await history.of_reply(db, message_id)
    if not rows:
        raise NotFound(f"There is no message {message_id}.")
    standing = await db.fetchrow(
        "SELECT state, reason, ticket_id FROM message WHERE message_id = $1", message_id
    )
    if standing is not None:
        state, reason, ticket_id = standing["state"], standing["reason"], standing["ticket_id"]
    else:
        state, reason = outgoing_state(rows)
        ticket_id = next((row["ticket_id"] for row in rows if row["ticket_id"]), None)
    number = await db.fetchval("SELECT number FROM ticket WHERE ticket_id = $1", ticket_id)
    actors = await desk.called(db, {row["actor"] for row in rows})
    steps = [_step(row, actors[row["actor"]]) for row in rows]
    deciding = [step for step in steps if step.event in _DECIDING]
    message, released = history.newest(rows), history.was_released(rows)
    if state == MessageState.IN_FLIGHT and isinstance(message, MessageHeld):
        reason = message.reason
    return Custody(
        message_id=message_id,
        state=state,
        reason=reason,
        ticket=number,
        letter=letter_of(message.letter, message, None, released=released)
        if isinstance(message, Reading)
        else None,
        withheld=withheld(message, released=released) if message else None,
        why=deciding[-1] if deciding else None,
        steps=steps,
    )


_DECIDING = frozenset(
    {"MessageHeld", "MessageRouted", "RoutingFailed", "MessageDiscarded", "TicketingFailed"}
)


_OUTGOING = {
    "ReplySubmitted": "in_flight",
    "ReplyReleased": "in_flight",
    "AcknowledgementReleased": "in_flight",
    "ReminderReleased": "in_flight",
    "ReplyDelayed": "in_flight",
    "ReplySent": "sent",
    "ReplyFailed": "failed",
    "ReplyUncertain": "uncertain",
    "ReplyBounced": "bounced",
}


def outgoing_state(rows: Sequence[asyncpg.Record]) -> tuple[str, str | None]:
    """How far an answer of ours has come, and what was said of it."""
    state, reason = "in_flight", None
    for row in rows:
        if row["type"] in _OUTGOING:
            state, reason = _OUTGOING[row["type"]], orjson.loads(row["data"]).get("answer")
    return state, reason


def _step(row: asyncpg.Record, actor: str) -> Step:
    data = orjson.loads(row["data"])
    return Step(
        at=row["occurred_at"],
        service=row["source"],
        event=row["type"],
        sentence=sentence(row["type"], data, actor),
        evidence=evidence(row["type"], data, actor),
    )


_WAYS = {
    "smtp": "SMTP",
    "lmtp": "LMTP",
    "imap": "IMAP",
    "pop3": "POP3",
    "form": "a web form",
    "api": "the API",
}


def way(source: str) -> str:
    """A source for people: `imap:support` → `IMAP, support`."""
    kind, _, name = source.partition(":")
    return f"{_WAYS.get(kind, kind)}, {name}" if name else _WAYS.get(kind, kind)


def sentence(kind: str, data: Data, actor: str) -> str:
    """A step in words; `actor` is `postroom`, or a person as `Anna <anna@example.com>`."""
    actor = actor.partition(" <")[0]
    match kind:
        case "MessageReceived":
            by = "" if actor == "postroom" else f"; {actor} handed it in"
            return f"Taken in by {way(str(data['source']))}{by}"
        case "MessageHeld":
            return f"Taken in by {way(str(data['source']))}; it waits for the virus scanner: {data['reason']}"
        case "MessageReread":
            return f"Read again, as {actor} asked"
        case "MessageRouted":
            return _routed(data, actor)
        case "MessageDiscarded":
            return f"Deleted by {actor}"
        case "TicketOpened":
            return f"Ticket {data['number']} was opened with it"
        case "ReplySubmitted":
            return f"Written by {actor}"
        case "ReplyReleased" | "AcknowledgementReleased" | "ReminderReleased":
            return "Allowed to leave" if data["attempt"] == 1 else f"Allowed to leave again by {actor}"
        case "AlertReleased" if data["rule"] == DISTRIBUTION:
            return "Somebody was told by mail that nobody had taken its ticket"
        case "ReplyBounced":
            return "An answer of ours came back with it"
        case _:
            return _SENTENCES.get(kind, kind)


_SENTENCES = {
    "RoutingFailed": "The rules could not decide about it",
    "CopyReleased": "A rule had it copied",
    "AlertReleased": "A rule had people told of it",
    "NoticeReleased": "Somebody was told of its ticket, by mail",
    "NoticeSent": "The relay took the copy, the alert or the notice",
    "NoticeFailed": "The copy, the alert or the notice could not be sent",
    "TicketingFailed": "It could not be put into a conversation",
    "CustomerReplied": "It went on with a conversation",
    "AutomaticReplyReceived": "It was kept in a conversation; a machine had sent it",
    "AcknowledgementWithheld": "It was not acknowledged",
    "ReplySent": "The relay took it",
    "ReplyDelayed": "The relay could not take it yet",
    "ReplyFailed": "The relay refused it",
    "ReplyUncertain": "The connection was lost when it was handed over; nobody knows whether it arrived",
    "DeliveryRecorded": "The ticket knows what became of it",
}


def _routed(data: Data, actor: str) -> str:
    if data.get("released_by"):
        return f"Let through to {data['ticketbox']} by {actor}"
    by = _by(RoutingEvidence.model_validate(data["evidence"]))
    why = f": {data['reason']}" if data.get("reason") else ""
    match data["disposition"]:
        case "suppress":
            return f"Suppressed {by}{why}"
        case "quarantine":
            return f"Quarantined {by}{why}"
        case _:
            return f"Routed to {data['ticketbox']} {by}"


def _by(evidence: RoutingEvidence) -> str:
    if evidence.rule:
        return f"by the rule “{evidence.rule}”"
    matched = dict(evidence.matched)
    if unasked(matched):
        return "before any rule was asked"
    if is_nobodys(matched):
        return "by default; no rule matched, and no ticketbox had its address"
    return "by its address; no rule matched"


_RECEIVED = ("source", "envelope", "size", "sha256", "authentication", "scan", "problems")
_ROUTING = ("rule", "ruleset_version", "ticketbox_rule", "condition", "matched", "acted", "failed")
_ORDERS = ("acknowledge", "acknowledgement", "forward_to")
_EVIDENCE = {
    "MessageHeld": ("source", "envelope", "size", "sha256", "authentication", "reason"),
    "MessageReceived": _RECEIVED,
    "MessageReread": ("size", "sha256", "scan", "problems"),
    "MessageRouted": ("ticketbox", "disposition", "reason", "priority", "tags", *_ORDERS, *_ROUTING),
    "CopyReleased": ("to", "rule"),
    "AlertReleased": ("to", "rule"),
    "NoticeReleased": ("to", "subject"),
    "NoticeSent": ("to", "answer"),
    "NoticeFailed": ("to", "answer"),
    "RoutingFailed": ("error",),
    "TicketingFailed": ("error",),
    "TicketOpened": ("number", "ticketbox", "passed_over", "first_response_due_at"),
    "CustomerReplied": ("threaded_by",),
    "AutomaticReplyReceived": ("threaded_by",),
    "ReplyBounced": ("bounce",),
    "ReplyReleased": ("attempt",),
    "AcknowledgementReleased": ("attempt",),
    "ReminderReleased": ("attempt", "automation"),
    "AcknowledgementWithheld": ("recipient", "detail"),
    "ReplySent": ("relay", "answer", "attempts", "internet_message_id"),
    "ReplyDelayed": ("answer", "attempts", "next_try_at"),
    "ReplyFailed": ("answer", "attempts"),
    "ReplyUncertain": ("answer", "attempts"),
    "DeliveryRecorded": ("outcome", "answer"),
}
"""What proves a step; the rest of an event is its content."""


def evidence(kind: str, data: Data, actor: str) -> dict[str, object]:
    """What proves a step."""
    flat = {**data, **nested} if isinstance(nested := data.get("evidence"), dict) else data
    found = {name: flat[name] for name in _EVIDENCE.get(kind, ()) if flat.get(name) not in (None, [], "")}
    if kind == "AlertReleased" and data["rule"] == DISTRIBUTION:
        del found["rule"]
    return found if actor == "postroom" else {**found, "actor": actor}
