"""What stands above somebody else's words: an attribution, a title, a header block."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.ingest.reading.reply.attribution import (
    Certainty,
    find_attribution,
    may_end_attribution,
    only_looks_quoted,
)
from services.ingest.reading.reply.header_block import (
    DECORATION,
    Field,
    field_of,
    find_header_block,
    is_forward,
    is_title,
    may_be_title,
)
from services.ingest.reading.reply.lines import Lines

FARTHEST_QUOTATION = 4
"""Lines below an attribution at which its quotation begins at the latest: mail programs leave some of them empty."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """Lines `begin` to `end` (exclusive); a `forward` says that what follows is passed on."""

    begin: int
    end: int
    forward: bool = False


def find_introductions(lines: Lines) -> Iterator[Introduction]:
    """The introductions in order. Those inside of a quotation belong to it, but for a forward at its top."""
    end = 0
    for number in lines.notable:
        if number < end:
            continue
        line = lines.bare[number]
        if lines.is_quoted(number) and not only_looks_quoted(line):
            if is_forward(line):
                yield Introduction(number, number, forward=True)
            end = lines.quotation_end(number)
            continue
        found = None
        if line.startswith(DECORATION) or line[-1] == ":":
            found = _title(lines, number)
        if not found and (":" in line or line[0] == "|"):
            found = _block(lines, number)
        if not found and may_end_attribution(line):
            found = _attribution(lines, number)
        if found and found.begin >= end:
            yield found
            end = found.end


def _title(lines: Lines, number: int) -> Introduction | None:
    line = lines.bare[number]
    sure = is_title(line)
    if not sure and not may_be_title(line):
        return None
    forward = is_forward(line)
    below = lines.below(number + 1)
    quoted = below < len(lines) and lines.is_quoted(below)
    end = find_header_block(lines, below, announced=True) if below < len(lines) and not quoted else None
    if sure or end or (forward and quoted):
        return Introduction(number, end or number + 1, forward)
    return None


def _block(lines: Lines, number: int) -> Introduction | None:
    if field_of(lines.bare[number]) in {None, Field.OTHER}:
        return None
    end = find_header_block(lines, number, announced=False)
    if not end:
        return None
    above = lines.above(number) - 1
    return Introduction(above if above >= 0 and may_be_title(lines.bare[above]) else number, end)


def _attribution(lines: Lines, number: int) -> Introduction | None:
    found = find_attribution(lines, number)
    if found is None:
        return None
    begin, certainty = found
    below = lines.below(number + 1)
    quoted = (
        below < len(lines)
        and below - number <= FARTHEST_QUOTATION
        and (lines.is_quoted(below) or lines.bare[below].startswith("|"))
        and not only_looks_quoted(lines.bare[below])
    )
    if (
        quoted
        or certainty is Certainty.SURE
        or (certainty is Certainty.ALONE and lines.stands_alone(begin, number + 1))
    ):
        return Introduction(begin, number + 1)
    return None
