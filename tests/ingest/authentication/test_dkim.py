"""Signatures of senders (RFC 6376, 8301, 8463): which are good, and what is said of the others."""

import re
import time
from collections.abc import Callable
from functools import partial

import pytest

from contracts.mail import AuthenticationResult
from services.ingest.authentication.answers import Failure
from services.ingest.authentication.body import Body
from services.ingest.authentication.header import header_of
from services.ingest.authentication.signatures import dkim_results
from tests.ingest.authentication.signing import LETTER, Rsa, Signer
from tests.ingest.authentication.zone import Zone, settled

KEY = "mail._domainkey.customers.example"


def dkim(raw: bytes, zone: Zone) -> tuple[AuthenticationResult, ...]:
    header = header_of(raw)
    return settled(partial(dkim_results, header, Body(raw, header.body_at)), zone)


def published(signer: Signer, at: str = KEY) -> Zone:
    return {at: [f"TXT {signer.record}"]}


def only(raw: bytes, zone: Zone) -> tuple[str, str]:
    (result,) = dkim(raw, zone)
    return result.result, result.detail


@pytest.mark.parametrize("header", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
def test_a_good_signature_passes_with_each_canonicalization(rsa: Signer, header: bytes, body: bytes) -> None:
    (result,) = dkim(rsa.sign(canonicalize=(header, body)), published(rsa))
    assert (result.result, result.domain, result.detail) == ("pass", "customers.example", "s=mail; rsa 2048")


def test_an_ed25519_signature_passes(ed25519: Signer) -> None:
    assert only(ed25519.sign(), published(ed25519)) == ("pass", "s=mail; ed25519 256")


def test_a_letter_with_bare_line_feeds_is_read_as_it_was_sent(rsa: Signer) -> None:
    assert only(rsa.sign().replace(b"\r\n", b"\n"), published(rsa))[0] == "pass"


def test_an_unsigned_letter_says_so() -> None:
    assert only(LETTER, {}) == ("none", "the message is not signed")


CHANGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda raw: raw.replace(b"a lamp", b"two lamps"), "s=mail; the body was changed"),
    (
        lambda raw: raw.replace(b"my lamp", b"my car"),
        "s=mail; the header was changed, or the key is another one",
    ),
    (
        lambda raw: b"From: lee@b.example\r\n" + raw,
        "s=mail; the header was changed, or the key is another one",
    ),
]


@pytest.mark.parametrize(("change", "detail"), CHANGES)
def test_a_letter_that_was_changed_fails(rsa: Signer, change: Callable[[bytes], bytes], detail: str) -> None:
    assert only(change(rsa.sign()), published(rsa)) == ("fail", detail)


def test_a_change_that_relaxed_canonicalization_allows_does_no_harm(rsa: Signer) -> None:
    changed = (
        rsa.sign()
        .replace(b"Subject: Where is", b"subject:   Where\r\n is")
        .replace(b"ordered\ta", b"ordered  a")
    )
    assert only(changed, published(rsa))[0] == "pass"
    simple = rsa.sign(canonicalize=(b"simple", b"simple")).replace(b"ordered\ta", b"ordered  a")
    assert only(simple, published(rsa))[0] == "fail"


def with_tag(raw: bytes, tag: bytes, value: bytes) -> bytes:
    return re.sub(rb"(DKIM-Signature: )", rb"\g<1>" + tag + b"=" + value + b"; ", raw, count=1)


REFUSED: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda raw: with_tag(raw, b"x", b"1000000000"), "x= value is past"),
    (lambda raw: re.sub(rb"t=\d+", b"t=99999999999", raw, count=1), "t= value is in the future"),
    (lambda raw: raw.replace(b"c=relaxed/relaxed", b"c=loose/relaxed", 1), "invalid c= value"),
    (lambda raw: raw.replace(b"c=relaxed/relaxed", b"c=relaxed/loose", 1), "unknown canonicalization"),
    (lambda raw: raw.replace(b"a=rsa-sha256", b"a=rsa-md5", 1), "unknown signature algorithm"),
    (lambda raw: raw.replace(b"v=1", b"v=9", 1), "v= value is not 1"),
    (lambda raw: raw.replace(b"i=@customers.example", b"i=@b.example", 1), "i= domain is not a subdomain"),
    (lambda raw: raw.replace(b"i=@customers.example", b"i=customers.example", 1), "it cannot be checked"),
    (lambda raw: re.sub(rb"s=mail;\s*", b"", raw, count=1), "does not say whose signature"),
    (lambda raw: raw.replace(b"s=mail", b"s=mail; s=mail", 1), "syntax error"),
    (lambda raw: raw.replace(b"DKIM-Signature: ", b"DKIM-Signature: ;;x ", 1), "syntax error"),
    (lambda raw: raw.replace(b"DKIM-Signature: ", b"DKIM-Signature: " + b"\r\n " * 2000, 1), "the field has"),
]


@pytest.mark.parametrize(("change", "detail"), REFUSED)
def test_a_signature_that_cannot_be_used_is_neutral(
    rsa: Signer, change: Callable[[bytes], bytes], detail: str
) -> None:
    result, said = only(change(rsa.sign()), published(rsa))
    assert result == "neutral"
    assert detail in said


def test_a_body_that_is_longer_than_what_is_signed_is_not_vouched_for(rsa: Signer) -> None:
    signed = rsa.sign(length=True)
    assert only(signed, published(rsa))[0] == "pass"
    result, detail = only(signed + b"Send the money here.\r\n", published(rsa))
    assert (result, detail) == ("policy", "s=mail; only 29 of 55 bytes of the body are signed")
    forged = signed.replace(b"my lamp", b"my car") + b"Send the money here.\r\n"
    assert only(forged, published(rsa))[0] == "fail"


@pytest.mark.parametrize(("bits", "result"), [(512, "policy"), (1024, "pass"), (4096, "pass")])
def test_keys_must_have_1024_to_4096_bits(bits: int, result: str) -> None:
    signer = Rsa(bits)
    assert only(signer.sign(), published(signer))[0] == result


def test_a_key_that_would_keep_us_busy_is_not_used(rsa: Signer) -> None:
    assert only(rsa.sign(), published(Rsa(6144)))[0] == "policy"
    assert only(rsa.sign(), {KEY: ["TXT p=" + "A" * 9000]}) == (
        "permerror",
        f"s=mail; the key at {KEY} has 9002 characters",
    )


def test_a_signature_that_leaves_from_out_vouches_for_nobody(rsa: Signer) -> None:
    without = re.sub(rb"h=[^;]+;", b"h=date : subject;", rsa.sign(), count=1)
    assert only(without, published(rsa)) == ("permerror", "s=mail; From is not signed")


def test_sha1_is_not_believed(rsa: Signer) -> None:
    assert only(rsa.sign(algorithm=b"rsa-sha1"), published(rsa))[0] == "policy"


KEYS = [
    ([], "no key at"),
    (["TXT v=DKIM1; p="], "cannot be read"),
    (["TXT v=DKIM2; p=AAAA"], "cannot be read"),
    (["TXT v=DKIM1; p=!!!!"], "cannot be read"),
    (["TXT v=DKIM1; k=ed25519; p=AAAA"], "cannot be read"),
    (["TXT v=DKIM1; k=dsa; p=AAAA"], "cannot be read"),
    (["TXT hello"], "cannot be read"),
]


@pytest.mark.parametrize(("records", "detail"), KEYS)
def test_without_a_usable_key_it_is_a_permanent_error(rsa: Signer, records: list[str], detail: str) -> None:
    result, said = only(rsa.sign(), {KEY: records})
    assert result == "permerror"
    assert detail in said


def test_a_key_for_another_service_is_not_for_mail(rsa: Signer) -> None:
    for service in ("tlsrpt", "other"):
        result, detail = only(rsa.sign(), {KEY: [f"TXT {rsa.record}; s={service}"]})
        assert (result, detail) == ("permerror", f"s=mail; the key at {KEY} is not for mail")


def test_a_key_of_another_algorithm_is_an_error(rsa: Signer, ed25519: Signer) -> None:
    assert only(rsa.sign(), published(ed25519))[0] == "permerror"
    assert only(ed25519.sign(), published(rsa))[0] == "permerror"


def test_another_key_of_the_same_algorithm_fails(rsa: Signer) -> None:
    assert only(rsa.sign(), published(Rsa(2048)))[0] == "fail"


def test_a_key_that_cannot_be_looked_up_is_a_temporary_error(rsa: Signer) -> None:
    (result,) = dkim(rsa.sign(), {KEY: Failure("the name servers say SERVFAIL")})
    assert (result.result, result.domain) == ("temperror", "customers.example")
    assert result.detail == f"s=mail; {KEY}: the name servers say SERVFAIL"


def test_every_signature_has_its_result_up_to_the_fifth(rsa: Signer, ed25519: Signer) -> None:
    zone = {
        **published(rsa, "mail._domainkey.relay.example"),
        **published(ed25519, "new._domainkey.customers.example"),
    }
    raw = rsa.sign(ed25519.sign(selector="new"), "relay.example")
    raw = raw.replace(b"DKIM-Signature", b"DKIM-Signature: nonsense\r\nDKIM-Signature", 1)
    results = dkim(raw, zone)
    assert [(one.result, one.domain) for one in results] == [
        ("neutral", None),
        ("pass", "relay.example"),
        ("pass", "customers.example"),
    ]
    assert len(dkim(b"DKIM-Signature: nonsense\r\n" * 9 + LETTER, {})) == 5


def test_a_huge_header_is_not_examined(rsa: Signer) -> None:
    result, detail = only(b"X: y\r\n" * 50_000 + rsa.sign(), published(rsa))
    assert result == "neutral"
    assert "the header has" in detail
    assert (
        only(rsa.sign().replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 1001 + b"\r\n", 1), published(rsa))[0]
        == "neutral"
    )


def test_whatever_a_sender_writes_takes_bounded_time(rsa: Signer) -> None:
    signed = rsa.sign()
    hostile = [
        signed.replace(b"b=", b"b=" + b" " * 90 + b"\r\n ", 1),
        signed.replace(b"h=", b"h=" + b"x:" * 199, 1),
        with_tag(signed, b"z", b"\r\n ".join([b" " * 90] * 40)),
        with_tag(signed, b"b", b"A \r\n " * 700),
        with_tag(signed, b"l", b"9" * 70),
    ]
    for raw in hostile:
        began = time.process_time()
        dkim(raw, published(rsa))
        assert time.process_time() - began < 2
