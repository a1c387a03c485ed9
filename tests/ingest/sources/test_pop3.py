"""Mail is fetched from a real POP3 server: what was taken is known by its UIDL."""

import socket
import threading

import pytest
from pydantic import SecretStr

from chassis.service import Service
from services.ingest.settings import IngestSettings
from services.ingest.sources.mailbox import SignIn
from services.ingest.sources.pop3 import Pop3Mailbox
from services.ingest.sources.settings import Pop3Source
from tests.ingest.sources.conftest import Tend, needs_dovecot
from tests.ingest.sources.dovecot import PASSWORD, Dovecot
from tests.ingest.sources.letters import mail
from tests.ingest.sources.letters import source as described_source
from tests.proxy import Proxy

pytestmark = [needs_dovecot, pytest.mark.anyio]


def source(server: Dovecot, user: str, more: str = "", *, port: int = 0, begin: str = "everything") -> str:
    return described_source("pop3", port or server.pop3_port, user, more, begin=begin, poll_seconds=0.2)


async def test_each_message_is_taken_once_and_left_where_it_is(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(*map(mail, range(3)), user=user)
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=3, state="watching")
        mail_server.deliver(mail(3), user=user)
        await books.until(taken=4, duplicate=0, held=4)
        assert await books.subjects() == [f"Letter {number}" for number in range(4)]
    assert len(mail_server.held(user=user)) == 4


async def test_a_source_that_begins_now_passes_over_what_is_there(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(mail(1), mail(2), user=user)
    async with tend(source(mail_server, user, begin="now")) as books:
        await books.until(passed=2, state="watching")
        mail_server.deliver(mail(3), user=user)
        await books.until(taken=1)
        assert await books.subjects() == ["Letter 3"]


async def test_taken_messages_are_deleted_where_that_was_chosen(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(*map(mail, range(3)), user=user)
    async with tend(source(mail_server, user, 'after = "delete"')) as books:
        await books.until(taken=3, held=0)
        mail_server.deliver(mail(3), user=user)
        await books.until(taken=4, held=0, duplicate=0)
    assert mail_server.held(user=user) == {}


async def test_the_bytes_are_those_of_the_message(mail_server: Dovecot, user: str, tend: Tend) -> None:
    raw = mail(1) + b".\r\n..\r\n.dots\r\n" + b"long " * 2000 + b"\r\n\r\n\r\n"
    mail_server.deliver(raw, user=user)
    async with tend(source(mail_server, user)) as books:
        await books.until(taken=1)
        stored = await books.service.pool.fetchval(
            "SELECT content FROM blob JOIN event ON data ->> 'sha256' = encode(sha256, 'hex')"
        )
        assert stored == raw


async def test_a_connection_that_is_cut_anywhere_loses_nothing_and_doubles_nothing(
    mail_server: Dovecot, user: str, tend: Tend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.backoff.Patience.wait", lambda _: 0.01)
    mail_server.deliver(*(mail(number, size=8_000) for number in range(60)), user=user)
    proxy = Proxy(mail_server.pop3_port, 10, 60, 300, 2_000, 3_500, 9_000, 100_000, 420_000, 480_000, 502_000)
    async with tend(source(mail_server, user, 'after = "delete"', port=proxy.port)) as books:
        await books.until(taken=60, duplicate=0, held=0)
        assert await books.subjects() == [f"Letter {number}" for number in range(60)]
    assert proxy.connections > 8
    proxy.close()


async def test_a_message_beyond_the_limit_stays_and_is_taken_when_the_limit_is_raised(
    mail_server: Dovecot, user: str, tend: Tend, service: Service[IngestSettings]
) -> None:
    mail_server.deliver(mail(1), mail(2, size=200_000), user=user)
    async with tend(source(mail_server, user, 'after = "delete"')) as books:
        await books.until(taken=1, refused=1, held=1)
    service.settings = service.settings.model_copy(update={"max_message_size": 300_000})
    async with tend(source(mail_server, user, 'after = "delete"')) as books:
        await books.until(taken=2, refused=0, held=0)


async def test_a_wrong_password_is_a_state_of_its_own(mail_server: Dovecot, user: str, tend: Tend) -> None:
    async with tend(source(mail_server, user).replace(PASSWORD, "wrong")) as books:
        said = await books.until(state="sign_in_refused")
        assert "Authentication failed" in (said.last_error or "")


async def test_the_same_mail_by_imap_and_by_pop3_is_one_message(
    mail_server: Dovecot, user: str, tend: Tend
) -> None:
    mail_server.deliver(mail(1), user=user)
    async with tend(described_source("imap", mail_server.imap_port, user)) as books:
        await books.until(taken=1)
    async with tend(source(mail_server, user).replace("[support]", "[again]")) as books:
        await books.until(duplicate=1, taken=0)


def test_a_connection_that_is_cut_behind_two_dots_is_not_the_end_of_a_message() -> None:
    """A line of the message that begins with a dot is sent with two; half of it looks like the final dot."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client = server.accept()[0]
            with client, client.makefile("rb") as lines:
                client.sendall(b"+OK\r\n")
                for answer in (b"", b"", b"1 uidl\r\n.\r\n", b"1 30\r\n.\r\n", b"first\r\n.."):
                    lines.readline()
                    client.sendall(b"+OK\r\n" + answer)

        threading.Thread(target=serve, daemon=True).start()
        described = Pop3Source(
            name="support",
            kind="pop3",
            host="127.0.0.1",
            port=server.getsockname()[1],
            security="none",
            user="support",
            password=SecretStr(PASSWORD),
            address="support@example.com",
        )
        mailbox = Pop3Mailbox.open(described, SignIn(PASSWORD))
        listed = mailbox.look(None).listed
        with pytest.raises(ConnectionResetError):
            mailbox.fetch(listed)
