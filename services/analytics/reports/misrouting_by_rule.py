"""Misrouting by rule: how often people corrected the ticketbox that it chose, or let through what it held back."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.reports import Chart, Column, ReportDescription
from services.analytics.definition import Definition, Question, Table, percent
from services.analytics.inbound import INBOUND
from services.analytics.scope import Scope

DESCRIPTION = ReportDescription(
    name="misrouting_by_rule",
    title="Misrouting by rule",
    description="How many tickets each rule sent to a ticketbox and letters it held back, and how many were wrong.",
    by=("rule",),
)
BY_ADDRESS = "No rule: by address"
NOT_KNOWN = "Not known: rebuild facts"

# What is undone is always the last move of a ticket: others behind it would have kept it from being undone. So each
# undo that follows a correction, with no other move between, takes back the one before it.
SQL = f"""
WITH {INBOUND},
held_back AS (
    SELECT
        message_id,
        -- Whatever people decided after that, it was about what this rule had done.
        (array_agg(decision.held_back_rule ORDER BY version DESC)
            FILTER (WHERE decision.held_back_rule IS NOT NULL))[1] AS rule
    FROM fact_decision AS decision
    JOIN fact_message AS message USING (message_id)
    WHERE message.received_at >= $1
      AND message.received_at < $2
      AND decision.recorded_at <= $3
    GROUP BY message_id
),
decision AS (
    SELECT
        message_id,
        coalesce(nullif(ticketbox_rule, ''), CASE
            WHEN ticketbox_rule IS NULL THEN $6
            ELSE $5
        END) AS rule,
        false AS held_back,
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
    UNION ALL
    SELECT message_id, rule, true, sort <> 'held_back'
    FROM inbound
    JOIN held_back USING (message_id)
    WHERE rule <> ''
),
letter AS (
    SELECT rule, bool_or(held_back) AS held_back, bool_or(corrected) AS corrected
    FROM decision
    GROUP BY rule, message_id
)
SELECT
    rule,
    count(*) FILTER (WHERE NOT held_back) AS tickets,
    count(*) FILTER (WHERE held_back) AS held_back,
    count(*) FILTER (WHERE corrected) AS corrected
FROM letter
GROUP BY rule
ORDER BY corrected DESC, count(*) DESC, rule
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What one rule decided; a letter that it both held back and sent to a ticketbox is one that it held back."""

    rule: str
    tickets: int
    held_back: int
    corrected: int

    @property
    def figures(self) -> tuple[str, int, int, int, float | None]:
        """Its row."""
        rate = percent(self.corrected, self.tickets + self.held_back)
        return self.rule, self.tickets, self.held_back, self.corrected, rate


def ask(scope: Scope) -> Question:
    """Decisions and corrections by rule."""
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids, BY_ADDRESS, NOT_KNOWN))


def build(_: Scope, counts: Sequence[Count]) -> Table:
    """One row a rule, the one that was corrected most often first."""
    total = Count(
        rule="Total",
        tickets=sum(count.tickets for count in counts),
        held_back=sum(count.held_back for count in counts),
        corrected=sum(count.corrected for count in counts),
    )
    return Table(
        columns=(
            Column(name="rule", title="Rule", unit="text"),
            Column(name="tickets", title="Tickets", unit="count"),
            Column(name="held_back", title="Held back", unit="count"),
            Column(name="corrected", title="Corrected", unit="count"),
            Column(name="rate", title="Misrouted", unit="percent"),
        ),
        rows=tuple(count.figures for count in counts),
        totals=total.figures,
        chart=Chart(shape="horizontal_bars", label="rule", value="rate"),
    )


MISROUTING_BY_RULE = Definition(DESCRIPTION, Count, ask, build)
