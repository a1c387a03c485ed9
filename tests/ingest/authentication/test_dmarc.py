"""Whether the domain in From stands behind a message (RFC 9989)."""

from functools import partial

import pytest

from contracts.mail import AuthenticationResult
from services.ingest.authentication.answers import Failure
from services.ingest.authentication.dmarc import Record, dmarc_results, organisation, record_of, walk
from services.ingest.authentication.header import Author
from tests.ingest.authentication.zone import Zone, settled


def found(method: str, result: str, domain: str | None = None) -> AuthenticationResult:
    return AuthenticationResult(method=method, result=result, domain=domain)


def dmarc(
    domain: str, zone: Zone, *results: AuthenticationResult, client_known: bool = True
) -> tuple[str, str]:
    (result,) = settled(partial(dmarc_results, Author(domain), results, client_known), zone)
    assert (result.method, result.domain) == ("dmarc", domain)
    return result.result, result.detail


def policies(**records: str) -> Zone:
    return {
        f"_dmarc.{name.replace('_', '.')}": [f"TXT v=DMARC1; {record}"] for name, record in records.items()
    }


REJECT = policies(shop_example="p=reject")
SPF_FAIL, DKIM_NONE = found("spf", "fail", "shop.example"), found("dkim", "none")


def test_a_signature_of_the_author_s_domain_passes() -> None:
    assert dmarc("shop.example", REJECT, SPF_FAIL, found("dkim", "pass", "shop.example")) == (
        "pass",
        "p=reject; DKIM passes for shop.example",
    )


def test_spf_of_the_author_s_domain_passes() -> None:
    assert dmarc("shop.example", REJECT, found("spf", "pass", "shop.example"), DKIM_NONE) == (
        "pass",
        "p=reject; SPF passes for shop.example",
    )


def test_with_neither_it_fails() -> None:
    assert dmarc("shop.example", REJECT, SPF_FAIL, DKIM_NONE) == (
        "fail",
        "p=reject; neither SPF nor DKIM passes for shop.example",
    )


def test_somebody_else_s_signature_does_not_help() -> None:
    for stranger in ("mailer.example", "notshop.example", "example"):
        assert dmarc("shop.example", REJECT, found("dkim", "pass", stranger))[0] == "fail"


def test_a_result_other_than_pass_does_not_help() -> None:
    for result in ("fail", "neutral", "policy", "permerror", "none"):
        assert dmarc("shop.example", REJECT, found("dkim", result, "shop.example"))[0] == "fail"


def test_without_a_policy_there_is_no_result() -> None:
    assert dmarc("shop.example", {}, found("dkim", "pass", "shop.example")) == (
        "none",
        "no policy is published",
    )


ALIGNMENT = [
    ("news.shop.example", "shop.example", "p=reject", "pass"),
    ("shop.example", "news.shop.example", "p=reject", "pass"),
    ("a.shop.example", "b.shop.example", "p=reject", "pass"),
    ("news.shop.example", "shop.example", "p=reject; adkim=s", "fail"),
    ("news.shop.example", "news.shop.example", "p=reject; adkim=s", "pass"),
    ("shop.example", "news.shop.example", "p=reject; adkim=S", "fail"),
    ("shop.example", "news.shop.example", "p=reject; aspf=s", "pass"),
    ("shop.example", "other.example", "p=reject", "fail"),
]


@pytest.mark.parametrize(("author", "signer", "record", "result"), ALIGNMENT)
def test_domains_of_one_organisation_are_aligned_unless_the_policy_is_strict(
    author: str, signer: str, record: str, result: str
) -> None:
    assert dmarc(author, policies(shop_example=record), found("dkim", "pass", signer))[0] == result


def test_spf_and_dkim_are_aligned_by_rules_of_their_own() -> None:
    strict_spf = policies(shop_example="p=none; aspf=s")
    assert dmarc("shop.example", strict_spf, found("spf", "pass", "news.shop.example"))[0] == "fail"
    assert dmarc("shop.example", strict_spf, found("dkim", "pass", "news.shop.example"))[0] == "pass"


POLICIES = [
    ("shop.example", "p=reject; sp=none", "p=reject"),
    ("news.shop.example", "p=reject; sp=none", "p=none of shop.example"),
    ("news.shop.example", "p=quarantine", "p=quarantine of shop.example"),
    ("news.shop.example", "p=quarantine; sp=whatever", "p=quarantine of shop.example"),
    ("shop.example", "p=whatever", "p=none"),
    ("shop.example", "rua=mailto:dmarc@shop.example", "p=none"),
    ("shop.example", "p=REJECT; pct=0", "p=reject"),
]


@pytest.mark.parametrize(("author", "record", "said"), POLICIES)
def test_the_result_says_which_policy_applies(author: str, record: str, said: str) -> None:
    result, detail = dmarc(author, policies(shop_example=record))
    assert result == "fail"
    assert detail.startswith(f"{said}; ")


RECORDS: list[tuple[list[str], Record | None]] = [
    (["v=DMARC1; p=reject; adkim=s; aspf=s; sp=none; psd=n"], Record("reject", "none", True, True, "n")),
    (["v=DMARC1"], Record()),
    (["v = DMARC1 ; p = reject ;"], Record("reject")),
    (["v=DMARC1; x; =; p=reject; p"], Record("")),
    (["v=dmarc1; p=reject"], None),
    (["p=reject; v=DMARC1"], None),
    (["x; v=DMARC1; p=reject"], None),
    (["v=DMARC1; p=none", "v=DMARC1; p=reject"], None),
    (["v=spf1 -all", "v=DMARC1; p=reject"], Record("reject")),
    ([], None),
    ([""], None),
]


@pytest.mark.parametrize(("texts", "record"), RECORDS)
def test_records_are_read_tolerantly_but_for_their_first_tag(texts: list[str], record: Record | None) -> None:
    expected = Record() if record == Record("") else record
    assert record_of(texts) == expected


def test_the_walk_goes_up_to_the_top_in_at_most_eight_steps() -> None:
    assert walk("shop.example") == ("shop.example", "example")
    assert walk("a.b.c.d.e.f.g.h.i.example") == (
        "a.b.c.d.e.f.g.h.i.example",
        *("d.e.f.g.h.i.example", "e.f.g.h.i.example", "f.g.h.i.example", "g.h.i.example"),
        *("h.i.example", "i.example", "example"),
    )


ORGANISATIONS = [
    ("a.b.shop.example", policies(shop_example="p=none", b_shop_example="p=none"), "shop.example"),
    ("a.b.shop.example", policies(b_shop_example="p=none; psd=n", shop_example="p=none"), "b.shop.example"),
    ("a.shop.bank", policies(bank="p=reject; psd=y"), "shop.bank"),
    ("bank", policies(bank="p=reject; psd=y"), "bank"),
    ("co.bank", policies(co_bank="p=reject; psd=y", bank="p=none"), "co.bank"),
    ("a.shop.example", {}, "a.shop.example"),
]


@pytest.mark.parametrize(("domain", "zone", "name"), ORGANISATIONS)
def test_the_organisation_is_where_the_walk_says_that_it_ends(domain: str, zone: Zone, name: str) -> None:
    assert settled(partial(organisation, domain), zone) == name


def test_a_public_suffix_s_policy_applies_where_nobody_below_has_one() -> None:
    assert dmarc("shop.bank", policies(bank="p=reject; psd=y")) == (
        "fail",
        "p=reject of bank; neither SPF nor DKIM passes for shop.bank",
    )


def test_while_dns_fails_nothing_is_decided() -> None:
    away = Failure("no answer in time")
    assert dmarc("shop.example", {"_dmarc.shop.example": away}) == (
        "temperror",
        "_dmarc.shop.example: no answer in time",
    )
    assert dmarc("a.shop.example", {"_dmarc.shop.example": away})[0] == "temperror"
    assert dmarc("shop.example", REJECT, found("dkim", "temperror", "shop.example"))[0] == "temperror"
    # What passes has passed, whatever else could not be found out.
    both = found("spf", "temperror", "shop.example"), found("dkim", "pass", "shop.example")
    assert dmarc("shop.example", REJECT, *both)[0] == "pass"


def test_nothing_fails_where_spf_could_not_be_examined() -> None:
    undecided = found("spf", "none"), found("dkim", "none")
    assert dmarc("shop.example", REJECT, *undecided, client_known=False) == (
        "none",
        "p=reject; not decided: DKIM does not pass for shop.example, and SPF was not examined",
    )
    assert (
        dmarc("shop.example", REJECT, found("dkim", "pass", "shop.example"), client_known=False)[0] == "pass"
    )


def test_a_message_without_exactly_one_author_s_domain() -> None:
    (several,) = settled(partial(dmarc_results, Author(None), (), True), {})
    (nobody,) = settled(partial(dmarc_results, Author(None, missing=True), (), True), {})
    assert (several.result, several.detail) == ("permerror", "From does not name exactly one domain")
    assert (nobody.result, nobody.detail) == ("none", "From names no domain")
