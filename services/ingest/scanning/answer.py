"""What an answer of clamd means, and that there was none. Pure."""

import re
from dataclasses import dataclass

from contracts.mail import ScanVerdict


class ScannerAway(Exception):
    """The scanner gave no answer: it is down, hangs, or was cut off. What it was asked may be asked again."""


class OddAnswer(ScannerAway):
    """The scanner is there, and could not say whether this content is clean."""


@dataclass(frozen=True, slots=True)
class NotScanned:
    """The scanner gave no answer: the message is to be held, and examined again later."""

    reason: str


_FOUND = re.compile(r"stream: (?P<name>.+?)(\([0-9a-f]{32}:\d+\))? FOUND")
"""With ExtendedDetectionInfo a digest and the size follow the name."""
_NOT_SCANNED = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR"


def judge(answer: str) -> tuple[ScanVerdict, str | None]:
    """What an answer means, and what was found: only the one answer is clean.

    Raises:
        OddAnswer: it says neither.
    """
    if answer == "stream: OK":
        return ScanVerdict.CLEAN, None
    if found := _FOUND.fullmatch(answer):
        name = found["name"]
        return ScanVerdict.UNSCANNABLE if name.startswith(_NOT_SCANNED) else ScanVerdict.INFECTED, name
    if answer == _TOO_LARGE:
        return ScanVerdict.UNSCANNABLE, "it is larger than the scanner takes"
    raise OddAnswer(answer)
