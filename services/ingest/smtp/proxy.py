"""The PROXY protocol, versions 1 and 2: a load balancer says first whose connection it passes on.

By https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

_V1 = b"PROXY "
_V1_LONGEST = 107
_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_HEAD = struct.Struct("!12sBBH")
_LOCAL, _PROXY, _STREAM = 0x20, 0x21, 0x1
_IPV4, _IPV6 = 0x1, 0x2


class BadHeader(Exception):
    """These bytes are no PROXY header."""


@dataclass(frozen=True, slots=True)
class Header:
    """`client` is None where the load balancer speaks for itself, as in health checks, or does not know."""

    client: IPv4Address | IPv6Address | None
    length: int
    """Octets of the header; the client's own follow."""


def is_header(data: bytes | bytearray) -> bool:
    """Whether the beginning of a PROXY header is there."""
    return data.startswith((_V1, _V2))


def read_header(data: bytes | bytearray) -> Header | None:
    """The header at the beginning of a connection; None: more bytes are needed.

    Raises:
        BadHeader: this is none.
    """
    for sign, read in ((_V1, _read_v1), (_V2, _read_v2)):
        if data.startswith(sign):
            return read(data)
        if sign.startswith(data):
            return None
    raise BadHeader(f"a connection began with {bytes(data[:20])!r}")


def _read_v1(data: bytes | bytearray) -> Header | None:
    """`PROXY TCP4 192.0.2.1 192.0.2.2 56324 25` (section 2.1)."""
    end = data.find(b"\r\n", 0, _V1_LONGEST)
    if end < 0:
        if len(data) >= _V1_LONGEST:
            raise BadHeader("a line that does not end")
        return None
    match bytes(data[len(_V1) : end]).split(b" "):
        case [b"UNKNOWN", *_]:
            return Header(None, end + 2)
        case [b"TCP4" | b"TCP6" as family, source, target, source_port, target_port]:
            kind = IPv4Address if family == b"TCP4" else IPv6Address
            client = _address(kind, source)
            _address(kind, target)
            for port in (source_port, target_port):
                if not port.isdigit() or int(port) > 65535:
                    raise BadHeader(f"not a port: {port!r}")
            return Header(client, end + 2)
        case words:
            raise BadHeader(f"not what version 1 says: {words!r}")


def _address(kind: type[IPv4Address] | type[IPv6Address], text: bytes) -> IPv4Address | IPv6Address:
    try:
        return kind(text.decode("ascii"))
    except ValueError as error:
        raise BadHeader(f"not an address: {text!r}") from error


def _read_v2(data: bytes | bytearray) -> Header | None:
    """Signature, version and command, family and transport, length, addresses, and more (section 2.2)."""
    if len(data) < _V2_HEAD.size:
        return None
    _, version_and_command, family_and_transport, more = _V2_HEAD.unpack_from(data)
    length = _V2_HEAD.size + more
    if version_and_command not in {_LOCAL, _PROXY}:
        raise BadHeader(f"neither LOCAL nor PROXY in version 2: {version_and_command:#04x}")
    if len(data) < length:
        return None
    family, transport = family_and_transport >> 4, family_and_transport & 0xF
    if version_and_command == _LOCAL or family not in {_IPV4, _IPV6}:
        return Header(None, length)
    octets = 4 if family == _IPV4 else 16
    if transport != _STREAM or more < 2 * octets + 4:
        raise BadHeader(f"not a TCP connection in version 2: {family_and_transport:#04x}, {more} octets")
    return Header(ip_address(bytes(data[_V2_HEAD.size : _V2_HEAD.size + octets])), length)
