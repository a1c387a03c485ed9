"""What a source is: typed, and read from the TOML file that POSTROOM_SOURCES names."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
_PORTS = {("imap", True): 993, ("imap", False): 143, ("pop3", True): 995, ("pop3", False): 110}


def _from_file(value: object) -> object:
    match value:
        case {"file": str(path), **rest} if not rest:
            try:
                return Path(path).read_text().strip()
            except OSError as error:
                raise ValueError(f"cannot read the secret: {error}") from error
        case _:
            return value


Secret = Annotated[SecretStr, BeforeValidator(_from_file), Field(min_length=1)]
"""Written as it is, or `{ file = "/run/secrets/name" }`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OAuth(_Part):
    """Where access tokens come from (RFC 6749): by `refresh_token` if there is one, else `client_credentials`."""

    token_url: str = Field(pattern=r"^https?://")
    client_id: str
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    scope: str | None = None
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] = "XOAUTH2"

    @model_validator(mode="after")
    def _says_who(self) -> "OAuth":
        if self.refresh_token is None and self.client_secret is None:
            raise ValueError("needs a refresh_token, or a client_secret for client credentials")
        return self


class Mark(_Part):
    """Put a keyword, or a flag such as Seen with its backslash, on each message that was taken."""

    mark: str = Field(pattern=r"^[\\$A-Za-z][A-Za-z0-9_.-]*$")


class Move(_Part):
    """Move each message that was taken into another folder."""

    move: str = Field(min_length=1)


class _Source(_Part):
    name: Name
    host: str = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = None
    user: str = Field(min_length=1)
    password: Secret | None = None
    oauth: OAuth | None = None
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    """Of the ticketbox that the mail is for."""
    authserv_id: Annotated[str, StringConstraints(to_lower=True, min_length=1)] | None = None
    """Under which the server writes Authentication-Results, if they are to be believed."""
    begin: Literal["everything", "now"] = "now"
    poll_seconds: float = Field(default=120, gt=0)

    @model_validator(mode="after")
    def _signs_in_one_way(self) -> "_Source":
        if (self.password is None) == (self.oauth is None):
            raise ValueError("needs either a password or oauth")
        return self


class ImapSource(_Source):
    """A folder of an IMAP server (RFC 9051 and 3501)."""

    kind: Literal["imap"]
    folder: str = "INBOX"
    after: Literal["leave", "delete"] | Mark | Move = "leave"

    @model_validator(mode="after")
    def _moves_elsewhere(self) -> "ImapSource":
        if isinstance(self.after, Move) and self.after.move == self.folder:
            raise ValueError("cannot move messages into the folder that they are taken from")
        return self


class Pop3Source(_Source):
    """A maildrop of a POP3 server that has UIDL (RFC 1939)."""

    kind: Literal["pop3"]
    after: Literal["leave", "delete"] = "leave"


Source = Annotated[ImapSource | Pop3Source, Field(discriminator="kind")]
_SOURCES: TypeAdapter[tuple[Source, ...]] = TypeAdapter(tuple[Source, ...])


def port_of(source: Source) -> int:
    """The one that is set, or the usual one (RFC 8314 §3)."""
    return source.port or _PORTS[source.kind, source.security == "tls"]


def location_of(source: Source) -> str:
    """Which mailbox it is; a cursor is worth nothing in another one."""
    folder = f"/{source.folder}" if isinstance(source, ImapSource) else ""
    return f"{source.kind}://{source.user}@{source.host}:{port_of(source)}{folder}"


class WrongSources(ValueError):
    """The file of sources cannot be used; the words say what to change."""


def read_sources(path: Path) -> tuple[Source, ...]:
    """The sources of the file, a table each, by name.

    Raises:
        WrongSources: it cannot be read, is no TOML, or describes a source wrongly.
    """
    try:
        tables = tomllib.loads(path.read_text())
        return _SOURCES.validate_python([_named(name, table) for name, table in tables.items()])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSources(f"{path}: {error}") from error
    except ValidationError as error:
        names = list(tables)
        lines = [
            f"{path}: [{names[int(problem['loc'][0])]}] "
            f"{'.'.join(map(str, problem['loc'][2:]))}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        ]
        raise WrongSources("\n".join(lines)) from error


def _named(name: str, table: object) -> object:
    return {**table, "name": name} if isinstance(table, dict) else table
