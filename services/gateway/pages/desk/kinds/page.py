"""What the pages of a kind are made of, and fields that several kinds have."""

from dataclasses import dataclass
from itertools import chain

from contracts.desk import FieldType
from contracts.people import Role
from contracts.router import Priority
from contracts.tickets import State
from services.gateway.pages.desk.fields import Field, Group


@dataclass(frozen=True, slots=True)
class Page:
    """The pages of one kind."""

    title: str
    one: str
    """As in “New ticketbox”."""
    about: str
    groups: tuple[Group, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(chain.from_iterable(group.fields for group in self.groups))


NAME = Field("name", "Name", required=True, wrong="Give it a name of at most 200 characters.")


def words(
    values: type[Priority | State | Role | FieldType],
) -> tuple[tuple[str, str], ...]:
    """The options of a choice among the values of an enumeration."""
    return tuple((one.value, one.value.replace("_", " ")) for one in values)


def minutes(name: str, label: str, help_: str = "", *, leave_out: bool = False) -> Field:
    """A field for a time."""
    wrong = "Write whole minutes, such as 60, or leave it empty."
    return Field(name, label, "number", help_, wrong=wrong, leave_out=leave_out)


def order(help_: str) -> Field:
    """The field that says which of several comes first."""
    return Field("order", "Order", "number", help_, wrong="Write a whole number.")
