"""Asks DNS: answers are kept as long as they may be, and nobody waits for name servers that are down."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT

from chassis.logging import get_logger
from chassis.settings import ListenAddress
from services.ingest.authentication import measures
from services.ingest.authentication.answers import Answer, Answers, Failure, Question, Wanted

logger = get_logger(__name__)
T = TypeVar("T")

TRY_SECONDS = 1.5
LOOK_UP_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
"""After so long without an answer the name servers are asked whether they are there at all."""
PROBE_SECONDS = 1.5
RETRY_SECONDS = 5.0
MOST_KEPT = 10_000
LONGEST_KEPT = 8192
"""Characters; a longer answer is asked for again each time, so that strangers cannot fill the memory."""
LONGEST_KEPT_SECONDS = 3600
NOTHING_KEPT_SECONDS = 300
"""The longest that "there is none" is believed (RFC 2308 §5 allows more)."""
FAILURE_KEPT_SECONDS = 30
"""RFC 2308 §7 allows 5 minutes."""
DOWN = Failure("the name servers do not answer")


class Resolver:
    """One for the process. `watch` must run beside it, or it never notices that the name servers are down."""

    def __init__(self, servers: Sequence[ListenAddress] = ()) -> None:
        self._resolver = _configured(servers)
        self._servers = servers or _of_the_system(self._resolver)
        self._kept: dict[Question, tuple[float, Answer | Failure]] = {}
        self._pending: dict[Question, asyncio.Task[Answer | Failure]] = {}
        self._suspicion = asyncio.Event()
        self._answered_at = 0.0
        self._down = False

    async def settle(self, evaluate: Callable[[Answers], T], *, elsewhere: bool = False) -> T:
        """Evaluate, ask what that needs to know, and evaluate again, until there is a result.

        `elsewhere` is in a thread, for work that takes long.

        Raises:
            what `evaluate` raises, but `Wanted`.
        """
        answers = Answers(self.recall)
        while True:
            try:
                return await asyncio.to_thread(evaluate, answers) if elsewhere else evaluate(answers)
            except Wanted as wanted:
                answers.add(await self.ask(wanted.questions))

    async def ask(self, questions: Iterable[Question]) -> dict[Question, Answer | Failure]:
        """The answers to all of them, asked at the same time; there must be one at least."""
        tasks = {question: self._asked(question) for question in questions}
        # Others may wait for the same answer: who gives up does not end it for them.
        await asyncio.wait(tasks.values())
        return {question: DOWN if task.cancelled() else task.result() for question, task in tasks.items()}

    def recall(self, question: Question) -> Answer | Failure | None:
        """The answer that is known already; while the name servers are down, that is the answer to everything else."""
        until, answer = self._kept.get(question, (0.0, ()))
        if until > time.monotonic():
            return answer
        return DOWN if self._down else None

    async def watch(self) -> None:
        """Find out whether the name servers answer: at once, whenever it is doubtful, and again while they do not."""
        while True:
            self._suspicion.clear()
            began = time.monotonic()
            there = await self._probe() or self._answered_at > began
            if there == self._down:
                logger.warning("name servers are back" if there else "name servers do not answer")
            self._down = not there
            measures.DNS_DOWN.set(self._down)
            if self._down:
                for task in self._pending.values():
                    task.cancel()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await self._suspicion.wait()

    def _asked(self, question: Question) -> asyncio.Task[Answer | Failure]:
        if (task := self._pending.get(question)) is None:
            task = self._pending[question] = asyncio.create_task(self._look_up(question))
            # Not at the end of the look-up itself: a task that is cancelled before it began has no end.
            task.add_done_callback(lambda _: self._pending.pop(question))
        return task

    async def _look_up(self, question: Question) -> Answer | Failure:
        doubt = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._suspicion.set)
        seconds: float = FAILURE_KEPT_SECONDS
        answer: Answer | Failure
        try:
            answer, seconds = await self._query(question)
        except dns.exception.Timeout:
            answer = Failure("no answer in time")
        except dns.resolver.NoNameservers as error:
            answer = Failure(_rcodes(error))
        except (dns.exception.DNSException, OSError) as error:
            answer = Failure(f"{type(error).__name__}: {error}"[:200])
        finally:
            doubt.cancel()
        measures.DNS_LOOK_UPS.labels("failed" if isinstance(answer, Failure) else "answered").inc()
        self._keep(question, answer, seconds)
        return answer

    async def _query(self, question: Question) -> tuple[Answer, float]:
        """The answer, and for how many seconds it may be kept."""
        try:
            name = dns.name.from_text(question.name.encode("ascii").decode())
        except (dns.exception.DNSException, UnicodeError):
            return (), LONGEST_KEPT_SECONDS  # it cannot be a name, so there is nothing at it
        if self._resolver is None:
            raise dns.resolver.NoResolverConfiguration
        try:
            said = await self._resolver.resolve(name, question.kind, raise_on_no_answer=False, search=False)
            found = _data(said)
            ttl = said.chaining_result.minimum_ttl
        except dns.resolver.NXDOMAIN as error:
            (said,) = error.kwargs["responses"].values()
            found, ttl = (), said.resolve_chaining().minimum_ttl
        self._answered_at = time.monotonic()
        return found, min(ttl, LONGEST_KEPT_SECONDS if found else NOTHING_KEPT_SECONDS)

    def _keep(self, question: Question, answer: Answer | Failure, seconds: float) -> None:
        if not isinstance(answer, Failure) and sum(map(len, answer)) > LONGEST_KEPT:
            return
        if len(self._kept) >= MOST_KEPT:
            # The oldest half goes: a dict remembers the order of insertion.
            for old in list(self._kept)[: MOST_KEPT // 2]:
                del self._kept[old]
        self._kept[question] = (time.monotonic() + seconds, answer)

    async def _probe(self) -> bool:
        """Whether any name server says anything about the root, which every one of them knows.

        What senders make us ask decides nothing here: a domain whose servers are silent is not DNS being down.
        """
        if self._resolver is None:
            return False
        return any(await asyncio.gather(*map(_is_there, self._servers)))


async def _is_there(server: ListenAddress) -> bool:
    query = dns.message.make_query(dns.name.root, "NS")
    try:
        await dns.asyncquery.udp(query, server.host, PROBE_SECONDS, server.port)
    except dns.message.Truncated:
        return True
    except (dns.exception.DNSException, OSError):
        return False
    return True


def _configured(servers: Sequence[ListenAddress]) -> dns.asyncresolver.Resolver | None:
    """As POSTROOM_DNS_SERVERS says, or the system."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration as error:
        logger.warning("no name servers", error=str(error))
        return None
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in servers]
    resolver.timeout, resolver.lifetime = TRY_SECONDS, LOOK_UP_SECONDS
    # 1232 bytes pass everywhere in one packet; what is larger comes by TCP.
    resolver.use_edns(0, 0, 1232)
    return resolver


def _of_the_system(resolver: dns.asyncresolver.Resolver | None) -> Sequence[ListenAddress]:
    found = [] if resolver is None else resolver.nameservers
    return [ListenAddress(server, 53) for server in found if isinstance(server, str)]


def _rcodes(error: dns.resolver.NoNameservers) -> str:
    said = dict.fromkeys(str(what) for _, _, _, what, _ in error.kwargs["errors"])
    return f"the name servers say {', '.join(said)}"[:200]


def _data(said: dns.resolver.Answer) -> Answer:
    found = []
    for record in said:
        match record:
            case TXT(strings=strings):
                found.append(b"".join(strings).decode("latin-1"))
            case MX(exchange=name) | PTR(target=name):
                found.append(name.to_text(omit_final_dot=True))
            case _:
                found.append(str(record.address))
    return tuple(found)
