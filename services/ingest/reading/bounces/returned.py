"""The message that came back: as a part, or copied below what the server says."""

import re
from collections.abc import Iterator

from services.ingest.reading.part import Part

MESSAGES = frozenset({"message/rfc822", "message/global"})
HEADERS = frozenset({"text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers"})

_MESSAGE_ID = re.compile(r"^[ \t>|]{0,4}Message-?ID[ \t]*:\s{0,4}(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE)
_SEARCHED = 200_000


def outside_of_messages(root: Part) -> Iterator[Part]:
    """All parts but those of a message in the message, in order; that message itself is among them."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        if part is root or part.type not in MESSAGES:
            waiting.extend(reversed(part.parts))


def is_returned(part: Part) -> bool:
    return part.type in MESSAGES or part.type in HEADERS


def message_id_of(part: Part) -> str | None:
    """The Message-ID of a returned message or of its returned headers."""
    inner = part.parts[0] if part.parts else part
    value = inner.first("message-id")
    if value and part.parts:
        found = re.search(r"<[^<>\s]{1,500}>", value[:1000])
        return found.group() if found else None
    return message_id_in(part.text or part.content[:_SEARCHED].decode("utf-8", "replace"))


def message_id_in(text: str) -> str | None:
    """The first Message-ID field that a text holds."""
    found = _MESSAGE_ID.search(text[:_SEARCHED])
    return found.group(1) if found else None


def receiver_of(part: Part) -> str | None:
    """Whom a returned message was sent to."""
    if part.parts:
        return part.parts[0].first("to")
    found = re.search(r"^To[ \t]*:[ \t]*(.{1,500})$", part.text[:_SEARCHED], re.IGNORECASE | re.MULTILINE)
    return found.group(1) if found else None
