"""Keeps contacts in the read model: who wrote, and what people say of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

import orjson

from chassis.consume import Batch
from chassis.database import Connection
from contracts.contacts import (
    AnyContactEvent,
    Card,
    ContactAdded,
    ContactChanged,
    ContactMergeUndone,
    ContactsMerged,
)
from contracts.correspondence import AutomaticReplyReceived, CustomerReplied
from contracts.event import Event, Recorded
from contracts.mail import Address, LetterHead
from contracts.model import is_erased
from contracts.stream_ids import contact_id, contact_stream
from contracts.tickets import TicketOpened


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody wrote."""

    address: str
    name: str
    at: datetime


def heard(event: Event) -> Heard | None:
    """Who wrote, if an event is about that; nobody, if who it was is erased."""
    match event:
        case TicketOpened(contact=contact, letter=letter) if not is_erased(contact.address):
            return _heard(contact, letter)
        case (
            CustomerReplied(letter=LetterHead(from_=Address() as sender) as letter)
            | AutomaticReplyReceived(letter=LetterHead(from_=Address() as sender) as letter)
        ) if not is_erased(sender.address):
            return _heard(sender, letter)
        case _:
            return None


def _heard(sender: Address, letter: LetterHead) -> Heard:
    return Heard(sender.address.strip().lower(), sender.name.strip(), letter.received_at)


async def keep(db: Connection, batch: Batch) -> None:
    """Take a batch of the log of tickets into the tables, in its order: letters between what people say of contacts."""
    letters: dict[str, Heard] = {}
    for item in batch:
        if (one := heard(item.event)) is not None:
            before = letters.get(one.address)
            letters[one.address] = (
                one if one.name or before is None else Heard(one.address, before.name, one.at)
            )
        elif isinstance(item.event, AnyContactEvent):
            await _keep_heard(db, letters.values())
            letters = {}
            await _keep_said(db, item, item.event)
    await _keep_heard(db, letters.values())


_KEEP_HEARD = """
WITH address AS (
    INSERT INTO contact_address (address, contact_id, name, heard_at)
    SELECT address, contact_id, name, heard_at
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[]) AS new (address, contact_id, name, heard_at)
    ON CONFLICT (address) DO UPDATE
    SET name = coalesce(nullif(excluded.name, ''), contact_address.name),
        heard_at = greatest(excluded.heard_at, contact_address.heard_at)
    RETURNING contact_id, name, heard_at
)
INSERT INTO contact (contact_id, written_name, heard_at)
SELECT DISTINCT ON (contact_id) contact_id, name, heard_at
FROM address
ORDER BY contact_id, heard_at DESC
ON CONFLICT (contact_id) DO UPDATE
SET written_name = coalesce(nullif(excluded.written_name, ''), contact.written_name),
    heard_at = greatest(excluded.heard_at, contact.heard_at)
"""


async def _keep_heard(db: Connection, letters: Iterable[Heard]) -> None:
    rows = [(one.address, contact_id(one.address), one.name, one.at) for one in letters]
    if rows:
        await db.execute(_KEEP_HEARD, *map(list, zip(*rows, strict=True)))


_KEEP_CARD = """
INSERT INTO contact (contact_id, version, name, addresses, organisation_id, language, note, remarks, heard_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
ON CONFLICT (contact_id) DO UPDATE
SET version = excluded.version,
    name = excluded.name,
    addresses = excluded.addresses,
    organisation_id = excluded.organisation_id,
    language = excluded.language,
    note = excluded.note,
    remarks = excluded.remarks
"""

_KEEP_MERGE = """
UPDATE contact
SET version = $2,
    merged_into = CASE WHEN contact_id = $3 THEN $4 ELSE merged_into END
WHERE contact_id = $1
"""

_KEEP_ADDRESSES = """
INSERT INTO contact_address (address, contact_id)
SELECT address, contact_id
FROM unnest($1::text[], $2::uuid[]) AS new (address, contact_id)
ON CONFLICT (address) DO UPDATE
SET contact_id = excluded.contact_id
"""

# An address that goes by itself may be that of a contact of which nobody ever spoke.
_KEEP_OWNERS = """
INSERT INTO contact (contact_id, written_name, heard_at)
SELECT DISTINCT ON (contact_id) contact_id, name, coalesce(heard_at, $2)
FROM contact_address
WHERE contact_id = ANY($1::uuid[])
ORDER BY contact_id, heard_at DESC NULLS LAST
ON CONFLICT (contact_id) DO UPDATE
SET written_name = excluded.written_name,
    heard_at = excluded.heard_at
"""


async def _keep_said(db: Connection, item: Recorded[Event], event: AnyContactEvent) -> None:
    match event:
        case ContactAdded(contact=card) | ContactChanged(contact=card):
            if not card.erased:
                await _keep_card(db, item, card)
        case ContactsMerged() | ContactMergeUndone():
            into = event.into_id if isinstance(event, ContactsMerged) else None
            for identity in (event.contact_id, event.into_id):
                if item.stream_id == contact_stream(identity):  # the other one has the same event in its own
                    await db.execute(_KEEP_MERGE, identity, item.version, event.contact_id, into)
        case _:
            assert_never(event)
    if belongs := {address: owner for address, owner in event.belongs.items() if not is_erased(address)}:
        await db.execute(_KEEP_ADDRESSES, list(belongs), list(belongs.values()))
        await db.execute(_KEEP_OWNERS, list(set(belongs.values())), item.occurred_at)


async def _keep_card(db: Connection, item: Recorded[Event], card: Card) -> None:
    await db.execute(
        _KEEP_CARD,
        card.id,
        item.version,
        card.name,
        list(card.addresses),
        card.organisation_id,
        card.language,
        card.note,
        orjson.dumps(card.remarks).decode(),
        item.occurred_at,
    )


_FORGET = """
DELETE FROM contact
WHERE contact_id = ANY($1::uuid[])
   OR contact_id = ANY($2::uuid[])
  AND NOT EXISTS (SELECT FROM contact_address WHERE contact_address.contact_id = contact.contact_id)
"""

# A contact may be called as somebody wrote whose address belongs to another one now.
_CALL_AGAIN = """
UPDATE contact
SET written_name = coalesce((
    SELECT name
    FROM contact_address
    WHERE contact_address.contact_id = contact.contact_id
    ORDER BY heard_at DESC NULLS LAST
    LIMIT 1
), '')
WHERE contact_id = ANY($1::uuid[])
   OR written_name = ANY($2::text[])
"""

_LATER = """
SELECT DISTINCT ON (address) lower(from_address) AS address, from_name AS name, received_at
FROM message
WHERE lower(from_address) = ANY($1::text[])
  AND ticket_id IS NOT NULL
ORDER BY address, received_at DESC
"""


async def forget(
    db: Connection, identities: Collection[UUID], addresses: Collection[str], names: Collection[str]
) -> None:
    """Let nothing be known of contacts and addresses; whoever wrote since their letters were erased begins anew."""
    homes = list(map(contact_id, addresses))
    await db.execute("DELETE FROM contact_address WHERE address = ANY($1::text[])", list(addresses))
    await db.execute(_FORGET, list(identities), homes)
    await db.execute(_CALL_AGAIN, homes, list(names))
    later = await db.fetch(_LATER, list(addresses))
    await _keep_heard(db, [Heard(row["address"], row["name"], row["received_at"]) for row in later])
