"""Whatever stands in a header, every method comes to a result that can be kept."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from contracts.mail import SmtpEnvelope
from services.ingest.authentication.answers import Failure
from services.ingest.authentication.body import Body
from services.ingest.authentication.client import client_of
from services.ingest.authentication.dmarc import dmarc_results
from services.ingest.authentication.header import author_of, header_of
from services.ingest.authentication.signatures import arc_results, dkim_results
from services.ingest.authentication.spf import spf_results
from services.ingest.authentication.trusted import believed
from tests.ingest.authentication.zone import settled

PIECES = st.sampled_from(
    b"v=1|a=rsa-sha256|d=a.example|s=mail|i=1|cv=none|bh=AAAA|b=AAAA|h=from|l=9|x=1|c=simple/relaxed|; |="
    b"|\r\n |\xff|\x00"
    b'|mx.a.example|spf=pass|smtp.mailfrom=a.example|(|"|<|kim@a.example|,'.split(b"|")
)
VALUES = st.lists(PIECES, max_size=20).map(b"".join)
NAMES = st.sampled_from(
    b"From DKIM-Signature ARC-Seal ARC-Message-Signature ARC-Authentication-Results Received"
    b" Authentication-Results".split()
)
LETTERS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda fields: b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\nHello"
)


@given(LETTERS, st.sampled_from(["kim@a.example", None]))
def test_any_header_has_results(raw: bytes, shown: str | None) -> None:
    header = header_of(raw)
    body = Body(raw, header.body_at)
    zone = {
        "mail._domainkey.a.example": ["TXT v=DKIM1; p=AAAA"],
        "_dmarc.a.example": ["TXT v=DMARC1; p=none"],
    }
    found = settled(partial(dkim_results, header, body), zone)
    settled(partial(arc_results, header, body), zone)
    (dmarc,) = settled(partial(dmarc_results, author_of(header, shown), found, True), zone)
    assert dmarc.result in {"none", "fail", "permerror"}
    believed(header, ("mx.a.example",))


TERMS = st.sampled_from(
    b"a mx ptr all include:a.example redirect=b.example exists:%{s} exp=%{p} a:%{i}.x ip4:1.2.3.4 ip6:::1 % = /"
    b" //64 ~ -all a:.. \xe9 A:%{d1r-} mx/33".decode("latin-1").split(" ")
)


@given(st.lists(TERMS, max_size=12).map(" ".join), st.text(max_size=20), st.booleans())
def test_any_record_and_any_sender_have_a_result_of_spf(record: str, sender: str, away: bool) -> None:
    envelope = SmtpEnvelope(
        client_address="192.0.2.7",
        helo="mail.a.example",
        mail_from=f"{sender.replace(chr(0), '')}@a.example",
        recipients=(),
    )
    zone = {
        "a.example": [f"TXT v=spf1 {record}"],
        "b.example": Failure("away") if away else ["TXT v=spf1 mx -all"],
    }
    (result,) = settled(partial(spf_results, envelope, client_of(envelope)), zone)
    assert result.result in {"pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"}
