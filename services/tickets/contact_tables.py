"""What this service keeps of contacts beside its log: their cards, and whose every address is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import database
from chassis.commands import Invalid
from chassis.database import Connection
from contracts.contacts import Card
from contracts.stream_ids import contact_id
from services.tickets.contacts import Contact, Contacts, Events
from services.tickets.desk import Desk


@dataclass(frozen=True, slots=True)
class Belonging:
    """The contact of an address: all its addresses, and the organisation that people chose for it."""

    addresses: frozenset[str]
    organisation_id: UUID | None
    since: datetime
    """When that became so."""


_BELONGINGS = """
SELECT
    mine.address,
    mine.since,
    contact.card ->> 'organisation_id' AS organisation_id,
    ARRAY(SELECT address FROM contact_address AS other WHERE other.contact_id = mine.contact_id) AS addresses
FROM contact_address AS mine
LEFT JOIN contact USING (contact_id)
WHERE mine.address = ANY($1::text[])
"""


async def belongings(db: Connection, addresses: Collection[str]) -> dict[str, Belonging]:
    """What addresses belong to; those of which nobody spoke are absent."""
    return {
        row["address"]: Belonging(
            frozenset(row["addresses"]),
            UUID(row["organisation_id"]) if row["organisation_id"] else None,
            row["since"],
        )
        for row in await db.fetch(_BELONGINGS, list(addresses))
    }


def with_contacts(desk: Desk, known: Mapping[str, Belonging]) -> Desk:
    """A desk that knows what people said of these addresses."""
    chosen = {
        address: one.organisation_id for address, one in known.items() if one.organisation_id is not None
    }
    since = {address: one.since for address, one in known.items()}
    return replace(desk, chosen_organisations=chosen, contacts_since=since)


_CHOSEN = """
SELECT address, (card ->> 'organisation_id')::uuid AS organisation_id
FROM contact_address
JOIN contact USING (contact_id)
WHERE card ->> 'organisation_id' IS NOT NULL
"""


async def chosen_organisations(db: Connection) -> dict[str, UUID]:
    """The organisations that people chose for contacts, by every address of theirs."""
    return {row["address"]: row["organisation_id"] for row in await db.fetch(_CHOSEN)}


CONTACTS = "postroom contacts"
"""The lock of all contacts: whoever changes one has it alone, and tickets open under it together."""


async def lock(db: Connection) -> None:
    """Let one change of contacts follow the other: an address belongs to one of them only."""
    await database.lock(db, CONTACTS)


_OWNERS = "SELECT contact_id FROM contact_address WHERE address = ANY($1::text[])"

_GROUPS = """
SELECT contact_id, merged_into_id, version, card::text AS card
FROM contact
WHERE root_id IN (SELECT root_id FROM contact WHERE contact_id = ANY($1::uuid[]))
"""


async def load(db: Connection, identities: Iterable[UUID], addresses: Collection[str]) -> Contacts:
    """Contacts by id and by address, with all that they were merged with, and those that their addresses once were."""
    wanted = {*identities, *map(contact_id, addresses)}
    wanted |= {row["contact_id"] for row in await db.fetch(_OWNERS, list(addresses))}
    known: dict[UUID, Contact] = {}
    while wanted:
        rows = await db.fetch(_GROUPS, list(wanted))
        found = {row["contact_id"]: _contact(row) for row in rows}
        homes = {contact_id(address) for one in found.values() for address in one.card.addresses}
        seen = wanted | known.keys()
        known |= found
        wanted = homes - seen - known.keys()
    return Contacts(known)


def _contact(row: asyncpg.Record) -> Contact:
    return Contact(Card.model_validate_json(row["card"]), row["version"], row["merged_into_id"])


_KEEP = """
INSERT INTO contact (contact_id, root_id, merged_into_id, version, card)
VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (contact_id) DO UPDATE
SET root_id = excluded.root_id,
    merged_into_id = excluded.merged_into_id,
    version = excluded.version,
    card = excluded.card
"""

_KEEP_ADDRESSES = """
INSERT INTO contact_address (address, contact_id)
SELECT address, contact_id
FROM unnest($1::text[], $2::uuid[]) AS new (address, contact_id)
ON CONFLICT (address) DO UPDATE
SET contact_id = excluded.contact_id
"""


_LOOK_AGAIN = "UPDATE alarm SET revision = 0 WHERE contact = ANY($1::text[])"


async def keep(db: Connection, contacts: Contacts, events: Events, now: datetime) -> None:
    """Take contacts, as events made them, into the tables, and have their tickets looked at.

    Whose organisation is another now may be promised something else.
    """
    rows = [
        (identity, contacts.root(identity), one.merged_into_id, one.version, one.card.model_dump_json())
        for identity, one in contacts.known.items()
    ]
    await db.executemany(_KEEP, rows)
    belongs = {
        address: owner
        for happened in events.values()
        for event in happened
        for address, owner in event.belongs.items()
    }
    await db.execute(_KEEP_ADDRESSES, list(belongs), list(belongs.values()))
    theirs = {address for identity in events for address in contacts.addresses(contacts.root(identity))}
    touched = list(theirs | belongs.keys())
    await db.execute("UPDATE contact_address SET since = $2 WHERE address = ANY($1::text[])", touched, now)
    await db.execute(_LOOK_AGAIN, touched)


# A letter that moved is seen where it went, and one of a merged ticket where that goes on; and where they were.
_HIDDEN = """
WITH RECURSIVE heard (contact_id, stream_id) AS (
    SELECT asked.contact_id, event.stream_id
    FROM unnest($1::uuid[], $2::text[]) AS asked (contact_id, address)
    JOIN event ON lower(event.data #>> '{letter,from_,address}') = asked.address
    WHERE event.type IN ('TicketOpened', 'CustomerReplied', 'AutomaticReplyReceived', 'ReplyBounced')
    UNION
    SELECT heard.contact_id, 'ticket-' || coalesce(event.data ->> 'to_id', event.data ->> 'into_id')
    FROM heard
    JOIN event USING (stream_id)
    WHERE event.type IN ('LettersMoved', 'TicketMerged')
)
SELECT heard.contact_id
FROM heard
CROSS JOIN LATERAL (
    SELECT (event.data ->> 'ticketbox_id')::uuid AS ticketbox_id
    FROM event
    WHERE event.stream_id = heard.stream_id
      AND event.type IN ('TicketOpened', 'TicketMoved')
    ORDER BY event.version DESC
    LIMIT 1
) AS placed
GROUP BY heard.contact_id
HAVING NOT bool_or(placed.ticketbox_id = ANY($3::uuid[]))
"""


async def hidden(
    db: Connection,
    contacts: Contacts,
    named: Iterable[UUID],
    addresses: Iterable[str],
    boxes: Collection[UUID],
) -> list[UUID]:
    """Of contacts by id and by address those who wrote to tickets, and to none in these ticketboxes."""
    known = {contacts.root(one) for one in named} | {contacts.owner(address) for address in addresses}
    theirs = {(contacts.owner(address), address) for address in addresses}
    theirs |= {(one, address) for one in known for address in contacts.addresses(one)}
    asked = [[one for one, _ in theirs], [address for _, address in theirs]]
    return [row["contact_id"] for row in await db.fetch(_HIDDEN, *asked, list(boxes))]


_BEING_ERASED = "SELECT EXISTS (SELECT FROM erasure WHERE addresses && $1::text[])"


async def refuse_erased(db: Connection, contacts: Contacts, addresses: Collection[str]) -> None:
    """See that nobody changes a contact while the person is erased.

    Raises:
        Invalid.
    """
    theirs = {address for one in contacts.known.values() for address in one.card.addresses}
    if await db.fetchval(_BEING_ERASED, [*theirs, *addresses]):
        raise Invalid("The data of this person is being erased.")


async def refuse_half(db: Connection, addresses: Collection[str]) -> None:
    """See that a person is erased by all addresses: what is kept of the others would say who it was.

    Raises:
        Invalid.
    """
    known = await belongings(db, addresses)
    if others := sorted({other for one in known.values() for other in one.addresses} - {*addresses}):
        raise Invalid(
            f"The contact of {', '.join(known)} has other addresses: {', '.join(others)}. "
            "Have all of them erased together, or part those first that are another person's."
        )


async def cards(db: Connection, addresses: Collection[str]) -> list[Card]:
    """The cards that name one of these addresses."""
    rows = await db.fetch(
        "SELECT card::text AS card FROM contact WHERE card -> 'addresses' ?| $1::text[]", list(addresses)
    )
    return [Card.model_validate_json(row["card"]) for row in rows]


async def forget(db: Connection, identities: Collection[UUID], addresses: Collection[str]) -> None:
    """Let nothing be known of contacts and addresses; whoever writes from one begins anew."""
    await db.execute("DELETE FROM contact WHERE contact_id = ANY($1::uuid[])", list(identities))
    await db.execute("DELETE FROM contact_address WHERE address = ANY($1::text[])", list(addresses))
