"""How mail programs begin a subject (RFC 5322 §3.6.5)."""

import re

_ANSWER = re.compile(
    r"(?:re|aw|sv|antw|vs|odp|wg|fw|fwd|tr|rv|rif|r|i|enc|回复|答复|转发|返信|转寄)\s{0,2}(?:[\[(]\d{1,4}[\])])?\s{0,2}[:\uff1a]",
    re.IGNORECASE,
)


def is_answer(subject: str) -> bool:
    """Whether the subject begins as a person's mail program begins an answer, or what is forwarded."""
    return _ANSWER.match(subject.strip()) is not None
