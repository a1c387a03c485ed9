"""Numbers that somebody gives us, within what PostgreSQL holds: nothing that there is has one beyond it."""

from typing import Annotated

from pydantic import Field

_BIGINT = range(2**63)
_MOST_DIGITS = 19
"""Of a number of `_BIGINT`. Python reads no more than 4,300."""

VERSIONS = range(2**31)
"""Of a stream, a draft, the rules; 0: there is none."""
TicketNumber = Annotated[int, Field(ge=_BIGINT.start, lt=_BIGINT.stop)]
Position = Annotated[int, Field(ge=_BIGINT.start, lt=_BIGINT.stop)]
"""In a log."""
Version = Annotated[int, Field(ge=VERSIONS.start, lt=VERSIONS.stop)]


def whole(text: str) -> int | None:
    """The number that is written in digits; None: it is none, or too large."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number in _BIGINT else None


def number_in(text: str) -> int | None:
    """The number of a ticket, as people write it: `#4711` too; None: it can be none."""
    return whole(text.strip().lstrip("#"))
