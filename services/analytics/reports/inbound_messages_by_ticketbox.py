"""Inbound messages by ticketbox: how much mail each ticketbox was sent, in all or in the course of time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.queries import Chart, Column, ReportDescription, Unit
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.scope import Scope, periods

DESCRIPTION = ReportDescription(
    name="inbound-messages-by-ticketbox",
    title="Inbound messages by ticketbox",
    description="How many messages customers sent to each ticketbox, and what they began.",
    by=("ticketbox", "hour", "day", "week", "month"),
)

# A period is a place in $4, the beginnings of all periods; with the whole range as one period, it is 1.
SQL = """
WITH message AS (
    SELECT
        ticketbox_id,
        width_bucket(received_at, $4::timestamptz[]) AS period,
        disposition = 'deliver' AND kind = 'customer' AS counts,
        disposition = 'deliver' AND kind <> 'customer' AS automatic,
        disposition <> 'deliver' AS held_back,
        CASE WHEN outcome_recorded_at <= $3 THEN outcome END AS outcome
    FROM fact_message
    WHERE received_at >= $1
      AND received_at < $2
      AND received_recorded_at <= $3
      AND routed_recorded_at <= $3
)
SELECT
    message.ticketbox_id,
    coalesce(ticketbox.name, message.ticketbox_id::text) AS ticketbox,
    message.period,
    count(*) FILTER (WHERE counts) AS messages,
    count(*) FILTER (WHERE counts AND outcome = 'opened') AS new_tickets,
    count(*) FILTER (WHERE counts AND outcome IN ('replied', 'automatic_reply', 'bounced')) AS follow_ups,
    count(*) FILTER (WHERE automatic) AS automatic,
    count(*) FILTER (WHERE held_back) AS held_back
FROM message
LEFT JOIN ticketbox
    ON ticketbox.ticketbox_id = message.ticketbox_id
GROUP BY message.ticketbox_id, ticketbox.name, message.period
ORDER BY ticketbox, message.ticketbox_id, message.period
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The messages of one ticketbox in one period."""

    ticketbox_id: UUID
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
    return Question(SQL, (scope.since, scope.until, scope.as_of, starts))


def build(scope: Scope, counts: Sequence[Count]) -> Table:
    """One row a ticketbox, or one a period with a column a ticketbox."""
    return _by_ticketbox(counts) if scope.by == "ticketbox" else _by_period(scope, counts)


_COUNTED = (
    Column(name="messages", title="Messages", unit="count"),
    Column(name="new_tickets", title="New tickets", unit="count"),
    Column(name="follow_ups", title="Follow-ups", unit="count"),
    Column(name="automatic", title="Automatic", unit="count"),
    Column(name="held_back", title="Held back", unit="count"),
)


def _by_ticketbox(counts: Sequence[Count]) -> Table:
    everything = sum(count.messages for count in counts)
    rows = [
        (
            count.ticketbox,
            count.messages,
            count.new_tickets,
            count.follow_ups,
            count.automatic,
            count.held_back,
            percent(count.messages, everything),
        )
        for count in counts
    ]
    return Table(
        columns=(
            Column(name="ticketbox", title="Ticketbox", unit="text"),
            *_COUNTED,
            Column(name="share", title="Share", unit="percent"),
        ),
        rows=tuple(rows),
        totals=(
            "Total",
            everything,
            sum(count.new_tickets for count in counts),
            sum(count.follow_ups for count in counts),
            sum(count.automatic for count in counts),
            sum(count.held_back for count in counts),
            percent(everything, everything),
        ),
        chart=Chart(shape="horizontal_bars", label="ticketbox", value="messages"),
    )


_PERIOD_UNITS: dict[str, Unit] = {"hour": "hour", "day": "date", "week": "date", "month": "month"}
_PERIOD_TITLES = {"hour": "Hour", "day": "Day", "week": "Week of", "month": "Month"}


def _by_period(scope: Scope, counts: Sequence[Count]) -> Table:
    messages = Counter({(count.period, count.ticketbox_id): count.messages for count in counts})
    names = {count.ticketbox_id: count.ticketbox for count in counts if count.messages}
    rows: list[tuple[str | int, ...]] = []
    for number, period in enumerate(periods(scope), 1):
        figures = [messages[number, ticketbox_id] for ticketbox_id in names]
        rows.append((period.label, sum(figures), *figures))
    totals = [sum(figures) for figures in zip(*(row[1:] for row in rows), strict=True)]
    return Table(
        columns=(
            Column(name=scope.by, title=_PERIOD_TITLES[scope.by], unit=_PERIOD_UNITS[scope.by]),
            Column(name="messages", title="Messages", unit="count"),
            *(
                Column(name=str(ticketbox_id), title=name, unit="count")
                for ticketbox_id, name in names.items()
            ),
        ),
        rows=tuple(rows),
        totals=("Total", *totals),
        chart=Chart(shape="bars", label=scope.by, value="messages"),
    )


INBOUND_MESSAGES_BY_TICKETBOX = Definition(DESCRIPTION, Count, ask, build)
