"""A plan as lines for people."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from postroom.desk.plan import Change, Plan
from services.gateway.desk.differences import shown

_SIGNS: dict[Literal["added", "changed", "removed"], str] = {"added": "+", "changed": "~", "removed": "-"}


def lines_of(plan: Plan) -> Iterator[str]:
    """What would change, field by field, and how much it is."""
    for change in plan.changes:
        yield f"{_SIGNS[change.what]} {change.kind} {change.name}".rstrip()
        yield from _fields(change)
    counted = Counter(change.what for change in plan.changes)
    if counted:
        yield ", ".join(f"{counted[what]} {what}" for what in _SIGNS if counted[what]) + "."
    else:
        yield "Nothing would change: the desk is as the file says."


def _fields(change: Change) -> Iterator[str]:
    for one in change.differences:
        if change.what == "added":
            yield f"    {one.field}: {shown(one.after)}"
        else:
            yield f"    {one.field}: {shown(one.before)} -> {shown(one.after)}"
