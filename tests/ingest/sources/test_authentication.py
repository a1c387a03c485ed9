"""Who wrote a fetched message: by its signatures, or by the word of the server that held it."""

import json

import pytest

from chassis.service import Service
from services.ingest.settings import IngestSettings
from tests.ingest.authentication.name_server import NameServer
from tests.ingest.authentication.signing import LETTER, Rsa
from tests.ingest.sources.conftest import Tend, needs_dovecot
from tests.ingest.sources.dovecot import Dovecot
from tests.ingest.sources.letters import source

pytestmark = [needs_dovecot, pytest.mark.anyio]

RECEIVED = (
    b"Received: from evil.example by imap.example\r\nAuthentication-Results: imap.example; dmarc=fail"
    b" header.from=customers.example\r\nReceived: from evil.example by evil.example\r\n"
    b"Authentication-Results: imap.example; dmarc=pass header.from=customers.example\r\n"
)


async def test_a_fetched_message_is_examined_unless_its_server_is_believed(
    mail_server: Dovecot, user: str, tend: Tend, service: Service[IngestSettings]
) -> None:
    rsa, name_server = Rsa(1024), NameServer()
    name_server.zone = {
        "_dmarc.customers.example": ["TXT v=DMARC1; p=reject"],
        "mail._domainkey.customers.example": [f"TXT {rsa.record}"],
    }
    told = {"authentication": "verify", "dns_servers": name_server.setting}
    service.settings = IngestSettings.model_validate({**service.settings.model_dump(), **told})
    mail_server.deliver(RECEIVED + rsa.sign(), user=user)
    try:
        async with tend(source("imap", mail_server.imap_port, user)) as books:
            await books.until(taken=1)
        mail_server.deliver(RECEIVED + LETTER.replace(b"<lamp-1@", b"<lamp-2@"), user=user)
        believing = source("imap", mail_server.imap_port, user, 'authserv_id = "IMAP.example"')
        async with tend(believing) as books:
            await books.until(taken=2)
    finally:
        name_server.stop()
    rows = await service.pool.fetch("SELECT data -> 'authentication' AS found FROM event ORDER BY position")
    found = [json.loads(row["found"]) for row in rows]
    assert [one["by"] for one in found] == ["postroom", "imap.example"]
    assert [{result["method"]: result["result"] for result in one["results"]} for one in found] == [
        {"spf": "none", "dkim": "pass", "dmarc": "pass"},
        {"dmarc": "fail"},
    ]
