"""The files of a message."""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import unquote

from services.ingest.reading.letter import Attachment
from services.ingest.reading.names import default_name, safe_name
from services.ingest.reading.part import MESSAGES, Part

_FILE_NAME = re.compile(r"[^/\\:?#\r\n]{1,100}\.[A-Za-z0-9]{2,5}")
_CONTENT_ID = re.compile(r"\bcid:([^\"'\s<>()]{1,250})", re.IGNORECASE)


def attachments(parts: list[Part], html: str | None) -> tuple[Attachment, ...]:
    """Parts as files. Nothing without a name is none."""
    kept = [part for part in parts if part.name or part.disposition == "attachment" or part.content]
    shown = {unquote(address) for address in _CONTENT_ID.findall(html)} if html else set()
    return tuple(_attachment(part, name, shown) for part, name in zip(kept, _names(kept), strict=True))


def _attachment(part: Part, name: str, shown: set[str]) -> Attachment:
    """A file; it is inline if its sender says so, or if the HTML shows it by its Content-ID (RFC 2392)."""
    content = part.content
    inline = part.disposition == "inline" or (part.disposition is None and part.content_id is not None)
    return Attachment(
        name=name,
        type=part.type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        inline=inline or part.content_id in shown,
        content_id=part.content_id,
        content=content,
    )


def _described(part: Part) -> str:
    """What other fields call a file, where that looks like the name of one."""
    described = (part.first(field) or "" for field in ("content-location", "content-description"))
    return next((text for text in described if _FILE_NAME.fullmatch(text)), "")


def _names(parts: list[Part]) -> Iterator[str]:
    """The name that each file has from its sender, or one by its type; those are numbered if there are several."""
    given: Counter[str] = Counter()
    for part in parts:
        if name := safe_name(part.name or _described(part)):
            yield name
            continue
        subject = part.parts[0].first("subject") if part.type in MESSAGES and part.parts else None
        name = safe_name(f"{subject}.eml") if subject and safe_name(subject) else default_name(part.type)
        given[name] += 1
        stem, dot, extension = name.rpartition(".")
        yield name if given[name] == 1 else f"{stem}-{given[name]}{dot}{extension}"
