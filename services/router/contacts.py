"""Contacts as router knows them, kept from the events of tickets."""

from collections.abc import Collection

from chassis.database import Connection
from contracts.contacts import AnyContactEvent, ContactAdded, ContactChanged
from contracts.event import Event, Recorded
from contracts.model import is_erased
from services.router.facts import Contact
from services.router.queue import contact_key

_KEEP = """
INSERT INTO contact (contact_id, position, name, organisation_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (contact_id) DO UPDATE
SET position = excluded.position,
    name = excluded.name,
    organisation_id = excluded.organisation_id
WHERE contact.position < excluded.position
"""

_KEEP_ADDRESSES = """
INSERT INTO contact_address (address, contact_key, position, contact_id)
SELECT address, contact_key, $1, contact_id
FROM unnest($2::text[], $3::uuid[], $4::uuid[]) AS new (address, contact_key, contact_id)
ON CONFLICT (address) DO UPDATE
SET contact_key = excluded.contact_key,
    position = excluded.position,
    contact_id = excluded.contact_id
WHERE contact_address.position <= excluded.position
"""


async def keep(db: Connection, item: Recorded[Event]) -> None:
    """Take what happened to a contact into the tables; older news changes nothing, nor do erased cards."""
    event = item.event
    if isinstance(event, ContactAdded | ContactChanged) and not event.contact.erased:
        card = event.contact
        await db.execute(_KEEP, card.id, item.position, card.name, card.organisation_id)
    if isinstance(event, AnyContactEvent):
        belongs = {address: owner for address, owner in event.belongs.items() if not is_erased(address)}
        keys = list(map(contact_key, belongs))
        await db.execute(_KEEP_ADDRESSES, item.position, list(belongs), keys, list(belongs.values()))


_CONTACTS = """
SELECT address, contact.name, organisation.thing ->> 'name' AS organisation
FROM contact_address
JOIN contact USING (contact_id)
LEFT JOIN thing AS organisation ON organisation.kind = 'organisation' AND organisation.id = organisation_id
WHERE $1::text[] IS NULL OR address = ANY($1)
"""


async def read(db: Connection, addresses: Collection[str] | None = None) -> dict[str, Contact]:
    """Contacts of which a card is kept, by each of their addresses; None: all of them."""
    rows = await db.fetch(_CONTACTS, None if addresses is None else list(addresses))
    return {row["address"]: Contact(row["name"], row["organisation"]) for row in rows}
