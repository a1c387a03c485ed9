"""Figures in the words of mail servers: enhanced status codes (RFC 3463) and SMTP reply codes (RFC 5321 §4.2)."""

import re

# A status stands alone: no digit or dot beside it, or it is an IP address or a version ("8.14.4", "5.5.2448.0").
# A status stands alone: with a digit or dot beside it, it is an IP address or a version ("8.14.4", "5.5.2448.0").
_STATUS = r"([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)"
_STATUS_ALONE = re.compile(rf"(?<![\w.]){_STATUS}")
_STATUS_INTRODUCED = re.compile(
    rf"(?:\b[245]\d\d[ -]{{1,2}}|[#(<:;'\"] ?|\bstatus:? |^){_STATUS}", re.IGNORECASE
)

_CODE = r"(4[2-7]\d|5[0-7]\d)"
# "550 5.1.1", "550-5.1.1", "550 #5.1.1": a code before a status is one, wherever it stands.
_CODE_BEFORE_STATUS = re.compile(rf"(?<![\w.#/-]){_CODE}[ -]{{1,2}}#?\(?[245]\.\d")
# What a server said: "said: 550 …", "<<< 550 …", "smtp; 550 …", "#550 …", "error code :550", "[192.0.2.5], 550".
_CODE_INTRODUCED = re.compile(
    r"(?:^[\s<>*-]{0,40}|<--|[:;,>([=#]|[a-z]\.\s|\b(?:said|error|code|returned|response|reply|replied|status|rcpt))"
    rf" ?[\"'(]?{_CODE}(?=[ \-:;,)\]\"'.]|$)(?!\.\d)",
    re.IGNORECASE,
)


def status_in(text: str) -> str | None:
    """The first enhanced status code of a line or two; one that is introduced as such before one that only looks so."""
    found = _STATUS_INTRODUCED.search(text) or _STATUS_ALONE.search(text)
    return found.group(1) if found else None


def code_in(text: str) -> str | None:
    """The first SMTP reply code for an error in a line or two."""
    found = _CODE_BEFORE_STATUS.search(text) or _CODE_INTRODUCED.search(text)
    return found.group(1) if found else None
