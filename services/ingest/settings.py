"""Settings of ingest."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from chassis.settings import Listen, ListenAddress, ServiceSettings
from services.ingest.sources.settings import Source, read_sources


def _sources(value: object) -> object:
    return read_sources(Path(value)) if isinstance(value, str) else value


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
