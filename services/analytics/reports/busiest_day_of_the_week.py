"""Busiest day of the week: on which weekday how much mail comes, for planning who works when."""

from calendar import day_name
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.reports import Chart, Column, ReportDescription
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.inbound import INBOUND
from services.analytics.scope import Scope, days_of, start_of_day

DESCRIPTION = ReportDescription(
    name="busiest_day_of_the_week",
    title="Busiest day of the week",
    description="How many messages customers sent on each day of the week, in all and on average.",
    by=("weekday",),
)

# A day is a place in $5, the beginnings of all days.
SQL = f"""
WITH {INBOUND}
SELECT
    width_bucket(received_at, $5::timestamptz[]) AS day,
    count(*) AS messages
FROM inbound
WHERE sort = 'message'
GROUP BY day
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The messages of one day of the range, counted from 1."""

    day: int
    messages: int


def ask(scope: Scope) -> Question:
    """Messages by day."""
    starts = [start_of_day(day, scope.zone) for day in days_of(scope.since, scope.until, scope.zone)]
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids, starts))


def build(scope: Scope, counts: Sequence[Day]) -> Table:
    """Monday to Sunday; each weekday on which the average is highest is marked."""
    dates = days_of(scope.since, scope.until, scope.zone)
    messages = Counter[int]()
    for count in counts:
        messages[dates[count.day - 1].weekday()] += count.messages
    # A day that has not begun yet says nothing about the average.
    begun = Counter(day.weekday() for day in days_of(scope.since, min(scope.until, scope.as_of), scope.zone))
    averages = [messages[weekday] / begun[weekday] if begun[weekday] else None for weekday in range(7)]
    highest = max((average for average in averages if average), default=None)
    everything, days = messages.total(), begun.total()
    rows = tuple(
        (
            day_name[weekday],
            messages[weekday],
            begun[weekday],
            _tenths(averages[weekday]),
            percent(messages[weekday], everything),
            "busiest" if highest is not None and averages[weekday] == highest else None,
        )
        for weekday in range(7)
    )
    return Table(
        columns=(
            Column(name="weekday", title="Weekday", unit="text"),
            Column(name="messages", title="Messages", unit="count"),
            Column(name="days", title="Days", unit="count"),
            Column(name="average", title="Average a day", unit="decimal"),
            Column(name="share", title="Share", unit="percent"),
            Column(name="mark", title="Busiest", unit="text"),
        ),
        rows=rows,
        totals=(
            "Total",
            everything,
            days,
            _tenths(everything / days if days else None),
            percent(everything, everything),
            None,
        ),
        chart=Chart(shape="bars", label="weekday", value="average"),
    )


def _tenths(average: float | None) -> float | None:
    return None if average is None else round(average, 1)


BUSIEST_DAY_OF_THE_WEEK = Definition(DESCRIPTION, Day, ask, build)
