"""The ticketboxes as intake knows them: to whom a recipient's address belongs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import idna

from contracts.mail import without_detail

RESERVED = frozenset({"postmaster", "abuse"})
"""Addresses that every domain has (RFC 5321 §4.5.1, RFC 2142): their mail goes into the default ticketbox."""


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """An address so that two ways to write it are equal: in lower case, without quotes, its domain in A-labels."""
    local, at, domain = unicodedata.normalize("NFC", address).strip().rpartition("@")
    if not at:
        local, domain = domain, ""
    if local.startswith('"') and local.endswith('"') and len(local) > 1:
        local = _unescaped(local[1:-1])
    return f"{local.lower()}{at}{_a_labels(domain)}"


def _unescaped(text: str) -> str:
    characters = iter(text)
    return "".join(next(characters, "") if character == "\\" else character for character in characters)


def _a_labels(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode().rstrip(".")
    except UnicodeError:  # an address literal, or a name that no domain has; it is compared as it is written
        return domain.lower().rstrip(".")


@dataclass(frozen=True, slots=True)
class Desk:
    """`boxes` is by canonical address; `default` takes what no other box does."""

    boxes: Mapping[str, UUID]
    default: UUID
    only_one: bool
    """As long as there is one ticketbox, it takes the mail to every address."""

    def owner_of(self, address: str) -> UUID | None:
        """The ticketbox that has the address itself, or has it without its detail."""
        name = canonical(address)
        return self.boxes.get(name) or self.boxes.get(without_detail(name))

    def box_of(self, address: str) -> UUID | None:
        """The ticketbox that takes the mail to an address; None if none does."""
        if found := self.owner_of(address):
            return found
        if self.only_one:
            return self.default
        plain = without_detail(canonical(address))
        local, _, domain = plain.rpartition("@")
        if plain == "postmaster" or (local in RESERVED and domain in self._domains):
            return self.default
        return None

    @property
    def _domains(self) -> set[str]:
        return {address.rpartition("@")[2] for address in self.boxes}

    def sort(self, recipients: Iterable[str]) -> dict[UUID, tuple[str, ...]]:
        """The recipients of a message by ticketbox. One that is nobody's is the default box's: it was accepted."""
        by_box: dict[UUID, list[str]] = {}
        for recipient in recipients:
            by_box.setdefault(self.box_of(recipient) or self.default, []).append(recipient)
        return {box: tuple(addresses) for box, addresses in by_box.items()}


def desk_of(ticketboxes: Sequence[tuple[UUID, Sequence[str]]], default: UUID) -> Desk:
    """A desk of ticketboxes with their addresses. Of two that claim an address, the first has it."""
    boxes: dict[str, UUID] = {}
    for ticketbox_id, addresses in ticketboxes:
        for address in addresses:
            boxes.setdefault(canonical(address), ticketbox_id)
    return Desk(boxes, default, only_one=len(ticketboxes) == 1)
