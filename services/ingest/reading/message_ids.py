"""Message-IDs (RFC 5322 §3.6.4), with or without their angle brackets."""

import re
from collections.abc import Iterable

from services.ingest.reading.repairs import Problem, Repairs

MOST_REFERENCES = 2_000
LONGEST = 600
"""Characters between the brackets; an index of PostgreSQL takes 2,700 bytes."""
_BRACKETED = re.compile(r"<([^<>]*+)>")
_COMMENT = re.compile(r"\([^()]*+\)")
_BARE = re.compile(r"[^\s<>(),;\"]+@[^\s<>(),;\"]+")


def message_id(value: str | None, repairs: Repairs) -> str | None:
    """The one that a field names; what has no brackets gets them, and of a very long one the beginning counts."""
    if value is None or not value.strip():
        repairs.note(Problem.MESSAGE_ID_MISSING)
        return None
    bracketed = _BRACKETED.search(value)
    if bracketed and (found := _compact(bracketed[1])):
        if len(found) > LONGEST:
            repairs.note(Problem.MESSAGE_ID_INVALID)
        return f"<{found[:LONGEST]}>"
    repairs.note(Problem.MESSAGE_ID_INVALID)
    bare = _BARE.search(value)
    word = bare[0] if bare else _compact(value.strip().split()[0])
    word = word.strip("<>")
    return f"<{word[:LONGEST]}>" if word else None


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """All that some fields name, each once, in their order; of very many the oldest one and the newest."""
    text = " ".join(values)
    found = [f"<{compact[:LONGEST]}>" for inner in _BRACKETED.findall(text) if (compact := _compact(inner))]
    if not found:
        found = [f"<{bare[:LONGEST]}>" for bare in _BARE.findall(text)]
    found = list(dict.fromkeys(found))
    return tuple(found if len(found) <= MOST_REFERENCES else found[:1] + found[1 - MOST_REFERENCES :])


def _compact(text: str) -> str:
    """Without the blanks, and the comments between them, that folding brought in."""
    words = text.split()
    return words[0] if len(words) == 1 else _COMMENT.sub("", "".join(words))
