"""First response time by agent: how long customers waited for the first answer, counted for whoever wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.queries import Cell, Chart, Column, ReportDescription
from services.analytics.definition import Definition, Question, Table
from services.analytics.scope import Scope

DESCRIPTION = ReportDescription(
    name="first-response-time-by-agent",
    title="First response time by agent",
    description="How long customers waited for the first answer that a person wrote, by who wrote it. Wall clock.",
    by=("agent",),
)

SQL = """
WITH answer AS (
    SELECT reply_id, ticket_id, agent_id, sent_at
    FROM fact_reply
    WHERE NOT automatic
      AND released_recorded_at <= $3
      AND sent_recorded_at <= $3
),
first_response AS (
    SELECT
        answer.agent_id,
        coalesce(person.name, answer.agent_id::text) AS agent,
        extract(epoch FROM answer.sent_at - ticket.received_at)::float8 AS seconds
    FROM answer
    JOIN fact_ticket AS ticket
        ON ticket.ticket_id = answer.ticket_id
        AND ticket.kind = 'customer'
        AND ticket.recorded_at <= $3
    LEFT JOIN person
        ON person.person_id = answer.agent_id
    WHERE answer.sent_at >= $1
      AND answer.sent_at < $2
      AND NOT EXISTS (
          SELECT
          FROM answer AS earlier
          WHERE earlier.ticket_id = answer.ticket_id
            AND (earlier.sent_at, earlier.reply_id) < (answer.sent_at, answer.reply_id)
      )
)
SELECT
    agent_id,
    agent,
    count(*) AS answers,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90,
    avg(seconds) AS mean
FROM first_response
GROUP BY GROUPING SETS ((agent_id, agent), ())
ORDER BY agent_id IS NULL, agent, agent_id
"""


@dataclass(frozen=True, slots=True)
class Wait:
    """The waits that one agent ended, in seconds; `agent_id` None: of all agents together."""

    agent_id: UUID | None
    agent: str | None
    answers: int
    median: float | None
    p90: float | None
    mean: float | None


def ask(scope: Scope) -> Question:
    """Waits by agent, and all together in the last row."""
    return Question(SQL, (scope.since, scope.until, scope.as_of))


def build(_: Scope, waits: Sequence[Wait]) -> Table:
    """One row an agent. The totals are of all waits together: a median of medians would mean nothing."""
    *agents, everyone = waits
    return Table(
        columns=(
            Column(name="agent", title="Agent", unit="text"),
            Column(name="answers", title="First answers", unit="count"),
            Column(name="median", title="Median", unit="seconds"),
            Column(name="p90", title="90th percentile", unit="seconds"),
            Column(name="mean", title="Mean", unit="seconds"),
        ),
        rows=tuple((wait.agent, *_figures(wait)) for wait in agents),
        totals=("Total", *_figures(everyone)),
        chart=Chart(shape="horizontal_bars", label="agent", value="median"),
    )


def _figures(wait: Wait) -> tuple[Cell, ...]:
    return (wait.answers, *(_tenths(seconds) for seconds in (wait.median, wait.p90, wait.mean)))


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


FIRST_RESPONSE_TIME_BY_AGENT = Definition(DESCRIPTION, Wait, ask, build)
