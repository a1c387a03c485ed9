"""When two copies of a message are one message, however they came."""

import re
from hashlib import sha256
from uuid import UUID, uuid5

_SAME_MESSAGE = UUID("c7c1e4e2-2a1d-4f43-9d60-0c8b7f7a6f10")
_WRITTEN_BY_SENDER = (b"message-id", b"from", b"date", b"subject")
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)


def identity_of(raw: bytes, recipients: tuple[str, ...], fresh: UUID, *, again: str | None = None) -> UUID:
    """Our id of a message: the same for copies that differ only in what the way added to them.

    It covers what the sender wrote (Message-ID, From, Date, Subject and the body) and the recipients, and is made from
    the bytes alone: how we read mail may change, which message it is may not.

    Bytes without a Message-ID may be the same twice and yet be two messages: each gets the `fresh` id. A source that
    may see the very same copy again says so by its name in `again`; then the whole of the bytes is the identity.
    """
    head, body = _halves(raw)
    fields = _fields(head)
    boxes = " ".join(sorted({recipient.lower() for recipient in recipients}))
    if not fields[b"message-id"]:
        return fresh if again is None else uuid5(_SAME_MESSAGE, f"{again} {sha256(raw).hexdigest()} {boxes}")
    digest = sha256()
    for name in _WRITTEN_BY_SENDER:
        digest.update(name + b":" + fields[name] + b"\n")
    digest.update(b"\n" + body)
    return uuid5(_SAME_MESSAGE, f"{digest.hexdigest()} {boxes}")


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Header block and body with bare line feeds; servers differ in line ends and in empty lines at the end."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text.startswith(b"\n"):
        return b"", text.strip(b"\n")
    head, _, body = text.partition(b"\n\n")
    return head, body.rstrip(b"\n")


def _fields(head: bytes) -> dict[bytes, bytes]:
    """The sender's fields as written, folding and blanks evened out; the first of each name counts."""
    found = dict.fromkeys(_WRITTEN_BY_SENDER, b"")
    for name, value in _FIELD.findall(head):
        if found.get(name.lower()) == b"":
            found[name.lower()] = b" ".join(value.split())
    return found
