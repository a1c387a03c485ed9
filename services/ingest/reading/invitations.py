"""Calendar mail (RFC 6047): invitations, and the answers to them."""

import re

from services.ingest.reading.part import Part

METHODS = frozenset({"request", "reply", "cancel", "counter", "declinecounter", "add", "refresh"})
"""RFC 5546 §1.4. PUBLISH is not among them: it asks nothing of anyone."""

_METHOD = re.compile(r"^METHOD[ \t]*:[ \t]*([A-Z]{1,20})", re.IGNORECASE | re.MULTILINE)
_SEARCHED = 4_000


def is_invitation(root: Part) -> bool:
    """Whether the message is the invitation, and does not only have a date attached.

    A calendar program shows the invitation as the message's own text: as all of it, as an alternative to it, or
    beside it without a mark as a file. A person's .ics is an attachment.
    """
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.type == "text/calendar" and part.disposition != "attachment" and _method(part) in METHODS:
            return True
        if part.type.startswith("multipart/"):
            waiting.extend(part.parts)
    return False


def _method(part: Part) -> str:
    declared = part.parameters.get("method", "")
    found = None if declared else _METHOD.search(part.text[:_SEARCHED])
    return (found.group(1) if found else declared).strip().lower()
