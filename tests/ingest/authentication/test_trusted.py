"""The word of an upstream (RFC 8601): whose fields count, and what is read in them."""

import pytest

from contracts.mail import Authentication
from services.ingest.authentication.header import header_of
from services.ingest.authentication.trusted import MICROSOFT, believed

OURS = "mx.shop.example"


def read(*fields: str, ids: tuple[str, ...] = (OURS,)) -> Authentication | None:
    raw = "".join(f"{field}\r\n" for field in fields) + "\r\nHello"
    return believed(header_of(raw.encode()), ids)


def said(found: Authentication | None) -> list[tuple[str, str, str | None]]:
    return [(one.method, one.result, one.domain) for one in found.results] if found else []


RESULTS = f"Authentication-Results: {OURS}"


def test_each_result_is_read_with_whose_word_it_is() -> None:
    found = read(
        f"{RESULTS}; spf=pass smtp.mailfrom=kim@a.example;\r\n dkim=pass header.d=a.example header.s=mail;\r\n"
        ' dkim=fail reason="bad key" header.i=@b.example; dmarc=pass (p=REJECT) header.from=a.example; arc=pass'
    )
    assert found is not None
    assert found.by == OURS
    assert said(found) == [
        ("spf", "pass", "a.example"),
        ("dkim", "pass", "a.example"),
        ("dkim", "fail", "b.example"),
        ("dmarc", "pass", "a.example"),
        ("arc", "pass", None),
    ]
    assert [one.detail for one in found.results[1:3]] == [
        "header.d=a.example; header.s=mail",
        "bad key; header.i=@b.example",
    ]


def test_fields_under_another_name_are_anybody_s() -> None:
    assert read("Authentication-Results: evil.example; dmarc=pass header.from=a.example") is None
    assert read(f"{RESULTS}.evil.example; dmarc=pass header.from=a.example") is None
    assert read(f"X-{RESULTS}; dmarc=pass header.from=a.example") is None


def test_a_field_below_what_the_upstream_was_given_is_the_sender_s() -> None:
    found = read(
        "Received: from mx.shop.example by inside.shop.example",
        "Received: from evil.example by mx.shop.example",
        f"{RESULTS}; dmarc=fail header.from=a.example",
        "Received: from somewhere by evil.example",
        f"{RESULTS}; dmarc=pass header.from=a.example; spf=pass smtp.mailfrom=a.example",
    )
    assert said(found) == [("dmarc", "fail", "a.example")]


def test_several_fields_of_one_hop_are_one_word_and_the_uppermost_counts() -> None:
    found = read(
        f"{RESULTS}; dmarc=fail header.from=a.example",
        "Received-SPF: pass",
        f"{RESULTS}; dkim=pass header.d=b.example",
        f"{RESULTS}; dmarc=pass header.from=a.example",
    )
    assert said(found) == [("dmarc", "fail", "a.example"), ("dkim", "pass", "b.example")]


def test_of_several_trusted_names_the_uppermost_is_believed_alone() -> None:
    found = read(
        "Authentication-Results: inner.example; spf=none",
        f"{RESULTS}; dmarc=pass header.from=a.example",
        ids=(OURS, "inner.example"),
    )
    assert said(found) == [("spf", "none", None)]


def test_names_are_compared_without_case_and_a_version_is_passed_over() -> None:
    assert said(read("authentication-results: MX.Shop.Example 1; spf=pass smtp.mailfrom=a.example")) == [
        ("spf", "pass", "a.example")
    ]


def test_microsoft_365_names_nobody() -> None:
    field = (
        "Authentication-Results: spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=a.example; dkim=pass (signature was"
        " verified) header.d=a.example;dmarc=bestguesspass action=none header.from=a.example;compauth=pass reason=109"
    )
    found = read(field, ids=(MICROSOFT,))
    assert found is not None
    assert found.by == MICROSOFT
    assert said(found) == [
        ("spf", "pass", "a.example"),
        ("dkim", "pass", "a.example"),
        ("dmarc", "none", "a.example"),
    ]
    assert read(field) is None


@pytest.mark.parametrize(
    "field",
    [
        RESULTS,
        f"{RESULTS};",
        f"{RESULTS}; none",
        f"{RESULTS}; spf",
        f"{RESULTS}; spf=",
        f"{RESULTS}; spf=marvellous",
        f"{RESULTS}; x-magic=pass",
        f"{RESULTS}; spf=pass ((((",
        f'{RESULTS}; "',
        f"{RESULTS}; spf=pass " + "x" * 9000,
        "Authentication-Results:",
    ],
)
def test_a_field_that_says_nothing_is_no_result(field: str) -> None:
    assert read(field) is None


def test_a_domain_that_is_none_is_not_taken_over() -> None:
    found = read(f'{RESULTS}; spf=pass smtp.mailfrom="kim@a b"; dkim=pass header.d=<script>')
    assert [domain for _, _, domain in said(found)] in ([None, None], [])
