"""What a report is made of: a description, a question in SQL, and a table built from its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.database import Connection
from contracts.reports import Cell, Chart, Column, Report, ReportDescription
from services.analytics.scope import Scope

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Question:
    """SQL and its parameters. One statement, so that all figures of a report are of the same moment."""

    sql: str
    parameters: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The figures. Each row, and the totals, have a cell for each column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...]
    chart: Chart


@dataclass(frozen=True, slots=True)
class Definition(Generic[R]):
    """A report. `row` is made of each row of the answer, by the names of its columns."""

    description: ReportDescription
    row: type[R]
    ask: Callable[[Scope], Question]
    build: Callable[[Scope, Sequence[R]], Table]

    async def run(self, db: Connection, scope: Scope) -> Report:
        """Make the report.

        Raises:
            BadScope: the range has too many parts.
        """
        question = self.ask(scope)
        rows = await db.fetch(question.sql, *question.parameters)
        table = self.build(scope, [self.row(**row) for row in rows])
        return Report(
            description=self.description,
            since=scope.since,
            until=scope.until,
            by=scope.by,
            as_of=scope.as_of,
            time_zone=scope.zone.key,
            columns=table.columns,
            rows=table.rows,
            totals=table.totals,
            chart=table.chart,
        )


def percent(part: int, whole: int) -> float | None:
    """With one decimal; None of nothing."""
    return round(100 * part / whole, 1) if whole else None
