"""What people say of contacts, by page or by API: from the wish to the command."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Depends, Request

from contracts.commands import MergeContacts, MoveAddress, SetContact, UndoContactMerge
from contracts.contacts import Card
from contracts.stream_ids import contact_id
from services.gateway.access.guard import Here, Writer, command_id_of
from services.gateway.asking import Asking
from services.gateway.contacts import contacts
from services.gateway.problems import Conflict, NotFound
from services.gateway.representations.contacts import ContactDetail


@dataclass(frozen=True, slots=True)
class Acquainting(Asking):
    """One wish of one person about contacts."""

    async def add(self, card: Card) -> ContactDetail:
        """Begin the card of somebody, whether they ever wrote or not; the id follows from the first address.

        Raises:
            Problem: there is a card already, or an address is another's.
        """
        try:
            return await self._set(card, seen=0)
        except Conflict as conflict:
            if conflict.code != "changed_meanwhile":
                raise
            raise Conflict(
                "already_there",
                f"There is a card of {card.addresses[0]} already. Change it: PUT /api/v1/contacts/{card.id}.",
                **conflict.more,
            ) from conflict

    async def add_by_address(self, address: str, name: str) -> ContactDetail:
        """The card of whoever has an address; it is begun, if there is none."""
        async with self.gateway.service.pool.acquire() as db:
            known = await contacts.by_address(db, address)
        if known is not None:
            return await self.shown(known)
        address = address.strip().lower()
        return await self.add(Card(id=contact_id(address), addresses=(address,), name=name))

    async def change(self, card: Card, expected_version: int | None) -> ContactDetail:
        """Let a contact be so from now on.

        Raises:
            Problem: it was changed after `expected_version`, an address is another's, or there is no such contact.
        """
        await self._row(card.id)
        return await self._set(card, expected_version)

    async def _set(self, card: Card, seen: int | None) -> ContactDetail:
        for address in card.addresses:
            await self._see(address)
        command = SetContact(
            **self.signature,
            contact=card,
            seen={} if seen is None else {card.id: seen},
        )
        await self.gateway.command(command)
        return await self.shown(card.id)

    async def take(self, identity: UUID, address: str) -> ContactDetail:
        """Give an address to a contact, whoever had it."""
        row = await self._row(identity)
        await self._see(address)
        await self._move(address, row["known_addresses"][0])
        return await self.shown(row["contact_id"])

    async def part(self, identity: UUID, address: str) -> ContactDetail:
        """Let an address of a contact be a contact of its own."""
        row = await self._row(identity)
        if address.strip().lower() not in row["known_addresses"]:
            raise NotFound(f"This contact has no address {address}.")
        await self._move(address, None)
        return await self.shown(row["contact_id"])

    async def _move(self, address: str, to_address: str | None) -> None:
        command = MoveAddress(
            **self.signature,
            address=address,
            to_address=to_address,
        )
        await self.gateway.command(command)

    async def merge(self, identity: UUID, into: UUID) -> ContactDetail:
        """Let a contact go on in another one."""
        one, other = await self._row(identity), await self._row(into)
        command = MergeContacts(
            **self.signature,
            address=one["known_addresses"][0],
            into_address=other["known_addresses"][0],
        )
        await self.gateway.command(command)
        return await self.shown(other["contact_id"])

    async def undo_merge(self, identity: UUID) -> ContactDetail:
        """Let a contact that was merged into another one stand for itself again; the answer is this one."""
        await self._row(identity)
        command = UndoContactMerge(**self.signature, contact_id=identity)
        await self.gateway.command(command)
        return await self.shown(identity)

    async def shown(self, identity: UUID) -> ContactDetail:
        """A contact as it is now."""
        async with self.gateway.service.pool.acquire() as db:
            return await contacts.detail(db, self.person.sight, identity)

    async def _row(self, identity: UUID) -> asyncpg.Record:
        async with self.gateway.service.pool.acquire() as db:
            return await contacts.row_of(db, self.person.sight, identity)

    async def _see(self, address: str) -> None:
        """See that nobody takes hold of an address whose contact is out of their sight: its letters would follow.

        Raises:
            NotFound.
        """
        async with self.gateway.service.pool.acquire() as db:
            if (holder := await contacts.by_address(db, address)) is not None:
                await contacts.row_of(db, self.person.sight, holder)


def acquainting(request: Request, here: Here, person: Writer) -> Acquainting:
    """A wish of the asker about contacts."""
    return Acquainting(here, person, command_id_of(request, person))


Wish = Annotated[Acquainting, Depends(acquainting)]
