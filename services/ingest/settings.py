"""Settings of ingest."""

from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from chassis.settings import Listen, ListenAddress, ServiceSettings
from services.ingest.sources.settings import Source, read_sources


def _sources(value: object) -> object:
    return read_sources(Path(value)) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _name_servers(value: object) -> object:
    if not isinstance(value, str):
        return value
    servers = []
    for part in value.split(","):
        host, port = part.strip(), 53
        if host.startswith("[") or host.count(":") == 1:
            host, _, digits = host.rpartition(":")
            port = int(digits)
        servers.append(ListenAddress(str(ip_address(host.strip("[]"))), port))
    return tuple(servers)


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_listed)]
AuthservIds = Annotated[
    tuple[Annotated[str, StringConstraints(to_lower=True)], ...], NoDecode, BeforeValidator(_listed)
]
NameServers = Annotated[tuple[ListenAddress, ...], NoDecode, BeforeValidator(_name_servers)]
Sources = Annotated[tuple[Source, ...], NoDecode, BeforeValidator(_sources)]


class IngestSettings(ServiceSettings):
    """Where and how mail comes in."""

    smtp_listen: Listen = Field(default=ListenAddress("127.0.0.1", 2525), description="Where mail comes in.")
    smtp_hostname: str = Field(default="localhost", description="The name that the SMTP server says.")
    max_message_size: int = Field(
        default=25 * 1024 * 1024, gt=0, description="Bytes; announced by SIZE, and larger messages get 552."
    )
    sources: Sources = Field(
        default=(),
        description="A TOML file that describes IMAP and POP3 sources, as [intake.md](intake.md) shows.",
    )
    authentication: Literal["verify", "trust", "off"] = Field(
        default="verify",
        description="Whether senders are who they say they are: `verify` looks by itself, `trust` takes the word of "
        "the upstreams below where they bring a message, `off` does not look.",
    )
    trusted_authserv_ids: AuthservIds = Field(
        default=(),
        description="The names under which upstreams write Authentication-Results, separated by commas; "
        "`protection.outlook.com` for Microsoft 365.",
    )
    trusted_upstreams: Networks = Field(
        default=(),
        validate_default=True,
        description="The networks of the SMTP clients that are such upstreams, separated by commas, as in "
        "`192.0.2.0/28`.",
    )
    dns_servers: NameServers = Field(
        default=(),
        description="Name servers for authentication in place of the system's, separated by commas, each an address "
        "with or without a port.",
    )

    @field_validator("trusted_upstreams")
    @classmethod
    def _trusts_somebody(cls, value: object, info: ValidationInfo) -> object:
        if info.data.get("authentication") == "trust" and not (
            value and info.data.get("trusted_authserv_ids")
        ):
            raise ValueError("POSTROOM_AUTHENTICATION=trust needs this and POSTROOM_TRUSTED_AUTHSERV_IDS")
        return value
