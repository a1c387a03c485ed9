"""The header with which a load balancer begins, in both versions."""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.smtp.proxy import BadHeader, Header, read_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
ADDRESSES = st.ip_addresses()


def v1(source: IPv4Address | IPv6Address, port: int = 40000) -> bytes:
    target = "192.0.2.25" if source.version == 4 else "2001:db8::25"
    return f"PROXY TCP{source.version} {source} {target} {port} 25\r\n".encode()


def v2(
    source: IPv4Address | IPv6Address, more: bytes = b"", command: int = 0x21, transport: int = 1
) -> bytes:
    family = 1 if source.version == 4 else 2
    body = source.packed + source.packed + struct.pack("!HH", 40000, 25) + more
    return SIGNATURE + struct.pack("!BBH", command, family << 4 | transport, len(body)) + body


@settings(deadline=None)
@given(ADDRESSES, st.sampled_from([v1, v2]), st.binary(max_size=20))
def test_the_client_is_read_and_what_follows_is_its_own(
    client: IPv4Address | IPv6Address, version: object, after: bytes
) -> None:
    header = version(client)  # type: ignore[operator]
    assert read_header(header + after) == Header(client, len(header))


@settings(deadline=None)
@given(ADDRESSES, st.sampled_from([v1, v2]))
def test_half_a_header_is_waited_for(client: IPv4Address | IPv6Address, version: object) -> None:
    header = version(client)  # type: ignore[operator]
    assert all(read_header(header[:length]) is None for length in range(len(header)))


@settings(deadline=None)
@given(
    st.binary(max_size=80)
    | st.binary(max_size=40).map(SIGNATURE.__add__)
    | st.binary().map(b"PROXY ".__add__)
)
def test_any_other_bytes_are_no_header_or_not_enough(data: bytes) -> None:
    try:
        header = read_header(data)
    except BadHeader:
        return
    assert header is None or header.length <= len(data)


def test_a_load_balancer_that_speaks_for_itself_names_no_client() -> None:
    """LOCAL and UNKNOWN, as in health checks."""
    client = ip_address("192.0.2.1")
    for header in (
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
        v2(client, command=0x20),
        SIGNATURE + b"\x20\x00\x00\x00",
        SIGNATURE + b"\x21\x00\x00\x03abc",
        SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216),
    ):
        assert read_header(header) == Header(None, len(header))


def test_more_that_version_2_says_is_passed_over() -> None:
    header = v2(ip_address("192.0.2.1"), more=b"\x04\x00\x05abcde")
    assert read_header(header) == Header(ip_address("192.0.2.1"), len(header))


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO client.example\r\n",
        b"PROXY\r\n",
        b"PROXY  TCP4 192.0.2.1 192.0.2.2 1 25\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25 more\r\n",
        b"PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n",
        b"PROXY TCP6 192.0.2.1 192.0.2.2 1 25\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 25\r\n",
        b"PROXY TCP4 192.0.2.256 192.0.2.2 1 25\r\n",
        b"PROXY UDP4 192.0.2.1 192.0.2.2 1 25\r\n",
        b"PROXY " + b"x" * 107,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x12\x00\x0c" + bytes(12),
    ],
)
def test_a_header_that_is_wrong_is_refused(data: bytes) -> None:
    with pytest.raises(BadHeader):
        read_header(data)
