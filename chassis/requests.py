"""Commands and queries by NATS request and reply."""

from collections.abc import AsyncIterator
from typing import TypeVar

import nats.errors
from nats.aio.client import Client
from pydantic import TypeAdapter

from chassis.telemetry import current_traceparent
from contracts.commands import Command, Done, Outcome, Refused
from contracts.model import Model
from contracts.queries import GetBlob, Query

M = TypeVar("M", bound=Model)
TIMEOUT_SECONDS = 8
ERROR = "Postroom-Error"
SIZE = "Postroom-Size"
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


class ServiceUnavailable(Exception):  # noqa: N818
    """A service does not answer: it is starting, stopped or cut off. The same request may be made again."""

    def __init__(self, subject: str, why: str) -> None:
        self.service = subject.split(".")[1]
        super().__init__(f"{self.service} does not answer ({why}); try again in a moment")


class RefusedQuery(Exception):  # noqa: N818
    """The service says no to a query: an unknown report, a range that ends before it begins."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(refused.detail)


async def send_command(nc: Client, command: Command) -> Done | Refused:
    """Ask tickets for something; a repeat with the same command id is harmless.

    Raises:
        ServiceUnavailable: nothing is known about its effect; send the same command again.
    """
    return _OUTCOME.validate_json((await _request(nc, command.subject(), command))[0])


async def ask(
    nc: Client,
    query: Query,
    answer: type[M],
    subject: str | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> M:
    """Ask a service something.

    Raises:
        ServiceUnavailable, RefusedQuery.
    """
    body, _ = await _request(nc, subject or query.subject(), query, timeout_seconds)
    if body.startswith(b'{"outcome":"refused"'):
        raise RefusedQuery(Refused.model_validate_json(body))
    return answer.model_validate_json(body)


async def blob(nc: Client, sha256: str) -> AsyncIterator[bytes]:
    """The bytes of a blob, piece by piece.

    Raises:
        ServiceUnavailable, NoSuchBlob.
    """
    offset, size = 0, 1
    while offset < size:
        query = GetBlob(sha256=sha256, offset=offset)
        piece, headers = await _request(nc, query.subject(), query)
        if SIZE not in headers:
            raise NoSuchBlob(sha256)
        size = int(headers[SIZE])
        offset += len(piece)
        if piece:
            yield piece


class NoSuchBlob(Exception):  # noqa: N818
    """Nothing with this sha256 is stored."""


async def _request(
    nc: Client, subject: str, request: Model, timeout_seconds: float = TIMEOUT_SECONDS
) -> tuple[bytes, dict[str, str]]:
    headers = {"traceparent": traceparent} if (traceparent := current_traceparent()) else None
    try:
        message = await nc.request(
            subject, request.model_dump_json().encode(), timeout=timeout_seconds, headers=headers
        )
    except (nats.errors.Error, TimeoutError) as error:
        raise ServiceUnavailable(subject, type(error).__name__) from error
    answered = message.headers or {}
    if ERROR in answered:
        raise ServiceUnavailable(subject, answered[ERROR])
    return message.data, answered
