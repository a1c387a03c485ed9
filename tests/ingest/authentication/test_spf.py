"""Whether a client may send for a domain: the mechanisms, the limits, and who is not asked about."""

import pytest

from contracts.mail import AuthenticationResult, SmtpEnvelope
from services.ingest.authentication.answers import Failure
from services.ingest.authentication.client import client_of, outside
from services.ingest.authentication.spf import spf_results
from tests.ingest.authentication.zone import Zone, settled

CLIENT, CLIENT_V6 = "192.0.2.7", "2001:db8::7"


def envelope(
    client: str = CLIENT, sender: str = "kim@customers.example", helo: str = "mail.customers.example"
) -> SmtpEnvelope:
    return SmtpEnvelope(
        client_address=client, helo=helo, mail_from=sender, recipients=("support@example.com",)
    )


def spf(zone: Zone, said: SmtpEnvelope | None = None) -> AuthenticationResult:
    said = said or envelope()
    (result,) = settled(lambda answers: spf_results(said, client_of(said), answers), zone)
    return result


def published(record: str) -> Zone:
    return {"customers.example": [f"TXT v=spf1 {record}"]}


MECHANISMS = [
    ("ip4:192.0.2.0/24 -all", {}, "pass"),
    ("ip4:198.51.100.0/24 -all", {}, "fail"),
    ("ip4:198.51.100.0/24 ~all", {}, "softfail"),
    ("ip4:198.51.100.0/24 ?all", {}, "neutral"),
    ("ip4:198.51.100.0/24", {}, "neutral"),
    ("a -all", {"customers.example": ["A 192.0.2.7"]}, "pass"),
    ("a:mail.customers.example/28 -all", {"mail.customers.example": ["A 192.0.2.1"]}, "pass"),
    (
        "mx -all",
        {"customers.example": ["MX 10 mx.customers.example"], "mx.customers.example": ["A 192.0.2.7"]},
        "pass",
    ),
    ("mx -all", {"customers.example": ["MX 0 ."]}, "fail"),
    (
        "ptr -all",
        {"7.2.0.192.in-addr.arpa": ["PTR out.customers.example"], "out.customers.example": ["A 192.0.2.7"]},
        "pass",
    ),
    ("exists:%{ir}.ok.customers.example -all", {"7.2.0.192.ok.customers.example": ["A 127.0.0.2"]}, "pass"),
    ("exists:%{l}.ok.customers.example -all", {"kim.ok.customers.example": ["A 127.0.0.2"]}, "pass"),
    ("include:relay.example -all", {"relay.example": ["TXT v=spf1 ip4:192.0.2.7 -all"]}, "pass"),
    ("include:relay.example -all", {"relay.example": ["TXT v=spf1 -all"]}, "fail"),
    ("include:relay.example -all", {}, "permerror"),
    ("redirect=relay.example", {"relay.example": ["TXT v=spf1 ip4:192.0.2.7 -all"]}, "pass"),
    ("redirect=relay.example", {}, "permerror"),
    ("-all exp=why.customers.example", {"why.customers.example": ["TXT go away"]}, "fail"),
    ("ipv4:192.0.2.7 -all", {}, "permerror"),
    ("ip4:192.0.2.0/33 -all", {}, "permerror"),
]


@pytest.mark.parametrize(("record", "others", "result"), MECHANISMS)
def test_each_mechanism_is_evaluated(record: str, others: dict[str, list[str]], result: str) -> None:
    zone = {**others, "customers.example": [f"TXT v=spf1 {record}", *others.get("customers.example", [])]}
    assert spf(zone).result == result


def test_the_result_names_the_domain_and_says_why() -> None:
    result = spf(published("ip4:192.0.2.0/24 -all"))
    assert (result.method, result.domain) == ("spf", "customers.example")
    assert result.detail == "192.0.2.7: ip4:192.0.2.0/24"
    assert spf(published("-all")).detail == "192.0.2.7: -all"


def test_a_client_that_speaks_ipv6_is_compared_with_ipv6() -> None:
    assert spf(published("ip6:2001:db8::/32 -all"), envelope(CLIENT_V6)).result == "pass"
    zone = {"customers.example": ["TXT v=spf1 a -all", "AAAA 2001:db8::7"]}
    assert spf(zone, envelope(CLIENT_V6)).result == "pass"
    assert spf(published("ip4:192.0.2.7 -all"), envelope("::ffff:192.0.2.7")).result == "pass"


def test_a_null_sender_is_examined_by_helo() -> None:
    zone = {"mail.customers.example": ["TXT v=spf1 ip4:192.0.2.7 -all"]}
    result = spf(zone, envelope(sender=""))
    assert (result.result, result.domain) == ("pass", "mail.customers.example")


@pytest.mark.parametrize(
    "said",
    [
        envelope(sender="kim"),
        envelope(sender="kim@localhost"),
        envelope(sender="kim@[192.0.2.7]"),
        envelope(sender="kim@a..example"),
        envelope(sender="", helo="[192.0.2.7]"),
        envelope(sender="", helo="localhost"),
    ],
)
def test_a_sender_without_a_domain_has_no_result(said: SmtpEnvelope) -> None:
    assert spf({}, said).result == "none"


def test_the_domain_of_a_sender_may_be_written_in_any_script() -> None:
    zone = {"xn--bcher-kva.example": ["TXT v=spf1 ip4:192.0.2.7 -all"]}
    result = spf(zone, envelope(sender="jürgen@bücher.example"))
    assert (result.result, result.domain) == ("pass", "xn--bcher-kva.example")


def test_a_macro_with_a_local_part_in_another_script_never_matches() -> None:
    # RFC 8616 §4
    assert spf(
        published("exists:%{l}.ok.customers.example -all"), envelope(sender="jürgen@customers.example")
    ).result == ("fail")


@pytest.mark.parametrize(
    "client", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "172.20.0.1", "fd00::1", "100.64.1.1"]
)
def test_a_client_inside_says_nothing_about_the_sender(client: str) -> None:
    address = client_of(envelope(client))
    assert address is not None
    assert not outside(address)


def test_without_a_client_there_is_no_result() -> None:
    (result,) = spf_results(envelope("127.0.0.1"), None, None)  # type: ignore[arg-type]
    assert (result.result, result.detail) == (
        "none",
        "not examined: behind 127.0.0.1 the sender's client is not known",
    )


def test_a_domain_without_a_record_has_no_result() -> None:
    assert spf({"customers.example": ["TXT something else"]}).result == "none"


def test_two_records_are_an_error() -> None:
    assert spf({"customers.example": ["TXT v=spf1 -all", "TXT v=spf1 +all"]}).result == "permerror"


def test_records_that_include_each_other_end() -> None:
    zone = {"customers.example": ["TXT v=spf1 include:a.example -all"]}
    zone |= {"a.example": ["TXT v=spf1 include:b.example"], "b.example": ["TXT v=spf1 include:a.example"]}
    assert spf(zone).result == "permerror"
    assert spf({"customers.example": ["TXT v=spf1 redirect=customers.example"]}).result == "permerror"


def test_more_than_ten_look_ups_are_too_many() -> None:
    wide = " ".join(f"a:host{number}.example" for number in range(11))
    hosts = {f"host{number}.example": ["A 198.51.100.1"] for number in range(11)}
    assert spf({"customers.example": [f"TXT v=spf1 {wide} -all"], **hosts}).result == "permerror"
    narrow = wide.rpartition(" ")[0]
    assert spf({"customers.example": [f"TXT v=spf1 {narrow} -all"], **hosts}).result == "fail"


def test_more_than_two_look_ups_that_find_nothing_are_too_many() -> None:
    assert spf(published("a:x.example a:y.example -all")).result == "fail"
    assert spf(published("a:x.example a:y.example a:z.example -all")).result == "permerror"


def test_a_record_of_endless_length_is_an_error() -> None:
    assert (
        spf(published(" ".join(f"ip4:198.51.100.{number % 256}" for number in range(1000)))).result
        == "permerror"
    )


def test_a_look_up_that_fails_is_a_temporary_error() -> None:
    result = spf({"customers.example": Failure("no answer in time")})
    assert (result.result, result.detail) == ("temperror", "192.0.2.7: customers.example: no answer in time")
    zone = {
        "customers.example": ["TXT v=spf1 include:relay.example -all"],
        "relay.example": Failure("SERVFAIL"),
    }
    assert spf(zone).result == "temperror"
