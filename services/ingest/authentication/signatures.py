"""DKIM (RFC 6376) and ARC (RFC 8617), by dkimpy: with keys that were asked for before, and bodies hashed by us."""

import base64
import binascii
import hmac
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from contracts.mail import AuthenticationResult
from services.ingest.authentication.answers import Answers, Question, Results, Unanswered
from services.ingest.authentication.body import Body
from services.ingest.authentication.header import MOST_BYTES, Header, host_name, words
from services.ingest.authentication.keys import Key, Unacceptable, key_at, key_question

MOST_SIGNATURES = 5
MOST_SETS = 10
"""ARC allows 50; a message that was passed on more than ten times is not examined."""
_MOST_FIELDS = 1000
_MOST_SIGNED = 200
_LONGEST_SIGNATURE = 4096
_LONGEST_GAP = re.compile(rb"\s{100}")
"""The expressions of dkimpy slow down with the square of a run of blanks, and of the whole field."""
_SILENT = logging.getLogger(f"{__name__}.dkimpy")
_SILENT.disabled = True
"""What dkimpy would log is text of senders; all of it that matters is in the results."""
_NOISE = re.compile(r"b'([^']*)'")

Tags = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM-Signature field, as far as it can be read: whose it is, and where its key is."""

    number: int
    domain: str | None = None
    selector: str = ""
    question: Question | None = None
    unreadable: str = ""


def signatures_of(header: Header) -> tuple[Signature, ...]:
    """The uppermost signatures; what is below the fifth is not examined."""
    if header.size > MOST_BYTES:
        return (Signature(0, unreadable=f"the header has {header.size} bytes"),)
    values = header.every(b"dkim-signature")[:MOST_SIGNATURES]
    return tuple(_signature(number, value) for number, value in enumerate(values))


def _signature(number: int, value: bytes) -> Signature:
    try:
        tags = _tags(value)
    except Unacceptable as error:
        return Signature(number, unreadable=error.detail)
    question = _question(tags)
    if question is None:
        return Signature(number, unreadable="it does not say whose signature it is")
    return Signature(number, host_name(_text(tags, b"d")), _text(tags, b"s"), question)


def _tags(value: bytes) -> Tags:
    if len(value) > _LONGEST_SIGNATURE or _LONGEST_GAP.search(value):
        raise Unacceptable("neutral", f"the field has {len(value)} bytes")
    try:
        tags: Tags = parse_tag_value(value)
    except InvalidTagValueList as error:
        raise Unacceptable("neutral", f"syntax error: {_plain(error)}") from error
    if tags.get(b"h", b"").count(b":") >= _MOST_SIGNED:
        raise Unacceptable("neutral", "it signs too many fields")
    return tags


def _text(tags: Tags, name: bytes) -> str:
    return words(tags.get(name, b"").decode("utf-8", "replace"))


def _question(tags: Tags) -> Question | None:
    domain, selector = host_name(_text(tags, b"d")), _text(tags, b"s")
    return key_question(selector, domain) if domain and selector else None


def _plain(error: object) -> str:
    """The words of dkimpy, without Python's signs for bytes."""
    return words(_NOISE.sub(r"\1", str(error)))


def dkim_results(header: Header, body: Body, answers: Answers) -> Results:
    """A result for each signature, or one that says that there is none.

    Raises:
        Wanted: the keys.
    """
    signatures = signatures_of(header)
    if not signatures:
        return (AuthenticationResult(method="dkim", result="none", detail="the message is not signed"),)
    answers.need(tuple(one.question for one in signatures if one.question))
    return tuple(_dkim_result(header, one, body, answers) for one in signatures)


def _dkim_result(header: Header, signature: Signature, body: Body, answers: Answers) -> AuthenticationResult:
    try:
        detail = _verified(header, signature, body, answers)
        result = "pass"
    except Unanswered as error:
        result, detail = "temperror", str(error)
    except Unacceptable as error:
        result, detail = error.result, error.detail
    said = f"s={signature.selector}; {detail}" if signature.selector else detail
    return AuthenticationResult(method="dkim", result=result, domain=signature.domain, detail=words(said))


def _verified(header: Header, signature: Signature, body: Body, answers: Answers) -> str:
    """What kind of signature it is, if it is good."""
    if signature.question is None:
        raise Unacceptable("neutral", signature.unreadable)
    if len(header.fields) > _MOST_FIELDS:
        raise Unacceptable("neutral", f"the header has {len(header.fields)} fields")
    key = key_at(signature.question, answers)
    verifier = _Dkim(header, body, lambda _: key)
    try:
        verifier.verify_at(signature.number)
    except (Unacceptable, Unanswered):
        raise
    except Exception as error:
        raise Unacceptable("neutral", _trouble(error)) from error
    return key.described


def _trouble(error: Exception) -> str:
    """What dkimpy says, or what the sender's bytes have led it into."""
    known = isinstance(error, dkim.DKIMException)
    return _plain(error) if known else f"it cannot be checked: {type(error).__name__}"


class _Checking(dkim.DomainSigner):  # type: ignore[misc]
    """What both kinds of signature have in common, with our keys and our hashes of the body."""

    def __init__(self, header: Header, body: Body, key_of: Callable[[Question], Key]) -> None:
        super().__init__(logger=_SILENT)
        # As dkimpy's own parser would leave them, which raises at what is no field.
        self.headers = list(header.fields)
        self._body = body
        self._key_of = key_of

    def verify_sig(
        self, sig: Tags, include_headers: list[bytes], sig_header: tuple[bytes, bytes], dnsfunc: object
    ) -> bool:
        """Check the body by our hash, and the header by dkimpy.

        Raises:
            Unacceptable, Unanswered, and what dkimpy raises.
        """
        if sig[b"a"].endswith(b"sha1"):
            raise Unacceptable("policy", "rsa-sha1 must not be believed (RFC 8301)")
        question = _question(sig)
        if question is None:
            raise Unacceptable("neutral", "it does not say whose signature it is")
        key = self._key_of(question)
        if (b"ed25519" in sig[b"a"]) != (key.algorithm == b"ed25519"):
            raise Unacceptable("permerror", f"the key is for {key.algorithm.decode()}")
        self.pk, self.keysize, self.ktag = key.public, key.bits, key.algorithm
        unsigned = self._check_body(sig) if b"bh" in sig else ""  # an ARC-Seal covers no body
        without_body = {name: value for name, value in sig.items() if name != b"bh"}
        good = bool(self.verify_sig_process(without_body, include_headers, sig_header, dnsfunc))
        if good and unsigned:
            raise Unacceptable("policy", unsigned)
        return good

    def _check_body(self, sig: Tags) -> str:
        """What of the body is not signed, in words.

        Raises:
            Unacceptable: what is signed was changed.
        """
        _, _, canonicalization = sig.get(b"c", b"simple/simple").partition(b"/")
        if canonicalization not in {b"", b"simple", b"relaxed"}:
            raise Unacceptable("neutral", f"unknown canonicalization {_text(sig, b'c')}")
        most = int(sig[b"l"]) if sig.get(b"l") else None
        hashed = self._body.hashed((canonicalization or b"simple").decode(), most)
        try:
            claimed = base64.b64decode(re.sub(rb"\s+", b"", sig[b"bh"]))
        except binascii.Error as error:
            raise Unacceptable("neutral", "bh= is no base64") from error
        if not hmac.compare_digest(claimed, hashed.digest):
            raise Unacceptable("fail", "the body was changed")
        if most is None or most >= hashed.length:
            return ""
        return f"only {most} of {hashed.length} bytes of the body are signed"


class _Dkim(_Checking, dkim.DKIM):  # type: ignore[misc]
    def verify_at(self, number: int) -> None:
        """Raise unless the signature is good."""
        sig, include_headers, fields = self.verify_headerprep(number)
        if b"from" not in include_headers:
            raise Unacceptable("permerror", "From is not signed")
        if not self.verify_sig(sig, include_headers, fields[number], None):
            raise Unacceptable("fail", "the header was changed, or the key is another one")


class _Arc(_Checking, dkim.ARC):  # type: ignore[misc]
    def verify_sig(
        self, sig: Tags, include_headers: list[bytes], sig_header: tuple[bytes, bytes], dnsfunc: object
    ) -> bool:
        """A signature below the last one may be broken: whoever changed the message has sealed it anew."""
        try:
            return super().verify_sig(sig, include_headers, sig_header, dnsfunc)
        except Unacceptable:
            return False


@dataclass(frozen=True, slots=True)
class Chain:
    """The ARC sets of a message: how many, who sealed last, and where the keys are."""

    sets: int
    sealed_by: str | None = None
    questions: tuple[Question, ...] = ()
    unreadable: str = ""


def chain_of(header: Header) -> Chain | None:
    """The chain, or None if nobody sealed the message."""
    seals = header.every(b"arc-seal")
    fields = (*header.every(b"arc-message-signature"), *seals)
    if not fields:
        return None
    if len(fields) > 2 * MOST_SETS:
        return Chain(len(seals), unreadable=f"more than {MOST_SETS} sets are not examined")
    try:
        tags = [_tags(value) for value in fields]
    except Unacceptable as error:
        return Chain(len(seals), unreadable=error.detail)
    questions = tuple(dict.fromkeys(question for one in tags if (question := _question(one))))
    return Chain(len(seals), host_name(_text(max(tags, key=_instance), b"d")), questions)


def _instance(tags: Tags) -> int:
    return int(tags[b"i"]) if re.fullmatch(rb"[0-9]{1,2}", tags.get(b"i", b"")) else 0


def arc_results(header: Header, body: Body, answers: Answers) -> Results:
    """Whether the chain of seals is whole; nothing if there is none.

    Raises:
        Wanted: the keys.
    """
    chain = chain_of(header)
    if chain is None:
        return ()
    answers.need(chain.questions)
    try:
        result, detail = _chain_verified(header, chain, body, answers)
    except Unanswered as error:
        result, detail = "temperror", str(error)
    except Unacceptable as error:
        result, detail = "fail", error.detail
    return (AuthenticationResult(method="arc", result=result, domain=chain.sealed_by, detail=words(detail)),)


def _chain_verified(header: Header, chain: Chain, body: Body, answers: Answers) -> tuple[str, str]:
    if chain.unreadable:
        raise Unacceptable("fail", chain.unreadable)
    if len(header.fields) > _MOST_FIELDS:
        raise Unacceptable("fail", f"the header has {len(header.fields)} fields")
    try:
        validity, _, reason = _Arc(header, body, lambda question: key_at(question, answers)).verify()
    except Unanswered:
        raise
    except Exception as error:
        raise Unacceptable("fail", _trouble(error)) from error
    if validity != dkim.CV_Pass:
        raise Unacceptable("fail", _plain(reason))
    return "pass", f"{chain.sets} sets" if chain.sets > 1 else "1 set"
