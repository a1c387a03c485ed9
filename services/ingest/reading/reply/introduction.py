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
    Field,
    field_of,
    find_header_block,
    is_forward,
    is_title,
)
from services.ingest.reading.reply.lines import Lines

FARTHEST_QUOTATION = 4
"""Lines below an attribution at which its quotation begins at the latest: mail programs leave some of them empty."""

_DECORATION = "-_*=—–"


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
            if is_forward(line.lstrip("> ")):
                yield Introduction(number, number, forward=True)
            end = lines.quotation_end(number)
            continue
        found = None
        if line[0] in _DECORATION or line[-1] == ":":
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
    forward = is_forward(line)
    title = is_title(line)
    if not title and not forward:
        return None
    below = lines.below(number + 1)
    end = None
    if below < len(lines) and not lines.is_quoted(below):
        end = find_header_block(lines, below, announced=True)
    elif forward:
        end = number + 1
    return Introduction(number, end or number + 1, forward) if end or title else None


def _block(lines: Lines, number: int) -> Introduction | None:
    if field_of(lines.bare[number]) in {None, Field.OTHER}:
        return None
    end = find_header_block(lines, number, announced=False)
    return Introduction(number, end) if end else None


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
