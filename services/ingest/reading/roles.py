"""What each part of a message is for its reader, as mail clients see it."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from services.ingest.reading import cms, tnef
from services.ingest.reading.part import Part

_NO_PROSE = frozenset(
    f"text/{name}"
    for name in (
        "calendar", "css", "csv", "directory", "javascript", "json", "rfc822-headers", "rtf", "tab-separated-values",
        "vcard", "x-vcard", "xml", "yaml",
    )
)  # fmt: skip
"""Types of text that are files even without a name."""
_OTHER_VIEWS = frozenset({"text/x-amp-html", "text/watch-html"})


class Role(Enum):
    """What a part is for."""

    BODY = "body"
    FILE = "file"
    SPARE = "spare"
    """Read where the message has no other text, and no file."""


class Leaf(NamedTuple):
    """A part that is shown or kept; `alternative` is the same number for all that say the same, 0 for one alone."""

    part: Part
    alternative: int
    role: Role


def leaves(root: Part) -> Iterator[Leaf]:
    """All of them in order. A message in the message is one."""
    waiting: list[tuple[Part, int, bool]] = [(root, 0, True)]
    while waiting:
        part, alternative, is_shown = waiting.pop()
        if part.type.startswith("multipart/"):
            if part.type == "multipart/alternative" and not alternative:
                alternative = id(part)
            waiting.extend(
                (inner, alternative, _is_shown(part, inner, number))
                for number, inner in reversed(list(enumerate(part.parts)))
            )
        elif part.parts and tnef.is_tnef(part.type, part.name):
            for inner in part.parts:
                yield Leaf(inner, 0, Role.FILE if inner.disposition == "attachment" else Role.SPARE)
        elif part.parts and cms.is_envelope(part.type, part.name):
            yield Leaf(part, 0, Role.FILE)
            waiting.extend((inner, alternative, True) for inner in part.parts)
        elif part.type not in _OTHER_VIEWS or not alternative:
            yield Leaf(part, alternative, Role.BODY if _is_body(part, is_shown) else Role.FILE)


def multiparts(root: Part) -> Iterator[Part]:
    """The message itself and the multiparts in it, but not those of messages in it."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(inner for inner in reversed(part.parts) if inner.type.startswith("multipart/"))


def _is_shown(multipart: Part, part: Part, number: int) -> bool:
    """Whether a part is shown in its multipart even if it has a name."""
    if multipart.type == "multipart/alternative":
        return part.disposition != "attachment"
    if multipart.type == "multipart/related" and (start := multipart.parameters.get("start")):
        return part.content_id == start.strip("<> ")
    return number == 0 and multipart.type in {"multipart/related", "multipart/signed"}


def _is_body(part: Part, is_shown: bool) -> bool:
    if not part.type.startswith("text/") or part.disposition == "attachment" or part.type in _NO_PROSE:
        return False
    return is_shown or part.name is None
