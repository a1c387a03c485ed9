"""How figures are shown."""

from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """A measurement beside what it should at least be; `better` says in which direction."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    better: str = "more"


def table(figures: Sequence[Figure]) -> str:
    """A line a figure."""
    lines = []
    for figure in figures:
        goal = ""
        if figure.goal is not None:
            reached = figure.value >= figure.goal if figure.better == "more" else figure.value <= figure.goal
            sign = "≥" if figure.better == "more" else "≤"
            goal = f"{sign} {figure.goal:,.0f}  {'reached' if reached else 'MISSED'}"
        lines.append(f"{figure.what:<58} {figure.value:>10,.1f} {figure.unit:<6} {goal}")
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by this share of all."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
