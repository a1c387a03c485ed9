"""Authentication-Results of an upstream that is believed (RFC 8601)."""

from collections.abc import Collection, Iterator

import authres
import authres.core

from contracts.mail import Authentication, AuthenticationResult
from services.ingest.authentication.header import Header, domain_of, host_name, unfolded, words

MICROSOFT = "protection.outlook.com"
"""Stands for Microsoft 365, whose fields begin with the first result and name no authserv-id."""
_RESULTS = frozenset({"none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"})
_OTHER_WORDS = {"hardfail": "fail", "error": "temperror", "unknown": "permerror", "bestguesspass": "none"}
_METHODS = ("spf", "dkim", "dmarc", "arc")
_ONE_A_METHOD = frozenset({"spf", "dmarc", "arc"})
_LONGEST = 8 * 1024


def believed(header: Header, ids: Collection[str]) -> Authentication | None:
    """What the upstream with one of these authserv-ids found out; None if it says nothing.

    Only the uppermost of its fields count, down to the next Received: each host puts its own fields above what it was
    given, so what is further down may be anybody's. Of a method that can have one result only the first counts.
    """
    by, results = "", list[AuthenticationResult]()
    for name, value in header.fields:
        if by and name.lower() == b"received":
            break
        if name.lower() != b"authentication-results" or len(value) > _LONGEST:
            continue
        parsed = _parsed(unfolded(value))
        if parsed is None or parsed.authserv_id.lower() not in ({by} if by else ids):
            continue
        by = parsed.authserv_id.lower()
        seen = {one.method for one in results} & _ONE_A_METHOD
        results.extend(one for one in _results(parsed) if one.method not in seen)
    return Authentication(by=by, results=tuple(results)) if results else None


def _parsed(value: str) -> authres.AuthenticationResultsHeader | None:
    first = value.partition(";")[0].partition(" ")[0]
    if "=" in first:
        value = f"{MICROSOFT}; {value}"
    try:
        return authres.AuthenticationResultsHeader.parse_value(value)
    except authres.core.AuthResError:
        return None


def _results(parsed: authres.AuthenticationResultsHeader) -> Iterator[AuthenticationResult]:
    for one in parsed.results:
        method = getattr(one, "method", "")
        if method in _METHODS and (result := _OTHER_WORDS.get(one.result, one.result)) in _RESULTS:
            yield AuthenticationResult(
                method=method, result=result, domain=_domain(one), detail=words(_detail(one))
            )


_DOMAINS = {
    "spf": (("smtp", "mailfrom"), ("smtp", "helo")),
    "dkim": (("header", "d"), ("header", "i")),
    "dmarc": (("header", "from"),),
    "arc": (("header", "as"), ("header", "as-d")),
}


def _domain(result: authres.AuthenticationResult) -> str | None:
    values = {(one.type, one.name): one.value or "" for one in result.properties}
    for wanted in _DOMAINS[result.method]:
        if value := values.get(wanted):
            return domain_of(value) if "@" in value else host_name(value)
    return None


def _detail(result: authres.AuthenticationResult) -> str:
    said = [f"{one.type}.{one.name}={one.value}" for one in result.properties]
    return "; ".join(text for text in (result.reason, *said) if text)
