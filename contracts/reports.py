"""Reports and figures, asked of analytics."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from contracts.model import Instant, Model, Text
from contracts.requests import Query


class GetReport(Query):
    """Run a report over `[since, until)`. Answer: `Report`, or `Refused`.

    A date is the beginning of that day in the installation's time zone. Without them: the 30 days up to and with
    the day of `as_of`.
    """

    service: ClassVar[str] = "analytics"
    name: Text
    since: Instant | date | None = None
    until: Instant | date | None = None
    by: Text | None = None
    """One of the description's `by`; None: the first."""
    as_of: Instant | None = None
    """Only what was recorded up to this moment counts; None: now."""
    ticketbox_ids: tuple[UUID, ...] | None = None
    """Only what is in these ticketboxes counts; None: everything, also what is in none yet."""


class ListReports(Query):
    """Answer: `ReportList`."""

    service: ClassVar[str] = "analytics"


Unit = Literal["text", "count", "decimal", "percent", "seconds", "date", "month", "hour"]
"""How a column's values are to be read.

Texts: `text`, and in the report's time zone `date` (2026-03-02), `month` (2026-03) and `hour`
(2026-03-02T08:00:00+01:00). Numbers: `count` (whole), `decimal`, `percent` (0 to 100) and `seconds`.
"""


class Column(Model):
    name: Text
    title: Text
    unit: Unit


class Chart(Model):
    """What of a report is drawn, by the names of its columns."""

    shape: Literal["bars", "horizontal_bars"]
    """`bars` stand side by side in the order of time, `horizontal_bars` have names beside them."""
    label: Text
    value: Text


class ReportDescription(Model):
    name: Text
    title: Text
    description: Text
    by: tuple[Text, ...]
    """The ways it can be divided; the first is the default."""


class ReportList(Model):
    items: tuple[ReportDescription, ...]


Cell = Text | int | float | None


class Report(Model):
    """A report's table; the figure in `rows[i][j]` belongs to `columns[j]`, and so does `totals[j]`."""

    description: ReportDescription
    since: Instant
    until: Instant
    by: Text
    as_of: Instant
    time_zone: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...]
    chart: Chart


class GetRuleFigures(Query):
    """How often each rule held, by version of the ruleset. Answer: `RuleFiguresList`."""

    service: ClassVar[str] = "router"


class RuleFigures(Model):
    ruleset_version: int
    rule: Text
    hits: int
    failures: int
    """Messages for which it had no answer; it did not hold for them."""
    last_hit_at: Instant | None
    last_error: Text | None


class RuleFiguresList(Model):
    items: tuple[RuleFigures, ...]
