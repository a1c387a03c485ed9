"""Finds out whether the sender of a message is who he says he is, in bounded time, whatever DNS does."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from time import perf_counter

from chassis.logging import get_logger
from contracts.mail import Authentication, AuthenticationResult, SmtpEnvelope
from services.ingest.authentication import measures
from services.ingest.authentication.answers import Answers, Results, Wanted
from services.ingest.authentication.body import Body
from services.ingest.authentication.client import client_of, outside
from services.ingest.authentication.dmarc import dmarc_results, policy_asked_for
from services.ingest.authentication.header import Header, author_of, header_of
from services.ingest.authentication.resolver import Resolver
from services.ingest.authentication.signatures import arc_results, dkim_results
from services.ingest.authentication.spf import spf_results
from services.ingest.authentication.trusted import believed
from services.ingest.reading import Letter
from services.ingest.settings import IngestSettings

logger = get_logger(__name__)

BUDGET_SECONDS = 8.0
LARGE = 64 * 1024
"""Bytes from which signatures are checked in a thread, so that other clients need not wait."""
_BY_MAIL = ("smtp", "lmtp", "imap:", "pop3:")
"""What comes by the API or by a form was sent by no mail server."""
Evaluation = Callable[[Answers], Results]


class Authenticator:
    """One for the process; `watch` must run beside it."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._ids = frozenset(settings.trusted_authserv_ids)
        self._resolver = Resolver(settings.dns_servers)

    async def watch(self) -> None:
        """Notice when the name servers stop to answer, and when they answer again."""
        if self._settings.authentication == "off":
            await asyncio.Event().wait()
        await self._resolver.watch()

    async def examine(
        self,
        raw: bytes,
        letter: Letter,
        envelope: SmtpEnvelope,
        source: str,
        authserv_id: str | None = None,
    ) -> Authentication | None:
        """The results of a message; None if nobody is to look, or it did not come by mail.

        `authserv_id` is that of the server that a message was fetched from, if its results are believed. It ends
        within the budget and never raises: no message is refused because it could not be examined.
        """
        if self._settings.authentication == "off" or not source.startswith(_BY_MAIL):
            return None
        began = perf_counter()
        try:
            header = header_of(raw)
            ids = frozenset({authserv_id}) if authserv_id else self._trusted(envelope, source)
            found = (ids and believed(header, ids)) or Authentication(
                by="postroom", results=await self._verify(raw, header, letter, envelope, source)
            )
        except Exception:
            logger.exception("authentication failed")
            return None
        for one in found.results:
            measures.RESULTS.labels(one.method, one.result).inc()
        measures.SECONDS.observe(perf_counter() - began)
        return found

    def _trusted(self, envelope: SmtpEnvelope, source: str) -> frozenset[str]:
        """Whose results are believed if this client brings them."""
        if self._settings.authentication != "trust" or source not in {"smtp", "lmtp"}:
            return frozenset()
        client = client_of(envelope)
        upstream = client is not None and any(client in one for one in self._settings.trusted_upstreams)
        return self._ids if upstream else frozenset()

    async def _verify(
        self, raw: bytes, header: Header, letter: Letter, envelope: SmtpEnvelope, source: str
    ) -> Results:
        client = client_of(envelope) if source == "smtp" else None
        if client is not None and not outside(client):
            client = None
        body = Body(raw, header.body_at)
        author = author_of(header, letter.from_.address if letter.from_ else None)
        evaluations: dict[str, Evaluation] = {
            "spf": partial(spf_results, envelope, client),
            "dkim": partial(dkim_results, header, body),
            "arc": partial(arc_results, header, body),
            "dmarc": partial(policy_asked_for, author),
        }
        deadline = asyncio.get_running_loop().time() + BUDGET_SECONDS
        elsewhere = len(raw) > LARGE
        found = await self._evaluate(evaluations, deadline, elsewhere=elsewhere)
        found = tuple(one for one in found if one.method != "dmarc")  # what came too late may be known by now
        dmarc = partial(dmarc_results, author, found, client is not None)
        return found + await self._evaluate({"dmarc": dmarc}, deadline)

    async def _evaluate(
        self, evaluations: dict[str, Evaluation], deadline: float, *, elsewhere: bool = False
    ) -> Results:
        """The results of several methods, whose look-ups are made at the same time."""
        results: dict[str, Results] = {}
        waiting: dict[str, asyncio.Task[Results]] = {}
        for method, evaluation in evaluations.items():
            evaluate = partial(_soundly, method, evaluation)
            try:
                # Most can be said at once. What takes long does not come so far: it wants keys.
                results[method] = evaluate(Answers() if elsewhere else Answers(self._resolver.recall))
            except Wanted:
                waiting[method] = asyncio.create_task(self._resolver.settle(evaluate, elsewhere=elsewhere))
        if waiting:
            await _wait(waiting.values(), deadline)
            results |= {method: _outcome(method, task) for method, task in waiting.items()}
        return tuple(one for method in evaluations for one in results[method])


async def _wait(tasks: Collection[asyncio.Task[Results]], deadline: float) -> None:
    """Wait until the deadline, and leave nothing behind."""
    try:
        await asyncio.wait(tasks, timeout=deadline - asyncio.get_running_loop().time())
    finally:
        for task in tasks:
            task.cancel()


def _outcome(method: str, task: asyncio.Task[Results]) -> Results:
    if task.done() and not task.cancelled():
        return task.result()
    return (AuthenticationResult(method=method, result="temperror", detail="DNS took too long"),)


def _soundly(method: str, evaluation: Evaluation, answers: Answers) -> Results:
    """An evaluation that ends in a result, also where a library stumbles over what a sender wrote."""
    try:
        return evaluation(answers)
    except Wanted:
        raise
    except Exception as error:
        logger.exception("authentication failed", method=method)
        detail = f"could not be examined: {type(error).__name__}"
        return (AuthenticationResult(method=method, result="permerror", detail=detail),)
