"""A message is examined, with name servers that work and with name servers that do not."""

import asyncio

import pytest

from contracts.mail import Authentication, SmtpEnvelope
from services.ingest.authentication import Authenticator
from services.ingest.authentication import authenticator as module
from services.ingest.reading import read
from tests.ingest.authentication.conftest import Authenticating
from tests.ingest.authentication.name_server import NameServer
from tests.ingest.authentication.signing import LETTER, Signer

pytestmark = pytest.mark.anyio

ENVELOPE = SmtpEnvelope(
    client_address="192.0.2.7",
    helo="mail.customers.example",
    mail_from="kim@customers.example",
    recipients=("support@example.com",),
)
INSIDE = ENVELOPE.model_copy(update={"client_address": "10.0.0.7"})


async def examine(
    at_work: Authenticator,
    raw: bytes = LETTER,
    envelope: SmtpEnvelope = ENVELOPE,
    source: str = "smtp",
    authserv_id: str | None = None,
) -> Authentication:
    found = await at_work.examine(raw, read(raw), envelope, source, authserv_id)
    assert found is not None
    return found


def said(found: Authentication) -> dict[str, str]:
    return {one.method: one.result for one in found.results}


@pytest.fixture
def customers(name_server: NameServer, rsa: Signer, ed25519: Signer) -> NameServer:
    """A domain that does everything right."""
    name_server.zone = {
        "customers.example": ["TXT v=spf1 ip4:192.0.2.0/24 -all"],
        "_dmarc.customers.example": ["TXT v=DMARC1; p=reject"],
        "mail._domainkey.customers.example": [f"TXT {rsa.record}"],
        "new._domainkey.customers.example": [f"TXT {ed25519.record}"],
        "arc._domainkey.list.example": [f"TXT {rsa.record}"],
    }
    return name_server


async def test_a_sender_who_does_everything_right_passes_by_every_method(
    customers: NameServer, rsa: Signer, ed25519: Signer, authenticating: Authenticating
) -> None:
    raw = rsa.seal(
        rsa.sign(ed25519.sign(selector="new")), "list.example", b"spf=pass smtp.mailfrom=customers.example"
    )
    async with authenticating() as at_work:
        found = await examine(at_work, raw)
    assert found.by == "postroom"
    assert [(one.method, one.result, one.domain) for one in found.results] == [
        ("spf", "pass", "customers.example"),
        ("dkim", "pass", "customers.example"),
        ("dkim", "pass", "customers.example"),
        ("arc", "pass", "list.example"),
        ("dmarc", "pass", "customers.example"),
    ]


async def test_a_forger_fails(customers: NameServer, authenticating: Authenticating) -> None:
    async with authenticating() as at_work:
        found = await examine(
            at_work, envelope=ENVELOPE.model_copy(update={"client_address": "198.51.100.9"})
        )
    assert said(found) == {"spf": "fail", "dkim": "none", "dmarc": "fail"}


async def test_a_message_that_was_fetched_is_examined_by_its_signatures(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    async with authenticating() as at_work:
        assert said(await examine(at_work, rsa.sign(), source="imap:support")) == {
            "spf": "none",
            "dkim": "pass",
            "dmarc": "pass",
        }
        assert said(await examine(at_work, source="imap:support")) == {
            "spf": "none",
            "dkim": "none",
            "dmarc": "none",
        }


async def test_where_nobody_is_to_look_there_is_no_result(authenticating: Authenticating) -> None:
    async with authenticating(authentication="off") as at_work:
        assert await at_work.examine(LETTER, read(LETTER), ENVELOPE, "smtp") is None
    async with authenticating() as at_work:
        for source in ("api", "form:support@example.com"):
            assert await at_work.examine(LETTER, read(LETTER), ENVELOPE, source) is None


async def test_nothing_is_asked_twice_while_it_is_known(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    async with authenticating() as at_work:
        for _ in range(3):
            await examine(at_work, rsa.sign())
    names = [name for name, _, _ in customers.asked]
    assert sorted(names) == [
        "_dmarc.customers.example",
        "customers.example",
        "mail._domainkey.customers.example",
    ]


async def test_a_large_message_is_hashed_while_others_are_served(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    raw = rsa.sign(LETTER + b"a b\tc  \r\n" * 1_000_000)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    async with authenticating() as at_work:
        letter = read(LETTER)
        beating = asyncio.create_task(beat())
        found = await at_work.examine(raw, letter, ENVELOPE, "smtp")
        beating.cancel()
    assert found is not None
    assert said(found)["dkim"] == "pass"
    assert beats > 10


TEMPORARY = {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror"}


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
async def test_name_servers_that_refuse_make_temporary_errors(
    customers: NameServer, rsa: Signer, authenticating: Authenticating, code: str
) -> None:
    customers.rcodes = dict.fromkeys(customers.zone, code)
    async with authenticating() as at_work:
        assert said(await examine(at_work, rsa.sign())) == TEMPORARY


async def test_name_servers_that_are_silent_make_temporary_errors_soon_and_then_at_once(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    customers.dumb = True
    async with authenticating() as at_work:
        assert said(await examine(at_work, rsa.sign())) == TEMPORARY
        asked = len(customers.asked)
        for number in range(200):
            raw = rsa.sign(LETTER.replace(b"@customers", f"@c{number}".encode()), "relay.example")
            assert set(said(await examine(at_work, raw)).values()) == {"temperror"}
        assert len(customers.asked) == asked


async def test_a_domain_with_silent_servers_does_not_hold_a_message_for_longer_than_the_budget(
    customers: NameServer, rsa: Signer, authenticating: Authenticating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUDGET_SECONDS", 0.5)
    customers.silent.add("mail._domainkey.customers.example")
    async with authenticating() as at_work:
        found = await examine(at_work, rsa.sign())
        assert said(found) == {"spf": "pass", "dkim": "temperror", "dmarc": "pass"}


async def test_name_servers_that_are_away_make_temporary_errors(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    customers.stop()
    async with authenticating() as at_work:
        assert said(await examine(at_work, rsa.sign())) == TEMPORARY


TRUST = {
    "authentication": "trust",
    "trusted_authserv_ids": "MX.Example.com",
    "trusted_upstreams": "10.0.0.0/8,::1",
}
FOUND = (
    b"Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=customers.example; dmarc=fail"
    b" header.from=customers.example\r\n"
)


async def test_an_upstream_s_word_is_taken_where_it_is_trusted(
    customers: NameServer, authenticating: Authenticating
) -> None:
    async with authenticating(**TRUST) as at_work:
        found = await examine(at_work, FOUND + LETTER, INSIDE)
        assert (found.by, said(found)) == ("mx.example.com", {"spf": "pass", "dmarc": "fail"})
        mapped = INSIDE.model_copy(update={"client_address": "::ffff:10.0.0.7"})
        assert (await examine(at_work, FOUND + LETTER, mapped)).by == "mx.example.com"
    assert customers.asked == []


async def test_the_same_word_from_elsewhere_is_worth_nothing(
    customers: NameServer, authenticating: Authenticating
) -> None:
    async with authenticating(**TRUST) as at_work:
        for source, envelope in (("smtp", ENVELOPE), ("imap:support", INSIDE)):
            assert (await examine(at_work, FOUND + LETTER, envelope, source)).by == "postroom"
    async with authenticating() as at_work:
        assert (await examine(at_work, FOUND + LETTER, INSIDE)).by == "postroom"


async def test_an_upstream_that_says_nothing_leaves_it_to_us(
    customers: NameServer, rsa: Signer, authenticating: Authenticating
) -> None:
    async with authenticating(**TRUST) as at_work:
        found = await examine(at_work, rsa.sign(), INSIDE)
    assert (found.by, said(found)) == ("postroom", {"spf": "none", "dkim": "pass", "dmarc": "pass"})


async def test_the_server_of_a_mailbox_is_believed_if_its_source_says_so(
    customers: NameServer, authenticating: Authenticating
) -> None:
    async with authenticating() as at_work:
        found = await examine(at_work, FOUND + LETTER, INSIDE, "imap:support", "mx.example.com")
        assert found.by == "mx.example.com"
        assert (
            await examine(at_work, FOUND + LETTER, INSIDE, "imap:support", "other.example")
        ).by == "postroom"


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff\r\n\r\n", b"DKIM-Signature:\r\n\r\n", b"ARC-Seal: i=\r\nFrom: <\r\n", b":" * 5000]
)
async def test_any_bytes_are_examined(raw: bytes, authenticating: Authenticating) -> None:
    async with authenticating() as at_work:
        assert "dmarc" in said(await examine(at_work, raw))


async def test_a_library_that_stumbles_leaves_a_result(
    customers: NameServer, rsa: Signer, authenticating: Authenticating, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(module, "spf_results", stumble)
    async with authenticating() as at_work:
        found = await examine(at_work, rsa.sign())
    assert said(found) == {"spf": "permerror", "dkim": "pass", "dmarc": "pass"}
