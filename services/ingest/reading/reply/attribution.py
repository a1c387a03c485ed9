"""The line above a quotation that says who wrote it and when: `On 2 March 2026 at 13:05, Anna <anna@…> wrote:`."""

import re
from enum import IntEnum

from services.ingest.reading.reply.languages import LANGUAGES
from services.ingest.reading.reply.lines import Lines

LONGEST = 400
"""Characters, all lines together: the names of mailing lists are long."""
MOST_LINES = 4


class Certainty(IntEnum):
    """How sure it is that words are an attribution."""

    NONE = 0
    ABOVE_QUOTATION = 1
    """They are one if a quotation follows that is marked as such."""
    ALONE = 2
    """They are one if they stand in a paragraph of their own, too."""
    SURE = 3


def _any_of(choices: str) -> str:
    return "|".join(re.escape(word) for word in sorted(set(choices.split("|")), key=len, reverse=True))


_LETTER = r"[^\W\d_]"
_WROTE = re.compile(
    rf"(?<!{_LETTER})(?:{_any_of('|'.join(language.wrote for language in LANGUAGES))})(?!{_LETTER})"
    r"|(?:的邮件|写道|寫道|写到|のメール|書きました|작성|님이 쓴 글|เขียนว่า)\s?[:：]?$",
    re.IGNORECASE,
)
_ME = re.compile(
    rf"(?<!{_LETTER})(?:{_any_of('|'.join(language.me for language in LANGUAGES if language.me))})(?!{_LETTER})",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?:\d{4}|\d{1,2})\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})(?!\d)"
    r"|(?<!\d)\d{1,2}(?!\d)\D{1,25}?(?<!\d)\d{4}(?!\d)"
    r"|(?<!\d)\d{4}(?!\d)\D{1,20}?(?<!\d)\d{1,2}(?!\d)"
)
_TIME = re.compile(r"(?<![\d.])\d{1,2}(?:\s?[:hH時时시點点]\s?|\.)\d{2}(?![\d.]*\d)|\d\s?[時时시點点]")
_OLD_GMAIL = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2} \d{1,2}:\d{2} (?:GMT|UTC)[+-]\d{1,2}:\d{2} \S.{0,100}$")
"""The only form that had no colon."""
_ADDRESS = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>()@]{1,80}@[^\s<>@]{1,120}")
_NAKED_ADDRESS = re.compile(r"[^\s<>()@,;:\"]{1,80}@[^\s<>()@,;:\"]{1,120}")
_ONLY_NAME_AND_ADDRESS = re.compile(r"[^\d<>:]{0,80}<[^\s<>@]{1,80}@[^\s<>@]{1,120}>\s?[^\d<>:,.]{1,30}$")
_ESCAPED = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"'}
_DECORATION = " \t-–—*_|"
_BEGINS_LATE = re.compile(r"[a-zà-ÿ<>(]")
_ENDS_SENTENCE = re.compile(rf"(?:{_LETTER}|[)\"”»])[.!?…]$|[!?。！？]$")
_LAST = (":", "：", ">", "道", "작성", "wrote", "작성함")


def find_attribution(lines: Lines, last: int, first: int) -> tuple[int, Certainty] | None:
    """Where the attribution with this last line begins, at line `first` or below, and how sure it is one."""
    if not (lines.bare[last].rstrip("-*_ ").endswith(_LAST) or "GMT" in lines.bare[last]):
        return None
    words = ""
    best: tuple[int, Certainty] | None = None
    wrapped = False
    begin: int | None = last
    for _ in range(MOST_LINES):
        words = f"{lines.bare[begin]} {words}" if begin is not None else ""
        if begin is None or len(words) > LONGEST:
            break
        certainty = judge(words)
        if certainty is Certainty.SURE:
            return begin, certainty
        if certainty and (best is None or wrapped):
            best = begin, certainty
        wrapped = _BEGINS_LATE.match(words) is not None
        begin = _line_above(lines, begin, first)
    return best


def judge(words: str) -> Certainty:
    """How sure it is that these words, lines joined, are an attribution."""
    if "&" in words:
        for escaped, character in _ESCAPED.items():
            words = words.replace(escaped, character)
    words = words.strip(_DECORATION)
    if _OLD_GMAIL.match(words):
        return Certainty.SURE
    colon = words.endswith((":", "："))
    words = words.rstrip(" :：")
    wrote = _WROTE.search(words) is not None
    date = _DATE.search(words) is not None
    time = _TIME.search(words) is not None
    address = _ADDRESS.search(words) is not None
    if not (colon or wrote):
        return Certainty.ABOVE_QUOTATION if date and address and words.endswith(">") else Certainty.NONE
    if date and address and (time or wrote):
        return Certainty.SURE
    if wrote and not _ME.search(words) and ((date and time) or _ONLY_NAME_AND_ADDRESS.match(words)):
        return Certainty.ALONE
    if wrote or date or time or _NAKED_ADDRESS.search(words):
        return Certainty.ABOVE_QUOTATION
    return Certainty.NONE


def closes_address(line: str) -> bool:
    """Whether the (bare) line is the wrapped end of an attribution though it looks quoted: `> wrote:`."""
    return line.startswith(">") and line.endswith((":", "：")) and len(line) <= 20 and (
        not line[1:].strip(" :：") or _WROTE.search(line) is not None
    )


def _line_above(lines: Lines, begin: int, first: int) -> int | None:
    """The line above that may belong to the same attribution."""
    above = begin - 1
    if above >= first and not lines.bare[above] and lines.bare[begin].startswith("<"):
        above -= 1
    if above < first or not lines.bare[above] or lines.quoted[above]:
        return None
    return None if _ENDS_SENTENCE.search(lines.bare[above]) else above
