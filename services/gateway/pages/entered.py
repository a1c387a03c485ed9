"""What people enter in the forms of pages; what cannot be understood is refused with what to do about it."""

from services.gateway import numbers
from services.gateway.problems import Unprocessable

_SHOWN = 100
"""Characters of what was entered, in the sentence that refuses it."""


def number(text: str) -> int:
    """The number of a ticket.

    Raises:
        Unprocessable: it is none.
    """
    found = numbers.number_in(text)
    if found is None:
        raise Unprocessable(
            f"“{text[:_SHOWN]}” is no ticket number. Write its digits, as they stand at the ticket."
        )
    return found
