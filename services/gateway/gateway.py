"""What every request may need: the read model, the other services, the live feed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chassis import requests
from chassis.projection import wait_for
from chassis.requests import NoSuchBlob, RefusedQuery, RequestFailed, ServiceUnavailable, TooMuch
from chassis.service import Service
from contracts.commands import Command, Done, MessageCommand, Refused
from contracts.requests import Request
from services.gateway.forms.limits import Limiter
from services.gateway.live import Feed
from services.gateway.problems import (
    Conflict,
    Failed,
    Forbidden,
    NotFound,
    Problem,
    Unavailable,
    Unprocessable,
)
from services.gateway.read_model.inbox import INBOX
from services.gateway.settings import GatewaySettings
from services.gateway.watch import Watch

MOST_WRITING = 4


@dataclass(frozen=True, slots=True)
class Gateway:
    """The connections that handlers share."""

    service: Service[GatewaySettings]
    feed: Feed
    watch: Watch
    limiter: Limiter = field(default_factory=Limiter)
    """Of the forms of this process."""
    writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_WRITING))
    """Strangers' letters, with their files, that are in memory at the same time."""

    async def command(self, command: Command) -> Done:
        """Have something done, and wait until the read model shows it.

        Raises:
            Problem: it was refused, or the service that does it fails or does not answer.
        """
        with _told():
            outcome = await requests.send_command(self.service.nats, command)
        if isinstance(outcome, Refused):
            raise refusal(outcome)
        await wait_for(self.service.pool, INBOX.name, command.service, outcome.position)
        if isinstance(command, MessageCommand):
            await self.watch.count_waiting()
        return outcome

    async def ask(
        self,
        request: Request,
        answer: type[requests.M],
        service: str = "",
        timeout_seconds: float = requests.TIMEOUT_SECONDS,
    ) -> requests.M:
        """Ask something of another service: of `service`, where each answers.

        Raises:
            Problem: it says no, fails, or does not answer.
        """
        try:
            with _told():
                return await requests.ask(self.service.nats, request, answer, service, timeout_seconds)
        except RefusedQuery as error:
            raise refusal(error.refused) from error

    async def blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Stored bytes, as they come; the first piece is there before this returns, so errors are told in time.

        Raises:
            Problem: there is no such blob, or ingest fails or does not answer.
        """
        pieces = requests.blob(self.service.nats, sha256)
        try:
            with _told():
                first = await anext(pieces, b"")
        except NoSuchBlob as error:
            raise NotFound("These bytes are not stored any more.") from error

        async def all_of_it() -> AsyncIterator[bytes]:
            yield first
            async for piece in pieces:
                yield piece

        return all_of_it()


@contextmanager
def _told() -> Iterator[None]:
    """That a service failed, did not answer or could not be asked, as HTTP says it."""
    try:
        yield
    except ServiceUnavailable as error:
        raise Unavailable(str(error)) from error
    except RequestFailed as error:
        raise Failed(str(error)) from error
    except TooMuch as error:
        raise Unprocessable(f"{error}. Do it in parts.") from error


_CONFLICTS = {
    "outdated",
    "changed_meanwhile",
    "changed_since",
    "already_there",
    "not_failed",
    "merged",
    "not_routed_yet",
    "already_delivered",
    "not_complete",
    "must_be_replayed",
    "not_read_yet",
    "gone",
    "erased",
    "nothing_waits",
    "not_there",
    "full",
}


def refusal(refused: Refused) -> Problem:
    """A refusal of the domain, as HTTP says it."""
    if refused.code in _CONFLICTS:
        return Conflict(refused.code, refused.detail, version=refused.version, facts=refused.facts)
    if refused.code == "forbidden":
        return Forbidden(refused.detail)
    if refused.code in {"unknown", "unknown_report"}:
        return NotFound(refused.detail)
    return Unprocessable(refused.detail, facts=refused.facts)
