"""Work of a service goes on whatever it raises, and nothing that it raises is lost to the log."""

import asyncio

import pytest
from structlog.testing import capture_logs

from chassis.background import keep_running
from chassis.backoff import Patience
from chassis.log import VersionConflict

pytestmark = pytest.mark.anyio


async def test_work_that_fails_is_begun_again_after_ever_longer_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures = [KeyError("a bug"), ConnectionRefusedError("away"), VersionConflict("somebody was quicker")]
    waits: list[float] = []
    wait, at_last = Patience.wait, asyncio.Event()

    def no_time(patience: Patience) -> float:
        waits.append(wait(patience))
        return 0

    async def work() -> None:
        if failures:
            raise failures.pop(0)
        at_last.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Patience, "wait", no_time)
    with capture_logs() as said:
        running = asyncio.create_task(keep_running("counting", work))
        await at_last.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    # What is a bug is told with its trace; what passes by itself is not.
    assert [(one["work"], one["log_level"]) for one in said] == [
        ("counting", "error"),
        ("counting", "warning"),
        ("counting", "warning"),
    ]
    assert len(waits) == 3
    assert waits == sorted(waits)
