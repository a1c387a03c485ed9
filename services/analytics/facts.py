"""Facts: what reports need of the events, a row a message, decision, ticket, answer and assignment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from chassis.database import Connection
from chassis.projection import Projection
from contracts.correspondence import (
    AcknowledgementReleased,
    AcknowledgementWithheld,
    AutomaticReplyReceived,
    CustomerReplied,
    ReminderReleased,
    ReminderWithheld,
    ReplyBounced,
    ReplyReleased,
)
from contracts.desk import PersonChanged, Ticketbox, TicketboxChanged, TicketboxCreated, thing_of
from contracts.event import Event, Recorded
from contracts.ingest import MessageHeld, MessageReceived
from contracts.mail import LetterHead
from contracts.notify import ReplySent
from contracts.people import Person, PersonAdded
from contracts.router import Disposition, MessageDiscarded, MessageRouted, RoutingEvidence, RoutingFailed
from contracts.standing import Standing, hear, is_first_delivery
from contracts.streams import ANALYTICS
from contracts.tickets import MergeUndone, TicketAssigned, TicketMerged, TicketMoved, TicketOpened

Row = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """The columns of one table that one kind of event fills: the key, and what is known by it."""

    table: str
    key: Mapping[str, str]
    filled: Mapping[str, str]
    """Columns and their types. The last is never NULL once the event was seen."""
    last_counts: bool = False
    """Whether a later event of the same log replaces what an earlier one said; only for parts of one log."""

    def upsert(self) -> str:
        """Fill these columns of many rows and leave the others alone; what is filled already stays as it is.

        So the first event of a log decides (but see `last_counts`), and a part of a row may come before or after the
        parts of other logs.
        Rows are locked in the order of their keys: the logs are taken at the same time, and must not deadlock.
        """
        columns = {**self.key, **self.filled}
        arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(columns.values(), 1))
        return f"""
            INSERT INTO {self.table} ({", ".join(columns)})
            SELECT *
            FROM unnest({arrays})
            ORDER BY {", ".join(str(number) for number in range(1, len(self.key) + 1))}
            ON CONFLICT ({", ".join(self.key)}) DO UPDATE
            SET {", ".join(f"{column} = excluded.{column}" for column in self.filled)}
            {"" if self.last_counts else f"WHERE {self.table}.{list(self.filled)[-1]} IS NULL"}
        """


HELD = Part(
    "fact_message",
    {"message_id": "uuid"},
    {"received_at": "timestamptz", "held_recorded_at": "timestamptz"},
)
RECEIVED = Part(
    "fact_message",
    {"message_id": "uuid"},
    {"received_at": "timestamptz", "kind": "text", "received_recorded_at": "timestamptz"},
)
ROUTED = Part(
    "fact_message",
    {"message_id": "uuid"},
    {
        "ticketbox_id": "uuid",
        "disposition": "text",
        "ticketbox_rule": "text",
        "routed_recorded_at": "timestamptz",
    },
)
DECIDED = Part(
    "fact_decision",
    {"message_id": "uuid", "version": "integer"},
    {
        "state": "text",
        "ticketbox_id": "uuid",
        "ticketbox_rule": "text",
        "held_back_rule": "text",
        "kind": "text",
        "recorded_at": "timestamptz",
    },
)
OUTCOME = Part(
    "fact_message",
    {"message_id": "uuid"},
    {"ticket_id": "uuid", "outcome": "text", "outcome_recorded_at": "timestamptz"},
)
OPENED = Part(
    "fact_ticket",
    {"ticket_id": "uuid"},
    {
        "number": "bigint",
        "ticketbox_id": "uuid",
        "received_at": "timestamptz",
        "automatic": "boolean",
        "settled": "boolean",
        "recorded_at": "timestamptz",
    },
)
ASSIGNED = Part(
    "fact_assignment",
    {"ticket_id": "uuid", "version": "integer"},
    {"agent_id": "uuid", "assigned_at": "timestamptz", "recorded_at": "timestamptz"},
)
MOVED = Part(
    "fact_move",
    {"ticket_id": "uuid", "version": "integer"},
    {"to_ticketbox_id": "uuid", "why": "text", "recorded_at": "timestamptz"},
)
MERGED = Part(
    "fact_merge",
    {"ticket_id": "uuid", "version": "integer"},
    {"into_id": "uuid", "recorded_at": "timestamptz"},
)
CORRECTED = Part(
    "fact_correction",
    {"ticket_id": "uuid", "version": "integer"},
    {
        "from_ticketbox_id": "uuid",
        "to_ticketbox_id": "uuid",
        "corrected_by": "uuid",
        "corrected_at": "timestamptz",
        "recorded_at": "timestamptz",
    },
)
AUTOMATIC = Part(
    "fact_automatic_letter",
    {"ticket_id": "uuid", "version": "integer"},
    {"sort": "text", "happened_at": "timestamptz", "recorded_at": "timestamptz"},
)
RELEASED = Part(
    "fact_reply",
    {"reply_id": "uuid"},
    {
        "ticket_id": "uuid",
        "agent_id": "uuid",
        "automatic": "boolean",
        "released_at": "timestamptz",
        "released_recorded_at": "timestamptz",
    },
)
SENT = Part(
    "fact_reply",
    {"reply_id": "uuid"},
    {"ticket_id": "uuid", "sent_at": "timestamptz", "sent_recorded_at": "timestamptz"},
)
TICKETBOX = Part("ticketbox", {"ticketbox_id": "uuid"}, {"name": "text"}, last_counts=True)
PERSON = Part("person", {"person_id": "uuid"}, {"name": "text"}, last_counts=True)

UPSERTS = tuple(
    (part, part.upsert())
    for part in (
        HELD,
        RECEIVED,
        ROUTED,
        DECIDED,
        OUTCOME,
        OPENED,
        ASSIGNED,
        MOVED,
        MERGED,
        CORRECTED,
        AUTOMATIC,
        RELEASED,
        SENT,
        TICKETBOX,
        PERSON,
    )
)


def facts_of(item: Recorded[Event]) -> Sequence[tuple[Part, Row]]:
    """The rows that an event begins or goes on with, each key first."""
    at = item.recorded_at
    match item.event:
        case MessageHeld(message_id=message_id):
            return [(HELD, (message_id, item.occurred_at, at))]
        case MessageReceived(letter=letter):
            return [(RECEIVED, (letter.message_id, letter.received_at, letter.kind.value, at))]
        case MessageRouted(letter=letter) as routed:
            rule = _ticketbox_rule(routed.evidence)
            decided = (letter.message_id, routed.ticketbox_id, routed.disposition.value, rule, at)
            if is_first_delivery(item):
                return [(ROUTED, decided)]
            rules = (rule, _held_back_rule(routed))
            return [(ROUTED, decided), _decision(item, letter.message_id, rules, routed.ticketbox_id, letter)]
        case RoutingFailed(message_id=message_id, ticketbox_id=ticketbox_id, letter=read):
            return [_decision(item, message_id, (None, ""), ticketbox_id, read)]
        case MessageDiscarded(message_id=message_id):
            return [_decision(item, message_id, (None, None))]
        case TicketOpened(ticket_id=ticket_id, number=number, letter=letter) as opened:
            began = (letter.received_at, letter.automatic, opened.settled)
            ticket = (ticket_id, number, opened.ticketbox_id, *began, at)
            return [(OPENED, ticket), _outcome(item, ticket_id, letter, "opened")]
        case CustomerReplied(ticket_id=ticket_id, letter=letter):
            return [_outcome(item, ticket_id, letter, "replied")]
        case AutomaticReplyReceived(ticket_id=ticket_id, letter=letter):
            return [_outcome(item, ticket_id, letter, "automatic_reply")]
        case ReplyBounced(ticket_id=ticket_id, letter=letter):
            return [_outcome(item, ticket_id, letter, "bounced")]
        case TicketAssigned(ticket_id=ticket_id, agent_id=agent_id):
            return [(ASSIGNED, (ticket_id, item.version, agent_id, item.occurred_at, at))]
        case TicketMoved(ticket_id=ticket_id, why=why) as moved:
            happened = (MOVED, (ticket_id, item.version, moved.ticketbox_id, why, at))
            if why != "correction":
                return [happened]
            corrected = (moved.from_id, moved.ticketbox_id, moved.moved_by, item.occurred_at, at)
            return [happened, (CORRECTED, (ticket_id, item.version, *corrected))]
        case TicketMerged(ticket_id=ticket_id, into_id=into_id):
            return [(MERGED, (ticket_id, item.version, into_id, at))]
        case MergeUndone(ticket_id=ticket_id):
            return [(MERGED, (ticket_id, item.version, None, at))]
        case ReplyReleased(reply_id=reply_id, ticket_id=ticket_id, author_id=author_id, letter=letter):
            return [(RELEASED, (reply_id, ticket_id, author_id, letter.automatic, item.occurred_at, at))]
        case AcknowledgementReleased() | AcknowledgementWithheld() | ReminderReleased() | ReminderWithheld():
            return [
                (AUTOMATIC, (item.event.ticket_id, item.version, _sort(item.event), item.occurred_at, at))
            ]
        case ReplySent(reply_id=reply_id, ticket_id=ticket_id, sent_at=sent_at):
            return [(SENT, (reply_id, ticket_id, sent_at, at))]
        case TicketboxCreated() | TicketboxChanged() | PersonAdded() | PersonChanged() as changed:
            return _named(changed)
        case _:  # no report looks at it
            return []


def _decision(
    item: Recorded[Event],
    message_id: UUID,
    rules: tuple[str | None, str | None],
    ticketbox_id: UUID | None = None,
    letter: LetterHead | None = None,
) -> tuple[Part, Row]:
    """A decision; `rules` are the one that chose the ticketbox and the one that held the message back."""
    state, kind = hear(Standing(), item).routed_state, letter.kind.value if letter else None
    return DECIDED, (message_id, item.version, state.value, ticketbox_id, *rules, kind, item.recorded_at)


def _sort(
    event: AcknowledgementReleased | AcknowledgementWithheld | ReminderReleased | ReminderWithheld,
) -> str:
    match event:
        case AcknowledgementReleased():
            return "acknowledgement"
        case ReminderReleased():
            return "reminder"
        case AcknowledgementWithheld() | ReminderWithheld():
            return "withheld"
        case _:
            assert_never(event)


def _ticketbox_rule(evidence: RoutingEvidence) -> str:
    """The rule that is to blame for the ticketbox; early releases wrote down one rule only, whatever it did."""
    return evidence.ticketbox_rule or ("" if evidence.acted else evidence.rule or "")


def _held_back_rule(routed: MessageRouted) -> str | None:
    """The rule that held a message back; empty: none did, but perhaps the virus scanner; None: a person decided."""
    if routed.released_by is not None:
        return None
    if routed.disposition is Disposition.DELIVER:
        return ""
    evidence = routed.evidence
    if not evidence.acted:  # an early release wrote it, or no rule was asked
        return evidence.rule or ""
    return next((one.rule for one in evidence.acted if "held_back" in one.did), "")


def _named(event: Event) -> Sequence[tuple[Part, Row]]:
    match thing_of(event):
        case Ticketbox(id=ticketbox_id, name=name):
            return [(TICKETBOX, (ticketbox_id, name))]
        case Person(id=person_id, name=name):
            return [(PERSON, (person_id, name))]
        case _:
            return []


def _outcome(item: Recorded[Event], ticket_id: object, letter: LetterHead, outcome: str) -> tuple[Part, Row]:
    return OUTCOME, (letter.message_id, ticket_id, outcome, item.recorded_at)


async def keep_facts(batch: Sequence[Recorded[Event]], db: Connection) -> None:
    """Take a batch of one log into the facts, one statement a part.

    Again, and in any order with the other logs, gives the same rows.
    """
    rows: defaultdict[Part, dict[Row, Row]] = defaultdict(dict)
    for item in batch:
        for part, row in facts_of(item):
            # A statement cannot touch a row twice: the same event decides within a batch too.
            key = row[: len(part.key)]
            if part.last_counts or key not in rows[part]:
                rows[part][key] = row
    for part, upsert in UPSERTS:
        if part in rows:
            await db.execute(upsert, *zip(*rows[part].values(), strict=True))


FACTS = Projection(
    name="facts",
    schema="analytics",
    tables=(
        "fact_message",
        "fact_decision",
        "fact_ticket",
        "fact_assignment",
        "fact_move",
        "fact_merge",
        "fact_correction",
        "fact_automatic_letter",
        "fact_reply",
        "ticketbox",
        "person",
    ),
    consumers=ANALYTICS,
    apply=keep_facts,
)
