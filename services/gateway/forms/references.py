"""The number that a writer of a form gets, with which his letter is found again."""

import re
from uuid import UUID

_REFERENCE = re.compile(r"([0-9A-F]{4})-([0-9A-F]{4})-([0-9A-F]{4})", re.IGNORECASE)
_SHOWN = 12
"""Hexadecimal digits: two letters of one installation have the same once in 16 million letters."""


def reference_of(message_id: UUID) -> str:
    """`3F2A-91BC-77D0`."""
    shown = message_id.hex[:_SHOWN].upper()
    return "-".join(shown[start : start + 4] for start in range(0, _SHOWN, 4))


def range_of(text: str) -> tuple[UUID, UUID] | None:
    """The least and the greatest id of a message with this reference; None if the text is no reference."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return None
    shown, rest = "".join(match.groups()), 32 - _SHOWN
    return UUID(hex=shown + "0" * rest), UUID(hex=shown + "f" * rest)
