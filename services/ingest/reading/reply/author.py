"""What the author of a message newly wrote: its text without quotation, signature and footer."""

import re
from dataclasses import replace
from itertools import zip_longest

from services.ingest.reading.html_text import html_to_text
from services.ingest.reading.reply.footer import is_footer_below_quotation
from services.ingest.reading.reply.html_quotation import find_quotation
from services.ingest.reading.reply.lines import Lines
from services.ingest.reading.reply.pieces import Kind, Piece, pieces_of

LONGEST = 400_000
"""Characters: a longer text is left whole."""
MOST_LINES = 5_000
LITTLE = 24
"""Characters: who writes no more than this above what he passes on lets it speak for itself."""

_ENDS = frozenset({Kind.QUOTATION, Kind.SIGNATURE, Kind.MARK, Kind.RULE, Kind.FOOTER})
_ADDED = frozenset({Kind.SIGNATURE, Kind.FOOTER})
_NOT_WRITTEN = re.compile(r"<https?:[^<>\s]{1,1000}>|\[(?:cid|image):[^\[\]]{1,200}\]|[\W_]+")


def new_text(text: str, html: str | None = None) -> str:
    """The lines of `text` that are new, in order; `html` is the same message as HTML, where there is one.

    To hide what a customer wrote is the worst mistake: what is not surely somebody else's stays, and where nothing
    would be left, everything stays.
    """
    if len(text) > LONGEST or text.count("\n") > MOST_LINES:
        return _stripped(text)
    lines = Lines.of(text)
    found = find_quotation(html) if html else None
    begin = _line_below(html_to_text(html[: found.begin])[0], lines) if html and found else None
    pieces = _footer_marked(pieces_of(lines, begin), lines)
    if html and not found and "<blockquote" in html.lower():
        pieces = _indented(pieces)
    kept = set(_new(pieces, lines, answered_below=found is not None and found.answered_below))
    dropped = {number for piece in pieces if piece not in kept for number in range(piece.begin, piece.end)}
    new = "\n".join(line for number, line in enumerate(lines.raw) if number not in dropped)
    return _stripped(new) or _stripped("\n".join(lines.raw))


def _indented(pieces: list[Piece]) -> list[Piece]:
    """With what HTML has in blockquotes taken for the author's words, as no element says that it is quoted.

    An editor makes them to indent a paragraph; only an introduction shows that words in them are somebody else's.
    """
    if any(piece.kind is Kind.INTRODUCTION for piece in pieces):
        return pieces
    return [replace(piece, kind=Kind.WORDS) if piece.kind is Kind.QUOTATION else piece for piece in pieces]


def _new(pieces: list[Piece], lines: Lines, *, answered_below: bool) -> list[Piece]:
    """The pieces that are new."""
    first = next((at for at, piece in enumerate(pieces) if piece.kind is Kind.INTRODUCTION), None)
    if first is None:
        return _without_end(pieces, lines)
    above = [piece for piece in pieces[:first] if piece.kind is Kind.WORDS]
    quoted = first
    while quoted < len(pieces) and pieces[quoted].kind is Kind.INTRODUCTION:
        quoted += 1
    below = pieces[quoted:]
    marked = bool(below) and below[0].kind is Kind.QUOTATION
    words_below = any(piece.kind is Kind.WORDS for piece in below)
    if not above:
        return _below_introduction(pieces[:first], below, lines)
    if pieces[first].forward and len(_words(above, lines)) <= LITTLE:
        return pieces
    if answered_below or (marked and words_below):
        return _without_end([piece for piece in pieces if piece.kind is not Kind.INTRODUCTION], lines)
    return _without_end(pieces[:first], lines)


def _below_introduction(above: list[Piece], below: list[Piece], lines: Lines) -> list[Piece]:
    """What is new where the author wrote nothing above the introduction.

    It is all below one quotation, or between several, which stay then: an answer needs its question. Without
    a quotation it is a letter passed on, and stays whole.
    """
    if not below or below[0].kind is not Kind.QUOTATION:
        return above + _without_attributions(below)
    others = {piece.kind for piece in below[1:]}
    if Kind.WORDS in others and not others & {Kind.QUOTATION, Kind.INTRODUCTION}:
        return _without_end(below[1:], lines)
    return _without_end(_without_attributions(below), lines)


def _without_attributions(pieces: list[Piece]) -> list[Piece]:
    return [
        piece
        for piece, following in zip_longest(pieces, pieces[1:])
        if not (piece.kind is Kind.INTRODUCTION and following and following.kind is Kind.QUOTATION)
    ]


def _without_end(pieces: list[Piece], lines: Lines) -> list[Piece]:
    """Without what stands below the author's last words, and without his signature wherever it stands."""
    first = next((piece.begin for piece in pieces if piece.kind is Kind.WORDS), None)
    if first is None:
        return pieces
    kept: list[Piece] = []
    for at in range(len(pieces) - 1, -1, -1):
        piece = pieces[at]
        if not kept and piece.kind in _ENDS and not _announced(pieces, at, lines):
            continue
        if piece.kind in _ADDED and piece.begin > first:
            continue
        if piece.kind is Kind.MARK and kept[-1].kind is not Kind.WORDS:
            continue
        kept.append(piece)
    return kept[::-1]


def _announced(pieces: list[Piece], at: int, lines: Lines) -> bool:
    """Whether the author leads over to the quotation at this place: "It says:"."""
    if pieces[at].kind is not Kind.QUOTATION:
        return False
    above = at - 1
    while above >= 0 and pieces[above].kind is Kind.RULE:
        above -= 1
    if above < 0 or pieces[above].kind is not Kind.WORDS:
        return False
    return lines.bare[pieces[above].end - 1].endswith(":")


def _footer_marked(pieces: list[Piece], lines: Lines) -> list[Piece]:
    """With the last words called a footer where they stand below a quotation and are no answer to it."""
    if len(pieces) < 2 or pieces[-1].kind is not Kind.WORDS:
        return pieces
    ruled_off = pieces[-2].kind is Kind.RULE and lines.bare[pieces[-2].begin].startswith("___")
    above = pieces[-3:-2] if ruled_off else pieces[-2:-1]
    last = pieces[-1]
    if not above or above[0].kind is not Kind.QUOTATION:
        return pieces
    if not is_footer_below_quotation(lines.bare[last.begin : last.end], ruled_off=ruled_off):
        return pieces
    return [*pieces[:-1], replace(last, kind=Kind.FOOTER)]


def _words(pieces: list[Piece], lines: Lines) -> str:
    return "\n".join(line for piece in pieces for line in lines.bare[piece.begin : piece.end]).strip()


def _stripped(text: str) -> str:
    """Without empty lines above and below; the first line keeps its indentation."""
    text = text.rstrip()
    begin = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    return text[begin:]


def _line_below(above: str, lines: Lines) -> int | None:
    """The line that follows the words of `above` if the lines begin with them, whatever the spaces and marks."""
    wanted = _NOT_WRITTEN.sub("", above)
    found = 0
    for number, line in enumerate(lines.raw):
        if found == len(wanted):
            return lines.below(number) if found else None
        written = _NOT_WRITTEN.sub("", line)
        if not wanted.startswith(written, found):
            return None
        found += len(written)
    return None
