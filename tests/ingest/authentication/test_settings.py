"""How an administrator says who is believed, and who is asked."""

import os
from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from chassis.settings import ListenAddress
from services.ingest.settings import IngestSettings


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> IngestSettings:
    for name in [name for name in os.environ if name.startswith("POSTROOM_")]:
        monkeypatch.delenv(name)
    for name, value in {"DATABASE_URL": "unused", "NATS_URL": "unused", **variables}.items():
        monkeypatch.setenv(f"POSTROOM_{name}", value)
    return IngestSettings()  # type: ignore[call-arg]


def test_senders_are_examined_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch)
    assert (read.authentication, read.dns_servers, read.trusted_upstreams) == ("verify", (), ())


def test_name_servers_are_addresses_with_or_without_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(monkeypatch, DNS_SERVERS="192.0.2.53, 192.0.2.54:5353,2001:db8::53,[2001:db8::54]:5353")
    assert read.dns_servers == (
        ListenAddress("192.0.2.53", 53),
        ListenAddress("192.0.2.54", 5353),
        ListenAddress("2001:db8::53", 53),
        ListenAddress("2001:db8::54", 5353),
    )


@pytest.mark.parametrize("servers", ["dns.example", "192.0.2.53:x", "192.0.2.300"])
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, servers: str) -> None:
    with pytest.raises(ValidationError, match="dns_servers"):
        settings(monkeypatch, DNS_SERVERS=servers)


def test_upstreams_are_networks_and_names(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(
        monkeypatch,
        AUTHENTICATION="trust",
        TRUSTED_AUTHSERV_IDS="MX.example.com, mx2.example.com",
        TRUSTED_UPSTREAMS="192.0.2.0/28,2001:db8::1",
    )
    assert read.trusted_authserv_ids == ("mx.example.com", "mx2.example.com")
    assert read.trusted_upstreams == (ip_network("192.0.2.0/28"), ip_network("2001:db8::1"))


def test_trust_says_in_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="trust needs this"):
        settings(monkeypatch, AUTHENTICATION="trust", TRUSTED_AUTHSERV_IDS="mx.example.com")
    with pytest.raises(ValidationError, match="trust needs this"):
        settings(monkeypatch, AUTHENTICATION="trust", TRUSTED_UPSTREAMS="192.0.2.0/28")
