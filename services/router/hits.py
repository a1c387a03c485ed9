"""How often rules hold, and which have no answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Counter

from chassis.database import Connection
from contracts.reports import RuleFigures
from contracts.router import RoutingEvidence

FAILURES = Counter("postroom_rule_failures_total", "Messages for which a rule had no answer.", ["rule"])


@dataclass(slots=True)
class Hits:
    """What one rule of one ruleset did in a batch."""

    held: int = 0
    failed: int = 0
    error: str | None = None


def count(evidence: Iterable[RoutingEvidence]) -> dict[tuple[int, str], Hits]:
    """By version and name of the rule."""
    found: dict[tuple[int, str], Hits] = {}
    for one in evidence:
        for acted in one.acted:
            found.setdefault((one.ruleset_version, acted.rule), Hits()).held += 1
        for failed in one.failed:
            hits = found.setdefault((one.ruleset_version, failed.rule), Hits())
            hits.failed, hits.error = hits.failed + 1, failed.error
    return found


# Rows are locked in one order, so that several routers do not wait in a circle.
_KEEP = """
INSERT INTO rule_hit AS kept (ruleset_version, rule, hits, failures, last_hit_at, last_error)
SELECT ruleset_version, rule, hits, failures, CASE WHEN hits > 0 THEN $6::timestamptz END, last_error
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
    AS new (ruleset_version, rule, hits, failures, last_error)
ORDER BY ruleset_version, rule
ON CONFLICT (ruleset_version, rule) DO UPDATE
SET hits = kept.hits + excluded.hits,
    failures = kept.failures + excluded.failures,
    last_hit_at = coalesce(excluded.last_hit_at, kept.last_hit_at),
    last_error = coalesce(excluded.last_error, kept.last_error)
"""


async def keep(db: Connection, evidence: Iterable[RoutingEvidence], now: datetime) -> None:
    """Count what a batch of decisions says."""
    found = count(evidence)
    if not found:
        return
    for (_, rule), hits in found.items():
        if hits.failed:
            FAILURES.labels(rule).inc(hits.failed)
    await db.execute(
        _KEEP,
        [version for version, _ in found],
        [rule for _, rule in found],
        [hits.held for hits in found.values()],
        [hits.failed for hits in found.values()],
        [hits.error for hits in found.values()],
        now,
    )


async def figures(db: Connection) -> tuple[RuleFigures, ...]:
    """What every rule did under every version that it was part of."""
    rows = await db.fetch(
        """
        SELECT ruleset_version, rule, hits, failures, last_hit_at, last_error
        FROM rule_hit
        ORDER BY ruleset_version DESC, rule
        """
    )
    return tuple(RuleFigures(**row) for row in rows)
