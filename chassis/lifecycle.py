"""How a process begins and ends."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import uvloop

from chassis.logging import get_logger

STOP_SECONDS = 10
logger = get_logger(__name__)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main` until it returns; SIGTERM and SIGINT set the event that it is given.

    A second signal, or stopping for longer than 10 s, ends the process at once: all that matters is committed, and
    what was in flight is delivered again.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(main))


async def _until_stopped(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            _abort()
        stopping.set()
        loop.call_later(STOP_SECONDS, _abort)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await main(stopping)


def _abort() -> None:
    logger.error("stopped the hard way", allowed_seconds=STOP_SECONDS)
    os._exit(1)
