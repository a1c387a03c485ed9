"""Frozen dataclasses with other values, quickly."""

from typing import TYPE_CHECKING, TypeVar

__all__ = ["but"]
T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import replace as but  # the same, and so its arguments are checked
else:

    def but(thing: T, **changed: object) -> T:
        """What is the same but for some values, for a class without slots.

        `dataclasses.replace` sets every field anew, which takes 11 µs of 44 of them. This copies them all at once: 0.6.
        """
        other = object.__new__(type(thing))
        other.__dict__.update(thing.__dict__, **changed)
        return other
