"""Reads organisations: which one a contact belongs to, and who belongs to one."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Connection
from chassis.kept import Kept
from contracts.desk import Organisation
from rules.domains import is_public, own_domains
from services.gateway.desk import desk
from services.gateway.lists import Where
from services.gateway.problems import NotFound
from services.gateway.representations.basics import Named
from services.gateway.representations.contacts import DomainItem


@dataclass(frozen=True, slots=True)
class Organisations:
    """Those that are on the desk now."""

    by_id: Mapping[UUID, Organisation]
    by_domain: Mapping[str, Organisation]
    by_name: Mapping[str, Organisation]
    """In small letters."""

    @classmethod
    def of_all(cls, found: Collection[Organisation]) -> "Organisations":
        return cls(
            {one.id: one for one in found},
            {domain: one for one in found for domain in one.domains},
            {one.name.casefold(): one for one in found},
        )

    def of(self, chosen: UUID | None, addresses: Collection[str]) -> Named | None:
        """The one that people chose, or else the one with the closest domain of the first address that has any."""
        found = self.by_id.get(chosen) if chosen else None
        for address in addresses if found is None else ():
            found = next((self.by_domain[one] for one in own_domains(address) if one in self.by_domain), None)
            if found is not None:
                break
        return Named(id=found.id, name=found.name) if found else None

    def named(self, text: str) -> Organisation:
        """One by its id or its name, as people and addresses say which they mean.

        Raises:
            NotFound: there is none.
        """
        found = self.by_name.get(text.strip().casefold())
        if found is None:
            with suppress(ValueError):
                found = self.by_id.get(UUID(text))
        if found is None:
            raise NotFound(
                f"There is no organisation “{text.strip()}”. Choose one of those that are suggested."
            )
        return found

    def identity(self, text: str) -> UUID:
        """An id as it is, though it be of one that was removed; or that of the one with this name.

        Raises:
            NotFound: there is none with this name.
        """
        try:
            return UUID(text)
        except ValueError:
            return self.named(text).id

    def called(self, text: str) -> list[Organisation]:
        """Those whose name contains a text, first those whose name begins with it."""
        wanted = text.strip().casefold()
        found = [name for name in self.by_name if wanted in name]
        return [self.by_name[one] for one in sorted(found, key=lambda one: (not one.startswith(wanted), one))]

    def membership(self, identity: UUID) -> "Membership":
        """How to tell who belongs to one.

        Raises:
            NotFound: there is none.
        """
        if (found := self.by_id.get(identity)) is None:
            raise NotFound("There is no such organisation.")
        inside = tuple(
            domain
            for domain, other in self.by_domain.items()
            if other.id != identity and not set(_above(domain)).isdisjoint(found.domains)
        )
        mine = tuple(domain for domain in found.domains if not is_public(domain))
        return Membership(identity, mine, inside)


def _above(domain: str) -> tuple[str, ...]:
    return own_domains(f"@{domain}")[1:]


async def read(db: Connection) -> Organisations:
    """All organisations, for looking up which one a contact belongs to."""
    return await _ORGANISATIONS.get(db)


async def _read(db: Connection) -> Organisations:
    return Organisations.of_all(await desk.every(db, Organisation))


_ORGANISATIONS = Kept(_read)


_MEMBERS = """
SELECT contact_id FROM contact WHERE organisation_id = {{0}}
UNION
SELECT contact_id
FROM contact_address
JOIN contact USING (contact_id)
WHERE contact.organisation_id IS NULL
  AND {}
"""


@dataclass(frozen=True, slots=True)
class Membership:
    """Who belongs to an organisation: who was put there, and whose address is in a domain that is no other's."""

    organisation_id: UUID
    domains: tuple[str, ...]
    others: tuple[str, ...]
    """Domains inside of these that other organisations have."""

    def add_to(self, conditions: Where, column: str) -> None:
        """Let a list have only the contacts that belong to it; `column` has their ids."""
        inside, values = self._in_domains()
        conditions.add(f"{column} IN ({_MEMBERS.format(inside)})", self.organisation_id, *values)

    def add_addresses_to(self, conditions: Where, column: str) -> None:
        """Let a list have only what is of addresses that belong to it."""
        inside, values = self._in_domains()
        addresses = f"SELECT address FROM contact_address WHERE contact_id IN ({_MEMBERS.format(inside)})"
        # Looked up first, so that an index over `column` finds the rest.
        conditions.add(f"{column} = ANY(ARRAY({addresses}))", self.organisation_id, *values)

    def _in_domains(self) -> tuple[str, list[str]]:
        """A condition that the index over domains answers, and its values, from `{1}` on."""
        values: list[str] = []

        def is_within(domain: str) -> str:
            backwards, number = domain[::-1], len(values) + 1
            values.extend([backwards, f"{backwards}.", f"{backwards}/"])  # "/" is what follows "."
            return (
                f"(backwards = {{{number}}}"
                f" OR backwards ~>=~ {{{number + 1}}} AND backwards ~<~ {{{number + 2}}})"
            )

        mine = " OR ".join(is_within(domain) for domain in self.domains) or "false"
        theirs = " OR ".join(is_within(domain) for domain in self.others) or "false"
        return f"({mine}) AND NOT ({theirs})", values


_DOMAINS = """
SELECT reverse(backwards) AS domain, count(DISTINCT contact_id) AS people
FROM (SELECT backwards, contact_id FROM contact_address ORDER BY heard_at DESC NULLS LAST LIMIT 10000) AS recent
GROUP BY backwards
HAVING count(DISTINCT contact_id) > 1
ORDER BY people DESC, domain
LIMIT 200
"""


async def suggestions(db: Connection, known: Organisations) -> list[DomainItem]:
    """Domains from which several people wrote of late, that are no organisation's and no public provider's."""
    return [
        DomainItem(domain=row["domain"], people=row["people"])
        for row in await db.fetch(_DOMAINS)
        if (domains := own_domains(f"@{row['domain']}")) and known.by_domain.keys().isdisjoint(domains)
    ][:10]
