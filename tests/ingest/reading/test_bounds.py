"""Time and memory: whatever comes, both are bounded by the size of the message."""

import os
import resource
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from bench.hostile import HOSTILE
from services.ingest.reading import read

MEGABYTE = 1_000_000
SIZE = 3 * MEGABYTE
MOST_MEMORY = 5 * SIZE + 50 * MEGABYTE
MOST_CPU_SECONDS = 20
"""Far more than anything takes here: what does not grow linearly takes hours."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured by /proc")


def in_memory(field: str) -> int:
    """Bytes, of the process that asks."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(field))


def read_in_a_process_of_its_own(name: str) -> None:
    """End with the status 0 if memory is kept, and by a signal if time is not."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    raw = HOSTILE[name](SIZE)
    Path("/proc/self/clear_refs").write_text("5")
    before = in_memory("VmRSS")
    letter = read(raw)
    grown = in_memory("VmHWM") - before + len(raw)
    os._exit(
        0 if grown <= MOST_MEMORY and "unreadable" not in letter.problems else 1 + min(grown // MEGABYTE, 250)
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_three_megabytes_of(name: str) -> None:
    process = get_context("fork").Process(target=read_in_a_process_of_its_own, args=(name,))
    process.start()
    process.join()
    assert process.exitcode == 0
