"""Work that goes on for as long as its service, whatever goes wrong meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import nats.errors
import nats.js.errors

from chassis.backoff import Patience
from chassis.database import TRANSIENT
from chassis.log import AlreadyAnswered, VersionConflict
from chassis.logging import get_logger
from chassis.requests import TryAgain

logger = get_logger(__name__)

PASSING = (*TRANSIENT, nats.errors.Error, nats.js.errors.Error, VersionConflict, AlreadyAnswered, TryAgain)
"""Failures that pass by themselves: of the database, of NATS, of other services, and of several who do the same."""


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` until cancelled; when it raises, it is logged and begun again after a while."""
    patience, loop = Patience(), asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await work()
        except PASSING as error:
            logger.warning("background work interrupted", work=name, error=repr(error))
        except Exception as error:
            logger.exception("background work failed", work=name, error=repr(error))
        patience.worked(loop.time() - began)
        await asyncio.sleep(patience.wait())
