"""Settings of ingest."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from chassis.settings import Listen, ListenAddress, ServiceSettings
from services.ingest.scanning.clamd import Address
from services.ingest.scanning.measuring import Limits
from services.ingest.sources.settings import Source, read_sources


def _sources(value: object) -> object:
    return read_sources(Path(value)) if isinstance(value, str) else value


Sources = Annotated[tuple[Source, ...], NoDecode, BeforeValidator(_sources)]


def _clamd(value: object) -> object:
    return Address.read(value) if isinstance(value, str) else value


Clamd = Annotated[Address, NoDecode, BeforeValidator(_clamd)]
MEGABYTE = 1024 * 1024


class IngestSettings(ServiceSettings):
    """Where and how mail comes in."""

    smtp_listen: Listen = Field(default=ListenAddress("127.0.0.1", 2525), description="Where mail comes in.")
    smtp_hostname: str = Field(default="localhost", description="The name that the SMTP server says.")
    max_message_size: int = Field(
        default=25 * MEGABYTE, gt=0, description="Bytes; announced by SIZE, and larger messages get 552."
    )
    sources: Sources = Field(
        default=(),
        description="A TOML file that describes IMAP and POP3 sources, as [intake.md](intake.md) shows.",
    )
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
