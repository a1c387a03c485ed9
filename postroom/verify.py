"""Recounts what must hold: every chain link, every message in exactly one state, every byte and every answer."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from chassis.database import Connection, as_owner
from chassis.log import ALL_BY_STREAM, ChainWalk
from contracts.erasures import ROWS_ERASED
from contracts.streams import STREAMS
from postroom import checks
from postroom.recount import disagreements

Advance = Callable[[int], None]
EVENTS_A_CHECK = 20_000
"""How far a progress bar goes for one check, beside the events of the chains."""
_CHECKS = (checks.missing_blobs, checks.answers, checks.totals, checks.sources, checks.held)


async def steps(database_url: str, *, deep: bool = False) -> int:
    """How many steps `verify` will take, for a progress bar."""
    async with as_owner(database_url) as db:
        events: list[int] = [
            await db.fetchval(f"SELECT count(*) FROM {service}.event") for service in STREAMS
        ]
    return sum(events) + EVENTS_A_CHECK * (1 + len(_CHECKS) + (checks.PARTS if deep else 0))


async def verify(database_url: str, *, deep: bool = False, advance: Advance = lambda _: None) -> list[str]:
    """What is wrong, a sentence each; empty if nothing is.

    The services may be at work meanwhile. `deep` reads all stored bytes too. `advance` hears how many more steps are
    done.
    """
    async with as_owner(database_url) as db:
        problems = [problem for service in STREAMS async for problem in _broken_chains(db, service, advance)]
        async with db.transaction(isolation="repeatable_read", readonly=True):
            # One moment for all that is compared.
            await db.execute("SET LOCAL work_mem = '64MB'")
            problems += [problem async for problem in disagreements(db, datetime.now(UTC))]
            advance(EVENTS_A_CHECK)
            for check in _CHECKS:
                problems += [problem async for problem in check(db)]
                advance(EVENTS_A_CHECK)
        for part in range(checks.PARTS if deep else 0):
            async with db.transaction():
                problems += [problem async for problem in checks.spoiled_blobs(db, part)]
            advance(EVENTS_A_CHECK)
    return problems


_ERASED = """
SELECT (row ->> 'position')::bigint AS position, decode(row ->> 'sha256', 'hex') AS sha256
FROM event
CROSS JOIN LATERAL jsonb_array_elements(data -> 'rows') AS row
WHERE type = $1
ORDER BY event.position  -- what is vouched for last counts
"""

_UNASKED = """
SELECT DISTINCT stream_id
FROM event
WHERE type = $1
  AND NOT EXISTS (
    SELECT
    FROM tickets.event AS requested
    WHERE requested.stream_id = event.stream_id
      AND requested.type = 'ErasureRequested'
  )
"""


async def _broken_chains(db: Connection, service: str, advance: Advance) -> AsyncIterator[str]:
    walked, by = 0, ROWS_ERASED[service].type_name()
    async with db.transaction(isolation="repeatable_read", readonly=True):
        await db.execute(f"SET LOCAL search_path = {service}")
        walk = ChainWalk({row["position"]: row["sha256"] for row in await db.fetch(_ERASED, by)})
        for row in await db.fetch(_UNASKED, by):
            yield f"{service}: {row['stream_id']}: it erased data, and nobody had asked for it"
        async for row in db.cursor(ALL_BY_STREAM, prefetch=1000):
            if broken := walk.step(row):
                yield (
                    f"{service}: {broken.stream_id} version {broken.version} "
                    f"(position {broken.position}): {broken.problem}"
                )
            walked += 1
            if walked % 1000 == 0:
                advance(1000)
    advance(walked % 1000)


async def count_erased(database_url: str) -> int:
    """How many rows of all logs have lost a person's data."""
    async with as_owner(database_url) as db:
        counts: list[int] = [
            await db.fetchval(f"SELECT count(*) FROM {service}.event WHERE payload_sha256 IS NOT NULL")
            for service in STREAMS
        ]
    return sum(counts)
