"""The line above a quotation that says who wrote it and when: `On 2 March 2026 at 13:05, Anna <anna@…> wrote:`."""

import re
from enum import IntEnum

from services.ingest.reading.reply.languages import LANGUAGES
from services.ingest.reading.reply.lines import Lines

LONGEST = 400
"""Characters, all lines together: the names of mailing lists are long."""
MOST_LINES = 4
LATEST_DATE = 25
"""Characters before the date, a word for "on" and the day of the week, in an attribution that has no verb."""


class Certainty(IntEnum):
    """How sure it is that words are an attribution."""

    NONE = 0
    ABOVE_QUOTATION = 1
    """They are one if a quotation follows that is marked as such."""
    ALONE = 2
    """They are one if they stand in a paragraph of their own, too."""
    SURE = 3


def _verbs() -> dict[str, frozenset[str]]:
    """Each verb with the words by which an author speaks of himself in its languages: "I wrote" is no attribution."""
    verbs: dict[str, frozenset[str]] = {}
    for language in LANGUAGES:
        for verb in language.wrote.split("|"):
            verbs[verb] = verbs.get(verb, frozenset()) | frozenset(language.me.split("|"))
    return verbs


_VERBS = _verbs()
_WROTE_AT_END = tuple(
    ending for language in LANGUAGES for ending in language.wrote_at_end.split("|") if ending
)
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"(?<![\d.])(?:\d{4}|\d{1,2})\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})(?!\.?\d)"
    r"|(?<!\d)\d{1,2}(?!\d)\D{1,25}?(?<!\d)\d{4}(?!\d)"
    r"|(?<!\d)\d{4}(?!\d)\D{1,20}?(?<!\d)\d{1,2}(?!\d)"
)
_TIME = re.compile(r"(?<![\d.])\d{1,2}(?:\s?[:hH時时시點点]\s?|\.)\d{2}(?![\d.]*\d)|\d\s?[時时시點点]")
_OLD_GMAIL = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2} \d{1,2}:\d{2} (?:GMT|UTC)[+-]\d{1,2}:\d{2} \S.{0,100}$")
"""The only form without a colon."""
_GROUPWISE = re.compile(r">>> .{3,300}\d{1,2}[:.]\d{2}.{0,15}>>>$")
"""`>>> Anna <anna@…> 02.03.2026 13:05 >>>`, and what follows has no marks."""
_ADDRESS = re.compile(
    r"<\s?(?:mailto:)?[^\s<>()@]{1,80}@[^\s<>@]{1,120}|[(\[][^\s<>()@]{1,80}@[^\s<>@]{1,120}[)\]][^\d(),:]{2,30}$"
)
"""In angle brackets; in others the verb follows."""
_NAKED_ADDRESS = re.compile(r"[^\s<>()@,;:\"]{1,80}@[^\s<>()@,;:\"]{1,120}")
_TIME_AND_NAME = re.compile(
    r"\d{1,2}[:.]\d{2}(?: ?[AaPp]\.?[Mm]\.?)?, \S+(?: [^\W\d_a-zà-ÿ]\S*){0,3} (?:a |ha )?[^\W\d_]+$"
)
"""A comma, a name and the verb, as programs set them; who tells of a letter writes "at 13:05 your driver wrote"."""
_NAME_AND_ADDRESS = re.compile(r"[^\d<>:]{0,80}<[^\s<>@]{1,80}@[^\s<>@]{1,120}>\s?[^\d<>:,.]{1,30}$")
_ESCAPED = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"'}
_DECORATION = " \t-–—*_|"
_CONTINUES = re.compile(r"[a-zà-ÿ<>(]")
_ENDS_SENTENCE = re.compile(r"(?:[^\W\d_]|[)\"”»])[.!?…]$|[!?。]$")
_ENDS = (":", ">", "道", "작성", "wrote")


def may_end_attribution(line: str) -> bool:
    """Whether the (bare) line may be the last one of an attribution: a quick look."""
    return line.rstrip(_DECORATION).endswith(_ENDS) or (
        line.startswith("20") and _OLD_GMAIL.match(line) is not None
    )


def find_attribution(lines: Lines, last: int) -> tuple[int, Certainty] | None:
    """The first line of the attribution with this last one, and how sure it is one. It may be wrapped."""
    words = ""
    best: tuple[int, Certainty] | None = None
    continues = False
    begin: int | None = last
    for _ in range(MOST_LINES):
        if begin is None or len(words) + len(lines.bare[begin]) > LONGEST:
            break
        words = f"{lines.bare[begin]} {words}".rstrip()
        certainty = judge(words)
        if certainty is Certainty.SURE:
            return begin, certainty
        if certainty and (best is None or continues):
            best = begin, certainty
        continues = _CONTINUES.match(words) is not None
        begin = _line_above(lines, begin)
    return best


def _line_above(lines: Lines, begin: int) -> int | None:
    """The line above that may belong to the same attribution."""
    above = begin - 1
    if above >= 0 and not lines.bare[above] and lines.bare[begin].startswith("<"):
        above -= 1
    if (
        above < 0
        or not lines.bare[above]
        or lines.is_quoted(above)
        or _ENDS_SENTENCE.search(lines.bare[above])
    ):
        return None
    return above


def judge(words: str) -> Certainty:
    """How sure it is that these words, lines joined, are an attribution."""
    if "&" in words:
        for escaped, character in _ESCAPED.items():
            words = words.replace(escaped, character)
    ruled_off = words.startswith("--") and words.endswith("--")
    words = words.strip(_DECORATION)
    if _OLD_GMAIL.match(words) or _GROUPWISE.match(words):
        return Certainty.SURE
    colon = words.endswith(":")
    words = words.rstrip(" :")
    tokens = set(_WORD.findall(words.lower()))
    verbs = tokens & _VERBS.keys()
    wrote = bool(verbs) or words.endswith(_WROTE_AT_END)
    numbers = _DIGIT.search(words) is not None
    date = _DATE.search(words) if numbers else None
    time = numbers and _TIME.search(words) is not None
    address = "@" in words and _ADDRESS.search(words) is not None
    if not (colon or wrote):
        return Certainty.ABOVE_QUOTATION if date and address and words.endswith(">") else Certainty.NONE
    if wrote and (ruled_off or (address and (date or time))):
        return Certainty.SURE
    in_order = words.endswith("]") or (date and date.start() <= LATEST_DATE and words.endswith(">"))
    if date and time and address and in_order:
        return Certainty.SURE
    complete = (date and _TIME_AND_NAME.search(words)) or (address and _NAME_AND_ADDRESS.match(words))
    if wrote and complete and not any(tokens & _VERBS[verb] for verb in verbs):
        return Certainty.ALONE
    if wrote or date or time or ("@" in words and _NAKED_ADDRESS.search(words)):
        return Certainty.ABOVE_QUOTATION
    return Certainty.NONE


def only_looks_quoted(line: str) -> bool:
    """Whether the (bare) line is an attribution, or the wrapped end of one (`> wrote:`), in spite of its marks."""
    if _GROUPWISE.match(line):
        return True
    if not line.startswith(">") or not line.endswith(":") or len(line) > len("> het volgende geschreven:"):
        return False
    words = line[1:].strip(" :").lower()
    return not words or any(word in _VERBS for word in _WORD.findall(words))
