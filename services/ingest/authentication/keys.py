"""Public keys of signatures (RFC 6376 §3.6, RFC 8463), as far as they may be used."""

from dataclasses import dataclass

import dkim

from services.ingest.authentication.answers import Answers, Question
from services.ingest.authentication.header import words

LEAST_BITS = 1024
MOST_BITS = 4096
"""RFC 8301 §3.2; the time for a check grows with the cube of the size."""
_LONGEST_EXPONENT = 64
_LONGEST_RECORD = 8192


class Unacceptable(Exception):
    """A signature is not good, and why; `result` is a word of RFC 8601 §2.7.1."""

    def __init__(self, result: str, detail: str) -> None:
        super().__init__(detail)
        self.result = result
        self.detail = words(detail)


@dataclass(frozen=True, slots=True)
class Key:
    """`public` is dkimpy's object for it; `algorithm` is `rsa` or `ed25519`."""

    public: object
    bits: int
    algorithm: bytes

    @property
    def described(self) -> str:
        return f"{self.algorithm.decode()} {self.bits}"


def key_question(selector: str, domain: str) -> Question:
    """Where the key of a signature is."""
    return Question(f"{selector}._domainkey.{domain}".lower(), "TXT")


def key_at(question: Question, answers: Answers) -> Key:
    """The key that is published there.

    Raises:
        Wanted, Unanswered.
        Unacceptable: there is none, or it must not be used.
    """
    records = answers.to(*question)
    if not records:
        raise Unacceptable("permerror", f"no key at {question.name}")
    if len(records[0]) > _LONGEST_RECORD:
        raise Unacceptable("permerror", f"the key at {question.name} has {len(records[0])} characters")
    try:
        public, bits, algorithm, for_reports = dkim.evaluate_pk(
            question.name.encode(), records[0].encode("latin-1")
        )
    except Exception as error:
        # The parser raises whatever the key's bytes lead it into.
        raise Unacceptable("permerror", f"the key at {question.name} cannot be read: {error}") from error
    if public is None or for_reports:
        raise Unacceptable("permerror", f"the key at {question.name} is not for mail")
    if algorithm == b"rsa":
        if not LEAST_BITS <= bits <= MOST_BITS:
            raise Unacceptable("policy", f"the RSA key at {question.name} has {bits} bits")
        if public["publicExponent"].bit_length() > _LONGEST_EXPONENT or public["modulus"] % 2 == 0:
            raise Unacceptable("permerror", f"the key at {question.name} is no RSA key")
    return Key(public, bits, algorithm)
