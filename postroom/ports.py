"""Looks, before anything starts, whether the ports are free, and names the setting that changes each."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address that something is about to listen on."""

    address: str
    what: str
    setting: str


def taken(wanted: Iterable[Wanted]) -> list[str]:
    """A sentence for each address that cannot be listened on."""
    return [
        f"{one.address} for {one.what} is taken ({why}); choose another with {one.setting}."
        for one in wanted
        if (why := _why_not(one.address))
    ]


def _why_not(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[
            0
        ]
        with socket.socket(family, kind) as probe:
            # As the servers do: a port that was ours a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, ValueError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None
