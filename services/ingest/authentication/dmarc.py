"""DMARC (RFC 9989): whether the domain in From stands behind a message, by SPF or by DKIM."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from contracts.mail import AuthenticationResult
from services.ingest.authentication.answers import Answers, Question, Results, Unanswered
from services.ingest.authentication.header import Author, words

MOST_QUERIES = 8


@dataclass(frozen=True, slots=True)
class Record:
    """A policy record, with the defaults of §4.7 in place of what is missing or wrong.

    `np` and `t` change only what a receiver is asked to do, and Postroom does by its own rules: they are not read.
    """

    p: str = "none"
    sp: str | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"


def record_of(texts: Sequence[str]) -> Record | None:
    """The policy record among the TXT records of a name; several count as none (§4.10)."""
    found = [tags for text in texts if (tags := _tags(text)) is not None]
    if len(found) != 1:
        return None
    tags = found[0]
    policies = {"none", "quarantine", "reject"}
    return Record(
        p=tags["p"] if tags.get("p") in policies else "none",
        sp=tags["sp"] if tags.get("sp") in policies else None,
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
        psd=tags.get("psd", "u"),
    )


def _tags(text: str) -> dict[str, str] | None:
    pairs = [tag.partition("=") for tag in text.split(";")]
    name, _, version = pairs[0]
    if (name.strip().lower(), version.strip()) != ("v", "DMARC1"):
        return None
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def walk(domain: str) -> tuple[str, ...]:
    """The names of a DNS tree walk, from the domain up to its top-level domain (§4.10)."""
    labels = domain.split(".")
    parents = range(max(1, len(labels) - MOST_QUERIES + 1), len(labels))
    return (domain, *(".".join(labels[first:]) for first in parents))


def _records(domain: str, answers: Answers) -> dict[str, Record]:
    """The policy records on the walk, from below; a name that says where an organisation ends is the last."""
    names = walk(domain)
    answers.need(tuple(_question(name) for name in names))
    found: dict[str, Record] = {}
    for name in names:
        if record := record_of(answers.to(*_question(name))):
            found[name] = record
            if record.psd in {"y", "n"}:
                break
    return found


def _question(name: str) -> Question:
    return Question(f"_dmarc.{name}", "TXT")


def organisation(domain: str, answers: Answers) -> str:
    """The Organizational Domain of a domain (§4.10.2).

    Raises:
        Wanted, Unanswered.
    """
    records = _records(domain, answers)
    for name, record in records.items():
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            return ".".join(domain.split(".")[-len(name.split(".")) - 1 :])
    return min(records, key=len, default=domain)


@dataclass(frozen=True, slots=True)
class Policy:
    """What applies to a domain, and at which name it is published."""

    record: Record
    published_at: str
    request: str
    """`none`, `quarantine` or `reject`."""


def policy_of(domain: str, answers: Answers) -> Policy | None:
    """The policy for mail from a domain: its own, or its organisation's, or the public suffix's (§4.10.1).

    Raises:
        Wanted, Unanswered.
    """
    if own := record_of(answers.to(*_question(domain))):
        return Policy(own, domain, own.p)
    records = _records(domain, answers)
    for name in (organisation(domain, answers), *(name for name, one in records.items() if one.psd == "y")):
        if record := records.get(name):
            return Policy(record, name, record.sp or record.p)
    return None


def policy_asked_for(author: Author, answers: Answers) -> Results:
    """No result yet, but the policy is known then: it is asked for while SPF and DKIM are evaluated.

    Raises:
        Wanted.
    """
    with suppress(Unanswered):
        if author.domain:
            policy_of(author.domain, answers)
    return ()


def dmarc_results(author: Author, found: Results, client_known: bool, answers: Answers) -> Results:
    """The result for a message, from those that were found by SPF and DKIM.

    Where the sender's client is not known, SPF might have passed: then nothing is a failure, and the result is `none`.

    Raises:
        Wanted.
    """
    domain = author.domain
    if domain is None:
        if author.missing:
            return _result("none", "From names no domain")
        return _result("permerror", "From does not name exactly one domain")
    try:
        policy = policy_of(domain, answers)
        if policy is None:
            return _result("none", "no policy is published", domain)
        return _result(*_judged(domain, policy, found, client_known, answers), domain)
    except Unanswered as error:
        return _result("temperror", str(error), domain)


def _judged(
    domain: str, policy: Policy, found: Results, client_known: bool, answers: Answers
) -> tuple[str, str]:
    """Result and detail."""
    said = f"p={policy.request}"
    if policy.published_at != domain:
        said += f" of {policy.published_at}"
    examined = [one for one in found if one.method in {"spf", "dkim"}]
    for one in examined:
        if one.result == "pass" and one.domain:
            strict = policy.record.strict_spf if one.method == "spf" else policy.record.strict_dkim
            if aligned(domain, one.domain, answers, strict=strict):
                return "pass", f"{said}; {one.method.upper()} passes for {one.domain}"
    if any(one.result == "temperror" for one in examined):
        return "temperror", f"{said}; SPF or DKIM could not be decided"
    if not client_known:
        return "none", f"{said}; not decided: DKIM does not pass for {domain}, and SPF was not examined"
    return "fail", f"{said}; neither SPF nor DKIM passes for {domain}"


def aligned(author: str, other: str, answers: Answers, *, strict: bool) -> bool:
    """Whether an authenticated domain speaks for the author's (§4.4): it is the same, or of the same organisation.

    Raises:
        Wanted, Unanswered.
    """
    if author == other:
        return True
    if strict or author.rpartition(".")[2] != other.rpartition(".")[2]:
        return False
    answers.need(tuple(_question(name) for domain in (author, other) for name in walk(domain)))
    return organisation(author, answers) == organisation(other, answers)


def _result(result: str, detail: str, domain: str | None = None) -> Results:
    return (AuthenticationResult(method="dmarc", result=result, domain=domain, detail=words(detail)),)
