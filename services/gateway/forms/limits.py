"""How often strangers may write."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_NO_WAIT = timedelta(0)
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then one each `every`."""

    burst: int
    every: timedelta


BY_CLIENT = Rate(burst=5, every=timedelta(minutes=1))
BY_TICKETBOX = Rate(burst=60, every=timedelta(seconds=5))
"""Many clients together: more than any desk can answer, and too little to bury it."""


def wait_for(due: datetime | None, rate: Rate, now: datetime) -> timedelta:
    """How long until the next one is let in; `due` is when all that were let in are used up."""
    return max((due or now) - (rate.burst - 1) * rate.every - now, _NO_WAIT)


def due_after(due: datetime | None, rate: Rate, now: datetime) -> datetime:
    """The new `due` when one is let in."""
    return max(due or now, now) + rate.every


def client_key(address: str) -> str:
    """Who counts as one client: an IPv6 customer has a whole /64 to write from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Limiter:
    """Remembers whom it let in, in this process. Only who is let in is remembered, so the limits bound it too."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}

    def admit(self, rates: Mapping[str, Rate], now: datetime) -> timedelta:
        """Let one in under all of the rates, or say how long to wait until it may come again."""
        wait = max(wait_for(self._due.get(key), rate, now) for key, rate in rates.items())
        if wait > _NO_WAIT:
            return wait
        if len(self._due) > _MANY:
            self._due = {key: due for key, due in self._due.items() if due > now}
        for key, rate in rates.items():
            self._due[key] = due_after(self._due.get(key), rate, now)
        return _NO_WAIT
