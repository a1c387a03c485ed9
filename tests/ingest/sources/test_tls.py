"""Connections inside TLS: the server must be the one that is meant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.certificate import make_certificate
from tests.ingest.sources.conftest import Tend, needs_dovecot
from tests.ingest.sources.dovecot import Dovecot
from tests.ingest.sources.letters import mail, source

pytestmark = [needs_dovecot, pytest.mark.anyio]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@pytest.fixture(scope="module")
def tls_server(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    running = Dovecot(tmp_path_factory.mktemp("tls"), certificate=certificate)
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("kind", "security"), [("imap", "tls"), ("imap", "starttls"), ("pop3", "tls"), ("pop3", "starttls")]
)
async def test_mail_is_fetched_inside_tls_and_the_custody_says_so(
    tls_server: Dovecot, certificate: Path, user: str, tend: Tend, kind: str, security: str
) -> None:
    ports = {
        "imap": (tls_server.imap_port, tls_server.imaps_port),
        "pop3": (tls_server.pop3_port, tls_server.pop3s_port),
    }
    port = ports[kind][security == "tls"]
    tls_server.deliver(mail(1), user=user)
    described = source(kind, port, user, f'ca_file = "{certificate}"').replace('"none"', f'"{security}"')
    async with tend(described) as books:
        await books.until(taken=1, state="watching")
        tls = await books.service.pool.fetchval("SELECT data -> 'envelope' ->> 'tls' FROM event")
        assert tls == "TLSv1.3"
        tls_server.deliver(mail(2), user=user)
        await books.until(taken=2)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_server_with_an_unknown_certificate_never_sees_the_password(
    tls_server: Dovecot, user: str, tend: Tend, security: str
) -> None:
    port = tls_server.imaps_port if security == "tls" else tls_server.imap_port
    async with tend(source("imap", port, user).replace('"none"', f'"{security}"')) as books:
        said = await books.until(state="failing")
        assert "CERTIFICATE_VERIFY_FAILED" in (said.last_error or "")
    assert user not in (tls_server.folder / "log").read_text()
