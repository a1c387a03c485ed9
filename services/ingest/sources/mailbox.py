"""What a connection to a mailbox can do, whichever protocol it speaks. All of it blocks: each has a thread."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.ingest.sources.fetching import Cursor, Listed, Refusal
from services.ingest.sources.settings import Source

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0


class SignInRefused(Exception):
    """The server, or the authorization server, does not let us in: trying again soon could lock the account."""


class MailboxUnavailable(Exception):
    """The server says that it cannot now, or cannot do what a source needs."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """The secret of one connection: a password, or an access token for a SASL mechanism."""

    secret: str
    mechanism: Literal["XOAUTH2", "OAUTHBEARER"] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What stands in a mailbox beyond the cursor: its next messages, in order, and all that it holds by number."""

    cursor: Cursor
    newest: int
    held: int
    listed: tuple[Listed, ...]
    whole: bool = False
    """It is all that a maildrop holds, and what of it is done with is in the books."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes by key. What was asked for and is in none of the three is no more in the mailbox."""

    found: dict[str, bytes]
    refused: tuple[Refusal, ...] = ()


class Mailbox(Protocol):
    """A signed-in connection; every method raises what the network raises."""

    peer: str
    """The server's address, with which we are connected."""
    tls: str | None

    def look(self, known: Cursor | None) -> Page:
        """What comes next; `known` is how far the mailbox was taken."""

    def fetch(self, listed: Sequence[Listed]) -> Fetched:
        """Read messages whole, and change nothing of them."""

    def finish(self, keys: Sequence[str]) -> None:
        """Do with taken messages what was chosen; a repeat is harmless."""

    def wait(self, seconds: float) -> None:
        """Return when there may be news, at the latest after `seconds`."""

    def leave(self) -> None:
        """Say goodbye."""

    def cut(self) -> None:
        """End the connection from another thread; whoever reads from it gets an error."""


def tls_context(source: Source) -> ssl.SSLContext:
    """Verifies the server's name, against the system's authorities or the ones in `ca_file`."""
    return ssl.create_default_context(cafile=str(source.ca_file) if source.ca_file else None)
