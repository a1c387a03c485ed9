"""Ids that sort by when something began, and ids that follow from others.

Keys that come in order are written at the end of an index; random ones are written everywhere, and each page that they
touch is read, and after a checkpoint logged whole. What follows from an id keeps its time, and lies beside it.
"""

from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

_REST_BITS = 80
_REST = (1 << _REST_BITS) - 1
_LATEST = 1 << 48
_VERSION, _VARIANT = 0xF << 76, 0b11 << 62


def fresh() -> UUID:
    """The id of something that begins now."""
    return timed(datetime.now(UTC), uuid4())


def timed(at: datetime, chance: UUID) -> UUID:
    """The milliseconds of `at` since 1970, and the rest of `chance` (UUIDv8 of RFC 9562, laid out as its version 7).

    Before 1970 and after 10889 it is `chance` itself.
    """
    milliseconds = int(at.timestamp() * 1000)
    return _beside(milliseconds << _REST_BITS, chance) if 0 <= milliseconds < _LATEST else chance


def derived(parent: UUID, name: str) -> UUID:
    """The id that a parent and a name always give, timed as its parent; of a random one it is the UUIDv5."""
    named = uuid5(parent, name)
    return _beside(parent.int & ~_REST, named) if parent.version == 8 else named


def _beside(time: int, chance: UUID) -> UUID:
    rest = chance.int & _REST & ~(_VERSION | _VARIANT)
    return UUID(int=time | rest | 8 << 76 | 0b10 << 62)
