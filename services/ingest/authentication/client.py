"""Who brought a message."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from contracts.mail import SmtpEnvelope

Client = IPv4Address | IPv6Address
_INSIDE = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def client_of(envelope: SmtpEnvelope) -> Client | None:
    """The address that is connected with us, if it is one."""
    try:
        address = ip_address(envelope.client_address)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def outside(client: Client) -> bool:
    """Whether the address says anything about a sender: one in a private network is a relay of our own."""
    return not any(client in network for network in _INSIDE)
