"""Automatic answers: how much of what leaves a machine of ours wrote, and what it held back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.reports import Cell, Chart, Column, ReportDescription, Unit
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.scope import Scope, periods
from services.analytics.sight import ticketbox_of

DESCRIPTION = ReportDescription(
    name="automatic_answers",
    title="Automatic answers",
    description="Acknowledgements and reminders, what was withheld, and their share of all letters that left.",
    by=("ticketbox", "day", "week", "month"),
)

# A period is a place in $5, the beginnings of all periods; with the whole range as one period, it is 1.
SQL = f"""
WITH letter AS (
    SELECT ticket_id, happened_at AS at, sort
    FROM fact_automatic_letter
    WHERE happened_at >= $1
      AND happened_at < $2
      AND recorded_at <= $3
    UNION ALL
    SELECT ticket_id, released_at, 'answer'
    FROM fact_reply
    WHERE released_at >= $1
      AND released_at < $2
      AND released_recorded_at <= $3
      AND NOT automatic
)
SELECT
    coalesce(ticketbox.name, ticket.ticketbox_id::text) AS ticketbox,
    width_bucket(letter.at, $5::timestamptz[]) AS period,
    count(*) FILTER (WHERE sort = 'acknowledgement') AS acknowledgements,
    count(*) FILTER (WHERE sort = 'reminder') AS reminders,
    count(*) FILTER (WHERE sort = 'withheld') AS withheld,
    count(*) FILTER (WHERE sort = 'answer') AS answers
FROM letter
JOIN fact_ticket AS ticket USING (ticket_id)
LEFT JOIN ticketbox USING (ticketbox_id)
WHERE $4::uuid[] IS NULL OR {ticketbox_of("ticket.ticket_id")} = ANY($4)
GROUP BY ticket.ticketbox_id, ticketbox.name, period
ORDER BY ticketbox, ticket.ticketbox_id, period
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The letters of one ticketbox in one period."""

    ticketbox: str
    period: int
    """From 1."""
    acknowledgements: int
    reminders: int
    withheld: int
    answers: int


def ask(scope: Scope) -> Question:
    """Letters by ticketbox and period."""
    starts = [scope.since] if scope.by == "ticketbox" else [period.start for period in periods(scope)]
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids, starts))


_LABELS: dict[str, tuple[str, Unit]] = {
    "ticketbox": ("Ticketbox", "text"),
    "day": ("Day", "date"),
    "week": ("Week of", "date"),
    "month": ("Month", "month"),
}


def build(scope: Scope, counts: Sequence[Count]) -> Table:
    """One row a ticketbox, or one a period."""
    if scope.by == "ticketbox":
        rows = [(count.ticketbox, *_figures([count])) for count in counts]
    else:
        rows = [
            (period.label, *_figures(count for count in counts if count.period == number))
            for number, period in enumerate(periods(scope), 1)
        ]
    title, unit = _LABELS[scope.by]
    return Table(
        columns=(
            Column(name=scope.by, title=title, unit=unit),
            Column(name="answers", title="Answers of people", unit="count"),
            Column(name="acknowledgements", title="Acknowledgements", unit="count"),
            Column(name="reminders", title="Reminders", unit="count"),
            Column(name="withheld", title="Withheld", unit="count"),
            Column(name="share", title="Automatic", unit="percent"),
        ),
        rows=tuple(rows),
        totals=("Total", *_figures(counts)),
        chart=Chart(
            shape="horizontal_bars" if scope.by == "ticketbox" else "bars", label=scope.by, value="share"
        ),
    )


def _figures(counts: Iterable[Count]) -> tuple[Cell, ...]:
    some = list(counts)
    acknowledgements = sum(count.acknowledgements for count in some)
    reminders = sum(count.reminders for count in some)
    answers = sum(count.answers for count in some)
    automatic = acknowledgements + reminders
    withheld = sum(count.withheld for count in some)
    return (answers, acknowledgements, reminders, withheld, percent(automatic, automatic + answers))


AUTOMATIC_ANSWERS = Definition(DESCRIPTION, Count, ask, build)
