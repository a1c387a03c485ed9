"""The header of another message as Outlook and others copy it: From, Sent, To and Subject, a line each."""

import re
from enum import StrEnum

from services.ingest.reading.reply.languages import LANGUAGES
from services.ingest.reading.reply.lines import LONGEST, LONGEST_LABEL, Lines

LONGEST_TITLE = 80
MOST_LINES = 24
MOST_FOREIGN_LINES = 12
MOST_CONTINUED = 6
"""Lines that one field may be wrapped over: a long list of recipients."""


class Field(StrEnum):
    """A field of the block; the values are the attributes of `Language` that hold its labels."""

    SENDER = "sender"
    SENT = "sent"
    TO = "to"
    COPY = "copy"
    SUBJECT = "subject"
    OTHER = "other"


_LABELS = {
    label: field
    for field in reversed(Field)
    for language in LANGUAGES
    for label in getattr(language, field.value).split("|")
    if label
}
_FORWARDED = frozenset(title for language in LANGUAGES for title in language.forwarded.split("|") if title)
_TITLES = _FORWARDED | {title for language in LANGUAGES for title in language.original.split("|") if title}
_FORWARDED_BY = tuple(language.forwarded_by for language in LANGUAGES if language.forwarded_by)
DECORATION = ("-", "–", "—", "_", "*", "=", "#", ">")
_ADDRESS_OR_TIME = re.compile(
    r"[^\s<>@]{1,80}@[^\s<>@]{1,120}|\d{4}.{1,30}\d{1,2}[:.]\d{2}(?!\d)|\d{1,2}[:.]\d{2}(?!\d).{1,30}\d{4}"
)
_FOREIGN_LABEL = re.compile(rf"[^:]{{1,{LONGEST_LABEL}}}:")
_TECHNICAL = re.compile(
    r"(?:message-id|received|return-path|mime-version|content-[a-z-]+|x-[\w-]+|list-[a-z-]+|in-reply-to|references"
    r"|delivered-to|dkim-signature|errors-to|precedence|auto-submitted)\s?:",
    re.IGNORECASE,
)
"""Fields that people are not shown: a copy of a whole header is part of a report, and the report may go on below it."""


def is_title(line: str) -> bool:
    """Whether the (bare) line says that what follows is another message: `-----Original Message-----`."""
    inner = _inner(line)
    if not line.startswith(DECORATION):
        return False
    return inner in _TITLES or (line.endswith(DECORATION) and inner.startswith(_FORWARDED_BY))


def may_be_title(line: str) -> bool:
    """Whether the (bare) line is a title if a header block follows: `Begin forwarded message:`."""
    return _inner(line) in _TITLES


def is_forward(line: str) -> bool:
    """Whether the (bare) line, a title, says that what follows is passed on."""
    inner = _inner(line)
    return inner in _FORWARDED or inner.startswith(_FORWARDED_BY)


def _inner(line: str) -> str:
    return line[:LONGEST_TITLE].replace("&nbsp;", " ").strip(" \t-–—_*=#>|:").lower()


def field_of(line: str) -> Field | None:
    """The field that the (bare) line begins with, whatever the language: `To:`, or a row of a table, `| To | …`."""
    row = line.startswith("|")
    label, colon, _ = line.lstrip("| ")[: LONGEST_LABEL + 1].partition("|" if row else ":")
    return (
        _LABELS.get(label.replace("&nbsp;", "").replace("\u3000", "").strip(" \t*_").lower())
        if colon
        else None
    )


def find_header_block(lines: Lines, begin: int, *, announced: bool) -> int | None:
    """Where the header block that begins with this line ends (exclusive), or None where there is none.

    A block that no title announced must have four fields, a sender and a date among them, and an address or a date
    with year and time of day: "From", "to" and "on" may be about a removal.
    """
    fields: set[Field] = set()
    end = begin
    continued = 0
    for number in range(begin, min(begin + MOST_LINES, len(lines))):
        line = lines.bare[number]
        field = field_of(line)
        if field in fields and field is not Field.OTHER:
            break
        if field:
            fields.add(field)
            end, continued = number + 1, 0
        elif not line and continued:
            break
        else:
            continued += 1
            if continued > MOST_CONTINUED:
                break
    fields.discard(Field.OTHER)
    if announced:
        return end if len(fields) >= 2 else _foreign_block(lines, begin)
    complete = len(fields) >= 4 and {Field.SENDER, Field.SENT} <= fields
    return end if complete and _is_for_people(lines, begin, end) else None


def _is_for_people(lines: Lines, begin: int, end: int) -> bool:
    block = [line[:LONGEST] for line in lines.bare[begin:end]]
    around = [*lines.bare[max(begin - 1, 0) : begin], *block, *lines.bare[end : end + 1]]
    return any(map(_ADDRESS_OR_TIME.search, block)) and not any(map(_TECHNICAL.match, around))


def _foreign_block(lines: Lines, begin: int) -> int | None:
    """The end of a block in a language that is not known: three labels or more, and an address or a time behind one."""
    end = begin
    while end < min(begin + MOST_FOREIGN_LINES, len(lines)) and _FOREIGN_LABEL.match(lines.bare[end]):
        end += 1
    block = [line[:LONGEST] for line in lines.bare[begin:end]]
    return end if len(block) >= 3 and any(map(_ADDRESS_OR_TIME.search, block)) else None
