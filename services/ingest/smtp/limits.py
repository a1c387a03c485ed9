"""How much each client may ask for: connections at the same time, and connections and messages in a minute."""

from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from services.ingest.smtp import replies
from services.ingest.smtp.replies import Reply

Network = IPv4Network | IPv6Network
_SWEEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """For one process of ingest. Nothing is lost by them: a client that meets one keeps its mail and comes again."""

    connections: int
    client_connections: int
    client_connections_per_minute: int
    client_messages_per_minute: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds a minute's worth of tokens at most and is filled evenly; `at` is when it was looked at, in seconds."""

    tokens: float
    at: float


def take(bucket: Bucket | None, per_minute: int, now: float) -> tuple[Bucket, bool]:
    """Take a token, and whether there was one. A new bucket is full."""
    if bucket is None:
        bucket = Bucket(per_minute, now)
    tokens = min(per_minute, bucket.tokens + max(0.0, now - bucket.at) * per_minute / 60)
    return (Bucket(tokens - 1, now), True) if tokens >= 1 else (Bucket(tokens, now), False)


@dataclass(slots=True)
class _Client:
    open: int = 0
    connections: Bucket | None = None
    messages: Bucket | None = None

    def forgettable(self, now: float) -> bool:
        """All its buckets are full again by now."""
        return not self.open and all(
            bucket is None or now - bucket.at >= 60 for bucket in (self.connections, self.messages)
        )


@dataclass(slots=True)
class Limiter:
    """Knows every client of the last minute, by its `origin`. Times are seconds of a clock that does not go back."""

    limits: Limits
    open: int = 0
    """Connections of all clients, also of those that are never refused."""
    _clients: dict[str, _Client] = field(default_factory=dict)
    _swept_at: float = 0.0

    def enter(self) -> None:
        """Count a connection, whoever it is; `leave` follows."""
        self.open += 1

    def leave(self) -> None:
        self.open -= 1

    def connect(self, client: str, now: float) -> Reply | None:
        """Count a connection of a client; a reply if it is one too many. `disconnect` follows in any case."""
        self._sweep(now)
        known = self._clients.setdefault(client, _Client())
        known.open += 1
        if self.open > self.limits.connections:
            return replies.TOO_MANY_CONNECTIONS
        if known.open > self.limits.client_connections:
            return replies.TOO_MANY_OF_CLIENT
        known.connections, may = take(known.connections, self.limits.client_connections_per_minute, now)
        return None if may else replies.TOO_FAST

    def disconnect(self, client: str) -> None:
        self._clients[client].open -= 1

    def send(self, client: str, now: float) -> Reply:
        """Count a message that a connected client begins; the answer to it."""
        known = self._clients[client]
        known.messages, may = take(known.messages, self.limits.client_messages_per_minute, now)
        return replies.SENDER_OK if may else replies.TOO_MANY_MESSAGES

    def _sweep(self, now: float) -> None:
        if now - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = now
            self._clients = {
                name: known for name, known in self._clients.items() if not known.forgettable(now)
            }


def address_of(text: str) -> IPv4Address | IPv6Address:
    """An address as the socket says it; an IPv4 client of an IPv6 socket is an IPv4 client."""
    address = ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def origin(address: IPv4Address | IPv6Address) -> str:
    """Whom we count: an IPv4 address, or the /64 that a customer of IPv6 has as a whole (RFC 6177)."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


def is_in(address: IPv4Address | IPv6Address, networks: Collection[Network]) -> bool:
    return any(address in network for network in networks)
