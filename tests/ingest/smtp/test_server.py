"""The server on a real socket."""

import asyncio
import logging
import smtplib
from dataclasses import replace
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from chassis.settings import SocketPath
from contracts.mail import SmtpEnvelope
from services.ingest.smtp import replies, server
from services.ingest.smtp.certificate import Certificate
from tests.ingest.certificate import trusting
from tests.ingest.smtp.client import Client
from tests.ingest.smtp.conftest import LIMITS, Open

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The services run on uvloop."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(autouse=True)
def _no_noise(caplog: pytest.LogCaptureFixture) -> object:
    """Whatever clients do, the loop has no exception to report."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"postroom_smtp_{name}", {"protocol": "smtp", **labels}) or 0


async def test_a_mail_program_of_python_hands_over_a_message(open_door: Open) -> None:
    message = EmailMessage()
    message["Subject"] = "Where is my order?"
    message.set_content("Hello\n.\n..\nKim\n")

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.send_message(message, "kim@customers.example", ["support@example.com"])

    async with open_door() as taken:
        await asyncio.to_thread(send, taken.port)
    ((raw, envelope),) = taken.messages
    assert raw.endswith(b"Hello\r\n.\r\n..\r\nKim\r\n")
    assert envelope == SmtpEnvelope(
        client_address="127.0.0.1",
        helo=envelope.helo,
        mail_from="kim@customers.example",
        recipients=("support@example.com",),
    )
    assert envelope.helo


async def test_many_clients_are_served_at_the_same_time(open_door: Open) -> None:
    async def send(number: int) -> None:
        client = await Client.greeted(taken.port)
        for _ in range(5):
            assert (await client.send(b"x" * 10_000 + b"%d\r\n" % number)).startswith("250 2.0.0")

    async with open_door() as taken:
        await asyncio.gather(*map(send, range(15)))
    assert len(taken.messages) == 75


async def test_a_large_message_comes_through_whole(open_door: Open) -> None:
    content = b"".join(b"%d.\r\n.%d\r\n" % (number, number) for number in range(60_000))
    async with open_door(terms={"most_bytes": 10_000_000}) as taken:
        client = await Client.greeted(taken.port)
        assert (await client.send(content.replace(b"\r\n.", b"\r\n.."))).startswith("250")
    assert taken.messages[0][0] == content


async def test_all_may_be_said_at_once_and_the_writing_half_closed(open_door: Open) -> None:
    """RFC 2920; a script that pipes its message into a socket gets its answers."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def deliver(_raw: bytes, _envelope: SmtpEnvelope, _traceparent: str | None) -> str:
        arrived.set()
        await go_on.wait()
        return "a-message"

    async with open_door(deliver=deliver) as taken:
        client = await Client.connect(taken.port)
        client.writer.write(
            b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nHello\r\n.\r\nQUIT\r\n"
        )
        client.writer.write_eof()
        await arrived.wait()
        asyncio.get_running_loop().call_later(0.1, go_on.set)
        async with asyncio.timeout(10):
            said = (await client.reader.read()).decode()
    assert [line[:3] for line in said.splitlines() if line[3] == " "] == [
        "220", "250", "250", "250", "354", "250", "221"
    ]  # fmt: skip


async def test_a_client_that_reads_no_answers_is_not_read_without_end(open_door: Open) -> None:
    async with open_door(terms={"most_errors": 10**9}) as taken:
        client = await Client.connect(taken.port)
        client.writer.transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]

        async def flood() -> None:
            for _ in range(300):  # 90 MB
                client.writer.write(b"WHAT\r\n" * 50_000)
                await asyncio.wait_for(client.writer.drain(), 2)

        with pytest.raises(TimeoutError):
            await flood()
        client.cut()


class TestTls:
    async def test_the_message_has_the_version_and_the_cipher_as_evidence(
        self, open_door: Open, certificate: Path
    ) -> None:
        async with open_door(certificate=Certificate(certificate)) as taken:
            client = await Client.greeted(taken.port)
            assert (await client.say(b"STARTTLS\r\n")).startswith("220")
            await client.start_tls(trusting(certificate))
            assert "STARTTLS" not in await client.say(b"EHLO client.example\r\n")
            assert (await client.send(b"x" * 900_000 + b"\r\n")).startswith("250 2.0.0")
            assert (await client.say(b"QUIT\r\n")).startswith("221")
            assert await client.ended()
        assert len(taken.messages[0][0]) == 900_002
        tls = taken.messages[0][1].tls
        assert tls is not None
        assert tls.startswith("TLSv1.3 TLS_")

    async def test_a_mail_program_of_python_uses_it(self, open_door: Open, certificate: Path) -> None:
        def send(port: int) -> None:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client._host = "mx.example.com"  # type: ignore[attr-defined]
                client.starttls(context=trusting(certificate))
                for number in range(3):
                    client.sendmail("", ["support@example.com"], f"Subject: {number}\r\n\r\nHello".encode())

        async with open_door(certificate=Certificate(certificate)) as taken:
            await asyncio.to_thread(send, taken.port)
        assert len(taken.messages) == 3

    @pytest.mark.parametrize("apart", [False, True], ids=["in one packet", "in the next packet"])
    async def test_what_was_sent_in_the_clear_after_starttls_is_never_run(
        self, open_door: Open, certificate: Path, apart: bool
    ) -> None:
        """CVE-2011-0411. In the next packet it is taken for a broken handshake."""
        injected = b"EHLO eve\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nInjected\r\n.\r\n"
        async with open_door(certificate=Certificate(certificate)) as taken:
            client = await Client.greeted(taken.port)
            if apart:
                assert (await client.say(b"STARTTLS\r\n")).startswith("220")
                client.writer.write(injected)
                await client.reader.read()
            else:
                assert (await client.say(b"STARTTLS\r\n" + injected)).startswith("220")
                await client.start_tls(trusting(certificate))
                assert (await client.say(b"MAIL FROM:<>\r\n")).startswith("503")
        assert not taken.messages

    async def test_a_client_that_gives_up_the_handshake_is_let_go(
        self, open_door: Open, certificate: Path
    ) -> None:
        async with open_door(certificate=Certificate(certificate)) as taken:
            before = counted("refusals_total", reason="tls")
            client = await Client.greeted(taken.port)
            await client.say(b"STARTTLS\r\n")
            client.cut()
            other = await Client.greeted(taken.port)
            assert (await other.send()).startswith("250")
            while counted("refusals_total", reason="tls") == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


class TestLoadBalancers:
    LOAD_BALANCERS = (ip_network("127.0.0.0/8"),)

    async def test_the_client_is_the_one_that_the_header_names(self, open_door: Open) -> None:
        async with open_door(proxies=self.LOAD_BALANCERS) as taken:
            for header in (
                b"PROXY TCP4 192.0.2.7 192.0.2.25 4711 25\r\n",
                b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x19\x12\x67\x00\x19",
            ):
                client = await Client.greeted(taken.port, header)
                assert (await client.send()).startswith("250 2.0.0")
        for _, envelope in taken.messages:
            assert (envelope.client_address, envelope.proxy) == ("192.0.2.7", "127.0.0.1")

    async def test_without_a_header_it_is_refused(
        self, open_door: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "HEADER_SECONDS", 0.2)
        async with open_door(proxies=self.LOAD_BALANCERS) as taken:
            for header in (b"EHLO client.example\r\n", b"PROXY TCP4 192.0.2.7", b""):
                client = await Client.connect(taken.port, header)
                assert (await client.read()).startswith("421 4.7.0")
                assert await client.ended()

    async def test_a_header_from_anyone_else_is_refused(self, open_door: Open) -> None:
        async with open_door(proxies=(ip_network("192.0.2.0/24"),)) as taken:
            client = await Client.connect(
                taken.port, b"PROXY TCP4 192.0.2.7 192.0.2.25 4711 25\r\nEHLO c\r\n"
            )
            assert (await client.read()).startswith("220")
            assert (await client.read()).startswith("421 4.7.0")
            assert await client.ended()

    async def test_a_health_check_is_let_in_and_is_counted_for_nobody(self, open_door: Open) -> None:
        limits = replace(LIMITS, client_connections_per_minute=1)
        async with open_door(proxies=self.LOAD_BALANCERS, limits=limits) as taken:
            for header in (b"PROXY UNKNOWN\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00") * 2:
                client = await Client.greeted(taken.port, header)
                assert (await client.say(b"QUIT\r\n")).startswith("221")

    async def test_limits_are_those_of_the_client_behind_it(self, open_door: Open) -> None:
        limits = replace(LIMITS, client_connections=1)
        async with open_door(proxies=self.LOAD_BALANCERS, limits=limits) as taken:
            first = await Client.greeted(taken.port, b"PROXY TCP4 192.0.2.7 192.0.2.25 1 25\r\n")
            second = await Client.connect(taken.port, b"PROXY TCP4 192.0.2.7 192.0.2.25 2 25\r\n")
            assert (await second.read()).startswith("421 4.7.0")
            third = await Client.greeted(taken.port, b"PROXY TCP4 192.0.2.8 192.0.2.25 3 25\r\n")
            assert (await first.send()).startswith("250")
            assert (await third.send()).startswith("250")


class TestLimits:
    async def test_one_connection_too_many_is_asked_to_come_again(self, open_door: Open) -> None:
        async with open_door(limits=replace(LIMITS, client_connections=2)) as taken:
            clients = [await Client.greeted(taken.port) for _ in range(2)]
            refused = await Client.connect(taken.port)
            assert (await refused.read()).startswith("421 4.7.0")
            assert await refused.ended()
            assert (await clients[0].say(b"QUIT\r\n")).startswith("221")
            assert await clients[0].ended()
            assert (await (await Client.greeted(taken.port)).send()).startswith("250")

    async def test_so_it_is_when_the_server_is_full(self, open_door: Open) -> None:
        async with open_door(limits=replace(LIMITS, connections=1)) as taken:
            first = await Client.greeted(taken.port)
            assert (await (await Client.connect(taken.port)).read()).startswith("421 4.3.2")
            assert (await first.send()).startswith("250")

    async def test_a_message_too_many_is_asked_to_come_again_and_nothing_is_lost(
        self, open_door: Open
    ) -> None:
        async with open_door(limits=replace(LIMITS, client_messages_per_minute=60)) as taken:
            client = await Client.greeted(taken.port)
            answers = []
            for _ in range(100):
                said = await client.say(b"MAIL FROM:<kim@customers.example>\r\n")
                answers.append(said[:9])
                await client.say(b"RSET\r\n")
                if not said.startswith("250"):
                    break
            assert set(answers[:60]) == {"250 2.1.0"}
            assert answers[-1] == "450 4.7.1"
            await asyncio.sleep(1.1)
            assert (await client.send()).startswith("250 2.0.0")

    async def test_some_networks_have_no_limits(self, open_door: Open) -> None:
        tight = replace(LIMITS, connections=1, client_connections=1, client_connections_per_minute=1)
        async with open_door(
            limits=replace(tight, client_messages_per_minute=1), unlimited=(ip_network("127.0.0.0/8"),)
        ) as taken:
            for client in [await Client.greeted(taken.port) for _ in range(5)]:
                for _ in range(50):
                    assert (await client.say(b"WHAT\r\n")).startswith("500")
                for _ in range(3):
                    assert (await client.send()).startswith("250")

    async def test_who_says_nothing_is_let_go(self, open_door: Open) -> None:
        async with open_door(timeout_seconds=0.2) as taken:
            client = await Client.connect(taken.port)
            assert (await client.read()).startswith("220")
            assert (await client.read()).startswith("421 4.4.2")
            assert await client.ended()

    async def test_who_sends_a_message_too_slowly_is_let_go(
        self, open_door: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "MESSAGE_SECONDS", 0.5)
        async with open_door() as taken:
            client = await Client.greeted(taken.port)
            await client.begin()
            answer = asyncio.create_task(client.read())
            while not answer.done():
                client.writer.write(b"x\r\n")
                await asyncio.sleep(0.05)
            assert answer.result().startswith("421 4.4.2")

    async def test_refusals_are_counted_by_reason(self, open_door: Open) -> None:
        before = counted("refusals_total", reason="unknown_recipient")
        messages = counted("messages_total")
        async with open_door() as taken:
            client = await Client.greeted(taken.port)
            await client.say(b"MAIL FROM:<>\r\n")
            assert (await client.say(b"RCPT TO:<nobody@example.com>\r\n")).startswith("550 5.1.1")
            await client.say(b"RSET\r\n")
            await client.send()
        assert counted("refusals_total", reason="unknown_recipient") == before + 1
        assert counted("messages_total") == messages + 1
        assert counted("open_connections") == 0


STAGES = [
    [],
    [b"EHLO c\r\n"],
    [b"EHLO c\r\n", b"MAIL FROM:<>\r\n"],
    [b"EHLO c\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<support@example.com>\r\n"],
    [b"EHLO c\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<support@example.com>\r\n", b"DATA\r\n"],
]


class TestCuts:
    @pytest.mark.parametrize("said", STAGES, ids=["connected", "EHLO", "MAIL", "RCPT", "DATA"])
    @pytest.mark.parametrize(
        "rest", [b"", b"Subj", b"Subject: Hi\r\n\r\nHello\r\n.", b"Subject: Hi\r\n\r\nHello\r\n.\r"]
    )
    @pytest.mark.parametrize("how", ["cut", "closed"])
    async def test_a_connection_that_ends_before_the_dot_leaves_nothing(
        self, open_door: Open, said: list[bytes], rest: bytes, how: str
    ) -> None:
        async with open_door() as taken:
            client = await Client.connect(taken.port)
            await client.read()
            for words in said:
                await client.say(words)
            client.writer.write(rest)
            await client.writer.drain()
            if how == "cut":
                client.cut()
            else:
                client.writer.close()
            async with asyncio.timeout(10):
                while counted("open_connections"):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        assert not taken.messages

    @pytest.mark.parametrize("how", ["cut", "closed"])
    async def test_a_message_whose_answer_nobody_hears_is_kept(self, open_door: Open, how: str) -> None:
        """The client sends it again; that it is the same message is found by its identity."""
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def deliver(raw: bytes, envelope: SmtpEnvelope, _: str | None) -> str:
            arrived.set()
            await go_on.wait()
            taken.messages.append((raw, envelope))
            return "a-message"

        async with open_door(deliver=deliver) as taken:
            client = await Client.greeted(taken.port)
            await client.begin()
            client.writer.write(b"Hello\r\n.\r\n")
            await arrived.wait()
            if how == "cut":
                client.cut()
            else:
                client.writer.close()
            await asyncio.sleep(0.05)
            go_on.set()
        assert len(taken.messages) == 1

    async def test_when_the_server_stops_who_waits_is_told_and_what_is_in_hand_is_finished(
        self, open_door: Open
    ) -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def deliver(_raw: bytes, _envelope: SmtpEnvelope, _traceparent: str | None) -> str:
            arrived.set()
            await go_on.wait()
            return "a-message"

        async with open_door(deliver=deliver) as taken:
            waiting, halfway, busy = [await Client.greeted(taken.port) for _ in range(3)]
            await halfway.begin()
            halfway.writer.write(b"Subject: Hi\r\n")
            await busy.begin()
            busy.writer.write(b"Hello\r\n.\r\n")
            await arrived.wait()
            asyncio.get_running_loop().call_later(0.2, go_on.set)
        assert (await waiting.read()).startswith("421 4.3.2")
        assert (await halfway.read()).startswith("421 4.3.2")
        assert await busy.read() == "250 2.0.0 OK a-message\r\n"
        assert (await busy.read()).startswith("421 4.3.2")

    async def test_a_failure_of_ours_is_never_an_answer_for_good(self, open_door: Open) -> None:
        async def recipient(_: str) -> replies.Reply:
            raise RuntimeError("a fault")

        async with open_door(recipient=recipient) as taken:
            client = await Client.greeted(taken.port)
            await client.say(b"MAIL FROM:<>\r\n")
            assert (await client.say(b"RCPT TO:<support@example.com>\r\n")).startswith("421 4.3.0")
            assert await client.ended()


class TestLmtp:
    async def test_mail_comes_by_a_unix_socket(self, open_door: Open, tmp_path: Path) -> None:
        path = SocketPath(str(tmp_path / "lmtp"))
        for _ in range(2):  # the second server takes the place of the first
            async with open_door(address=path, terms={"protocol": "lmtp"}) as taken:
                client = Client(*await asyncio.open_unix_connection(path.path))
                assert "LMTP" in await client.read()
                await client.say(b"LHLO relay.example\r\n")
                assert (await client.send()).startswith("250 2.0.0")
            assert taken.messages[0][1].client_address == ""

    async def test_and_by_tcp(self, open_door: Open) -> None:
        async with open_door(terms={"protocol": "lmtp"}) as taken:
            client = await Client.connect(taken.port)
            assert "LMTP" in await client.read()
            await client.say(b"LHLO relay.example\r\n")
            await client.say(
                b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
            )
            assert [(await client.read())[:3] for _ in range(3)] == ["250", "250", "354"]
            assert (await client.say(b"Hello\r\n.\r\n")).startswith("250 2.0.0")
            assert (await client.read()).startswith("250 2.0.0")
        assert len(taken.messages) == 1
