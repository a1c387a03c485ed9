"""Where the servers of a Postroom on this machine are, for commands that are typed beside it."""

import json
from pathlib import Path
from typing import TypedDict


class Embedded(TypedDict):
    """Ports and the password of the embedded servers, made once and kept with the data."""

    postgres_port: int
    nats_port: int
    password: str


class NotFound(Exception):
    """There is no Postroom here."""


def embedded(data: Path) -> Embedded:
    """What `postroom up` keeps in its data directory.

    Raises:
        NotFound: nothing is there.
    """
    path = data / "embedded.json"
    try:
        known: Embedded = json.loads(path.read_text())
    except FileNotFoundError:
        raise NotFound(
            f"There is no Postroom in {data}. Give its folder with --data, or set POSTROOM_DATABASE_URL."
        ) from None
    return known


def database_url(data: Path) -> str:
    """The embedded PostgreSQL of a data directory.

    Raises:
        NotFound.
    """
    known = embedded(data)
    return f"postgresql://postgres:{known['password']}@127.0.0.1:{known['postgres_port']}/postroom"
