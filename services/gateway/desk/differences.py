"""What is different between two states of a thing, field by field. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field; `before` or `after` None: it had, or has, no value."""

    field: str
    """With dots where it is within another, such as `distribution.method`."""
    before: object
    after: object


def differences(before: Data, after: Data) -> list[Difference]:
    """The fields whose value is another, in the order of `after`, then those that are gone."""
    old, new = flat(before), flat(after)
    return [
        Difference(field, old.get(field), new.get(field))
        for field in dict.fromkeys([*new, *old])
        if old.get(field) != new.get(field)
    ]


def flat(data: Data, prefix: str = "") -> dict[str, object]:
    """Fields within fields by their whole name; what is empty has no value, like what is not there."""
    found: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = None if value in ("", [], ()) else value
    return found


def shown(value: object) -> str:
    """A value for people."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(shown(one) for one in value)
        case Mapping():
            return ", ".join(f"{name} {shown(one)}" for name, one in value.items())
        case _:
            return str(value)
