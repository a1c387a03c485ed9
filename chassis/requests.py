"""Requests and replies over NATS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TypeVar, assert_never

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header, StatusCode
from pydantic import TypeAdapter

from chassis.telemetry import current_traceparent
from contracts.commands import Command, Done, Outcome, Refused
from contracts.model import Model
from contracts.queries import GetBlob
from contracts.requests import Request

M = TypeVar("M", bound=Model)
TIMEOUT_SECONDS = 8
PATIENT = "Postroom-Patient"
"""Whoever asks with this header hears every few seconds that the service is at work."""
BEAT_SECONDS = 4.0
SILENCE_SECONDS = 20.0
"""Without a word from it, a service at work was killed."""
OUTCOME = "Postroom-Outcome"
"""How a request ended, as `Ending` has it; without it, it was answered."""
ERROR = "Postroom-Error"
"""The name of what was raised, where a request was not answered."""
SIZE = "Postroom-Size"
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


class Ending(StrEnum):
    ANSWERED = "answered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    """What it needs is away: the same request may be made again."""
    FAILED = "failed"
    """It would fail again."""
    WORKING = "working"
    """Not ended: the answer is still to come."""


class TryAgain(Exception):
    """A request cannot be answered now; the same request may be made again."""


class ServiceUnavailable(TryAgain):
    """A service does not answer: it is starting, stopped or cut off, or what it needs is."""

    def __init__(self, subject: str, why: str) -> None:
        self.service = _service(subject)
        super().__init__(f"{self.service} does not answer ({why}); try again in a moment")


class RequestFailed(Exception):
    """A service failed on a request, and would again: a bug, or data that it cannot read. Nothing of it is done."""

    def __init__(self, subject: str, why: str) -> None:
        self.service = _service(subject)
        super().__init__(f"{self.service} failed on this ({why}), and would again; its log says more")


def _service(subject: str) -> str:
    return subject.split(".")[1]


class TooMuch(Exception):
    """The broker does not take a request as large as this one: it was not sent."""

    def __init__(self, subject: str, size: int, most: int) -> None:
        super().__init__(
            f"This is too much at once: {size} bytes for {_service(subject)}, and {most} are the most"
        )


class RefusedQuery(Exception):
    """The service says no to a query: an unknown report, a range that ends before it begins."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(refused.detail)


async def send_command(nc: Client, command: Command) -> Done | Refused:
    """Ask tickets for something; a repeat with the same command id is harmless.

    Raises:
        ServiceUnavailable: nothing is known about its effect; send the same command again.
        RequestFailed, TooMuch.
    """
    return _OUTCOME.validate_json((await _request(nc, command.subject(), command))[0])


async def ask(
    nc: Client,
    request: Request,
    answer: type[M],
    service: str = "",
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> M:
    """Ask something of a service: of `service`, where each answers.

    Raises:
        ServiceUnavailable, RequestFailed, RefusedQuery, TooMuch.
    """
    return _answered(await _request(nc, request.subject(service), request, timeout_seconds), answer)


async def ask_patiently(nc: Client, request: Request, answer: type[M], service: str = "") -> M:
    """Ask a service for what takes minutes: as long as it says that it is at work.

    Raises:
        ServiceUnavailable, RequestFailed, RefusedQuery, TooMuch.
    """
    return _answered(await _request(nc, request.subject(service), request, patient=True), answer)


def _answered(reply: tuple[bytes, dict[str, str]], answer: type[M]) -> M:
    body, headers = reply
    if headers.get(OUTCOME) == Ending.REFUSED:
        raise RefusedQuery(Refused.model_validate_json(body))
    return answer.model_validate_json(body)


async def blob(nc: Client, sha256: str) -> AsyncIterator[bytes]:
    """The bytes of a blob, piece by piece.

    Raises:
        ServiceUnavailable, RequestFailed, NoSuchBlob.
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


class NoSuchBlob(Exception):
    """Nothing with this sha256 is stored."""


def as_answer(answered: Model) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an answer, which may be a refusal."""
    headers = {OUTCOME: Ending.REFUSED.value} if isinstance(answered, Refused) else {}
    return answered.model_dump_json().encode(), headers


@asynccontextmanager
async def at_work(nc: Client, request: Msg) -> AsyncIterator[None]:
    """Let whoever asks patiently know that its request is being worked on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await nc.publish(request.reply, headers={OUTCOME: Ending.WORKING})

    if PATIENT not in (request.headers or {}):
        yield
        return
    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)  # without a connection the answer fails too


async def _request(
    nc: Client,
    subject: str,
    request: Model,
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    patient: bool = False,
) -> tuple[bytes, dict[str, str]]:
    headers = {"traceparent": traceparent} if (traceparent := current_traceparent()) else {}
    body = request.model_dump_json().encode()
    try:
        if patient:
            message = await _request_patiently(nc, subject, body, headers)
        else:
            message = await nc.request(subject, body, timeout=timeout_seconds, headers=headers or None)
    except nats.errors.MaxPayloadError as error:
        raise TooMuch(subject, len(body), nc.max_payload) from error
    except (nats.errors.Error, TimeoutError) as error:
        raise ServiceUnavailable(subject, type(error).__name__) from error
    answered = message.headers or {}
    ending = Ending(answered.get(OUTCOME, Ending.ANSWERED))
    match ending:
        case Ending.UNAVAILABLE:
            raise ServiceUnavailable(subject, answered[ERROR])
        case Ending.FAILED:
            raise RequestFailed(subject, answered[ERROR])
        case Ending.ANSWERED | Ending.REFUSED | Ending.WORKING:
            return message.data, answered
        case _:
            assert_never(ending)


async def _request_patiently(nc: Client, subject: str, body: bytes, headers: dict[str, str]) -> Msg:
    inbox = nc.new_inbox()
    answers = await nc.subscribe(inbox)
    try:
        await nc.publish(subject, body, reply=inbox, headers={**headers, PATIENT: "1"})
        while True:
            message = await answers.next_msg(SILENCE_SECONDS)
            said = message.headers or {}
            if said.get(Header.STATUS) == StatusCode.SERVICE_UNAVAILABLE:
                raise nats.errors.NoRespondersError
            if said.get(OUTCOME) != Ending.WORKING:
                return message
    finally:
        await answers.unsubscribe()
