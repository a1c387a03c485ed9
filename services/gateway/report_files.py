"""A report as a file: CSV for spreadsheets, and a chart as SVG for screen and print."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from contracts.reports import Cell, Column, Report

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def days_of(report: Report) -> tuple[date, date]:
    """The first day that is in a report, and the last one, in its time zone."""
    zone = ZoneInfo(report.time_zone)
    # Taken off in UTC: by the clock, what comes before a day that begins at 01:00 would be on that day, too.
    last_moment = report.until - timedelta(microseconds=1)
    return report.since.astimezone(zone).date(), last_moment.astimezone(zone).date()


def csv_name(report: Report) -> str:
    """`busiest_day_of_the_week_2026-03-01_2026-03-31.csv`, for all of March."""
    first, last = days_of(report)
    return f"{report.description.name}_{first.isoformat()}_{last.isoformat()}.csv"


def as_csv(report: Report) -> str:
    """The table with a head, in RFC 4180; figures unrounded, in the units that the head names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_head(column) for column in report.columns])
    writer.writerows([[_cell(value) for value in row] for row in report.rows])
    return text.getvalue()


def _head(column: Column) -> str:
    return f"{column.name}_seconds" if column.unit == "seconds" else column.name


def _cell(value: Cell) -> Cell:
    """A name that begins like a formula would be run by a spreadsheet (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def shown(value: Cell, column: Column) -> str:
    """A figure for people."""
    match value, column.unit:
        case None, _:
            return "–"  # noqa: RUF001 - a dash, as in print
        case (int() | float()) as seconds, "seconds":
            return duration(seconds)
        case float() as number, "percent":
            return f"{number:.1f} %"
        case int() as number, _:
            return f"{number:,}"
        case float() as number, _:
            return f"{number:,.1f}"
        case _:
            return str(value)


def duration(seconds: float) -> str:
    """`95` → `1 min 35 s`: the two largest units."""
    if 0 < seconds < 1:
        return "< 1 s"
    left = round(seconds)
    parts = []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, in the units of its `viewBox`."""

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float
    label_x: float
    label_y: float
    value_x: float
    value_y: float
    labelled: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A bar chart, ready to be written as SVG."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    horizontal: bool
    title: str


MOST_BARS = 60
_WIDTH, _HEIGHT, _ROW, _LABEL = 1080.0, 240.0, 30.0, 190.0


def drawing(report: Report) -> Drawing | None:
    """The chart of a report, of as many rows as there is room for; None if there is nothing to draw.

    Names are in the order of the report, the first of them first; of a course of time the latest part is drawn.
    """
    columns = {column.name: number for number, column in enumerate(report.columns)}
    label, value = columns[report.chart.label], columns[report.chart.value]
    if not any(row[value] for row in report.rows):
        return None
    horizontal = report.chart.shape == "horizontal_bars"
    rows = report.rows[:MOST_BARS] if horizontal else report.rows[-MOST_BARS:]
    points = [
        (str(row[label] or ""), float(row[value] or 0), shown(row[value], report.columns[value]))
        for row in rows
    ]
    # Where only what is left out is more than 0, the bars are flat.
    highest = max(number for _, number, _ in points) or 1
    title = f"{report.columns[value].title} by {report.columns[label].title.lower()}"
    if len(rows) < len(report.rows):
        title += f", the {'first' if horizontal else 'last'} {len(rows)} of {len(report.rows):,}"
    if horizontal:
        bars = tuple(_across(number, point, highest) for number, point in enumerate(points))
        return Drawing(_WIDTH, _ROW * len(points) + 8, bars, horizontal=True, title=title)
    step = _WIDTH / len(points)
    bars = tuple(_upward(number, point, highest, step) for number, point in enumerate(points))
    return Drawing(_WIDTH, _HEIGHT + 26, bars, horizontal=False, title=title)


def is_empty(report: Report) -> bool:
    """Whether nothing was counted: no rows, or a 0 for every count."""
    # The days of a range are there, whatever came on them.
    counts = [
        number
        for number, column in enumerate(report.columns)
        if column.unit == "count" and column.name != "days"
    ]
    return not any(row[number] for row in report.rows for number in counts)


def _across(number: int, point: tuple[str, float, str], highest: float) -> Bar:
    label, value, shown_value = point
    y, length = 4 + number * _ROW, (_WIDTH - _LABEL - 110) * value / highest
    return Bar(
        label=label if len(label) <= 24 else f"{label[:23]}…",
        value=shown_value,
        x=_LABEL,
        y=y,
        width=max(length, 1),
        height=_ROW - 10,
        label_x=_LABEL - 8,
        label_y=y + 14,
        value_x=_LABEL + length + 8,
        value_y=y + 14,
        labelled=True,
    )


def _upward(number: int, point: tuple[str, float, str], highest: float, step: float) -> Bar:
    label, value, shown_value = point
    height = (_HEIGHT - 24) * value / highest
    middle = number * step + step / 2
    # Labels that would overlap are left out; the table below has them all.
    every = max(1, round(70 / step))
    return Bar(
        label=label,
        value=shown_value if step >= 40 else "",
        x=number * step + step * 0.12,
        y=_HEIGHT - height,
        width=step * 0.76,
        height=max(height, 1) if value else 0,
        label_x=middle,
        label_y=_HEIGHT + 18,
        value_x=middle,
        value_y=_HEIGHT - height - 6,
        labelled=number % every == 0,
    )
