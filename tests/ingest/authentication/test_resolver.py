"""Asking real name servers, and what becomes of it when they misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from chassis.settings import ListenAddress
from postroom.embedded.process import free_port
from services.ingest.authentication import resolver as module
from services.ingest.authentication.answers import Answer, Failure, Kind, Question
from services.ingest.authentication.resolver import Resolver
from tests.ingest.authentication.name_server import NameServer
from tests.running import until

pytestmark = pytest.mark.anyio


async def ask(resolver: Resolver, name: str, kind: Kind = "TXT") -> Answer | Failure:
    question = Question(name, kind)
    known = resolver.recall(question)
    return (await resolver.ask((question,)))[question] if known is None else known


@asynccontextmanager
async def watched(*ports: int) -> AsyncIterator[Resolver]:
    resolver = Resolver([ListenAddress("127.0.0.1", port) for port in ports])
    watching = asyncio.create_task(resolver.watch())
    try:
        yield resolver
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@pytest.fixture
async def resolver(name_server: NameServer) -> AsyncIterator[Resolver]:
    async with watched(name_server.port) as running:
        yield running


async def test_records_of_each_kind_are_answered(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {
        "a.example": [
            "TXT v=spf1 -all",
            "TXT caf\\233",
            "A 192.0.2.7",
            "AAAA 2001:db8::7",
            "MX 10 mx.a.example.",
        ],
        "7.2.0.192.in-addr.arpa": ["PTR Out.a.example."],
    }
    assert await ask(resolver, "a.example") == ("v=spf1 -all", "caf\\233")
    assert await ask(resolver, "a.example", "A") == ("192.0.2.7",)
    assert await ask(resolver, "a.example", "AAAA") == ("2001:db8::7",)
    assert await ask(resolver, "a.example", "MX") == ("mx.a.example",)
    assert await ask(resolver, "7.2.0.192.in-addr.arpa", "PTR") == ("Out.a.example",)


async def test_what_is_not_there_is_nothing(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {"a.example": ["A 192.0.2.7"]}
    assert await ask(resolver, "nobody.example") == ()
    assert await ask(resolver, "a.example") == ()
    assert await ask(resolver, "a..example") == ()
    assert await ask(resolver, f"{'x' * 64}.example") == ()


async def test_an_alias_is_followed(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {"a.example": ["CNAME b.example."], "b.example": ["TXT here"]}
    assert await ask(resolver, "a.example") == ("here",)


async def test_aliases_in_a_circle_end(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {"a.example": ["CNAME b.example."], "b.example": ["CNAME a.example."]}
    assert await ask(resolver, "a.example") == Failure("the name servers say The CNAME chain is too long.")


async def test_a_huge_answer_comes_by_tcp(name_server: NameServer, resolver: Resolver) -> None:
    huge = "x" * 40_000  # too much to be kept
    name_server.zone = {"a.example": [f"TXT {huge}"]}
    assert await ask(resolver, "a.example") == (huge,)
    assert [transport for _, _, transport in name_server.asked] == ["udp", "tcp"]
    assert resolver.recall(Question("a.example", "TXT")) is None


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NOTIMP"])
async def test_a_server_that_says_no_is_a_failure_with_its_words(
    name_server: NameServer, resolver: Resolver, code: str
) -> None:
    name_server.rcodes["a.example"] = code
    assert await ask(resolver, "a.example") == Failure(f"the name servers say {code}")


async def test_an_answer_is_kept_as_long_as_it_may_be(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {"a.example": ["TXT here"]}
    for name in ("a.example", "nobody.example"):
        for _ in range(3):
            await ask(resolver, name)
    assert [name for name, _, _ in name_server.asked] == ["a.example", "nobody.example"]
    name_server.ttl = 0
    for _ in range(3):
        assert await ask(resolver, "b.example") == ()
    assert [name for name, _, _ in name_server.asked].count("b.example") == 3


async def test_the_same_question_at_the_same_time_is_asked_once(
    name_server: NameServer, resolver: Resolver
) -> None:
    await asyncio.gather(*(ask(resolver, "a.example") for _ in range(20)))
    assert len(name_server.asked) == 1


async def test_who_gives_up_does_not_end_it_for_others(name_server: NameServer, resolver: Resolver) -> None:
    name_server.zone = {"a.example": ["TXT here"]}
    first, second = (asyncio.create_task(ask(resolver, "a.example")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ("here",)


async def test_only_so_many_answers_are_kept(
    name_server: NameServer, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 4)
    for number in range(10):
        await ask(resolver, f"host{number}.example")
    assert len(resolver._kept) <= 4
    assert resolver.recall(Question("host9.example", "TXT")) == ()


async def test_a_domain_whose_servers_are_silent_is_not_dns_being_down(
    name_server: NameServer, resolver: Resolver
) -> None:
    name_server.zone = {"a.example": ["TXT here"]}
    name_server.silent.add("silent.example")
    assert await ask(resolver, "silent.example") == Failure("no answer in time")
    assert await ask(resolver, "a.example") == ("here",)
    asked = len(name_server.asked)
    assert await ask(resolver, "silent.example") == Failure("no answer in time")
    assert len(name_server.asked) == asked
    assert name_server.probes < 10


async def test_nobody_waits_for_name_servers_that_are_down_and_they_are_noticed_when_they_are_back(
    name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.2)
    name_server.zone = {"a.example": ["TXT here"], "b.example": ["TXT there"]}
    async with watched(name_server.port) as resolver:
        assert await ask(resolver, "a.example") == ("here",)
        name_server.dumb = True
        failures = await asyncio.gather(*(ask(resolver, f"host{number}.example") for number in range(50)))
        assert set(failures) == {module.DOWN}
        asked = len(name_server.asked)
        for number in range(1000):
            assert await ask(resolver, f"later{number}.example") == module.DOWN
        assert len(name_server.asked) == asked
        assert await ask(resolver, "a.example") == ("here",)  # it is known already
        name_server.dumb = False

        async def back() -> bool:
            return await ask(resolver, "b.example") == ("there",)

        await until(back)


async def test_a_port_where_nobody_listens_fails_at_once() -> None:
    async with watched(free_port()) as resolver:
        assert isinstance(await ask(resolver, "a.example"), Failure)


async def test_another_server_is_asked_where_the_first_is_away(name_server: NameServer) -> None:
    name_server.zone = {"a.example": ["TXT here"]}
    async with watched(free_port(), name_server.port) as resolver:
        assert await ask(resolver, "a.example") == ("here",)


async def test_without_any_name_server_every_question_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_configured", lambda _: None)
    async with watched() as resolver:
        assert isinstance(await ask(resolver, "a.example"), Failure)
