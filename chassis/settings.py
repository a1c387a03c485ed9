"""Settings of a service: environment variables with the prefix POSTROOM_, read once."""

import sys
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ListenAddress(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class SocketPath(NamedTuple):
    """A Unix socket on which a server listens."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


def _listen_address(text: object) -> object:
    if not isinstance(text, str):
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:8080")
    return ListenAddress(host.strip("[]"), int(port))


def _listen_address_or_path(text: object) -> object:
    if isinstance(text, str) and text.startswith("unix:"):
        return SocketPath(text.removeprefix("unix:"))
    return _listen_address(text)


Listen = Annotated[ListenAddress, NoDecode, BeforeValidator(_listen_address)]
ListenAnywhere = Annotated[ListenAddress | SocketPath, NoDecode, BeforeValidator(_listen_address_or_path)]


class ServiceSettings(BaseSettings):
    """What every service is told."""

    model_config = SettingsConfigDict(env_prefix="POSTROOM_", frozen=True, extra="ignore")

    database_url: str = Field(description="PostgreSQL, as `postgresql://user:password@host:port/name`.")
    nats_url: str = Field(
        description="NATS, as `nats://user:password@host:port`; several separated by commas."
    )
    data: Path = Field(default=Path("data"), description="The data directory.")
    admin_http: Listen | None = Field(
        default=None, description="Where `/healthz`, `/readyz` and `/metrics` are served; unset: nowhere."
    )
    log_level: str = Field(default="info", description="`debug`, `info`, `warning` or `error`.")
    pool_size: int = Field(default=6, gt=0, description="Connections to PostgreSQL that a service may hold.")


S = TypeVar("S", bound=BaseSettings)


def read_settings(settings_type: type[S]) -> S:
    """Read settings, or end the process with a line for each variable that is missing or wrong."""
    try:
        return settings_type()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"POSTROOM_{name}: {problem['msg']}", file=sys.stderr)  # noqa: T201 - before logging is set up
        raise SystemExit(2) from None
