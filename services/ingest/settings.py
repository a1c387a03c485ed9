"""Settings of ingest."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from chassis.settings import Listen, ListenAddress, ListenAnywhere, ServiceSettings
from services.ingest.scanning.clamd import Address
from services.ingest.scanning.measuring import Limits
from services.ingest.smtp.certificate import Certificate
from services.ingest.sources.settings import Source, read_sources


def _sources(value: object) -> object:
    return read_sources(Path(value)) if isinstance(value, str) else value


def _networks(text: object) -> object:
    """Networks such as `192.0.2.0/24`, or single addresses, separated by commas."""
    if not isinstance(text, str):
        return text
    return tuple(ip_network(word.strip()) for word in text.split(",") if word.strip())


def _names(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


def _name_servers(text: object) -> object:
    """Addresses such as `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:5353`, separated by commas."""
    if not isinstance(text, str):
        return text
    servers = []
    for word in filter(None, map(str.strip, text.split(","))):
        host, port = word, "53"
        if word.count(":") == 1 or "]:" in word:
            host, _, port = word.rpartition(":")
        servers.append(ListenAddress(str(ip_address(host.strip("[]"))), int(port)))
    return tuple(servers)


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
AuthservIds = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
NameServers = Annotated[tuple[ListenAddress, ...], NoDecode, BeforeValidator(_name_servers)]
Sources = Annotated[tuple[Source, ...], NoDecode, BeforeValidator(_sources)]


def _clamd(value: object) -> object:
    return Address.read(value) if isinstance(value, str) else value


Clamd = Annotated[Address, NoDecode, BeforeValidator(_clamd)]
MEGABYTE = 1024 * 1024


class IngestSettings(ServiceSettings):
    """Where and how mail comes in."""

    smtp_listen: Listen = Field(
        default=ListenAddress("127.0.0.1", 2525), description="Where mail comes in by SMTP."
    )
    lmtp_listen: ListenAnywhere | None = Field(
        default=None,
        description="Where mail comes in by LMTP: `host:port`, or `unix:/path` for a Unix socket; unset: nowhere.",
    )
    smtp_hostname: str = Field(default="localhost", description="The name that the server says.")
    smtp_tls_cert: Path | None = Field(
        default=None,
        description="Certificate chain in PEM; with it STARTTLS is offered. Read again when the file changes.",
    )
    smtp_tls_key: Path | None = Field(
        default=None,
        validate_default=True,
        description="The certificate's private key; unset: in the same file.",
    )
    smtp_proxies: Networks = Field(
        default=(),
        description="Networks of load balancers that begin with a PROXY header, separated by commas.",
    )
    smtp_connections: int = Field(default=200, gt=0, description="Connections at the same time.")
    smtp_client_connections: int = Field(
        default=20, gt=0, description="Connections at the same time of one client; the next get 421."
    )
    smtp_client_connections_per_minute: int = Field(
        default=120, gt=0, description="New connections of one client in a minute; the next get 421."
    )
    smtp_client_messages_per_minute: int = Field(
        default=600, gt=0, description="Messages of one client in a minute; the next get 450."
    )
    smtp_unlimited: Networks = Field(
        default=(ip_network("127.0.0.0/8"), ip_network("::1")),
        description="Networks of clients without these limits, such as your own relays.",
    )
    smtp_recipients: int = Field(
        default=100, ge=100, description="Recipients of one message; the next get 452 (RFC 5321 §4.5.3.1.8)."
    )
    smtp_errors: int = Field(
        default=20, gt=0, description="Refused commands of one connection; then it is closed with 421."
    )
    smtp_timeout_seconds: float = Field(
        default=300, gt=0, description="Without a word of the client; then it gets 421 (RFC 5321 §4.5.3.2.7)."
    )
    max_message_size: int = Field(
        default=25 * MEGABYTE, gt=0, description="Bytes; announced by SIZE, and larger messages get 552."
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

    @field_validator("smtp_tls_key")
    @classmethod
    def _fits_the_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("smtp_tls_cert")
        if certificate is not None:
            Certificate(certificate, key)
        elif key is not None:
            raise ValueError("is of use with POSTROOM_SMTP_TLS_CERT only")
        return key

    clamd: Clamd | None = Field(
        default=None,
        description="The virus scanner, as `tcp://host:3310` or `unix:/run/clamav/clamd.ctl`; "
        "unset: mail is not scanned.",
    )
    scan_max_file_size: int = Field(
        default=25 * MEGABYTE,
        gt=0,
        description="Bytes that clamd scans of a message and of a file in it; larger ones are unscannable. "
        "No more than its `StreamMaxLength` and `MaxFileSize`.",
    )
    scan_max_total_size: int = Field(
        default=96 * MEGABYTE,
        gt=0,
        description="Bytes of a message with everything that its archives unpack to. "
        "Less than clamd's `MaxScanSize`.",
    )
    scan_max_ratio: int = Field(
        default=200, gt=0, description="How many times its own size an archive may unpack to."
    )
    scan_max_files: int = Field(
        default=5000,
        gt=0,
        description="Files of a message with those in its archives. Well below clamd's `MaxFiles`.",
    )
    scan_max_depth: int = Field(
        default=5,
        gt=0,
        description="Archives and messages inside each other. Well below clamd's `MaxRecursion`.",
    )

    @property
    def scan_limits(self) -> Limits:
        """The five of them together."""
        return Limits(
            file_bytes=self.scan_max_file_size,
            total_bytes=self.scan_max_total_size,
            ratio=self.scan_max_ratio,
            files=self.scan_max_files,
            depth=self.scan_max_depth,
        )
