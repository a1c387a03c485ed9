"""Misrouting by rule: how often the ticketbox that a rule chose was the wrong one."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.reports import Chart, Column, ReportDescription
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.inbound import INBOUND
from services.analytics.scope import Scope

DESCRIPTION = ReportDescription(
    name="misrouting_by_rule",
    title="Misrouting by rule",
    description="How many tickets each rule sent to a ticketbox, and how many of them people had to correct.",
    by=("rule",),
)
BY_ADDRESS = "No rule: by address"
NOT_KNOWN = "Not known: rebuild facts"

# What is undone is always the last move of a ticket: others behind it would have kept it from being undone. So each
# undo that follows a correction, with no other move between, takes back the one before it.
SQL = f"""
WITH {INBOUND},
opened AS (
    SELECT
        coalesce(nullif(ticketbox_rule, ''), CASE
            WHEN ticketbox_rule IS NULL THEN $6
            ELSE $5
        END) AS rule,
        EXISTS (
            SELECT
            FROM fact_correction AS correction
            WHERE correction.ticket_id = inbound.ticket_id
              AND correction.from_ticketbox_id = inbound.ticketbox_id
              AND correction.recorded_at <= $3
              AND (
                  SELECT count(*) % 2
                  FROM fact_move AS undo
                  WHERE undo.ticket_id = correction.ticket_id
                    AND undo.version > correction.version
                    AND undo.why = 'undo'
                    AND undo.recorded_at <= $3
                    AND NOT EXISTS (
                        SELECT
                        FROM fact_move AS other
                        WHERE other.ticket_id = undo.ticket_id
                          AND other.version > correction.version
                          AND other.version < undo.version
                          AND other.why <> 'undo'
                    )
              ) = 0
        ) AS corrected
    FROM inbound
    WHERE outcome = 'opened'
      AND ticketbox_id IS NOT NULL
)
SELECT
    rule,
    count(*) AS tickets,
    count(*) FILTER (WHERE corrected) AS corrected
FROM opened
GROUP BY rule
ORDER BY corrected DESC, tickets DESC, rule
"""


@dataclass(frozen=True, slots=True)
class Count:
    """The tickets of one rule."""

    rule: str
    tickets: int
    corrected: int


def ask(scope: Scope) -> Question:
    """Tickets and corrections by rule."""
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids, BY_ADDRESS, NOT_KNOWN))


def build(_: Scope, counts: Sequence[Count]) -> Table:
    """One row a rule, the one that was corrected most often first."""
    tickets = sum(count.tickets for count in counts)
    corrected = sum(count.corrected for count in counts)
    return Table(
        columns=(
            Column(name="rule", title="Rule", unit="text"),
            Column(name="tickets", title="Tickets", unit="count"),
            Column(name="corrected", title="Corrected", unit="count"),
            Column(name="rate", title="Misrouted", unit="percent"),
        ),
        rows=tuple(
            (count.rule, count.tickets, count.corrected, percent(count.corrected, count.tickets))
            for count in counts
        ),
        totals=("Total", tickets, corrected, percent(corrected, tickets)),
        chart=Chart(shape="horizontal_bars", label="rule", value="rate"),
    )


MISROUTING_BY_RULE = Definition(DESCRIPTION, Count, ask, build)
