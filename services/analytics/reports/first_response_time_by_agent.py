"""First response time by agent: how long customers waited for the first answer, counted for whoever wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.reports import Cell, Chart, Column, ReportDescription
from services.analytics.definition import Definition, Question, Table
from services.analytics.scope import Scope
from services.analytics.sight import ticketbox_of

DESCRIPTION = ReportDescription(
    name="first_response_time_by_agent",
    title="First response time by agent",
    description=(
        "How long customers who began a conversation waited for the first answer that a person wrote, by who wrote it. "
        "Wall clock. Who was not answered is counted for the owner of the ticket."
    ),
    by=("agent",),
)

# A ticket that was merged before anybody answered in either goes on in the other one, and so on: the customer waits
# there since the first of these letters came. If the other one was answered before, no first answer is waited for.
# None is either where a letter was settled in the ticket that it was split off from.
SQL = f"""
WITH RECURSIVE written AS NOT MATERIALIZED (
    SELECT ticket_id, reply_id, agent_id, released_at, released_recorded_at
    FROM fact_reply
    WHERE released_recorded_at <= $3
      AND NOT automatic
),
merge AS (
    SELECT DISTINCT ON (ticket_id) ticket_id, into_id, recorded_at
    FROM fact_merge
    WHERE recorded_at <= $3
    ORDER BY ticket_id, version DESC
),
gone AS (
    SELECT ticket_id, into_id, recorded_at
    FROM merge
    WHERE into_id IS NOT NULL
      AND NOT EXISTS (
          SELECT
          FROM written
          WHERE written.ticket_id = merge.ticket_id
      )
),
onward AS (
    SELECT ticket_id, into_id
    FROM gone
    WHERE NOT EXISTS (
        SELECT
        FROM written
        WHERE written.ticket_id = gone.into_id
          AND written.released_recorded_at <= gone.recorded_at
    )
),
way AS (
    SELECT ticket_id, into_id
    FROM onward
    UNION
    SELECT way.ticket_id, onward.into_id
    FROM way
    JOIN onward
        ON onward.ticket_id = way.into_id
),
began AS NOT MATERIALIZED (
    SELECT ticket_id, CASE WHEN NOT automatic AND NOT settled THEN received_at END AS at
    FROM fact_ticket
    WHERE recorded_at <= $3
),
brought AS (
    SELECT way.into_id AS ticket_id, min(began.at) AS at
    FROM way
    JOIN began USING (ticket_id)
    GROUP BY way.into_id
),
ticket AS (
    SELECT ticket_id, least(began.at, brought.at) AS since
    FROM (
        SELECT ticket_id
        FROM fact_ticket
        WHERE received_at >= $1
          AND received_at < $2
        UNION
        SELECT ticket_id
        FROM brought
    ) AS candidate
    JOIN began USING (ticket_id)
    LEFT JOIN brought USING (ticket_id)
    WHERE least(began.at, brought.at) >= $1
      AND least(began.at, brought.at) < $2
      AND ticket_id NOT IN (SELECT ticket_id FROM gone)
      AND ($4::uuid[] IS NULL OR {ticketbox_of("began.ticket_id")} = ANY($4))
),
answer AS (
    SELECT DISTINCT ON (ticket_id)
        ticket_id,
        written.agent_id,
        extract(epoch FROM written.released_at - ticket.since)::float8 AS seconds
    FROM ticket
    JOIN written USING (ticket_id)
    ORDER BY ticket_id, written.released_at, written.reply_id
),
owner AS (
    SELECT DISTINCT ON (ticket_id) ticket_id, assignment.agent_id
    FROM ticket
    JOIN fact_assignment AS assignment USING (ticket_id)
    WHERE assignment.recorded_at <= $3
    ORDER BY ticket_id, assignment.version DESC
),
wait AS (
    SELECT coalesce(answer.agent_id, owner.agent_id) AS agent_id, answer.seconds
    FROM ticket
    LEFT JOIN answer USING (ticket_id)
    LEFT JOIN owner USING (ticket_id)
)
SELECT
    CASE
        WHEN grouping(agent_id) = 1 THEN 'Total'
        WHEN agent_id IS NULL THEN 'Nobody'
        ELSE coalesce(person.name, agent_id::text)
    END AS agent,
    count(seconds) AS answers,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90,
    avg(seconds) AS mean,
    count(*) - count(seconds) AS unanswered
FROM wait
LEFT JOIN person
    ON person.person_id = wait.agent_id
GROUP BY GROUPING SETS ((agent_id, person.name), ())
ORDER BY grouping(agent_id), agent_id IS NULL, agent, agent_id
"""


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits that one agent ended, in seconds, and the number of those that go on in the agent's tickets."""

    agent: str
    answers: int
    median: float | None
    p90: float | None
    mean: float | None
    unanswered: int


def ask(scope: Scope) -> Question:
    """Waits by agent, then those of tickets without an owner, and all together in the last row."""
    return Question(SQL, (scope.since, scope.until, scope.as_of, scope.ticketbox_ids))


def build(_: Scope, waits: Sequence[Waits]) -> Table:
    """One row an agent. The totals are of all waits together: a median of medians would mean nothing."""
    *agents, everyone = waits
    return Table(
        columns=(
            Column(name="agent", title="Agent", unit="text"),
            Column(name="answers", title="First answers", unit="count"),
            Column(name="median", title="Median", unit="seconds"),
            Column(name="p90", title="90th percentile", unit="seconds"),
            Column(name="mean", title="Mean", unit="seconds"),
            Column(name="unanswered", title="Unanswered", unit="count"),
        ),
        rows=tuple(_row(agent) for agent in agents),
        totals=_row(everyone),
        chart=Chart(shape="horizontal_bars", label="agent", value="median"),
    )


def _row(waits: Waits) -> tuple[Cell, ...]:
    times = (waits.median, waits.p90, waits.mean)
    return (
        waits.agent,
        waits.answers,
        *(None if seconds is None else round(seconds, 1) for seconds in times),
        waits.unanswered,
    )


FIRST_RESPONSE_TIME_BY_AGENT = Definition(DESCRIPTION, Waits, ask, build)
