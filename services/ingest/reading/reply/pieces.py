"""A message in pieces: the author's words, quotations, and what mail programs set between them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from services.ingest.reading.reply.footer import is_list_footer
from services.ingest.reading.reply.introduction import Introduction, find_introductions
from services.ingest.reading.reply.lines import Lines, is_rule
from services.ingest.reading.reply.signature import is_mark, is_sign, is_signature

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


_WRITER = re.compile(r"[A-Z][A-Za-z]{0,9}>")
"""A quotation mark with the writer's initials, as Emacs sets them."""


def pieces_of(lines: Lines, quotation: int | None = None) -> list[Piece]:
    """The pieces in order, empty lines left out. A `quotation` is known to begin with that line."""
    introductions = {found.begin: found for found in find_introductions(lines)}
    if quotation is not None and quotation not in introductions:
        introductions[quotation] = Introduction(quotation, quotation)
    return _merged(_pieces(lines, introductions))


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].kind is piece.kind and piece.kind in {Kind.WORDS, Kind.QUOTATION}:
            merged[-1] = replace(merged[-1], end=piece.end)
        else:
            merged.append(piece)
    return merged


def _pieces(lines: Lines, introductions: dict[int, Introduction]) -> Iterator[Piece]:
    number = 0
    previous = None
    while number < len(lines):
        found = introductions.get(number)
        if found:
            previous = Piece(Kind.INTRODUCTION, found.begin, found.end, found.forward)
            yield previous
            number = found.end
            if found.begin < found.end:
                continue
        if not lines.bare[number]:
            number += 1
            continue
        kind, end = _kind(lines, number, previous, introductions)
        previous = Piece(kind, number, end)
        yield previous
        number = end


def _kind(
    lines: Lines, number: int, previous: Piece | None, introductions: dict[int, Introduction]
) -> tuple[Kind, int]:
    """What begins with this line, and where it ends."""
    line = lines.bare[number]
    if lines.quoted[number]:
        return Kind.QUOTATION, number + 1
    if line[0] == "|" and previous and previous.kind in {Kind.INTRODUCTION, Kind.QUOTATION}:
        return Kind.QUOTATION, number + 1
    if (found := _WRITER.match(line)) and (end := _with_initials(lines, number, found[0])) > number + 1:
        return Kind.QUOTATION, end
    if is_rule(line) or is_sign(lines.raw[number]):
        if number + LONGEST_FOOTER >= len(lines) and is_list_footer(lines.bare[number + 1 :]):
            return Kind.FOOTER, len(lines)
        if is_sign(lines.raw[number]):
            end = _signature_end(lines, number, introductions)
            if is_signature(lines.raw[number], lines.bare[number + 1 : end]):
                return Kind.SIGNATURE, end
        return Kind.RULE, number + 1
    begins = number == 0 or not lines.bare[number - 1] or (previous and previous.kind is not Kind.WORDS)
    if begins and is_mark(line):
        return Kind.MARK, number + 1
    return Kind.WORDS, number + 1


def _with_initials(lines: Lines, number: int, initials: str) -> int:
    while number < len(lines) and lines.bare[number].startswith(initials):
        number += 1
    return number


def _signature_end(lines: Lines, sign: int, introductions: dict[int, Introduction]) -> int:
    """The first line below the sign that cannot belong to its signature."""
    number = sign + 1
    while number < len(lines) and number not in introductions and not lines.quoted[number]:
        if is_sign(lines.raw[number]) or (is_rule(lines.bare[number]) and len(lines.bare[number]) > len("--")):
            break
        number += 1
    return number
