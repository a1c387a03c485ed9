"""SPF (RFC 7208), by pyspf."""

import spf

from contracts.mail import AuthenticationResult, SmtpEnvelope
from services.ingest.authentication.answers import Answers, Kind, Results, Unanswered
from services.ingest.authentication.client import Client
from services.ingest.authentication.header import domain_of, host_name, words

_KINDS: dict[str, Kind] = {"TXT": "TXT", "A": "A", "AAAA": "AAAA", "MX": "MX", "PTR": "PTR"}
_LONGEST_RECORD = 10_000
"""Characters; the work on a record grows with it, and RFC 7208 §3.4 asks for records below 500."""


def spf_results(envelope: SmtpEnvelope, client: Client | None, answers: Answers) -> Results:
    """Whether the client may send for the domain of MAIL FROM, or of HELO where the sender is null (§2.4).

    Raises:
        Wanted.
    """
    if client is None:
        return _result(
            "none", None, f"not examined: behind {envelope.client_address} the sender's client is not known"
        )
    sender, helo = envelope.mail_from, envelope.helo
    domain = domain_of(sender) if sender else host_name(helo)
    if domain is None:
        identity = f"MAIL FROM:<{sender}>" if sender else f"HELO {helo}"
        return _result("none", None, f"{identity} has no domain")
    local_part = sender.rpartition("@")[0] or "postmaster"
    query = _Query(answers, i=str(client), s=f"{local_part}@{domain}", h=host_name(helo) or helo)
    result, _, _ = query.check()
    return _result(result, domain, f"{client}: {_reason(query, result)}")


def _reason(query: "_Query", result: str) -> str:
    match result:
        case "temperror" | "permerror":
            return query.prob
        case "none":
            return "the domain publishes no SPF record"
        case _:
            return query.mechanism or "no mechanism matched"


def _result(result: str, domain: str | None, detail: str) -> Results:
    return (AuthenticationResult(method="spf", result=result, domain=domain, detail=words(detail)),)


class _Query(spf.query):  # type: ignore[misc]
    """pyspf with our answers in place of its own look-ups; it counts them, and those that find nothing (§4.6.4)."""

    def __init__(self, answers: Answers, *, i: str, s: str, h: str) -> None:
        self._answers = answers
        self.mechanism: str | None = None
        self.prob = ""
        super().__init__(i=i, s=s, h=h, receiver="postroom")

    def dns(
        self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False
    ) -> list[str] | list[tuple[bytes]] | list[tuple[int, str]]:
        """The shapes are pyspf's: TXT as tuples of bytes, MX with a preference, which nothing depends on."""
        del cnames  # the resolver has followed them
        try:
            found = self._answers.to(name.rstrip(".").lower(), _KINDS[qtype])
        except Unanswered as error:
            raise spf.TempError(str(error)) from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError(f"Void lookup limit of {spf.MAX_VOID_LOOKUPS} exceeded")
        match qtype:
            case "TXT" if any(len(text) > _LONGEST_RECORD for text in found):
                raise spf.PermError(f"{name}: a record has more than {_LONGEST_RECORD} characters")
            case "TXT":
                return [(text.encode("latin-1"),) for text in found]
            case "MX":
                return [(0, exchange) for exchange in found]
            case _:
                return list(found)

    def get_explanation(self, spec: str) -> None:
        """No look-up for a text of the sender's making that nobody is shown."""
        del spec
