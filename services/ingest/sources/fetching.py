"""Decides what to fetch next from a mailbox: plain data in, plain data out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an IMAP folder was taken: everything up to and with `uid` (RFC 9051 §2.3.1.1)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Folder:
    """What an IMAP server says of a folder. `newest` is the highest UID, 0 if it is empty."""

    uidvalidity: int
    newest: int
    held: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that the server holds: `key` is its UID or UIDL, `size` is in bytes as the server says."""

    key: str
    size: int
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is not taken; it stays where it is, and is tried again at the next start if it may be."""

    listed: Listed
    reason: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """Listed messages by what is to be done with them."""

    wanted: tuple[Listed, ...]
    refused: tuple[Refusal, ...]
    passed: int


def where_to_begin(known: Cursor | None, folder: Folder, begin: Literal["everything", "now"]) -> Cursor:
    """The cursor that holds for the folder as it is now.

    A changed UIDVALIDITY says that UIDs mean other messages than before: all of them are looked at again, and the rule
    for duplicates knows those that were taken.
    """
    if known is not None and known.uidvalidity == folder.uidvalidity:
        return known
    if known is None and begin == "now":
        return Cursor(folder.uidvalidity, folder.newest)
    return Cursor(folder.uidvalidity, 0)


def first_beyond(uid: int, held: int, uid_at: Callable[[int], int], near: int) -> int:
    """The lowest sequence number whose UID is higher than `uid`; `held + 1` if there is none.

    UIDs have gaps of any width, sequence numbers have none: so neither a list of all UIDs is fetched, nor are windows
    of UIDs tried that may be empty. It asks for few, by doubling steps away from the number `near`.
    """
    below, beyond, step = 0, held + 1, 1
    at = min(max(near, 1), held)
    while below + 1 < beyond:
        if uid_at(at) > uid:
            beyond = at
        else:
            below = at
        if beyond > held:
            at = min(below + step, held)
        elif below == 0:
            at = max(beyond - step, 1)
        else:
            at = (below + beyond) // 2
        step *= 2
    return beyond


def old(page: Sequence[Listed], anew_until: int, begun_at: datetime) -> frozenset[str]:
    """Which messages a source that began with what was new has no need to take when UIDVALIDITY has changed.

    They were in the folder at the change (UIDs up to `anew_until`) and had arrived before the source began. A day is
    left to clocks that differ: the rule for duplicates knows what was taken.
    """
    before = begun_at - _CLOCKS_DIFFER
    return frozenset(
        one.key for one in page if int(one.key) <= anew_until and one.arrived_at and one.arrived_at < before
    )


def sort(page: Sequence[Listed], *, most_bytes: int, passed: frozenset[str] = frozenset()) -> Sorted:
    """Leave out what is passed over, and refuse what is larger than `most_bytes`."""
    left = [one for one in page if one.key not in passed]
    return Sorted(
        wanted=tuple(one for one in left if one.size <= most_bytes),
        refused=tuple(too_large(one, most_bytes) for one in left if one.size > most_bytes),
        passed=len(page) - len(left),
    )


def too_large(listed: Listed, most_bytes: int) -> Refusal:
    return Refusal(listed, f"larger than {most_bytes} bytes")


def batches(page: Sequence[Listed], *, most: int, most_bytes: int) -> Iterator[tuple[Listed, ...]]:
    """Cut a page, in order, into what is held in memory at a time; a larger message comes alone."""
    batch: list[Listed] = []
    size = 0
    for one in page:
        if batch and (len(batch) == most or size + one.size > most_bytes):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(one)
        size += one.size
    if batch:
        yield tuple(batch)
