"""A message in pieces: the author's words, quotations, and what mail programs set between them."""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum

from services.ingest.reading.reply.footer import is_list_footer
from services.ingest.reading.reply.introduction import Introduction, find_introductions
from services.ingest.reading.reply.lines import Lines, is_rule
from services.ingest.reading.reply.signature import SIGN, is_mark, is_signature

LONGEST_FOOTER = 40
"""Lines at the end of a message, empty ones too, that may hold the footer of a mailing list."""


class Kind(StrEnum):
    """What a piece is."""

    WORDS = "words"
    QUOTATION = "quotation"
    INTRODUCTION = "introduction"
    """What follows is somebody else's."""
    SIGNATURE = "signature"
    MARK = "mark"
    """A program's own line: "Sent from my iPhone"."""
    RULE = "rule"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines `begin` to `end` (exclusive); a `forward` introduces what is passed on."""

    kind: Kind
    begin: int
    end: int
    forward: bool = False


_WRITER = re.compile(r"[A-Z]{1,3}>(?= |$)")
"""A quotation mark with the writer's initials, as Emacs sets them."""


def pieces_of(lines: Lines, quotation: int | None = None) -> list[Piece]:
    """The pieces in order, empty lines left out. A `quotation` is known to begin with that line."""
    introductions = {found.begin: found for found in find_introductions(lines)}
    if quotation is not None:
        introductions.setdefault(quotation, Introduction(quotation, quotation))
    notable = sorted({*lines.notable, *introductions, len(lines)})
    pieces: list[Piece] = []
    words: int | None = None
    number = lines.below(0)
    while number < len(lines):
        if found := introductions.pop(number, None):
            piece: Piece | None = Piece(Kind.INTRODUCTION, found.begin, found.end, found.forward)
        else:
            piece = _other_than_words(
                lines, number, pieces[-1] if pieces and words is None else None, introductions
            )
        if piece is None:
            words = number if words is None else words
            number = lines.below(notable[bisect_right(notable, number)])
            continue
        if words is not None:
            pieces.append(Piece(Kind.WORDS, words, lines.above(number)))
            words = None
        if pieces and pieces[-1].kind is piece.kind is Kind.QUOTATION:
            piece = replace(piece, begin=pieces.pop().begin)
        pieces.append(piece)
        number = lines.below(piece.end)
    if words is not None:
        pieces.append(Piece(Kind.WORDS, words, lines.above(number)))
    return pieces


def _other_than_words(
    lines: Lines, number: int, above: Piece | None, introductions: dict[int, Introduction]
) -> Piece | None:
    """What begins with this line if it is not the author's words. Words `above` count as None."""
    line = lines.bare[number]
    if lines.is_quoted(number):
        return Piece(Kind.QUOTATION, number, lines.quotation_end(number))
    if line[0] == "|" and above and above.kind in {Kind.INTRODUCTION, Kind.QUOTATION}:
        return Piece(Kind.QUOTATION, number, number + 1)
    if is_rule(line):
        return _below_rule(lines, number, introductions)
    if ">" in line and (found := _WRITER.match(line)):
        end = _with_initials(lines, number, found[0])
        return Piece(Kind.QUOTATION, number, end) if end > number + 1 else None
    if (above or number == 0 or not lines.bare[number - 1]) and is_mark(line):
        return Piece(Kind.MARK, number, number + 1)
    return None


def _below_rule(lines: Lines, number: int, introductions: dict[int, Introduction]) -> Piece:
    """What a rule, or the sign of a signature, begins."""
    end = number + 1
    while end < len(lines) and end not in introductions and not lines.is_quoted(end):
        if is_rule(lines.bare[end]):
            break
        end += 1
    below = lines.bare[number + 1 : end]
    sign = lines.raw[number]
    if end == len(lines) and is_list_footer(below):
        return Piece(Kind.FOOTER, number, end)
    if is_signature(sign, below) and (sign == SIGN or _ends_author(lines, end)):
        return Piece(Kind.SIGNATURE, number, end)
    return Piece(Kind.RULE, number, number + 1)


def _ends_author(lines: Lines, end: int) -> bool:
    """Whether nothing of the author's can follow: what rules part may be a list of his."""
    if end == len(lines) or not is_rule(lines.bare[end]) or lines.raw[end] == SIGN:
        return True
    return len(lines) - end <= LONGEST_FOOTER and is_list_footer(lines.bare[end + 1 :])


def _with_initials(lines: Lines, number: int, initials: str) -> int:
    while number < len(lines) and lines.bare[number].startswith(initials):
        number += 1
    return number
