"""Memory of the whole stack: PostgreSQL, NATS, six services and their supervisor."""

import psutil

from bench.table import Figure
from tests.running import Postroom

GOAL = 700


def megabytes(postroom: Postroom) -> float:
    """Proportional set size: what processes share is counted once."""
    parent = psutil.Process(postroom.process.pid)
    total = 0
    for one in (parent, *parent.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:  # a backend of PostgreSQL that has just ended
            continue
    return total / 1e6


def idle(postroom: Postroom) -> Figure:
    return Figure("memory of the whole stack, idle", megabytes(postroom), "MB", GOAL, "less")
