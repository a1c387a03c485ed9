"""Facts: what reports need of the events, a row a message, ticket and answer."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chassis.database import Connection
from chassis.projection import Projection
from contracts.event import Event, Recorded
from contracts.ingest import MessageReceived
from contracts.notify import ReplySent
from contracts.router import MessageRouted
from contracts.streams import ANALYTICS
from contracts.tickets import (
    AutomaticReplyReceived,
    CustomerReplied,
    PersonAdded,
    ReplyBounced,
    ReplyReleased,
    TicketboxCreated,
    TicketOpened,
)

Row = tuple[object, ...]


class Part(NamedTuple):
    """The columns of one table that the events of one log fill; the first is the key."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    def upsert(self) -> str:
        """Fill these columns of many rows; the others stay as they are.

        Where it is kept since when they are known, what was recorded first stays, in whatever order it comes.
        """
        arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(self.types, 1))
        key, *filled = self.columns
        last = filled[-1]
        earlier = f"{self.table}.{last} IS NULL OR excluded.{last} < {self.table}.{last}"
        return f"""
            INSERT INTO {self.table} ({", ".join(self.columns)})
            SELECT *
            FROM unnest({arrays})
            ON CONFLICT ({key}) DO UPDATE
            SET {", ".join(f"{column} = excluded.{column}" for column in filled)}
            WHERE {earlier if last.endswith("recorded_at") else "true"}
        """


RECEIVED = Part(
    "fact_message",
    ("message_id", "received_at", "kind", "received_recorded_at"),
    ("uuid", "timestamptz", "text", "timestamptz"),
)
ROUTED = Part(
    "fact_message",
    ("message_id", "ticketbox_id", "disposition", "routed_recorded_at"),
    ("uuid", "uuid", "text", "timestamptz"),
)
OUTCOME = Part(
    "fact_message",
    ("message_id", "ticket_id", "outcome", "outcome_recorded_at"),
    ("uuid", "uuid", "text", "timestamptz"),
)
TICKET = Part(
    "fact_ticket",
    ("ticket_id", "number", "ticketbox_id", "received_at", "kind", "recorded_at"),
    ("uuid", "bigint", "uuid", "timestamptz", "text", "timestamptz"),
)
RELEASED = Part(
    "fact_reply",
    ("reply_id", "ticket_id", "agent_id", "automatic", "released_at", "released_recorded_at"),
    ("uuid", "uuid", "uuid", "boolean", "timestamptz", "timestamptz"),
)
SENT = Part(
    "fact_reply",
    ("reply_id", "ticket_id", "sent_at", "sent_recorded_at"),
    ("uuid", "uuid", "timestamptz", "timestamptz"),
)
TICKETBOX = Part("ticketbox", ("ticketbox_id", "name"), ("uuid", "text"))
PERSON = Part("person", ("person_id", "name"), ("uuid", "text"))

UPSERTS: Mapping[Part, str] = {
    part: part.upsert() for part in (RECEIVED, ROUTED, OUTCOME, TICKET, RELEASED, SENT, TICKETBOX, PERSON)
}


def parts_of(item: Recorded[Event]) -> Sequence[tuple[Part, Row]]:
    """The rows that an event begins or goes on with, each key first."""
    at = item.recorded_at
    match item.event:
        case MessageReceived(letter=letter):
            return [(RECEIVED, (letter.message_id, letter.received_at, letter.kind.value, at))]
        case MessageRouted(letter=letter) as routed:
            row = (letter.message_id, routed.ticketbox_id, routed.disposition.value, at)
            return [(ROUTED, row)]
        case TicketOpened(ticket_id=ticket_id, letter=letter) as opened:
            ticket = (
                ticket_id,
                opened.number,
                opened.ticketbox_id,
                letter.received_at,
                letter.kind.value,
                at,
            )
            return [(TICKET, ticket), (OUTCOME, (letter.message_id, ticket_id, "opened", at))]
        case CustomerReplied(ticket_id=ticket_id, letter=letter):
            return [(OUTCOME, (letter.message_id, ticket_id, "replied", at))]
        case AutomaticReplyReceived(ticket_id=ticket_id, letter=letter):
            return [(OUTCOME, (letter.message_id, ticket_id, "automatic_reply", at))]
        case ReplyBounced(ticket_id=ticket_id, letter=letter):
            return [(OUTCOME, (letter.message_id, ticket_id, "bounced", at))]
        case ReplyReleased() as released:
            reply = (
                released.reply_id,
                released.ticket_id,
                released.author_id,
                released.letter.automatic,
                item.occurred_at,
                at,
            )
            return [(RELEASED, reply)]
        case ReplySent() as sent:
            return [(SENT, (sent.reply_id, sent.ticket_id, sent.sent_at, at))]
        case TicketboxCreated(ticketbox_id=ticketbox_id, name=name):
            return [(TICKETBOX, (ticketbox_id, name))]
        case PersonAdded(person_id=person_id, name=name):
            return [(PERSON, (person_id, name))]
        case _:  # reports do not look at it
            return []


async def keep_facts(batch: Sequence[Recorded[Event]], db: Connection) -> None:
    """Take a batch of one log into the facts, one statement a part; again and in any order with others does no harm."""
    rows: dict[Part, dict[object, Row]] = {}
    for item in batch:
        for part, row in parts_of(item):
            # A statement cannot touch a row twice. The first of a key is the first that was recorded.
            rows.setdefault(part, {}).setdefault(row[0], row)
    for part, by_key in rows.items():
        await db.execute(UPSERTS[part], *zip(*by_key.values(), strict=True))


FACTS = Projection(
    name="facts",
    schema="analytics",
    tables=("fact_message", "fact_ticket", "fact_reply", "ticketbox", "person"),
    consumers=ANALYTICS,
    apply=keep_facts,
)
