"""Chains of seals by which forwarders vouch for what they found (RFC 8617)."""

from functools import partial

import pytest

from services.ingest.authentication.answers import Failure
from services.ingest.authentication.body import Body
from services.ingest.authentication.header import header_of
from services.ingest.authentication.signatures import arc_results
from tests.ingest.authentication.signing import LETTER, Signer
from tests.ingest.authentication.zone import Zone, settled

FIRST, SECOND = "arc._domainkey.list.example", "arc._domainkey.relay.example"


def arc(raw: bytes, zone: Zone) -> list[tuple[str, str | None, str]]:
    header = header_of(raw)
    results = settled(partial(arc_results, header, Body(raw, header.body_at)), zone)
    return [(one.result, one.domain, one.detail) for one in results]


@pytest.fixture
def keys(rsa: Signer) -> Zone:
    return {FIRST: [f"TXT {rsa.record}"], SECOND: [f"TXT {rsa.record}"]}


@pytest.fixture
def sealed(rsa: Signer) -> bytes:
    return rsa.seal(LETTER, "list.example", b"dmarc=pass header.from=customers.example")


@pytest.fixture
def sealed_twice(rsa: Signer, sealed: bytes) -> bytes:
    """A list changed the subject and sealed again: the first seal stands, what it covered does not."""
    changed = sealed.replace(b"Subject: Where", b"Subject: [list] Where")
    return rsa.seal(changed, "relay.example", b"arc=pass")


def test_a_letter_that_nobody_sealed_has_no_result() -> None:
    assert arc(LETTER, {}) == []


def test_a_whole_chain_passes_and_names_who_sealed_last(
    keys: Zone, sealed: bytes, sealed_twice: bytes
) -> None:
    assert arc(sealed, keys) == [("pass", "list.example", "1 set")]
    assert arc(sealed_twice, keys) == [("pass", "relay.example", "2 sets")]


def test_a_letter_that_was_changed_after_the_last_seal_fails(keys: Zone, sealed: bytes) -> None:
    changed = sealed.replace(b"a lamp", b"two lamps")
    assert arc(changed, keys) == [
        ("fail", "list.example", "Most recent ARC-Message-Signature did not validate")
    ]


def test_a_changed_finding_breaks_the_seal(keys: Zone, sealed: bytes) -> None:
    ((result, _, detail),) = arc(sealed.replace(b"dmarc=pass", b"dmarc=fail"), keys)
    assert (result, detail) == ("fail", "ARC-Seal[1] did not validate")


def test_a_chain_with_a_missing_link_fails(keys: Zone, sealed_twice: bytes) -> None:
    head, _, rest = sealed_twice.partition(b"ARC-Seal: i=1")
    without = head + b"X-Was: i=1" + rest
    assert arc(without, keys)[0][0] == "fail"


def test_a_key_that_is_missing_or_cannot_be_looked_up(keys: Zone, sealed: bytes) -> None:
    assert arc(sealed, {})[0][0] == "fail"
    assert arc(sealed, {FIRST: Failure("SERVFAIL")})[0] == ("temperror", "list.example", f"{FIRST}: SERVFAIL")


def test_sets_without_number_or_end_are_not_examined(keys: Zone, sealed: bytes) -> None:
    assert arc(b"ARC-Seal: nonsense\r\n" + sealed, keys)[0][0] == "fail"
    assert arc(b"ARC-Seal: i=1; d=a.example; s=x\r\n" * 30 + sealed, keys) == [
        ("fail", None, "more than 10 sets are not examined")
    ]
