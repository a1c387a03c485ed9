"""Inbound messages by ticketbox: how much mail each ticketbox was sent, in all or in the course of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.reports import Cell, Chart, Column, ReportDescription, Unit
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.inbound import INBOUND
from services.analytics.scope import Scope, periods

DESCRIPTION = ReportDescription(
    name="inbound_messages_by_ticketbox",
    title="Inbound messages by ticketbox",
    description="How many messages customers sent to each ticketbox, and what they began.",
    by=("ticketbox", "hour", "day", "week", "month"),
)

# A period is a place in $5, the beginnings of all periods; with the whole range as one period, it is 1.
SQL = f"""
WITH {INBOUND}
SELECT
    ticketbox_id,
    CASE
        WHEN ticketbox_id IS NULL THEN 'Not routed yet'
        ELSE coalesce(ticketbox.name, ticketbox_id::text)
    END AS ticketbox,
    width_bucket(received_at, $5::timestamptz[]) AS period,
    count(*) FILTER (WHERE sort = 'message') AS messages,
    count(*) FILTER (WHERE sort = 'message' AND outcome = 'opened') AS new_tickets,
    count(*) FILTER (WHERE sort = 'message' AND outcome <> 'opened') AS follow_ups,
    count(*) FILTER (WHERE sort = 'automatic') AS automatic,
    count(*) FILTER (WHERE sort = 'held_back') AS held_back
FROM inbound
LEFT JOIN ticketbox USING (ticketbox_id)
GROUP BY ticketbox_id, ticketbox.name, period
ORDER BY ticketbox_id IS NULL, ticketbox, ticketbox_id, period
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The messages of one ticketbox in one period; `ticketbox_id` None: not routed yet."""

    ticketbox_id: UUID | None
    ticketbox: str
    period: int
    """From 1."""
    messages: int
    new_tickets: int
    follow_ups: int
    automatic: int
    held_back: int


def ask(scope: Scope) -> Question:
    """Counts by ticketbox and period."""
    starts = [scope.since] if scope.by == "ticketbox" else [period.start for period in periods(scope)]
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids, starts))


def build(scope: Scope, counts: Sequence[Count]) -> Table:
    """One row a ticketbox, or one a period with a column a ticketbox."""
    return _by_ticketbox(counts) if scope.by == "ticketbox" else _by_period(scope, counts)


_TICKETBOX_COLUMNS = (
    Column(name="ticketbox", title="Ticketbox", unit="text"),
    Column(name="messages", title="Messages", unit="count"),
    Column(name="new_tickets", title="New tickets", unit="count"),
    Column(name="follow_ups", title="Follow-ups", unit="count"),
    Column(name="automatic", title="Automatic", unit="count"),
    Column(name="held_back", title="Held back", unit="count"),
    Column(name="share", title="Share", unit="percent"),
)


def _by_ticketbox(counts: Sequence[Count]) -> Table:
    everything = sum(count.messages for count in counts)

    def figures(some: Sequence[Count]) -> tuple[Cell, ...]:
        messages = sum(count.messages for count in some)
        return (
            messages,
            sum(count.new_tickets for count in some),
            sum(count.follow_ups for count in some),
            sum(count.automatic for count in some),
            sum(count.held_back for count in some),
            percent(messages, everything),
        )

    return Table(
        columns=_TICKETBOX_COLUMNS,
        rows=tuple((count.ticketbox, *figures([count])) for count in counts),
        totals=("Total", *figures(counts)),
        chart=Chart(shape="horizontal_bars", label="ticketbox", value="messages"),
    )


_PERIODS: dict[str, tuple[str, Unit]] = {
    "hour": ("Hour", "hour"),
    "day": ("Day", "date"),
    "week": ("Week of", "date"),
    "month": ("Month", "month"),
}


def _by_period(scope: Scope, counts: Sequence[Count]) -> Table:
    messages = Counter({(count.period, count.ticketbox_id): count.messages for count in counts})
    names = {count.ticketbox_id: count.ticketbox for count in counts if count.messages}
    rows: list[tuple[str | int, ...]] = []
    for number, period in enumerate(periods(scope), 1):
        figures = [messages[number, ticketbox_id] for ticketbox_id in names]
        rows.append((period.label, sum(figures), *figures))
    title, unit = _PERIODS[scope.by]
    return Table(
        columns=(
            Column(name=scope.by, title=title, unit=unit),
            Column(name="messages", title="Messages", unit="count"),
            *(Column(name=f"messages: {name}", title=name, unit="count") for name in names.values()),
        ),
        rows=tuple(rows),
        totals=("Total", *(sum(figures) for figures in zip(*(row[1:] for row in rows), strict=True))),
        chart=Chart(shape="bars", label=scope.by, value="messages"),
    )


INBOUND_MESSAGES_BY_TICKETBOX = Definition(DESCRIPTION, Count, ask, build)
