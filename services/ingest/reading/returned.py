"""The message that came back: as a part, or copied below what the server says."""

import re
from collections.abc import Iterator

from services.ingest.reading.message_ids import message_id
from services.ingest.reading.part import Part
from services.ingest.reading.repairs import Repairs

MESSAGES = frozenset({"message/rfc822", "message/global"})
HEADERS = frozenset(
    {"text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers", "message/global-headers"}
)

_MESSAGE_ID = re.compile(
    r"^[ \t>|]{0,4}Message-?ID[ \t]*:[ \t\n]{0,4}(\S{1,500})", re.IGNORECASE | re.MULTILINE
)
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
    """The Message-ID of a returned message, or of its returned header."""
    if part.parts:
        return message_id(part.parts[0].first("message-id"), Repairs())
    return message_id_in(part.text)


def message_id_in(text: str) -> str | None:
    """That of the first Message-ID field that a text holds."""
    found = _MESSAGE_ID.search(text[:_SEARCHED])
    return message_id(found.group(1), Repairs()) if found else None
