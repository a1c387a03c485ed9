"""Reads contacts: lists by keyset, and one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from chassis.database import Connection
from contracts.contacts import Card
from contracts.model import NOBODY
from contracts.stream_ids import contact_stream
from services.gateway.access.sight import Sight
from services.gateway.contacts import organisations
from services.gateway.contacts.organisations import Membership, Organisations
from services.gateway.lists import Order, Where, add_search, page
from services.gateway.problems import NotFound
from services.gateway.read_model.history import BY_STREAM
from services.gateway.representations.basics import Page
from services.gateway.representations.contacts import AddressItem, ContactDetail, ContactItem, MergedItem

MOST_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contacts; None: whatever it is."""

    q: str | None = None
    address: str | None = None
    organisation: Membership | None = None


# Whoever is merged into another, or whose address moved away, has no address left and is not listed.
_LISTED = "EXISTS (SELECT FROM contact_address WHERE contact_address.contact_id = contact.contact_id)"

# Contacts of tickets in sight, and those whom colleagues wrote down before any letter came.
_IN_SIGHT = """
(EXISTS (
    SELECT
    FROM contact_address
    JOIN ticket ON ticket.contact_address = contact_address.address
    WHERE contact_address.contact_id = contact.contact_id
      AND ticket.ticketbox_id = ANY({0})
) OR EXISTS (
    SELECT
    FROM contact_address
    JOIN message ON lower(message.from_address) = contact_address.address
    JOIN ticket ON ticket.ticket_id = message.ticket_id
    WHERE contact_address.contact_id = contact.contact_id
      AND ticket.ticketbox_id = ANY({0})
) OR NOT EXISTS (
    SELECT
    FROM contact_address
    WHERE contact_address.contact_id = contact.contact_id
      AND contact_address.heard_at IS NOT NULL
))
"""

SOUGHT = 1000
"""With so many hits or fewer, a search looks at them alone; with more, it tries the next contacts of the list first."""

_HITS = """
SELECT contact_id FROM contact WHERE words @@ to_tsquery('simple', {0})
UNION ALL
SELECT contact_id FROM contact_address WHERE words @@ to_tsquery('simple', {0})
"""
_TRIED = """
(contact.words @@ to_tsquery('simple', {0}) OR EXISTS (
    SELECT
    FROM contact_address
    WHERE contact_address.contact_id = contact.contact_id
      AND contact_address.words @@ to_tsquery('simple', {0})
))
"""


def _in_sight(sight: Sight) -> Where:
    result = Where()
    if not sight.everything:
        result.add(_IN_SIGHT, sight.in_order)
    return result


async def where(db: Connection, wanted: Filter, sight: Sight) -> Where:
    """The conditions of a filter, within what the asker may see."""
    result = _in_sight(sight)
    result.add(_LISTED)
    if wanted.q is not None and (query := _beginnings(wanted.q)):
        await add_search(
            db, result, query, identity="contact.contact_id", hits=_HITS, tried=_TRIED, most=SOUGHT
        )
    if wanted.address is not None:
        result.add(
            "contact.contact_id = (SELECT contact_id FROM contact_address WHERE address = lower({0}))",
            wanted.address.strip(),
        )
    if wanted.organisation is not None:
        wanted.organisation.add_to(result, "contact.contact_id")
    return result


def _beginnings(q: str) -> str:
    """`ro@korn` → contacts with a word that begins with `ro` and one that begins with `korn`."""
    words = "".join(one if one.isalnum() else " " for one in q).split()
    return " & ".join(f"{word}:*" for word in words)


_ITEMS = """
SELECT
    contact.*,
    contact.remarks::text AS remarks_text,
    coalesce(nullif(contact.name, ''), contact.written_name) AS shown_name,
    known.addresses AS known_addresses,
    known.last_at
FROM contact
CROSS JOIN LATERAL (
    SELECT
        coalesce(array_agg(address ORDER BY heard_at DESC NULLS LAST, address), '{}') AS addresses,
        max(heard_at) AS last_at
    FROM contact_address
    WHERE contact_address.contact_id = contact.contact_id
) AS known
"""


async def page_of_contacts(
    db: Connection, sight: Sight, wanted: Filter, cursor: str | None, limit: int
) -> Page[ContactItem]:
    """A piece of the list, who wrote last first.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    rows, following = await page(
        db,
        _ITEMS,
        await where(db, wanted, sight),
        Order("contact.heard_at"),
        "contact.contact_id",
        cursor,
        limit,
    )
    known = await organisations.read(db)
    return Page(items=[_item(row, known) for row in rows], next=following)


def _item(row: asyncpg.Record, known: Organisations) -> ContactItem:
    return ContactItem(**_line(row, known))


def _line(row: asyncpg.Record, known: Organisations) -> dict[str, object]:
    addresses = list(row["known_addresses"])
    return {
        "id": row["contact_id"],
        "version": row["version"],
        "name": row["shown_name"],
        "addresses": addresses,
        "organisation": known.of(row["organisation_id"], addresses),
        "language": row["language"],
        "last_letter_at": row["last_at"],
    }


async def row_of(db: Connection, sight: Sight, contact_id: UUID) -> asyncpg.Record:
    """A contact as it stands, or the one that it goes on in.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    conditions = _in_sight(sight)
    conditions.add("contact.contact_id = {0}", await root_of(db, contact_id))
    row = await db.fetchrow(f"{_ITEMS} WHERE {conditions.sql()}", *conditions.parameters)
    if row is None or not row["known_addresses"]:
        erased = await db.fetchval(_ERASED, contact_stream(contact_id))
        raise NotFound(
            "This contact was erased with all the person's data." if erased else "There is no such contact."
        )
    return row


_ERASED = f"""
SELECT EXISTS (
    SELECT
    FROM history
    WHERE {BY_STREAM}
      AND stream_id = $1
      AND data::text LIKE '%@{NOBODY}%'
)
"""


_ROOT = """
WITH RECURSIVE way (contact_id, merged_into) AS (
    SELECT contact_id, merged_into FROM contact WHERE contact_id = $1
    UNION ALL
    SELECT contact.contact_id, contact.merged_into
    FROM way
    JOIN contact ON contact.contact_id = way.merged_into
)
SELECT contact_id FROM way WHERE merged_into IS NULL
"""


async def root_of(db: Connection, contact_id: UUID) -> UUID:
    """The contact that one goes on in, through any number of merges; itself if it was not merged."""
    found: UUID | None = await db.fetchval(_ROOT, contact_id)
    return found or contact_id


async def by_address(db: Connection, address: str) -> UUID | None:
    """The contact that an address belongs to, if it ever wrote or anybody spoke of it."""
    found: UUID | None = await db.fetchval(
        "SELECT contact_id FROM contact_address WHERE address = $1", address.strip().lower()
    )
    return found


async def of_address(db: Connection, sight: Sight, address: str) -> ContactItem | None:
    """The contact that an address belongs to, if it is known and in sight."""
    items = (await page_of_contacts(db, sight, Filter(address=address), None, 1)).items
    return items[0] if items else None


async def shown(db: Connection, sight: Sight, contact_id: UUID) -> ContactItem:
    """A contact as lists have it.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    return _item(await row_of(db, sight, contact_id), await organisations.read(db))


async def detail(db: Connection, sight: Sight, contact_id: UUID) -> ContactDetail:
    """All that is known of a contact, but for its letters and tickets.

    Raises:
        NotFound: there is none, or it is out of sight.
    """
    row = await row_of(db, sight, contact_id)
    known = await organisations.read(db)
    merged = await _merged_into(db, row["contact_id"])
    return ContactDetail(
        **_line(row, known),
        chosen_organisation=row["organisation_id"] if row["organisation_id"] in known.by_id else None,
        card_name=row["name"],
        own_addresses=list(card_of(row).addresses),
        address_items=await _addresses(db, row["contact_id"]),
        note=row["note"],
        remarks=orjson.loads(row["remarks_text"]),
        merged=merged,
        same_person=await _same_person(db, sight, row, known),
    )


async def _addresses(db: Connection, contact_id: UUID) -> list[AddressItem]:
    rows = await db.fetch(
        """
        SELECT address, name, heard_at
        FROM contact_address
        WHERE contact_id = $1
        ORDER BY heard_at DESC NULLS LAST, address
        """,
        contact_id,
    )
    return [
        AddressItem(address=row["address"], name=row["name"], last_letter_at=row["heard_at"]) for row in rows
    ]


_MERGED = """
WITH RECURSIVE inside (contact_id, name, written_name, addresses) AS (
    SELECT contact_id, name, written_name, addresses FROM contact WHERE merged_into = $1
    UNION ALL
    SELECT contact.contact_id, contact.name, contact.written_name, contact.addresses
    FROM inside
    JOIN contact ON contact.merged_into = inside.contact_id
)
SELECT contact_id, coalesce(nullif(name, ''), written_name) AS shown_name, addresses
FROM inside
ORDER BY shown_name, contact_id
"""


async def _merged_into(db: Connection, contact_id: UUID) -> list[MergedItem]:
    return [
        MergedItem(id=row["contact_id"], name=row["shown_name"], addresses=list(row["addresses"]))
        for row in await db.fetch(_MERGED, contact_id)
    ]


async def _same_person(
    db: Connection, sight: Sight, row: asyncpg.Record, known: Organisations
) -> list[ContactItem]:
    """Others of the same name who are of the same organisation, or of none while the name is a full one."""
    if not row["shown_name"]:
        return []
    conditions = _in_sight(sight)
    conditions.add(_LISTED)
    conditions.add("contact.contact_id <> {0}", row["contact_id"])
    conditions.add(
        "lower(coalesce(nullif(contact.name, ''), contact.written_name)) = lower({0})", row["shown_name"]
    )
    found = await db.fetch(
        f"{_ITEMS} WHERE {conditions.sql()} ORDER BY contact.heard_at DESC LIMIT 50", *conditions.parameters
    )
    mine = _item(row, known)
    return [one for one in (_item(other, known) for other in found) if _maybe_same(mine, one)][
        :MOST_SUGGESTED
    ]


def _maybe_same(one: ContactItem, other: ContactItem) -> bool:
    if one.organisation is not None and other.organisation is not None:
        return one.organisation.id == other.organisation.id
    return len(one.name.split()) > 1


def card_of(row: asyncpg.Record) -> Card:
    """The card of a contact; of one of which nobody spoke, as it would be begun."""
    return Card(
        id=row["contact_id"],
        addresses=tuple(row["addresses"]) or tuple(row["known_addresses"]),
        name=row["name"],
        organisation_id=row["organisation_id"],
        language=row["language"],
        note=row["note"],
        remarks=orjson.loads(row["remarks_text"]),
    )


_TICKETS = """
SELECT ticket_id FROM ticket WHERE contact_address = ANY($1::text[])
UNION
SELECT ticket_id FROM message WHERE lower(from_address) = ANY($1::text[]) AND ticket_id IS NOT NULL
"""


async def ticket_ids(db: Connection, addresses: Sequence[str]) -> list[UUID]:
    """The tickets that a contact opened, and those in which letters of the contact are now."""
    return [row["ticket_id"] for row in await db.fetch(_TICKETS, list(addresses))]
