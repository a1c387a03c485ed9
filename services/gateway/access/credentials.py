"""Passwords and tokens: how they are made, kept and compared; and how long someone must wait who guesses."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_PASSWORD = 10
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id with the least that OWASP ASVS 5.0 accepts: each check takes 19 MiB, and more starves a small machine."""
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Takes as long for an account that does not exist, so that nobody learns of it."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def new_token() -> str:
    """A secret that nobody guesses, fit for headers and cookies."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins of the last `WINDOW`, and when the last of them was."""

    number: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, and how long the wait grows to."""

    free: int
    longest: timedelta


WINDOW = timedelta(minutes=15)
BY_ACCOUNT_AND_ADDRESS = Patience(free=5, longest=timedelta(minutes=1))
BY_ADDRESS = Patience(free=30, longest=timedelta(minutes=1))
BY_ACCOUNT = Patience(free=50, longest=timedelta(seconds=5))
"""Whoever attacks an account from many addresses slows its owner down by a few seconds, and never locks him out."""


def wait_before(failures: Sequence[tuple[Failures, Patience]], now: datetime) -> timedelta:
    """How long to wait before the next try: it doubles with each failure beyond those that are free."""
    waits = [
        found.last_at
        + min(timedelta(seconds=2 ** min(found.number - patience.free, 10)), patience.longest)
        - now
        for found, patience in failures
        if found.last_at is not None and found.number >= patience.free
    ]
    return max([*waits, timedelta(0)])
