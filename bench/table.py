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


def side_by_side(figures: Sequence[Figure]) -> str:
    """A line a figure and a column a size, for those whose name ends with ` @ size`."""
    sizes: list[str] = []
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for figure in figures:
        what, _, size = figure.what.partition(" @ ")
        if size not in sizes:
            sizes.append(size)
        rows.setdefault((what, figure.unit), {})[size] = figure.value
    lines = [f"{'':<52} " + "".join(f"{size:>14}" for size in sizes)]
    for (what, unit), values in rows.items():
        cells = "".join(f"{values[size]:>14,.1f}" if size in values else f"{'-':>14}" for size in sizes)
        lines.append(f"{what:<52} {cells} {unit}")
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by this share of all."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
