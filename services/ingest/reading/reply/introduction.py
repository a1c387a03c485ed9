"""What stands above somebody else's words: an attribution, a title, a header block."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.ingest.reading.reply.attribution import Certainty, closes_address, find_attribution
from services.ingest.reading.reply.header_block import field_of, find_header_block, is_forward, is_title
from services.ingest.reading.reply.lines import Lines, is_rule

SHORTEST_RULE = 5
"""Characters of a rule that announces a header block."""
FARTHEST_QUOTATION = 4
"""Lines below an attribution, empty ones, after which the quotation begins."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """Lines `begin` to `end` (exclusive); a `forward` says that what follows is passed on."""

    begin: int
    end: int
    forward: bool = False


def find_introductions(lines: Lines) -> Iterator[Introduction]:
    """The introductions in order. Those inside of a quotation belong to it."""
    number = 0
    while number < len(lines):
        found = None
        if lines.quoted[number] and not closes_address(lines.bare[number]):
            if is_forward(lines.bare[number]) and not (number and lines.quoted[number - 1]):
                yield Introduction(number, number, forward=True)
        elif lines.bare[number]:
            found = _title(lines, number) or _block(lines, number) or _attribution(lines, number)
        if found:
            yield found
        number = found.end if found else number + 1


def _title(lines: Lines, number: int) -> Introduction | None:
    line = lines.bare[number]
    if not is_title(line):
        return None
    below = lines.below(number + 1)
    end = None
    if below < len(lines) and not lines.quoted[below]:
        end = find_header_block(lines, below, announced=True)
    return Introduction(number, end or number + 1, is_forward(line))


def _block(lines: Lines, number: int) -> Introduction | None:
    line = lines.bare[number]
    if is_rule(line) and len(line) >= SHORTEST_RULE:
        below = lines.below(number + 1)
        if below < len(lines) and field_of(lines.bare[below]):
            end = find_header_block(lines, below, announced=False)
            return Introduction(number, end) if end else None
    if not field_of(line):
        return None
    end = find_header_block(lines, number, announced=False)
    return Introduction(number, end) if end else None


def _attribution(lines: Lines, number: int) -> Introduction | None:
    found = find_attribution(lines, number, first=0)
    if found is None:
        return None
    begin, certainty = found
    below = lines.below(number + 1)
    if certainty is Certainty.SURE or (
        below < len(lines)
        and below - number <= FARTHEST_QUOTATION
        and (lines.quoted[below] or lines.bare[below].startswith("|"))
    ):
        return Introduction(begin, number + 1)
    if certainty is Certainty.ALONE and lines.stands_alone(begin, number + 1):
        return Introduction(begin, number + 1)
    return None
