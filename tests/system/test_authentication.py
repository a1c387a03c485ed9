"""Name servers that are down do not stop intake; when they are back, senders are verified."""

import smtplib
from collections.abc import Iterator

import httpx
import pytest

from contracts.queries import Ledger
from tests.ingest.authentication.name_server import NameServer
from tests.ingest.authentication.signing import LETTER, Rsa
from tests.running import BEARER, Postroom, letter, until

pytestmark = [pytest.mark.system, pytest.mark.anyio]


@pytest.fixture(scope="module")
def name_server() -> Iterator[NameServer]:
    running = NameServer()
    running.dumb = True
    yield running
    running.stop()


@pytest.fixture(scope="module")
def postroom(tmp_path_factory: pytest.TempPathFactory, name_server: NameServer) -> Iterator[Postroom]:
    running = Postroom(tmp_path_factory.mktemp("postroom"), POSTROOM_DNS_SERVERS=name_server.setting)
    running.start()
    yield running
    running.close()


def said(event: dict[str, object]) -> dict[str, str]:
    found = event["authentication"]
    assert isinstance(found, dict)
    return {one["method"]: one["result"] for one in found["results"]}


async def test_intake_goes_on_while_dns_is_down_and_says_that_it_does_not_know(postroom: Postroom) -> None:
    postroom.send(*(letter(number) for number in range(20)))

    async def all_in_tickets() -> Ledger | None:
        ledger = await postroom.ledger()
        return ledger if ledger.ticketed == 20 else None

    ledger = await until(all_in_tickets)
    assert isinstance(ledger, Ledger)
    assert ledger.balanced
    received = await postroom.events("ingest", "MessageReceived")
    assert {said(event)["dmarc"] for event in received} == {"temperror"}


async def test_when_dns_is_back_a_sender_is_verified_and_the_custody_shows_how(
    postroom: Postroom, name_server: NameServer
) -> None:
    rsa = Rsa(2048)
    name_server.zone = {
        "_dmarc.customers.example": ["TXT v=DMARC1; p=reject"],
        "mail._domainkey.customers.example": [f"TXT {rsa.record}"],
    }
    name_server.dumb = False
    number = 0

    async def verified() -> dict[str, object] | None:
        nonlocal number
        number += 1
        raw = rsa.sign(LETTER.replace(b"<lamp-1@", f"<lamp-{number}@".encode()))
        with smtplib.SMTP("127.0.0.1", postroom.smtp_port, timeout=30) as client:
            client.sendmail("kim@customers.example", ["support@example.com"], raw)
        newest = (await postroom.events("ingest", "MessageReceived"))[-1]
        return newest if said(newest)["dmarc"] == "pass" else None

    received = await until(verified)
    assert isinstance(received, dict)
    assert said(received) == {"spf": "none", "dkim": "pass", "dmarc": "pass"}
    base = f"{postroom.url}/api/v1"

    async def custody() -> dict[str, object] | None:
        async with httpx.AsyncClient(headers=BEARER) as client:
            answer = await client.get(f"{base}/messages/{received['letter']['message_id']}")
        return answer.json() if answer.status_code == 200 else None

    shown = await until(custody)
    assert isinstance(shown, dict)
    assert shown["steps"][0]["evidence"]["authentication"] == received["authentication"]
    assert shown["letter"]["sender"]["verdict"] == "verified"
