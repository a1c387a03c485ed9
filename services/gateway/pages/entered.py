"""What people enter in the forms of pages; what cannot be understood is refused with what to do about it.

Forms send a field that was left empty as an empty text: that is None, and who needs a value says so.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from contracts.router import Priority
from contracts.tickets import State
from services.gateway import numbers
from services.gateway.problems import Unprocessable

_SHOWN = 100
"""Characters of what was entered, in the sentence that refuses it."""
Choice = TypeVar("Choice", bound=StrEnum)


def number(text: str) -> int:
    """The number of a ticket.

    Raises:
        Unprocessable: it is none.
    """
    found = numbers.number_in(text)
    if found is None:
        raise _refused(text, "ticket number", "Write its digits, as they stand at the ticket")
    return found


def version(text: str) -> int:
    """The version that a form was made for; 0: there was nothing yet.

    Raises:
        Unprocessable: it is none.
    """
    found = numbers.whole(text or "0")
    if found is None or found not in numbers.VERSIONS:
        raise _refused(text, "version", "Reload the page, then try again")
    return found


def moment(text: str) -> datetime | None:
    """A moment in UTC, which is meant where no zone is said: the page's script says it.

    Raises:
        Unprocessable: it is none.
    """
    if not text:
        return None
    try:
        said = datetime.fromisoformat(text)
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # in UTC, the first moments of the year 1 are before it
        raise _refused(text, "moment", "Choose a day and a time") from None


def day(text: str) -> date | None:
    """A day.

    Raises:
        Unprocessable: it is none.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _refused(text, "day", "Write it as 2026-03-31") from None


def identity(text: str) -> UUID | None:
    """The id of what was chosen.

    Raises:
        Unprocessable: it is none.
    """
    try:
        return UUID(text) if text else None
    except ValueError:
        raise _refused(text, "id", "Choose one of those that are offered") from None


def priority(text: str) -> Priority | None:
    """A priority.

    Raises:
        Unprocessable: it is none.
    """
    return _chosen(Priority, text, "priority")


def state(text: str) -> State | None:
    """A state of tickets.

    Raises:
        Unprocessable: it is none.
    """
    return _chosen(State, text, "state")


def _chosen(choices: type[Choice], text: str, what: str) -> Choice | None:
    try:
        return choices(text) if text else None
    except ValueError:
        raise _refused(text, what, f"Choose one of these: {', '.join(choices)}") from None


def _refused(text: str, what: str, advice: str) -> Unprocessable:
    return Unprocessable(f"“{text[:_SHOWN]}” is no {what}. {advice}.")
